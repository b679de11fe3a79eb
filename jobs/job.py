"""What every job shares: its arguments, its configuration, its session, its result."""

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NoReturn
from uuid import uuid4

from pyspark.sql import SparkSession

from jobs.config import Config, read_config
from jobs.errors import UserError
from jobs.session import session
from jobs.texts import printable

SOME_FAILED = 3
"""The exit code of a run that is done, but for detections that failed."""

Arguments = Callable[[argparse.ArgumentParser], None]
Main = Callable[["Job"], int]


@dataclass
class Job:
    """One run of a job: what it was asked, and what it needs."""

    args: argparse.Namespace
    run_id: str

    @cached_property
    def config(self) -> Config:
        """The configuration: defaults < file < environment < flags."""
        settings = list(self.args.set or [])
        if self.args.master:
            settings.append(f"spark.master={self.args.master}")
        return read_config(self.args.conf, settings)

    @cached_property
    def spark(self) -> SparkSession:
        """The session, started when it is first needed."""
        spark = self.config.spark
        return session("trailhound", master=spark.master, settings=spark.settings)

    def result(self, lines: Sequence[str], figures: dict[str, Any]) -> None:
        """Print what came of it on stdout, for people or, on request, as one JSON object."""
        if self.args.json:
            lines = [json.dumps({"run_id": self.run_id, **figures}, default=str)]
        sys.stdout.write("".join(f"{printable(line)}\n" for line in lines))
        sys.stdout.flush()

    def done(
        self, lines: Sequence[str], figures: dict[str, Any], failures: Mapping[str, str]
    ) -> int:
        """Print what came of it, name the detections that failed, and return the exit code."""
        failed = {**self.config.broken(), **failures}
        said = [f"failed: {name}: {reason}" for name, reason in sorted(failed.items())]
        self.result([*lines, *said], {**figures, "failed": failed})
        return SOME_FAILED if failed else 0

    @staticmethod
    def start(
        description: str | None, arguments: Arguments, main: Main, argv: list[str] | None = None
    ) -> NoReturn:
        """Run a job as a program of its own, as spark-submit does."""
        parser = argparse.ArgumentParser(description=(description or "").splitlines()[0])
        arguments(parser)
        common_arguments(parser)
        sys.exit(run(main, parser.parse_args(argv)))


def run(main: Main, args: argparse.Namespace) -> int:
    """Run a job and return its exit code: 2, with one line on stderr, for what a user can mend."""
    try:
        return main(Job(args, str(uuid4())))
    except UserError as error:
        sys.stderr.write(f"trailhound: {printable(str(error))}\n")
        return 2


def common_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what every job takes."""
    group = parser.add_argument_group("configuration")
    group.add_argument("--conf", metavar="FILE", help="configuration, such as conf/cluster.yaml")
    group.add_argument(
        "--set", metavar="KEY=VALUE", action="append", help="one value, above file and environment"
    )
    group.add_argument("--master", help="the Spark master (default: all local cores)")
    group.add_argument("--json", action="store_true", help="print the result as one JSON object")
