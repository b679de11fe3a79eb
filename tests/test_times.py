"""Instants between Spark and Python: the machine's time zone plays no part."""

import ast
import time
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from builders import NOON, sign_in
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from test_coverage import KEY, RATE, SINGLE, WEEK_AGO, World, attempts, table_of

import trailhound
from trailhound.detect import backfill
from trailhound.lake.lake import within
from trailhound.ops.status import status
from trailhound.times import HIGH, LOW, collected, from_micros, literal, micros

ZONES = ("America/New_York", "Asia/Kolkata", "Pacific/Apia")
# 01:30 comes twice in New York on that day, and 02:30 never on the other.
AUTUMN = [datetime(2024, 11, 3, hour, 30, tzinfo=UTC) for hour in (5, 6)]
SPRING = [datetime(2024, 3, 10, hour, 30, tzinfo=UTC) for hour in (6, 7)]
TIMES = [LOW, *SPRING, *AUTUMN, NOON + timedelta(microseconds=1), HIGH]
PACKAGE = Path(trailhound.__file__).parent
# What else brings rows to Python, where no column is a time: by file, how often.
OTHERS = {
    "detect/backfill.py": 1,
    "detect/scan.py": 1,
    "ingest/stream.py": 2,
    "lake/delta_log.py": 1,
    "lake/maintenance.py": 1,
    "lake/table.py": 1,
}


@pytest.fixture(params=ZONES)
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


def test_times_cross_as_they_are(spark: SparkSession, zone: str) -> None:
    frame = spark.range(1).select(F.explode(F.array(*map(literal, TIMES))).alias("time"), F.lit(1))
    counts = [row[0] for row in frame.select(F.unix_micros("time")).collect()]
    assert counts == [micros(one) for one in TIMES]
    assert [row.time for row in collected(frame)] == TIMES
    assert [from_micros(count) for count in counts] == TIMES


def test_both_hours_that_autumn_repeats_are_told_apart(spark: SparkSession, zone: str) -> None:
    frame = spark.range(1).select(F.explode(F.array(*map(literal, TIMES))).alias("time"))
    for one in TIMES[1:-1]:
        found = frame.filter(within("time", [(one, one + timedelta(microseconds=1))]))
        assert [row.time for row in collected(found)] == [one]


def test_what_is_no_time_stays_as_it_is(spark: SparkSession) -> None:
    frame = spark.sql("SELECT 1 AS `a.b`, timestamp_micros(NULL) AS t, array('x') AS many")
    (row,) = collected(frame)
    assert (row["a.b"], row.t, row.many) == (1, None, ["x"])
    assert collected(spark.range(0)) == []


@pytest.mark.parametrize("zone", ZONES[:1], indirect=True)
def test_late_repair_gaps_backfill_and_status_know_no_zone(
    spark: SparkSession, tmp_path: Path, zone: str
) -> None:
    before = datetime.now(UTC)
    world = World(spark, tmp_path)
    world.append([*attempts(9, WEEK_AGO), KEY])
    world.append(attempts(3, NOON))
    world.detect()
    world.append([sign_in(after=100, at=WEEK_AGO)])
    found = world.detect()

    assert found.late == {RATE.id: 1}
    assert world.counts() == {WEEK_AGO + timedelta(seconds=100): 10}
    assert world.gaps() == []
    assert table_of(spark, world.config) == world.in_one_batch(tmp_path / "batch")
    backfill.run(spark, world.config, [RATE, SINGLE], "again", LOW, HIGH)
    assert world.counts() == {WEEK_AGO + timedelta(seconds=100): 10}
    told = status(spark, world.config)
    assert all(before <= run.at <= datetime.now(UTC) for run in told.runs)
    newest = {one.detection: one.newest for one in told.detections if one.alerts}
    assert newest[RATE.id] == WEEK_AGO + timedelta(seconds=100)
    assert asdict(told)["gaps"] == len(told.detections) - 2


def calls(file: Path) -> list[str]:
    """The methods called in a file that bring rows to Python."""
    bring = {"collect", "first", "head", "take", "tail", "toPandas", "toLocalIterator"}
    return [
        node.func.attr
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call)
        if isinstance(node.func, ast.Attribute) and node.func.attr in bring
    ]


def test_rows_come_to_python_in_one_place() -> None:
    rooms = [file for file in PACKAGE.rglob("*.py") if file.parent.name != "simulation"]
    found = {file.relative_to(PACKAGE).as_posix(): calls(file) for file in rooms}
    assert found.pop("times.py") == ["collect"]
    assert {name: len(of) for name, of in found.items() if of} == OTHERS
