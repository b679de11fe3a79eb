"""The driver killed with SIGKILL, at named points and at random: nothing is lost, nothing doubled.

Each test kills one command in its work, looks on disk for what was left half done, runs the command
again to its end and holds every row of every table against a run that nobody disturbed.
"""

import json
import os
import shutil
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest
import report
from builders import record
from killed import AFTER, BEFORE, WITHIN, Point
from processes import SMALL, python, trailhound
from pyspark.sql import SparkSession
from test_jobs import deliver, rows
from traces import committed, merges, newest_version, open_batches, unnamed_files

from jobs.simulate import simulate
from jobs.tables import Table

pytestmark = pytest.mark.proof

SEED = int(os.environ.get("CRASH_SEED", "20240301"))
RANDOM_KILLS = int(os.environ.get("CRASHES", "5"))
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


# --- Named points ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fault:
    """A command, the point at which it dies, and what its folder must show afterwards."""

    command: str
    point: Point
    was_met: Callable[[Path], bool]


SINGLE, ONE_SINGLE, RATE = "single-events", "mfa_disabled", "root_console_brute_force"


def ingest_left(data: Path, *, written: int) -> bool:
    """Batch 1 is open, and so many batches are in the events table."""
    # Version 0 makes the table, and every batch adds one.
    return open_batches(data) == {"ingest": 1} and newest_version(data / "events") == written


def detect_left(data: Path, *, merged: int, torn: bool = False) -> bool:
    """Batch 1 of the single-event query is open, and so many of its batches are merged."""
    alerts = data / "alerts"
    return (
        open_batches(data).get(SINGLE) == 1
        and merges(alerts, ONE_SINGLE) == merged
        and bool(unnamed_files(alerts)) == torn
    )


FAULTS = {
    "ingest, before the write of a batch": Fault(
        "ingest", Point(BEFORE, "ingest", 1), lambda data: ingest_left(data, written=1)
    ),
    "ingest, after the write, before the checkpoint's commit": Fault(
        "ingest", Point(AFTER, "ingest", 1), lambda data: ingest_left(data, written=2)
    ),
    "detect, before the MERGE": Fault(
        "detect", Point(BEFORE, SINGLE, 1), lambda data: detect_left(data, merged=1)
    ),
    "detect, in the middle of a MERGE": Fault(
        "detect", Point(WITHIN, SINGLE, 1), lambda data: detect_left(data, merged=1, torn=True)
    ),
    "detect, after the MERGE, before the checkpoint's commit": Fault(
        "detect", Point(AFTER, SINGLE, 1), lambda data: detect_left(data, merged=2)
    ),
    "detect, between two queries' commits": Fault(
        "detect",
        Point(AFTER, RATE, 0, once=f"data/checkpoints/detect/*/{SINGLE}/commits/0"),
        lambda data: (
            open_batches(data).get(RATE) == 0
            and merges(data / "alerts", RATE) == 1
            and committed(data, SINGLE) >= 0
        ),
    ),
    "backfill, in the middle of its MERGE": Fault(
        "backfill",
        Point(WITHIN),
        lambda data: newest_version(data / "alerts") == 0 and bool(unnamed_files(data / "alerts")),
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_killed_at_a_point(
    spark: SparkSession, undisturbed: "Undisturbed", tmp_path: Path, name: str
) -> None:
    fault = FAULTS[name]
    command = undisturbed.ready(tmp_path, fault.command)

    dying = python(*fault.point.command(*command), cwd=tmp_path)
    assert dying.wait() == -signal.SIGKILL, f"it lived on: {dying.said()}"
    assert fault.was_met(tmp_path / "data"), f"another point was met: {open_batches(tmp_path)}"
    trailhound(*command, cwd=tmp_path).finished()

    lost, doubled = undisturbed.against(tables(spark, tmp_path), fault.command)
    report.say("killed at a point", f"{name}: {lost} rows lost, {doubled} doubled")
    assert (lost, doubled) == (0, 0)
    check_more(tmp_path)


# --- Random moments -------------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(RANDOM_KILLS))
def test_killed_at_random(
    spark: SparkSession,
    undisturbed: "Undisturbed",
    tmp_path: Path,
    at_work: Counter[bool],
    number: int,
) -> None:
    """Killed at any time between the first thing that the command does and its end."""
    rng = Random(f"{SEED} {number}")
    name = list(COMMANDS)[number % len(COMMANDS)]
    command = undisturbed.ready(tmp_path, name)
    delay = rng.uniform(0, undisturbed.seconds[name])

    dying = trailhound(*command, cwd=tmp_path)
    begun = dying.wait_until(lambda: at_work_on(tmp_path, name))
    dying.wait(delay)
    dying.kill()
    was_at_work = begun and dying.wait() == -signal.SIGKILL
    at_work[was_at_work] += 1
    trailhound(*command, cwd=tmp_path).finished()

    lost, doubled = undisturbed.against(tables(spark, tmp_path), name)
    report.say(
        "killed at random",
        f"seed {SEED}, kill {number}: {name} after {delay:.1f} s "
        f"({'at work' if was_at_work else 'done'}): {lost} rows lost, {doubled} doubled",
    )
    assert (lost, doubled) == (0, 0)
    check_more(tmp_path)


def test_random_kills_met_work(at_work: Counter[bool]) -> None:
    """A kill that comes after the end proves nothing."""
    if not at_work:
        pytest.skip("no kill at random was asked for")
    report.say("killed at random", f"{at_work[True]} of {at_work.total()} were at work")
    assert at_work[True] > 0


@pytest.fixture(scope="module")
def at_work() -> Counter[bool]:
    """How many random kills met a command at work, and how many did not."""
    return Counter()


# --- What has to come of it -----------------------------------------------------------------------


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


@pytest.fixture(scope="module")
def undisturbed(
    spark: SparkSession, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Undisturbed]:
    folder = tmp_path_factory.mktemp("undisturbed")
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
    yield run
    shutil.rmtree(folder)


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


def check_more(folder: Path) -> None:
    """What else must hold in a folder after a crash and a restart."""
    assert open_batches(folder / "data") == {}
