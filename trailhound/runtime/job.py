"""What every job shares: its arguments, its configuration, its session, its result."""

import argparse
import json
import os
import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Any, NoReturn
from uuid import uuid4

from py4j.protocol import Py4JNetworkError
from pyspark.sql import SparkSession

from trailhound.errors import UserError
from trailhound.runtime import log
from trailhound.runtime.config import ENVIRONMENT_PREFIX, Config, read_config
from trailhound.runtime.session import session
from trailhound.runtime.signals import Signals
from trailhound.texts import one_line, printable

SOME_FAILED = 3
"""The exit code of a run that is done, but for detections that failed."""

_NO_JAVA = (
    "Spark's Java process has ended: killed, or out of memory (spark.driver.memory gives it more); "
    "what was committed is safe, run the command again"
)

Arguments = Callable[[argparse.ArgumentParser], None]
Main = Callable[["Job"], int]


@dataclass
class Job:
    """One run of a job: what it was asked, and what it needs."""

    args: argparse.Namespace
    run_id: str
    figures: dict[str, Any] = field(default_factory=dict)
    signals: Signals = field(default_factory=Signals)

    @cached_property
    def config(self) -> Config:
        """The configuration: defaults < file < environment < flags."""
        settings = list(self.args.set or [])
        if self.args.master:
            settings.append(f"spark.master={self.args.master}")
        return read_config(self.args.conf, settings, folders=self.args.detections or ())

    @cached_property
    def spark(self) -> SparkSession:
        """The session, started when it is first needed."""
        settings = self.config.spark
        spark = session("trailhound", master=settings.master, settings=settings.settings)
        self.signals.watch(spark)
        return spark

    def result(self, lines: Sequence[str], figures: dict[str, Any]) -> None:
        """Print what came of it on stdout, for people or, on request, as one JSON object."""
        self.figures = figures
        if self.args.json:
            lines = [json.dumps({"run_id": self.run_id, **figures}, default=str)]
        sys.stdout.write("".join(f"{printable(line)}\n" for line in lines))
        sys.stdout.flush()

    def done(
        self, lines: Sequence[str], figures: dict[str, Any], failures: Mapping[str, str]
    ) -> int:
        """Print what came of it, name the detections that failed, and return the exit code."""
        failed = {**self.config.broken(), **failures}
        for name, reason in sorted(failed.items()):
            log.error("detection failed", detection=name, reason=reason)
        said = [f"failed: {name}: {reason}" for name, reason in sorted(failed.items())]
        self.result([*lines, *said], {**figures, "failed": failed})
        return SOME_FAILED if failed else 0

    @staticmethod
    def start(
        description: str | None, arguments: Arguments, main: Main, argv: list[str] | None = None
    ) -> NoReturn:
        """Run a job as a program of its own, as spark-submit does."""
        parser = argparse.ArgumentParser(description=(description or "").splitlines()[0])
        parser.set_defaults(job=Path(sys.argv[0]).stem)
        arguments(parser)
        common_arguments(parser)
        sys.exit(run(main, parser.parse_args(argv)))


def run(main: Main, args: argparse.Namespace) -> int:
    """Run a job and return its exit code: 2, with one line on stderr, for what a user can mend."""
    begun = time.monotonic()
    log.hush_py4j()
    job = Job(args, str(uuid4()))
    code = 1
    try:
        job.run_id = _run_id(args.run_id)
        if args.log_format == "json":
            log.start(job.run_id, args.job)
        log.info("started", version=version(), **_origin(args))
        with job.signals:
            code = main(job)
    except UserError as error:
        code = 2
        log.complain(str(error))
    except (Py4JNetworkError, ConnectionRefusedError):
        code = 2
        log.complain(_NO_JAVA)
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
        raise
    except BrokenPipeError:
        # The reader of a pipe had enough: `trailhound` takes that for success.
        code = 0
        raise
    except BaseException as error:
        log.error(f"{type(error).__name__}: {one_line(error)}")
        raise
    finally:
        seconds = round(time.monotonic() - begun, 3)
        log.info("ended", exit_code=code, seconds=seconds, figures=job.figures)
        log.stop()
    return code


def _run_id(given: str | None) -> str:
    """The id of a run: its own, after the one that was given.

    Whoever starts a run again under the same name must not pass in the ledger for the run before.
    """
    if given is None:
        return str(uuid4())
    if not re.fullmatch(r"[\w.:+@=~-]{1,200}", given, re.ASCII):
        raise UserError(f"--run-id {given!r}: must be 1 to 200 letters, digits and . : + @ = ~ - _")
    return f"{given}.{uuid4().hex[:8]}"


def _origin(args: argparse.Namespace) -> dict[str, Any]:
    """Where the configuration comes from; no values, which may be secret."""
    settings = [setting.partition("=")[0] for setting in args.set or []]
    variables = sorted(name for name in os.environ if name.startswith(ENVIRONMENT_PREFIX))
    file = args.conf or os.environ.get("TRAILHOUND_CONF")
    return {"config_file": file, "environment": variables, "flags": settings}


def version() -> str | None:
    """Return the version that is installed; None where it is not, as in a zip."""
    try:
        return metadata.version("trailhound")
    except metadata.PackageNotFoundError:
        return None


def common_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what every job takes."""
    group = parser.add_argument_group("configuration")
    group.add_argument("--conf", metavar="FILE", help="configuration, such as conf/cluster.yaml")
    group.add_argument(
        "--set", metavar="KEY=VALUE", action="append", help="one value, above file and environment"
    )
    group.add_argument(
        "--detections",
        metavar="DIR",
        action="append",
        help="a folder of detections beside those that come with trailhound; may be repeated",
    )
    group.add_argument("--master", help="the Spark master (default: all local cores)")
    group.add_argument("--json", action="store_true", help="print the result as one JSON object")
    group.add_argument(
        "--log-format",
        choices=("text", "json"),
        default="text",
        help="json: say on stderr what the run does, one JSON object a line",
    )
    group.add_argument(
        "--run-id", metavar="ID", help="begins the id of this run, such as the scheduler's"
    )
