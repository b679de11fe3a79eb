"""What was evaluated is written down; what was not is found: late events, wrong clocks, gaps."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from builders import NOON, Record, events, record, sign_in
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from test_jobs import alerts as table_of
from test_jobs import config

from trailhound import Detection, Rate, load
from trailhound.detect import backfill
from trailhound.detect import stream as detect
from trailhound.errors import UserError
from trailhound.lake.delta_log import History
from trailhound.lake.table import Table, create_events
from trailhound.ledger import gaps, missed
from trailhound.ledger.ledger import Ledger
from trailhound.ledger.missed import Arrivals, closed_before, may_be_late
from trailhound.streaming import checkpoints
from trailhound.times import HIGH, LOW, collected, merged, without

FORCE = "root_console_brute_force"
(RATE,) = [d for d in load([FORCE]) if isinstance(d, Rate)]
(SINGLE,) = load(["ec2_key_pair_imported"])
WEEK_AGO = NOON - timedelta(days=7)
KEY = record("ec2", "ImportKeyPair", {"keyName": "k"}, at=WEEK_AGO)


def attempts(number: int, at: datetime, **fields: Any) -> list[Record]:
    """So many failed sign-ins of root, a second apart."""
    return [sign_in(after=n, at=at, **fields) for n in range(number)]


class World:
    """An events table that grows commit by commit, and its jobs."""

    def __init__(self, spark: SparkSession, folder: Path) -> None:
        self.spark, self.config, self._commits = spark, config(folder), 0
        self.table = Table(self.config.tables.events)
        create_events(spark, self.table)

    def append(self, records: list[Record], arrived: str | None = None) -> None:
        made = events(self.spark, records, *([arrived] if arrived else []))
        self.table.append(made, app="test", version=self._commits)
        self._commits += 1

    def detect(self, *detections: Detection) -> detect.Detected:
        return detect.run(self.spark, self.config, detections or (RATE, SINGLE), "a run")

    def gaps(self, *detections: Detection) -> list[gaps.Gap]:
        ledger = Ledger(self.spark, self.config)
        return gaps.find(self.spark, self.config, ledger, detections or (RATE, SINGLE))

    def in_one_batch(self, folder: Path) -> list[Any]:
        """The alerts that one backfill of all that is there raises, into a table of its own."""
        tables = replace(self.config.tables, alerts=str(folder / "alerts"))
        other = replace(self.config, tables=tables)
        backfill.run(self.spark, other, [RATE, SINGLE], "a batch", LOW, HIGH)
        return table_of(self.spark, other)

    def counts(self) -> dict[datetime, int]:
        found = Table(self.config.tables.alerts).read(self.spark)
        found = found.filter(F.col("detection_id") == FORCE)
        return {row.event_time: row.event_count for row in collected(found)}


# --- Late events and wrong clocks -----------------------------------------------------------------


@pytest.fixture(scope="module")
def mended(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> tuple[World, Any]:
    """Nine attempts, others a week later, and then a tenth of the nine; one with a wrong clock."""
    world = World(spark, tmp_path_factory.mktemp("late"))
    world.append([*attempts(9, WEEK_AGO), KEY])
    world.detect()
    world.append(attempts(3, NOON))
    world.append([sign_in(at=NOON + timedelta(days=365))], arrived="2024-03-01 12:00:10")
    world.detect()
    world.append([*attempts(7, NOON + timedelta(minutes=3)), sign_in(after=100, at=WEEK_AGO)])
    return world, world.detect()


def test_an_event_late_by_a_week_ends_in_the_right_alert(mended: tuple[World, Any]) -> None:
    world, found = mended
    assert found.late == {FORCE: 1}
    assert found.repaired == 1
    assert world.counts()[WEEK_AGO + timedelta(seconds=100)] == 10


def test_one_event_a_year_ahead_silences_nothing(mended: tuple[World, Any]) -> None:
    world, _ = mended
    assert world.counts()[NOON + timedelta(minutes=3, seconds=6)] == 10
    missed = Ledger(world.spark, world.config).uncounted().orderBy("reason").collect()
    assert [(row.reason, row.events, row.version) for row in missed] == [
        ("late", 1, 4),
        ("wrong clock", 1, 3),
    ]


def test_what_the_stream_came_to_is_what_a_batch_finds(
    mended: tuple[World, Any], tmp_path: Path
) -> None:
    world, _ = mended
    assert table_of(world.spark, world.config) == world.in_one_batch(tmp_path)


def test_nothing_is_missing_after_all_this(mended: tuple[World, Any]) -> None:
    world, _ = mended
    assert world.gaps() == []


def test_lateness_is_never_understated(mended: tuple[World, Any]) -> None:
    """The watermark that is worked out from the table is never behind the one Spark used."""
    world, _ = mended
    rates = Path(world.config.stream.checkpoints)
    (offsets,) = rates.glob(f"detect/*/{FORCE}/*/offsets")
    history = History(world.spark, world.table)
    position = checkpoints.position(world.spark, str(offsets.parent))
    assert position.batches == ((0, 1), (2, 3), (4, 4))
    seen = missed.counted(
        history.rows(0, 4)
        .filter("eventName = 'ConsoleLogin'")
        .withColumn("matched", F.array(F.lit(FORCE))),
        RATE,
        skew=world.config.stream.clock_skew,
    )
    delay = world.config.stream.watermark_delay
    closed = closed_before(missed.arrivals(seen), position.batches, delay, None)
    for version, batch in ((2, 2), (4, 4)):
        used = checkpoints_watermark(offsets / str(batch))
        assert closed[version] >= used > datetime(2024, 1, 1, tzinfo=UTC)


def checkpoints_watermark(file: Path) -> datetime:
    import json

    millis = json.loads(file.read_text().splitlines()[1])["batchWatermarkMs"]
    return datetime.fromtimestamp(millis / 1000, UTC)


# --- Which events are late, in plain Python -------------------------------------------------------


def test_the_rule_of_lateness_against_a_plain_model() -> None:
    """Events in a random order and random micro-batches; the model walks through them."""
    rng = random.Random(20240301)
    delay = timedelta(hours=2)
    times = 0
    for _ in range(300):
        versions = {
            v: [
                NOON + timedelta(minutes=rng.randrange(-600, 600))
                for _ in range(rng.randrange(1, 4))
            ]
            for v in range(1, 9)
        }
        cuts = sorted(rng.sample(range(1, 9), 3))
        batches = [(a + 1, b) for a, b in zip([0, *cuts], [*cuts, 8], strict=True) if a < b]
        arrived = [Arrivals(v, min(t), max(t), 0) for v, t in versions.items()]
        closed = closed_before(arrived, batches, delay, None)
        watermark = None
        for first, last in batches:
            for version in range(first, last + 1):
                assert closed.get(version) == watermark
                late_now = watermark is not None and any(
                    end_of_period(t) <= watermark for t in versions[version]
                )
                times += late_now
                assert may_be_late(arrived[version - 1], closed.get(version), RATE) == late_now
            newest = max(t for v in range(1, last + 1) for t in versions[v])
            watermark = newest - delay
    assert times > 100


def end_of_period(time: datetime) -> datetime:
    return time.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


# --- Gaps -----------------------------------------------------------------------------------------


def test_gaps_are_found_and_closed(spark: SparkSession, tmp_path: Path) -> None:
    world = World(spark, tmp_path)
    world.append([*attempts(10, WEEK_AGO), KEY])
    assert {g.detection_id: g.rows for g in world.gaps()} == {FORCE: 11, SINGLE.id: 11}

    world.detect(SINGLE)
    world.append(attempts(3, NOON))
    half = NOON - timedelta(days=3)
    backfill.run(spark, world.config, [RATE], "half", LOW, half)

    found = {g.detection_id: g for g in world.gaps()}
    assert (found[FORCE].from_version, found[FORCE].rows) == (2, 3)
    assert found[FORCE].start == NOON
    assert (found[SINGLE.id].from_version, found[SINGLE.id].reason) == (2, "never evaluated")
    changed = RATE.configured(threshold=3)
    assert world.gaps(changed)[0].rows == 14

    ledger = Ledger(spark, world.config)
    work = [backfill.Work(d, gaps.spans(world.gaps())[d.id]) for d in (RATE, SINGLE)]
    backfill.carry_out(spark, world.config, ledger, work, "the rest")
    assert world.gaps() == []
    assert list(world.counts()) == [WEEK_AGO + timedelta(seconds=9)]


def test_a_part_is_not_covered_before_its_checkpoint_says_so(
    spark: SparkSession, tmp_path: Path
) -> None:
    """A run that wrote down where it begins and then died has covered nothing but what it did."""
    world = World(spark, tmp_path)
    world.append([KEY])
    stream = detect.Detect(spark, world.config, [SINGLE], "killed")
    stream._settlement.start("killed", stream._streams())
    assert [g.rows for g in world.gaps(SINGLE)] == [1]
    world.detect(SINGLE)
    assert world.gaps(SINGLE) == []


def test_compaction_makes_no_gap_and_a_deletion_is_named(
    spark: SparkSession, tmp_path: Path
) -> None:
    world = World(spark, tmp_path)
    world.append([KEY])
    world.append(attempts(2, NOON))
    world.detect()
    world.table.delta(spark).optimize().executeCompaction()
    assert world.gaps() == []
    world.detect()
    world.table.delta(spark).delete("eventName = 'ImportKeyPair'")
    with pytest.raises(UserError, match="version 4 changed or deleted rows"):
        world.gaps()
    with pytest.raises(UserError, match="keep the table append-only"):
        world.detect()


# --- Stretches of time ----------------------------------------------------------------------------


def day(number: int) -> datetime:
    return datetime(2024, 3, number, tzinfo=UTC)


def test_spans_are_merged_and_taken_from_one_another() -> None:
    assert merged([(day(5), day(6)), (day(1), day(2)), (day(2), day(3))]) == [
        (day(1), day(3)),
        (day(5), day(6)),
    ]
    assert without((day(1), day(9)), [(day(2), day(3)), (day(8), HIGH)]) == [
        (day(1), day(2)),
        (day(3), day(8)),
    ]
    assert without((day(1), day(9)), [(LOW, HIGH)]) == []
    assert without((day(1), day(2)), []) == [(day(1), day(2))]
