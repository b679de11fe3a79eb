"""ingest, detect and backfill run in peace on this machine: what other runs are held against."""

import json
import shutil
from collections import Counter
from collections.abc import Sequence
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import report
from builders import record
from few import ALL
from processes import SMALL
from pyspark.sql import SparkSession
from test_jobs import deliver, rows
from traces import newest_version

from trailhound import cli
from trailhound.commands.demo import fact
from trailhound.lake.table import Table
from trailhound.simulation.simulate import simulate

RECORDS = 2000
SEED = 11
"""With all that the notebooks look for."""
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

# A row is the text of each of its columns, by their names.
Rows = dict[str, list[dict[str, str]]]


@dataclass(frozen=True)
class Undisturbed:
    """The commands run to their end in peace: where, what each wrote, and what its tables hold."""

    folder: Path
    logs: Path
    files: dict[str, int]
    rows: dict[str, Rows]

    def ready(self, folder: Path, name: str) -> list[str]:
        """Lay out what a command needs to begin, and return its arguments."""
        if name != "ingest":
            shutil.copytree(self.folder / "ingest" / "data", folder / "data")
        return [*(part.format(logs=self.logs) for part in COMMANDS[name]), *SMALL]

    def against(self, found: Rows, name: str, detections: Sequence[str] = ALL) -> tuple[int, int]:
        """How many rows are missing from tables, and how many are there that should not be.

        Only the alerts of some detections are wanted where the others were not asked.
        """
        wanted = dict(self.rows[name])
        if "alerts" in wanted:
            wanted["alerts"] = [a for a in wanted["alerts"] if a["detection_id"] in detections]
        assert found.keys() == wanted.keys()
        lost = sum((_counted(wanted[t]) - _counted(found[t])).total() for t in wanted)
        return lost, sum((_counted(found[t]) - _counted(wanted[t])).total() for t in wanted)


def run_in_peace(spark: SparkSession, folder: Path) -> Undisturbed:
    """Run every command on simulated files and two bad ones, and check what comes of it."""
    made = simulate(folder / "s", records=RECORDS, seed=SEED)
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
        before = files_below(place)
        with chdir(place):
            assert cli.main(command) == 0
        run.files[name] = files_below(place) - before
        run.rows[name] = tables(spark, place / "data")
    shown = ", ".join(f"{name} {files}" for name, files in run.files.items())
    report.say("undisturbed", f"files written: {shown}")
    raised = Table(str(folder / "detect" / "data" / "alerts")).read(spark)
    planted = json.loads(made.truth.read_text())["alerts"]
    assert Counter(fact(row.asDict()) for row in raised.collect()) == Counter(map(fact, planted))
    check_truth(run, planted)
    return run


def check_truth(run: Undisturbed, planted: list[Any]) -> None:
    """The undisturbed run is right: otherwise it is no measure for others."""
    assert len(run.rows["ingest"]["events"]) == RECORDS + 1
    assert len(run.rows["ingest"]["quarantine"]) >= 2
    assert len(run.rows["detect"]["alerts"]) == len(planted)
    assert {a["detection_id"] for a in run.rows["detect"]["alerts"]} == set(ALL)
    assert run.rows["backfill"] == run.rows["detect"]


def at_work_on(folder: Path, name: str) -> bool:
    """Whether a command has begun to work: to make the table that it writes to is the first."""
    table = folder / "data" / WRITES[name]
    return newest_version(table) >= 0


def files_below(folder: Path) -> int:
    """How many files lie below a folder: how far a command is, on a machine of any speed."""
    return sum(1 for _ in folder.rglob("*"))


def tables(spark: SparkSession, data: Path) -> Rows:
    """All rows of all tables below a folder, without what is a run's own."""
    found = {}
    for name in TABLES:
        table = Table(str(data / name))
        if table.exists(spark):
            frame = table.read(spark).drop(*OF_THE_RUN)
            found[name] = [dict(zip(frame.columns, row, strict=True)) for row in rows(frame)]
    return found


def _counted(rows: list[dict[str, str]]) -> Counter[tuple[str, ...]]:
    return Counter(tuple(row.values()) for row in rows)
