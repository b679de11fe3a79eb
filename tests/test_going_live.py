"""A rate detection that is new on a table with a history: the past as a batch, then the stream."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from builders import NOON, sign_in
from pyspark.sql import Column, SparkSession
from pyspark.sql import functions as F
from test_coverage import FORCE, KEY, RATE, SINGLE, WEEK_AGO, World, attempts
from test_jobs import alerts as table_of

from trailhound import Options
from trailhound.detect import stream as detect
from trailhound.detect.queries import Queries
from trailhound.ledger.ledger import BACKFILL, Ledger
from trailhound.streaming import cutover
from trailhound.streaming.cutover import Handover

# The watermark of the stream will be 10 o'clock and some seconds: its first period, with the
# look-back before it.
TEN = NOON - timedelta(hours=2)


class OldWorld(World):
    """A table whose history is always evaluated as a batch."""

    def __init__(self, spark: SparkSession, folder: Path) -> None:
        super().__init__(spark, folder)
        self.config = replace(self.config, stream=replace(self.config.stream, max_history_rows=1))

    def handed(self) -> Handover | None:
        """What the stream of the rate detection was handed."""
        queries = Queries(self.spark, self.config, lambda name, rows: None)
        return cutover.read(self.spark, queries.of(RATE))

    def batches(self) -> int:
        """How often the rate detection was evaluated as a batch."""
        rows = Ledger(self.spark, self.config).rectangles()
        return rows.filter((F.col("kind") == BACKFILL) & (F.col("detection_id") == FORCE)).count()


@pytest.fixture(scope="module")
def live(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> tuple[OldWorld, Any]:
    """Bursts on every side of the seam, and an event for a period that the batch alone had seen."""
    world = OldWorld(spark, tmp_path_factory.mktemp("live"))
    world.append([*attempts(6, NOON), *attempts(12, WEEK_AGO), KEY])
    world.append([*attempts(4, TEN - timedelta(minutes=1)), *attempts(9, TEN - timedelta(days=1))])
    # One run writes the hand-over and dies; before the next begins, more comes in.
    detect.Detect(spark, world.config, [RATE, SINGLE], "dies")._hand_over()
    fresh = (*attempts(6, TEN + timedelta(minutes=1)), *attempts(4, NOON + timedelta(minutes=1)))
    world.append(list(fresh))
    world.append([sign_in(after=100, at=TEN - timedelta(days=1))])
    return world, world.detect()


def test_the_stream_begins_where_late_events_still_count(live: tuple[OldWorld, Any]) -> None:
    world, _ = live
    assert world.handed() == Handover(2, NOON + timedelta(seconds=5), TEN)


def test_a_burst_over_the_seam_is_one_alert(live: tuple[OldWorld, Any]) -> None:
    world, _ = live
    counts = world.counts()
    assert counts[NOON + timedelta(minutes=1, seconds=3)] == 10
    # Four of these lie before the stream's first period, in its look-back.
    assert counts[TEN + timedelta(minutes=1, seconds=5)] == 10


def test_what_comes_late_for_the_history_is_repaired(live: tuple[OldWorld, Any]) -> None:
    world, found = live
    assert found.late == {FORCE: 1}
    assert world.counts()[TEN - timedelta(days=1) + timedelta(seconds=100)] == 10


def test_history_and_stream_are_what_one_batch_finds(
    live: tuple[OldWorld, Any], tmp_path: Path
) -> None:
    world, _ = live
    assert table_of(world.spark, world.config) == world.in_one_batch(tmp_path)


def test_nothing_is_missing_and_the_history_is_read_once(live: tuple[OldWorld, Any]) -> None:
    world, _ = live
    assert world.gaps() == []
    before = world.batches()
    again = world.detect()
    assert (world.batches(), again.alerts.total()) == (before, 0)
    assert before == 1


def trips(options: Options) -> Column:
    return F.assert_true(F.col("sourceIPAddress") != "198.51.100.7").isNull()


def test_a_detection_that_fails_on_the_history_is_handed_nothing(
    spark: SparkSession, tmp_path: Path
) -> None:
    world = OldWorld(spark, tmp_path)
    world.append([*attempts(10, NOON), KEY])
    world.append([sign_in(at=NOON, sourceIPAddress="198.51.100.7")])

    found = world.detect(replace(RATE, condition=trips), SINGLE)

    assert found.failures.keys() == {FORCE}
    assert found.alerts == {SINGLE.id: 1}
    assert world.handed() is None
    assert [(gap.detection_id, gap.reason) for gap in world.gaps()] == [(FORCE, "failed")]

    world.detect()
    assert world.counts() == {NOON + timedelta(seconds=8): 11}
    assert world.gaps() == []


def test_a_short_history_is_left_to_the_stream(spark: SparkSession, tmp_path: Path) -> None:
    world = OldWorld(spark, tmp_path)
    world.append([KEY])
    assert world.detect().alerts == {SINGLE.id: 1}
    assert (world.handed(), world.batches()) == (None, 0)
