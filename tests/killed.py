"""Runs the real command line in a process that kills itself at a named point, Java and all.

    python tests/killed.py '{"moment": "before the write"}' backfill --from 2024-03-01 ...

Nothing of trailhound knows of it: this wraps three public functions of Spark, Delta and
`streaming.runner` before the command begins. SIGKILL goes to the whole process group, so that
nobody can tidy up.
"""

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from delta.tables import DeltaMergeBuilder
from pyspark.sql import DataFrame, DataFrameWriter
from traces import newest_version, unnamed_files

from trailhound import cli
from trailhound.streaming import runner

BEFORE = "before the write"
WITHIN = "in the middle of the write"
AFTER = "after the write"
"""Of a stream: before the commit of its checkpoint."""


@dataclass(frozen=True)
class Point:
    """Where to die: a moment of a write, in which batch of which query; a backfill has no query.

    `table` is the table written, to look into for the middle of a write. `once` is a pattern of
    files: the process waits at its point until one of them is there.
    """

    moment: str
    query: str | None = None
    batch: int | None = None
    table: str = "data/alerts"
    once: str | None = None

    def command(self, *args: str) -> list[str]:
        """The arguments of Python that run trailhound with `args` up to this point."""
        return [__file__, json.dumps(asdict(self)), *args]


class Killer:
    """Kills this process at its point."""

    def __init__(self, point: Point) -> None:
        self._point = point
        self._here = threading.local()

    def arm(self) -> None:
        """Wrap what trailhound calls; from now on the point is deadly."""
        start = runner.Query.start

        def start_watched(query: runner.Query, *args: Any, **named: Any) -> Any:
            return start(replace(query, batch=self._batch(query)), *args, **named)

        runner.Query.start = start_watched  # type: ignore[method-assign]
        DeltaMergeBuilder.execute = self._write(DeltaMergeBuilder.execute)
        DataFrameWriter.save = self._write(DataFrameWriter.save)  # type: ignore[method-assign]

    def _batch(self, query: runner.Query) -> runner.Batch:
        def batch(rows: DataFrame, number: int) -> None:
            # Spark calls each query's batches in a thread of the query's own.
            self._here.batch = (query.name, number)
            query.batch(rows, number)
            if self._is_here(AFTER):
                self._die()

        return batch

    def _write(self, write: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*args: Any, **named: Any) -> Any:
            if self._is_here(BEFORE):
                self._die()
            if self._is_here(WITHIN):
                table = Path(self._point.table)
                found = (newest_version(table), unnamed_files(table))
                threading.Thread(target=self._die_within, args=(table, *found)).start()
            return write(*args, **named)

        return watched

    def _is_here(self, moment: str) -> bool:
        here = getattr(self._here, "batch", (None, None))
        return (moment, *here) == (self._point.moment, self._point.query, self._point.batch)

    def _die_within(self, table: Path, version: int, files: set[Path]) -> None:
        """Die when whole data files lie in the table and the commit that will name them does not.

        Where the commit comes first the process lives on, and whoever runs it finds it alive.
        """
        while newest_version(table) == version:
            if unnamed_files(table) - files:
                self._die()
            time.sleep(0.001)

    def _die(self) -> None:
        while self._point.once and not any(Path().glob(self._point.once)):
            time.sleep(0.01)
        os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    Killer(Point(**json.loads(sys.argv[1]))).arm()
    sys.exit(cli.main(sys.argv[2:]))
