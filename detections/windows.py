"""Exact sliding windows without state of our own: which keys reach a threshold, when, with what.

Spark keeps, for each key and period, the set of what it saw from one look-back before the period to
its end; repeats vanish in the set, order does not matter, and every event can only add. What is
asked of that set is a pure function of it.
"""

from datetime import timedelta

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from detections.alerts import MAX_EVENT_IDS
from detections.model import Rate, microseconds

_ENDS, _STARTS, _ASKS = 0, 1, 2


def reached(counted: DataFrame, detection: Rate, *, delay: timedelta | None = None) -> DataFrame:
    """Return the keys and periods in which a look-back reaches the threshold.

    In: `key` array<string>, `value` string, `eventTime`, `event_id` and `content` string; a batch,
    or a stream with `delay` as the delay of its watermark. Out: key, period_start, event_time (of
    the first event whose look-back reaches it), first_event_time, last_event_time, event_count,
    distinct_count, event_ids, deciding_event (the smallest id at event_time).
    """
    rows = (
        counted.withWatermark("eventTime", f"{microseconds(delay)} microseconds")
        if delay
        else counted
    )
    look_back = microseconds(detection.within)
    # So few can never reach it: most windows end here, before any sorting.
    sets = _sets(rows, detection, at_least=detection.threshold)
    first = sets.withColumn("first", _first_reaching(detection.threshold))
    members = F.filter("seen", lambda e: e["time"] > F.col("first") - look_back)
    members = F.sort_array(
        F.transform(
            members,
            lambda e: F.struct(
                e["time"].alias("time"),
                # Nulls sort first; an event without an id is the last to be asked.
                e["event_id"].isNull().alias("anonymous"),
                F.coalesce(e["event_id"], e["content"]).alias("id"),
                e["value"].alias("value"),
            ),
        )
    )
    found = first.filter(F.col("first").isNotNull()).withColumn("members", members)
    return found.select(
        "key",
        F.timestamp_micros("start").alias("period_start"),
        F.timestamp_micros("first").alias("event_time"),
        F.timestamp_micros(F.element_at("members", 1)["time"]).alias("first_event_time"),
        F.timestamp_micros(F.element_at("members", -1)["time"]).alias("last_event_time"),
        F.size("members").cast("long").alias("event_count"),
        F.size(F.array_distinct("members.value")).cast("long").alias("distinct_count"),
        F.slice(F.filter("members", lambda e: ~e["anonymous"])["id"], 1, MAX_EVENT_IDS).alias(
            "event_ids"
        ),
        F.element_at(F.filter("members", lambda e: e["time"] == F.col("first")), 1)["id"].alias(
            "deciding_event"
        ),
    )


def peaks(counted: DataFrame, detection: Rate) -> DataFrame:
    """Return the most that counts at once for each key and period: what the threshold is held to.

    In: a batch, as for `reached`. Out: key, period_start, peak long. The threshold of the detection
    plays no part: `reached` has a row for the key and period with any threshold up to the peak, and
    none above it.
    """
    sets = _sets(counted, detection, at_least=1).withColumn("peak", _peak())
    found = sets.filter(F.col("peak") > 0)
    return found.select(
        "key",
        F.timestamp_micros("start").alias("period_start"),
        F.col("peak").cast("long").alias("peak"),
    )


def _sets(rows: DataFrame, detection: Rate, *, at_least: int) -> DataFrame:
    """Key, `start` of the period (microseconds), `seen` sorted, and `points` of its events."""
    period, look_back = microseconds(detection.suppress_for), microseconds(detection.within)
    window = F.window(
        "eventTime",
        f"{period + look_back} microseconds",
        f"{period} microseconds",
        f"{(period - look_back) % period} microseconds",
    )
    seen = F.collect_set(
        F.struct("value", F.unix_micros("eventTime").alias("time"), "event_id", "content")
    )
    sets = rows.groupBy("key", window).agg(seen.alias("seen"))
    sets = sets.filter(F.size("seen") >= at_least)
    sets = sets.select(
        "key",
        (F.unix_micros("window.end") - period).alias("start"),
        F.sort_array("seen").alias("seen"),
    )
    return sets.withColumn("points", F.sort_array(_points(look_back)))


def _points(look_back: int) -> Column:
    """Everything that happens to the number of active values, and every time that is asked about.

    `seen` is sorted by value and time. A value is active from each of its events for one look-back,
    its end not included; overlapping stretches are one. Array of (time, kind), where at one instant
    ends come before starts, and questions last.
    """
    seen = F.col("seen")

    def at(event: Column, position: Column) -> Column:
        before, after = F.get(seen, position - 1), F.get(seen, position + 1)
        apart_before = (before["value"] != event["value"]) | (
            event["time"] - before["time"] >= look_back
        )
        apart_after = (after["value"] != event["value"]) | (
            after["time"] - event["time"] >= look_back
        )
        in_period = event["time"] >= F.col("start")
        return F.array_compact(
            F.array(
                F.when(F.coalesce(apart_before, F.lit(True)), _point(event["time"], _STARTS)),
                F.when(
                    F.coalesce(apart_after, F.lit(True)), _point(event["time"] + look_back, _ENDS)
                ),
                F.when(in_period, _point(event["time"], _ASKS)),
            )
        )

    return F.flatten(F.transform(seen, at))


def _point(time: Column, kind: int) -> Column:
    return F.struct(time.alias("time"), F.lit(kind).alias("kind"))


def _step(active: Column, point: Column) -> Column:
    """The number of active values once a point has passed."""
    return active + F.when(point["kind"] == _STARTS, 1).when(point["kind"] == _ENDS, -1).otherwise(
        0
    )


def _first_reaching(threshold: int) -> Column:
    """The first time asked about at which the threshold is reached: bigint, null if none."""
    nothing = F.struct(F.lit(0).alias("active"), F.lit(None).cast("long").alias("first"))

    def step(state: Column, point: Column) -> Column:
        is_answer = (point["kind"] == _ASKS) & (state["active"] >= threshold)
        return F.struct(
            _step(state["active"], point).alias("active"),
            F.coalesce(state["first"], F.when(is_answer, point["time"])).alias("first"),
        )

    return F.aggregate("points", nothing, step, lambda state: state["first"])


def _peak() -> Column:
    """The most values that are active at any time asked about: int, 0 if nothing is asked."""
    nothing = F.struct(F.lit(0).alias("active"), F.lit(0).alias("peak"))

    def step(state: Column, point: Column) -> Column:
        asked = F.when(point["kind"] == _ASKS, state["active"])
        return F.struct(
            _step(state["active"], point).alias("active"),
            F.greatest(state["peak"], asked).alias("peak"),
        )

    return F.aggregate("points", nothing, step, lambda state: state["peak"])
