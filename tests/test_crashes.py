"""The driver killed with SIGKILL, at named points and at random: nothing is lost, nothing doubled.

Each test has one command killed in its work, looks on disk for what was left half done, runs the
command again to its end and holds every row of every table against a run that nobody disturbed. All
that a dead process leaves to the next lies on disk: so the command runs again in the session of the
tests, which is warm; and the next command dies meanwhile.
"""

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest
import report
from few import ALL, FEW, RATE, SINGLE, only_few
from killed import AFTER, BEFORE, WITHIN, Point
from processes import python, trailhound
from pyspark.sql import SparkSession
from test_jobs import config
from traces import committed, merges, newest_version, open_batches, unnamed_files
from undisturbed import COMMANDS, Undisturbed, at_work_on, files_below, tables

from trailhound import cli, load
from trailhound.ledger import gaps
from trailhound.ledger.ledger import Ledger

pytestmark = pytest.mark.proof

SEED = int(os.environ.get("CRASH_SEED", "20240301"))
RANDOM_KILLS = int(os.environ.get("CRASHES", "3"))


@dataclass(frozen=True)
class Death:
    """A command that was killed in a folder, or ended before; and the detections that it runs."""

    folder: Path
    job: str
    command: list[str]
    detections: tuple[str, ...] = ALL
    when: str = ""
    was_at_work: bool = True


Deaths = dict[str, Future[Death]]


# --- Named points ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fault:
    """A command, the point at which it dies, and what its folder must show afterwards."""

    command: str
    point: Point
    was_met: Callable[[Path], bool]
    options: tuple[str, ...] = ()


SINGLES = "single-events"


def ingest_left(data: Path, *, written: int) -> bool:
    """Batch 1 is open, and so many batches are in the events table."""
    # Version 0 makes the table, and every batch adds one.
    return open_batches(data) == {"ingest": 1} and newest_version(data / "events") == written


def detect_left(data: Path, *, merged: int, torn: bool = False) -> bool:
    """Batch 1 of the single-event query is open, and so many of its batches are merged."""
    alerts = data / "alerts"
    return (
        open_batches(data).get(SINGLES) == 1
        and merges(alerts, SINGLE) == merged
        and bool(unnamed_files(alerts)) == torn
    )


def handed_over(data: Path) -> bool:
    """Whether any rate stream was handed what a batch had evaluated for it."""
    return any(data.glob("checkpoints/detect/*/*/*/handover.json"))


AS_A_BATCH = ("--set", "stream.max_history_rows=1")
FAULTS = {
    "ingest, before the write of a batch": Fault(
        "ingest", Point(BEFORE, "ingest", 1), lambda data: ingest_left(data, written=1)
    ),
    "ingest, after the write, before the checkpoint's commit": Fault(
        "ingest", Point(AFTER, "ingest", 1), lambda data: ingest_left(data, written=2)
    ),
    "detect, before the MERGE": Fault(
        "detect", Point(BEFORE, SINGLES, 1), lambda data: detect_left(data, merged=1)
    ),
    "detect, in the middle of a MERGE": Fault(
        "detect", Point(WITHIN, SINGLES, 1), lambda data: detect_left(data, merged=1, torn=True)
    ),
    "detect, after the MERGE, before the checkpoint's commit": Fault(
        "detect", Point(AFTER, SINGLES, 1), lambda data: detect_left(data, merged=2)
    ),
    "detect, between two queries' commits": Fault(
        "detect",
        Point(AFTER, RATE, 0, once=f"data/checkpoints/detect/*/{SINGLES}/commits/0"),
        lambda data: (
            open_batches(data).get(RATE) == 0
            and merges(data / "alerts", RATE) == 1
            and committed(data, SINGLES) >= 0
        ),
    ),
    "detect, going live, in the middle of the MERGE of the history": Fault(
        "detect",
        Point(WITHIN),
        lambda data: bool(unnamed_files(data / "alerts")) and not handed_over(data),
        AS_A_BATCH,
    ),
    "detect, going live, before the stream's first commit": Fault(
        "detect",
        Point(AFTER, RATE, 0),
        lambda data: open_batches(data).get(RATE) == 0 and handed_over(data),
        AS_A_BATCH,
    ),
    "backfill, in the middle of its MERGE": Fault(
        "backfill",
        Point(WITHIN),
        lambda data: newest_version(data / "alerts") == 0 and bool(unnamed_files(data / "alerts")),
    ),
}


def die_at_a_point(undisturbed: Undisturbed, folder: Path, name: str) -> Death:
    fault = FAULTS[name]
    command = [*undisturbed.ready(folder, fault.command), *fault.options]
    if fault.command != "ingest":
        # What happens at a point happens to every query alike.
        command += only_few(folder)
    dying = python(*fault.point.command(*command), cwd=folder)
    assert dying.ended() == -signal.SIGKILL, f"it lived on: {dying.said()}"
    assert fault.was_met(folder / "data"), f"another point was met: {open_batches(folder)}"
    return Death(folder, fault.command, command, FEW)


@pytest.mark.parametrize("name", FAULTS)
def test_killed_at_a_point(
    request: pytest.FixtureRequest,
    spark: SparkSession,
    undisturbed: Undisturbed,
    deaths: Deaths,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    death = deaths[request.node.name].result()
    if name == "detect, after the MERGE, before the checkpoint's commit":
        # A batch that is open was not seen, whatever of it is in the alerts already.
        assert unseen(spark, death)
    check_restart(spark, undisturbed, death, monkeypatch, "killed at a point", name)


# --- Random moments -------------------------------------------------------------------------------


def die_at_random(undisturbed: Undisturbed, folder: Path, number: int) -> Death:
    """Die at any time between the first thing that the command does and its end.

    The time is told by the files that it has written, as its speed is another on every machine; it
    dies between two of them.
    """
    rng = Random(f"{SEED} {number}")
    name = list(COMMANDS)[number % len(COMMANDS)]
    command = undisturbed.ready(folder, name)
    before, files = files_below(folder), rng.randrange(undisturbed.files[name])
    dying = trailhound(*command, cwd=folder)
    begun = dying.wait_until(lambda: at_work_on(folder, name))
    begun = begun and dying.wait_until(lambda: files_below(folder) - before >= files, every=0.1)
    dying.wait(rng.uniform(0, 0.5))
    dying.kill()
    was_at_work = begun and dying.ended() == -signal.SIGKILL
    when = f"{files} of {undisturbed.files[name]} files"
    return Death(folder, name, command, when=when, was_at_work=was_at_work)


@pytest.mark.parametrize("number", range(RANDOM_KILLS))
def test_killed_at_random(
    request: pytest.FixtureRequest,
    spark: SparkSession,
    undisturbed: Undisturbed,
    deaths: Deaths,
    monkeypatch: pytest.MonkeyPatch,
    at_work: Counter[bool],
    number: int,
) -> None:
    death = deaths[request.node.name].result()
    at_work[death.was_at_work] += 1
    how = "at work" if death.was_at_work else "done"
    shown = f"seed {SEED}, kill {number}: {death.job} after {death.when} ({how})"
    check_restart(spark, undisturbed, death, monkeypatch, "killed at random", shown)


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


@pytest.fixture(scope="module")
def deaths(
    request: pytest.FixtureRequest,
    undisturbed: Undisturbed,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Deaths]:
    """What the chosen tests are about, by their names: one death after another, in their order."""
    found: Deaths = {}
    ways: dict[str, Any] = {"name": die_at_a_point, "number": die_at_random}
    with ThreadPoolExecutor(1) as pool:
        for item in request.session.items:
            if isinstance(item, pytest.Function) and item.module is request.module:
                for kind, value in cases_of(item):
                    folder = tmp_path_factory.mktemp("killed")
                    found[item.name] = pool.submit(ways[kind], undisturbed, folder, value)
        yield found
        pool.shutdown(cancel_futures=True)


def cases_of(test: pytest.Function) -> Iterable[tuple[str, Any]]:
    """The parameters of a test: one, or none."""
    return test.callspec.params.items() if hasattr(test, "callspec") else ()


def check_restart(
    spark: SparkSession,
    undisturbed: Undisturbed,
    death: Death,
    monkeypatch: pytest.MonkeyPatch,
    law: str,
    shown: str,
) -> None:
    """The command again, to its end: all rows are there, once, and the ledger has no hole."""
    monkeypatch.chdir(death.folder)
    assert cli.main(death.command) == 0
    found = tables(spark, death.folder / "data")
    lost, doubled = undisturbed.against(found, death.job, death.detections)
    report.say(law, f"{shown}: {lost} rows lost, {doubled} doubled")
    assert (lost, doubled) == (0, 0)
    assert open_batches(death.folder / "data") == {}
    if death.job == "detect":
        assert unseen(spark, death) == []


def unseen(spark: SparkSession, death: Death) -> list[gaps.Gap]:
    """What the ledger says that its detections have not evaluated."""
    where = config(death.folder / "data")
    return gaps.find(spark, where, Ledger(spark, where), load(death.detections))
