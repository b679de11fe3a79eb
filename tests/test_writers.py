"""Many writers of one table: what they write is what they would have written in turn."""

import shutil
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import counted
import delta.exceptions
import pytest
import report
from builders import events, record
from delta.exceptions import ConcurrentAppendException
from delta.tables import DeltaMergeBuilder
from few import FEW, only_few
from processes import SMALL, TIMEOUT, Process, python
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from test_jobs import alerts as alerts_of
from test_jobs import config, rows

from trailhound import alerts, load
from trailhound.detect import backfill
from trailhound.detect import stream as detect
from trailhound.errors import UserError
from trailhound.ingest import stream as ingest
from trailhound.lake.conflicts import CONFLICTS
from trailhound.lake.table import (
    QUARANTINE,
    AlertWriter,
    Table,
    create_alerts,
    create_events,
    create_quarantine,
)
from trailhound.runtime.config import Config
from trailhound.simulation.simulate import START, simulate

DAY = timedelta(days=1)
ONE = "ec2_key_pair_imported"


def one_alert(spark: SparkSession) -> DataFrame:
    return alerts(events(spark, [record("ec2", "ImportKeyPair")]), load([ONE]))


# --- Conflicts, one at a time ---------------------------------------------------------------------


@pytest.fixture
def conflicts(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Every MERGE meets a conflict, as many as the one number of this list says."""
    left = [10**6]
    execute = DeltaMergeBuilder.execute

    def conflicting(merge: DeltaMergeBuilder) -> Any:
        if left[0] > 0:
            left[0] -= 1
            raise ConcurrentAppendException("DELTA_CONCURRENT_APPEND")
        return execute(merge)

    monkeypatch.setattr(DeltaMergeBuilder, "execute", conflicting)
    return left


def test_every_exception_of_delta_is_a_conflict() -> None:
    """They have no common class, so a new one would be missed without a word."""
    assert {kind.__name__ for kind in CONFLICTS} == set(delta.exceptions.__all__)


def test_a_conflict_is_tried_again_after_ever_longer_pauses(
    spark: SparkSession, conflicts: list[int], tmp_path: Path
) -> None:
    table, pauses = Table(str(tmp_path / "alerts")), []
    create_alerts(spark, table)
    conflicts[0] = 4

    AlertWriter(spark, table, "run", [ONE], pauses.append).write(one_alert(spark))

    assert table.read(spark).count() == 1
    assert len(pauses) == 4
    # Each is drawn between half and the whole of a length that doubles.
    assert all(later > earlier for earlier, later in zip(pauses, pauses[2:], strict=False))


def test_conflicts_without_end_are_one_line_that_says_what_to_do(
    spark: SparkSession, conflicts: list[int], tmp_path: Path
) -> None:
    table, pauses = Table(str(tmp_path / "alerts")), []
    create_alerts(spark, table)

    with pytest.raises(UserError, match="other writers keep changing it") as error:
        AlertWriter(spark, table, "run", [ONE], pauses.append).write(one_alert(spark))

    assert str(table.name) in str(error.value)
    assert "\n" not in str(error.value)
    assert 32 > sum(pauses) > 15


def test_a_query_that_gives_up_on_conflicts_says_so_in_one_line(
    spark: SparkSession,
    conflicts: list[int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    where = config(tmp_path)
    create_events(spark, Table(where.tables.events))
    keys = events(spark, [record("ec2", "ImportKeyPair")])
    Table(where.tables.events).append(keys, app="test", version=0)
    monkeypatch.setattr("trailhound.lake.conflicts._TRIES", 2)

    with pytest.raises(UserError, match=r"single-events.*other writers keep changing it") as error:
        detect.run(spark, where, load([ONE]), "run")

    assert "\n" not in str(error.value)


def test_a_table_may_be_made_by_many_at_once(spark: SparkSession, tmp_path: Path) -> None:
    makers = 4
    for number in range(5):
        table, ready = Table(str(tmp_path / str(number) / "alerts")), threading.Barrier(makers)

        def make(table: Table = table, ready: threading.Barrier = ready) -> None:
            ready.wait(timeout=60)
            create_alerts(spark, table)

        with ThreadPoolExecutor(makers) as pool:
            for made in [pool.submit(make) for _ in range(makers)]:
                made.result(timeout=120)
        assert table.read(spark).count() == 0


def test_a_table_is_made_where_a_crash_left_the_beginning_of_one(
    spark: SparkSession, tmp_path: Path
) -> None:
    log = tmp_path / "begun" / "_delta_log"
    log.mkdir(parents=True)
    (log / ".00000000000000000000.json.1f0c.tmp").write_text('{"commitInfo":')
    # Killed a little later, it leaves a file without rows as well.
    create_quarantine(spark, Table(str(tmp_path / "whole")))
    (empty,) = (tmp_path / "whole").glob("part-*.parquet")
    shutil.copy(empty, tmp_path / "begun")
    table = Table(str(tmp_path / "begun"))

    create_quarantine(spark, table)

    assert (table.version(spark), table.read(spark).count()) == (0, 0)
    assert table.read(spark).schema.names == QUARANTINE.names


def test_a_table_is_not_made_among_other_files(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")

    with pytest.raises(UserError, match=r"cannot make the table .* other files lie there \(notes"):
        create_alerts(spark, Table(str(tmp_path)))

    assert sorted(tmp_path.iterdir()) == [tmp_path / "notes.txt"]


def test_an_append_does_not_mind_a_compaction(spark: SparkSession, tmp_path: Path) -> None:
    """A compaction is begun and ended while an append computes its rows."""
    table = Table(str(tmp_path / "events"))
    create_events(spark, table)
    one = events(spark, [record("ec2", "ImportKeyPair")])
    for number in range(2):
        table.append(one, app="test", version=number)
    computes, compacted = tmp_path / "computes", tmp_path / "compacted"

    def hold(name: str) -> str:
        computes.touch()
        waited = threading.Event()
        for _ in range(6000):
            if compacted.exists():
                return name
            waited.wait(0.01)
        raise TimeoutError("no compaction came")

    held = one.withColumn("eventName", F.udf(hold, "string", useArrow=False)("eventName"))
    with ThreadPoolExecutor(1) as pool:
        append = pool.submit(table.append, held, app="test", version=2)
        while not computes.exists() and not append.done():
            threading.Event().wait(0.01)
        before = table.version(spark)
        table.delta(spark).optimize().executeCompaction()
        assert table.version(spark) == before + 1
        compacted.touch()
        append.result(timeout=120)

    assert table.read(spark).count() == 3
    assert table.version(spark) == before + 2


# --- All at once ----------------------------------------------------------------------------------


@pytest.mark.proof
def test_all_writers_at_once(spark: SparkSession, tmp_path: Path) -> None:
    """A stream, two backfills that overlap, new files, and compactions of both tables."""
    where, logs = config(tmp_path / "data"), tmp_path / "s" / "AWSLogs"
    # All is within the delay, so that files may come in any order.
    where = replace(where, stream=replace(where.stream, watermark_delay=2 * DAY))
    files, few = delivered(tmp_path / "later", logs), load(FEW)
    ingest.run(spark, where, str(logs))
    # Two files in many a partition of the alerts: there is something to compact.
    for begin in (START, START + DAY / 4):
        backfill.run(spark, where, few, "history", begin, begin + DAY / 4)
    for file in files:
        shutil.move(tmp_path / "later" / file, logs / file)

    settings = ("--set", "stream.watermark_delay=2 days", *SMALL, *only_few(tmp_path))

    def start(*args: str) -> Process:
        return python(counted.__file__, *args, *settings, cwd=tmp_path)

    follow = start("detect", "--follow", "--set", "stream.trigger=1 second")
    others = [
        start("ingest", str(logs), "--set", "stream.max_files_per_batch=40"),
        start("backfill", "--from", "2024-03-01", "--to", "2024-03-01T16:00"),
        start("backfill", "--from", "2024-03-01T08:00", "--to", "2024-03-03"),
    ]
    try:
        compactions = compact_while(spark, where, others)
        for process in others:
            process.finished()
        follow.stop()
        follow.finished()
    finally:
        for process in (follow, *others):
            process.kill()
    detect.run(spark, where, few, "what is left")

    met = sum(process.log().count(counted.SIGN) for process in (follow, *others))
    report.say("side by side", f"{met} conflicts of MERGEs; {dict(compactions)}")
    serial = in_turn(spark, tmp_path / "serial", logs)
    assert alerts_of(spark, where) == alerts_of(spark, serial)
    assert events_of(spark, where) == events_of(spark, serial)
    assert compactions["compactions of events"] > 0
    assert any(number for name, number in compactions.items() if "alerts" in name)


def delivered(later: Path, logs: Path) -> list[Path]:
    """Simulate a day's files; every other one lies elsewhere. Return their paths below `later`."""
    simulate(logs.parent, records=1000, seed=20240301)
    files = sorted(file.relative_to(logs) for file in logs.rglob("*.gz"))
    second = files[::2]
    for file in second:
        (later / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.move(logs / file, later / file)
    return second


def compact_while(spark: SparkSession, where: Config, others: list[Process]) -> Counter[str]:
    """Compact both tables after every commit of others, while they run; count what came of it."""
    seen: Counter[str] = Counter()
    tables = {name: Table(getattr(where.tables, name)) for name in ("events", "alerts")}
    stood = {name: table.version(spark) for name, table in tables.items()}
    end = time.monotonic() + TIMEOUT
    while any(process.wait(0.1) is None for process in others) and time.monotonic() < end:
        for name, table in tables.items():
            if table.version(spark) == stood[name]:
                continue
            try:
                done = table.delta(spark).optimize().executeCompaction()
                removed = done.select("metrics.numFilesRemoved").head()
                seen[f"compactions of {name}"] += bool(removed and removed[0])
            except CONFLICTS:
                seen[f"compactions of {name} that gave way"] += 1
            stood[name] = table.version(spark)
    return seen


def in_turn(spark: SparkSession, folder: Path, logs: Path) -> Config:
    """The same work by one after the other."""
    where = config(folder)
    ingest.run(spark, where, str(logs))
    backfill.run(spark, where, load(FEW), "serial", START, START + 2 * DAY)
    return where


def events_of(spark: SparkSession, where: Config) -> list[tuple[Any, ...]]:
    return rows(Table(where.tables.events).read(spark), without=("ingestedAt",))
