"""Exact sliding windows without state of our own: which keys reach a threshold, when, with what.

Spark keeps, for each key and period, the set of what it saw from one look-back before the period to
its end; repeats vanish in the set, order does not matter, and every event can only add. What is
asked of that set is a pure function of it, linear in its size once it is sorted: anybody can send
a flood of failed sign-ins.
"""

from collections.abc import Callable
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

    def found(seen: Column) -> Column:
        first = _first_reaching(_points(seen, look_back), detection.threshold)
        return bound(first, lambda at: F.when(at.isNotNull(), F.array(_facts(seen, at, look_back))))

    # So few can never reach it: most windows end here, before any sorting.
    sets = _sets(rows, detection, at_least=detection.threshold)
    # As a generator it is evaluated once; a filter would evaluate it once more for itself.
    sets = sets.select("key", "start", F.inline(bound(F.sort_array("seen"), found)))
    return sets.select(
        "key",
        F.timestamp_micros("start").alias("period_start"),
        *(F.timestamp_micros(name).alias(name) for name in _TIMES),
        *("event_count", "distinct_count", "event_ids", "deciding_event"),
    )


def peaks(counted: DataFrame, detection: Rate) -> DataFrame:
    """Return the most that counts at once for each key and period: what the threshold is held to.

    In: a batch, as for `reached`. Out: key, period_start, peak long. The threshold of the detection
    plays no part: `reached` has a row for the key and period with any threshold up to the peak, and
    none above it.
    """
    look_back = microseconds(detection.within)
    peak = bound(F.sort_array("seen"), lambda seen: _peak(_points(seen, look_back)))
    sets = _sets(counted, detection, at_least=1)
    sets = sets.select("key", "start", F.explode(F.array(peak)).alias("peak"))
    return sets.filter(F.col("peak") > 0).select(
        "key",
        F.timestamp_micros("start").alias("period_start"),
        F.col("peak").cast("long").alias("peak"),
    )


def bound(value: Column, use: Callable[[Column], Column]) -> Column:
    """Return what `use` makes of a value that is worked out once, however often it is used.

    Inside a lambda a Column stands for its expression: Spark would work it out for every element,
    and a walk over a sorted array would sort it anew at each step.
    """
    return F.element_at(F.transform(F.array(value), use), 1)


_TIMES = ("event_time", "first_event_time", "last_event_time")


def _sets(rows: DataFrame, detection: Rate, *, at_least: int) -> DataFrame:
    """Key, `start` of the period (microseconds), and `seen`, the set of its events."""
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
    return sets.select("key", (F.unix_micros("window.end") - period).alias("start"), "seen")


def _facts(seen: Column, first: Column, look_back: int) -> Column:
    """What the events of an alert come to, whose first look-back to reach it ends at `first`."""
    members = F.transform(
        F.filter(seen, lambda e: e["time"] > first - look_back),
        lambda e: F.struct(
            e["time"].alias("time"),
            # Nulls sort first; an event without an id is the last to be asked.
            e["event_id"].isNull().alias("anonymous"),
            F.coalesce(e["event_id"], e["content"]).alias("id"),
            e["value"].alias("value"),
        ),
    )

    def facts(members: Column) -> Column:
        listed = F.filter(members, lambda e: ~e["anonymous"])
        deciding = F.filter(members, lambda e: e["time"] == first)
        return F.struct(
            first.alias("event_time"),
            F.element_at(members, 1)["time"].alias("first_event_time"),
            F.element_at(members, -1)["time"].alias("last_event_time"),
            F.size(members).cast("long").alias("event_count"),
            F.size(F.array_distinct(members["value"])).cast("long").alias("distinct_count"),
            F.slice(listed["id"], 1, MAX_EVENT_IDS).alias("event_ids"),
            F.element_at(deciding, 1)["id"].alias("deciding_event"),
        )

    return bound(F.sort_array(members), facts)


def _points(seen: Column, look_back: int) -> Column:
    """Everything that happens to the number of active values, and every time that is asked about.

    `seen` is bound, and sorted by value and time. A value is active from each of its events for one
    look-back, its end not included; overlapping stretches are one. Array of (time, kind), sorted:
    at one instant ends come before starts, and questions last.
    """

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

    return F.sort_array(F.flatten(F.transform(seen, at)))


def _point(time: Column, kind: int) -> Column:
    return F.struct(time.alias("time"), F.lit(kind).alias("kind"))


def _step(active: Column, point: Column) -> Column:
    """The number of active values once a point has passed."""
    return active + F.when(point["kind"] == _STARTS, 1).when(point["kind"] == _ENDS, -1).otherwise(
        0
    )


def _first_reaching(points: Column, threshold: int) -> Column:
    """The first time asked about at which the threshold is reached: bigint, null if none."""
    nothing = F.struct(F.lit(0).alias("active"), F.lit(None).cast("long").alias("first"))

    def step(state: Column, point: Column) -> Column:
        is_answer = (point["kind"] == _ASKS) & (state["active"] >= threshold)
        return F.struct(
            _step(state["active"], point).alias("active"),
            F.coalesce(state["first"], F.when(is_answer, point["time"])).alias("first"),
        )

    return F.aggregate(points, nothing, step, lambda state: state["first"])


def _peak(points: Column) -> Column:
    """The most values that are active at any time asked about: int, 0 if nothing is asked."""
    nothing = F.struct(F.lit(0).alias("active"), F.lit(0).alias("peak"))

    def step(state: Column, point: Column) -> Column:
        asked = F.when(point["kind"] == _ASKS, state["active"])
        return F.struct(
            _step(state["active"], point).alias("active"),
            F.greatest(state["peak"], asked).alias("peak"),
        )

    return F.aggregate(points, nothing, step, lambda state: state["peak"])
