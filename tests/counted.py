"""Runs the real command line and says on stderr, a line each, which conflicts its MERGEs met."""

import sys
from typing import Any

from delta.tables import DeltaMergeBuilder

from trailhound import cli
from trailhound.lake.conflicts import CONFLICTS

SIGN = "a MERGE met a conflict: "


def main() -> int:
    """Run the command line; conflicts go on to whoever handles them."""
    execute = DeltaMergeBuilder.execute

    def counted(merge: DeltaMergeBuilder) -> Any:
        try:
            return execute(merge)
        except CONFLICTS as error:
            sys.stderr.write(f"{SIGN}{type(error).__name__}\n")
            raise

    DeltaMergeBuilder.execute = counted
    return cli.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
