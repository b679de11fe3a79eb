"""What tuning says would happen is what the engine does."""

from collections import Counter
from datetime import timedelta
from functools import reduce

import pytest
from builders import ACCOUNT, ROOT, USER, Record, events, sign_in
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from trailhound import Rate, load
from trailhound.engine.detection import DetectionError
from trailhound.engine.evaluate import counted_events
from trailhound.engine.tuning import excluding, peaks, tuned
from trailhound.engine.windows import reached

MINUTE = timedelta(minutes=1)
OFFICE, ELSEWHERE = "203.0.113.7", "198.51.100.9"


def rate(name: str) -> Rate:
    (found,) = load([name])
    assert isinstance(found, Rate)
    return found


BRUTE, SPRAY = rate("root_console_brute_force"), rate("multiple_users_failing_from_ip")
OTHER = {**ROOT, "accountId": "999999999999"}


def spray(second: int, number: int) -> Record:
    return sign_in(by={**USER, "userName": f"user{number}"}, after=second)


@pytest.fixture(scope="module")
def history(spark: SparkSession) -> DataFrame:
    """Bursts over the edges of windows and of a period (noon), some of it delivered twice."""
    burst = [sign_in(after=30 * number) for number in range(-9, 4)]
    slow = [sign_in(by=OTHER, after=120 * number) for number in range(12)]
    far = [sign_in(by=OTHER, after=7200, sourceIPAddress=ELSEWHERE)]
    users = [spray(-200 + 20 * number, number % 6) for number in range(18)]
    found = events(spark, [*burst, *burst[:4], *slow, *far, *users])
    return found.localCheckpoint()


@pytest.mark.parametrize("detection", [BRUTE, SPRAY], ids=lambda d: d.id)
def test_the_grid_is_what_the_engine_raises(detection: Rate, history: DataFrame) -> None:
    thresholds, windows = [1, 2, 6, 9, 13, 14], [MINUTE, 6 * MINUTE, 60 * MINUTE]
    one = detection.configured(suppress_for="1 hour")
    counts = tuned(history, one, thresholds, windows).collect()
    assert len(counts) == len(thresholds) * len(windows)
    said = {(row.window, row.threshold): row.alerts for row in counts}

    counted = counted_events(history, one).localCheckpoint()
    variants = [one.configured(threshold=t, window=w) for t in thresholds for w in windows]
    raised = [
        reached(counted, variant).select(
            F.lit(variant.parameters["window"]), F.lit(variant.threshold)
        )
        for variant in variants
    ]
    assert Counter(said) == Counter(map(tuple, reduce(DataFrame.unionAll, raised).collect()))
    assert len(set(said.values())) > 2


def test_a_peak_is_the_highest_threshold_that_alerts(history: DataFrame) -> None:
    rows = peaks(history, BRUTE).collect()
    found = {(row.entity, row.period_start.minute): row.peak for row in rows}
    assert len(rows) == 4
    assert max(row.peak for row in rows if row.entity == ACCOUNT) == 12
    assert sorted(row.peak for row in rows if row.entity == "999999999999") == [1, 3]
    assert {minute for _, minute in found} == {0}


def test_a_window_longer_than_the_period_is_refused(history: DataFrame) -> None:
    with pytest.raises(DetectionError, match="suppress_for"):
        tuned(history, BRUTE, [3], [timedelta(hours=2)])


def test_an_exclusion_removes_makes_smaller_or_leaves(history: DataFrame) -> None:
    detection = BRUTE.configured(threshold=3)
    before_noon = F.col("eventTime") < F.lit("2024-03-01 11:59:00").cast("timestamp")
    theirs = F.col("sourceIPAddress") == ELSEWHERE
    rows = excluding(history, [detection], before_noon | theirs).collect()
    effects = {(row.entity, row.event_time.minute, row.effect) for row in rows}
    raised = {row.alert_id: row.event_count for row in detection.transform(history).collect()}
    assert {row.alert_id: row.event_count for row in rows} == raised
    assert {effect for _, _, effect in effects} == {"removed", "smaller", "unchanged"}
    for row in rows:
        assert (row.left is None) == (row.effect == "removed")
        assert row.left is None or row.left <= row.event_count


def test_an_exclusion_of_nothing_known_changes_nothing(history: DataFrame) -> None:
    unknown = F.lit(None).cast("boolean")
    rows = excluding(history, [BRUTE], unknown).collect()
    assert [row.effect for row in rows] == ["unchanged"] * len(rows)
    assert rows
