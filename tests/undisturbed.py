"""ingest, detect and backfill run in peace: what a run that was disturbed is held against."""

import json
import shutil
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import report
from builders import record
from processes import SMALL, trailhound
from pyspark.sql import SparkSession
from test_jobs import deliver, rows
from traces import newest_version

from jobs.simulate import simulate
from jobs.tables import Table

RECORDS = 2000
TABLES = ("events", "quarantine", "alerts")
# What differs between two runs: clocks and run ids.
OF_THE_RUN = ("ingestedAt", "quarantinedAt", "created_at", "updated_at", "run_id")
# The files of a batch are few, so that every job takes several.
COMMANDS = {
    "ingest": ("ingest", "{logs}", "--set", "stream.max_files_per_batch=80"),
    "detect": ("detect", "--set", "stream.max_files_per_batch=2"),
    "backfill": ("backfill", "--from", "2024-03-01", "--to", "2024-03-03"),
}
WRITES = {"ingest": "events", "detect": "alerts", "backfill": "alerts"}

Rows = dict[str, list[tuple[Any, ...]]]


@dataclass(frozen=True)
class Undisturbed:
    """The commands run to their end in peace: where, how long each worked, what its tables hold."""

    folder: Path
    logs: Path
    seconds: dict[str, float]
    rows: dict[str, Rows]

    def ready(self, folder: Path, name: str) -> list[str]:
        """Lay out what a command needs to begin, and return its arguments."""
        if name != "ingest":
            shutil.copytree(self.folder / "ingest" / "data", folder / "data")
        return [*(part.format(logs=self.logs) for part in COMMANDS[name]), *SMALL]

    def against(self, found: Rows, name: str) -> tuple[int, int]:
        """How many rows are missing from tables, and how many are there that should not be."""
        wanted = self.rows[name]
        assert found.keys() == wanted.keys()
        lost = sum((Counter(wanted[t]) - Counter(found[t])).total() for t in wanted)
        return lost, sum((Counter(found[t]) - Counter(wanted[t])).total() for t in wanted)


def run_in_peace(spark: SparkSession, folder: Path) -> Undisturbed:
    """Run every command on simulated files and two bad ones, and check what comes of it."""
    made = simulate(folder / "s", records=RECORDS, seed=20240301)
    logs = folder / "s" / "AWSLogs"
    key = record("ec2", "ImportKeyPair")
    deliver(logs / "bad" / "timeless.json.gz", [{**key, "eventTime": "soon"}])
    cut = deliver(logs / "bad" / "cut.json.gz", [record("ec2", "RunInstances")])
    cut.write_bytes(cut.read_bytes()[:-9])
    run = Undisturbed(folder, logs, {}, {})
    for name in COMMANDS:
        place = folder / name
        place.mkdir()
        command = run.ready(place, name)
        process = trailhound(*command, cwd=place)
        process.wait_until(lambda: at_work_on(place, name))  # noqa: B023
        begun = time.monotonic()
        process.finished()
        run.seconds[name] = time.monotonic() - begun
        run.rows[name] = tables(spark, place)
    shown = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in run.seconds.items())
    report.say("undisturbed", f"at work: {shown}")
    check_truth(run, json.loads(made.truth.read_text())["alerts"])
    return run


def check_truth(run: Undisturbed, planted: list[Any]) -> None:
    """The undisturbed run is right: otherwise it is no measure for others."""
    assert len(run.rows["ingest"]["events"]) == RECORDS + 1
    assert len(run.rows["ingest"]["quarantine"]) >= 2
    assert len(run.rows["detect"]["alerts"]) == len(planted)
    assert run.rows["backfill"] == run.rows["detect"]


def at_work_on(folder: Path, name: str) -> bool:
    """Whether a command has begun to work: to make the table that it writes to is the first."""
    table = folder / "data" / WRITES[name]
    return newest_version(table) >= 0


def tables(spark: SparkSession, folder: Path) -> Rows:
    """All rows of all tables, without what is a run's own."""
    named = {name: Table(str(folder / "data" / name)) for name in TABLES}
    return {
        name: rows(table.read(spark), without=OF_THE_RUN)
        for name, table in named.items()
        if table.exists(spark)
    }
