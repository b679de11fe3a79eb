"""What other parameters and exclusions would have made of a history, before anyone sets them."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from trailhound.engine import windows
from trailhound.engine.conditions import holds
from trailhound.engine.detection import Detection, Rate, duration_text
from trailhound.engine.evaluate import CLOCK_SKEW, alerts, counted_events


def peaks(events: DataFrame, detection: Rate, *, skew: timedelta = CLOCK_SKEW) -> DataFrame:
    """Return how near every key came to an alert of a rate detection, period by period.

    In: canonical events, a batch. Out: entity string, period_start timestamp, peak long: the most
    that the detection counted within one window that ends in the period. With a threshold up to the
    peak the key raises its alert of the period, with a higher one it does not; so one pass answers
    for all thresholds.
    """
    found = windows.peaks(counted_events(events, detection, skew=skew), detection)
    return found.select(F.array_join("key", "/").alias("entity"), "period_start", "peak")


def tuned(
    events: DataFrame,
    detection: Rate,
    thresholds: Iterable[int],
    within: Iterable[timedelta],
    *,
    skew: timedelta = CLOCK_SKEW,
) -> DataFrame:
    """Return how many alerts a rate detection raises with other thresholds and windows.

    In: canonical events, a batch. Out: window string, threshold int, alerts long; a row for each
    threshold and window, also where nothing alerts. The numbers are those that `transform` gives
    with these parameters.

    Raises:
        DetectionError: a window is longer than `suppress_for`.
    """
    counted = counted_events(events, detection, skew=skew)
    asked = sorted(set(thresholds))
    parts = []
    for length in sorted(set(within)):
        nearest = windows.peaks(counted, replace(detection, within=length))
        rows = [
            F.struct(
                F.lit(threshold).alias("threshold"),
                F.count_if(F.col("peak") >= threshold).alias("alerts"),
            )
            for threshold in asked
        ]
        counts = nearest.agg(F.array(*rows).alias("rows"))
        parts.append(counts.select(F.lit(duration_text(length)).alias("window"), F.inline("rows")))
    return reduce(DataFrame.unionAll, parts)


def excluding(
    events: DataFrame,
    detections: Iterable[Detection],
    exclusion: Column,
    *,
    skew: timedelta = CLOCK_SKEW,
) -> DataFrame:
    """Return what becomes of every alert if the events of an exclusion no longer count.

    In: canonical events, a batch, and a condition over them (null is false). Out: the columns of
    ALERTS, of the alerts as they are; `left` long, the events that the alert would still have, null
    where it would not be raised; `effect` string: removed, smaller or unchanged.
    """
    chosen = list(detections)
    after = alerts(events.filter(~holds(exclusion)), chosen, skew=skew)
    left = after.select("alert_id", F.col("event_count").alias("left"))
    rows = alerts(events, chosen, skew=skew).join(left, "alert_id", "left")
    effect = (
        F.when(F.col("left").isNull(), "removed")
        .when(F.col("left") < F.col("event_count"), "smaller")
        .otherwise("unchanged")
    )
    return rows.withColumn("effect", effect)
