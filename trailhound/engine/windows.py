"""Exact sliding windows without state of our own: which keys reach a threshold, when, with what.

An event belongs to its period and, within one look-back of the period's end, to the next one too,
whose first events look back on it. The events of a key and period are put in order by Spark's own
window functions, which work row by row and spill to disk: anybody can send a flood of failed
sign-ins, and it must cost what other events cost. For the same reason a stream keeps of a key and
period nothing but a number, which says when it is worth asking the table.
"""

from datetime import timedelta

from pyspark.sql import Column, DataFrame, Window, WindowSpec
from pyspark.sql import functions as F

from trailhound.engine.alerts import MAX_EVENT_IDS
from trailhound.engine.detection import Rate, microseconds


def reached(counted: DataFrame, detection: Rate, *, only: DataFrame | None = None) -> DataFrame:
    """Return the keys and periods in which a look-back reaches the threshold.

    In: a batch of `key` array<string>, `value` string, `eventTime`, `event_id` and `content`
    string; with `only`, the rows of `touched`, no other keys and periods are looked at. Out: key,
    period_start, event_time (of the first event whose look-back reaches it), first_event_time,
    last_event_time, event_count, distinct_count, event_ids, deciding_event (the smallest id at
    event_time).
    """
    look_back = microseconds(detection.within)
    # So few can never reach it: most windows end here.
    seen = _seen(counted, detection, at_least=detection.threshold, only=only)
    found = _first_reaching(_points(seen, look_back), detection.threshold)
    return _facts(found, look_back).select(
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
    points = _points(_seen(counted, detection, at_least=1), microseconds(detection.within))
    peak = F.max(F.when(_is_asked(), F.col("active"))).alias("peak")
    found = points.groupBy(*_WINDOW).agg(peak).filter(F.col("peak") > 0)
    return found.select("key", F.timestamp_micros("start").alias("period_start"), "peak")


def touched(counted: DataFrame, detection: Rate, *, delay: timedelta) -> DataFrame:
    """Return the keys and periods with new events that may have reached the threshold.

    In: a stream of `key` array<string> and `eventTime`; `delay` is that of its watermark. Out: key,
    period_start. Repeats count here, so that the state is one number whatever comes in: what is
    never touched never reaches the threshold, and `reached` says which of the others do.
    """
    period, look_back = microseconds(detection.suppress_for), microseconds(detection.within)
    window = F.window(
        "eventTime",
        f"{period + look_back} microseconds",
        f"{period} microseconds",
        f"{(period - look_back) % period} microseconds",
    )
    rows = counted.withWatermark("eventTime", f"{microseconds(delay)} microseconds")
    sizes = rows.groupBy("key", window).agg(F.count("*").alias("rows"))
    start = F.timestamp_micros(F.unix_micros("window.end") - period)
    large = sizes.filter(F.col("rows") >= detection.threshold)
    return large.select("key", start.alias("period_start"))


def periods(time: Column, detection: Rate) -> Column:
    """Return where the periods begin that an event belongs to, all in microseconds: array<bigint>.

    The last stretch of a period is the look-back of the first events of the next.
    """
    period, look_back = microseconds(detection.suppress_for), microseconds(detection.within)
    start = time - F.pmod(time, F.lit(period))
    is_looked_back_on = time > start + period - look_back
    return F.when(is_looked_back_on, F.array(start, start + period)).otherwise(F.array(start))


_TIMES = ("event_time", "first_event_time", "last_event_time")
_WINDOW = ("key", "start")
# An end comes before the events of its instant; an event without an id is the last to be asked.
_IN_ORDER = ("time", "is_event", "anonymous", "id")
_BY_VALUE = ("value", "time", "anonymous", "id")


def _sorted(*order: str) -> WindowSpec:
    """The rows of a key and period in this order."""
    return Window.partitionBy(*_WINDOW).orderBy(*order)


def _whole(*order: str) -> WindowSpec:
    """A key and period as a whole; the order costs nothing where it is the rows' already."""
    return _sorted(*order).rowsBetween(Window.unboundedPreceding, Window.unboundedFollowing)


def _so_far(*order: str) -> WindowSpec:
    """What stands in a key and period up to a row."""
    return _sorted(*order).rowsBetween(Window.unboundedPreceding, Window.currentRow)


def _seen(
    counted: DataFrame, detection: Rate, *, at_least: int, only: DataFrame | None = None
) -> DataFrame:
    """The events of every key and period that has `at_least` so many, and their neighbours.

    Out: key, start of the period, time (both in microseconds), anonymous (without an event_id), id,
    is_repeat (of the event before), previous and following (times of the nearest events of the same
    value).
    """
    events = counted.select(
        "key",
        "value",
        F.unix_micros("eventTime").alias("time"),
        F.col("event_id").isNull().alias("anonymous"),
        F.coalesce("event_id", "content").alias("id"),
    )
    rows = events.withColumn("start", F.explode(periods(F.col("time"), detection)))
    if only is not None:
        wanted = only.select("key", F.unix_micros("period_start").alias("start"))
        rows = rows.join(wanted, list(_WINDOW), "left_semi")
    rows = rows.withColumn("rows", F.count("*").over(_whole(*_BY_VALUE)))
    rows = rows.filter(F.col("rows") >= at_least)
    event = F.struct(*_BY_VALUE)
    in_order = _sorted(*_BY_VALUE)
    rows = rows.withColumns(
        {"before": F.lag(event).over(in_order), "after": F.lead(event).over(in_order)}
    )
    return rows.select(
        *("key", "start", "time", "anonymous", "id"),
        _is_repeat(event).alias("is_repeat"),
        _time_of("before").alias("previous"),
        _time_of("after").alias("following"),
    )


def _is_repeat(event: Column) -> Column:
    return F.coalesce(F.col("before") == event, F.lit(False))


def _time_of(neighbour: str) -> Column:
    same_value = F.col(f"{neighbour}.value") == F.col("value")
    return F.when(same_value, F.col(f"{neighbour}.time"))


def _points(seen: DataFrame, look_back: int) -> DataFrame:
    """Everything that happens to the number of active values of a key and period.

    A value is active from each of its events for one look-back, its end not included; overlapping
    stretches are one. In: the rows of `_seen`. Out: a row for each event and one for each end of a
    stretch (not `is_event`); `active`, the values that are active once the row has passed.
    """
    time, previous, following = F.col("time"), F.col("previous"), F.col("following")
    begins = previous.isNull() | (time - previous >= look_back)
    ends = following.isNull() | (following - time >= look_back)
    event = _point(time, begins.cast("int"), is_event=True)
    end = F.when(ends, _point(time + look_back, F.lit(-1), is_event=False))
    points = seen.withColumn("point", F.explode(F.array_compact(F.array(event, end))))
    points = points.select(
        *("key", "start", "anonymous", "id", "is_repeat", "previous"), F.col("point.*")
    )
    return points.withColumn("active", F.sum("change").over(_so_far(*_IN_ORDER)))


def _point(time: Column, change: Column, *, is_event: bool) -> Column:
    return F.struct(time.alias("time"), change.alias("change"), F.lit(is_event).alias("is_event"))


def _is_asked() -> Column:
    """Whether a point asks how many values are active: an event of the period itself does.

    Of several events at one instant the last has them all.
    """
    return F.col("is_event") & (F.col("time") >= F.col("start"))


def _first_reaching(points: DataFrame, threshold: int) -> DataFrame:
    """The points of keys and periods that reach the threshold, with the `first` time they do."""
    reaches = _is_asked() & (F.col("active") >= threshold)
    first = F.min(F.when(reaches, F.col("time"))).over(_whole(*_IN_ORDER))
    return points.withColumn("first", first).filter(F.col("first").isNotNull())


def _facts(found: DataFrame, look_back: int) -> DataFrame:
    """What the events of an alert come to: those from the look-back of the first on.

    In: the rows of `_first_reaching`. Out: the columns of `reached`, times in microseconds.
    """
    first, time, previous = F.col("first"), F.col("time"), F.col("previous")
    events = found.filter(F.col("is_event") & ~F.col("is_repeat") & (time > first - look_back))
    is_listed = ~F.col("anonymous")
    number = F.count(F.when(is_listed, 1)).over(_so_far(*_IN_ORDER))
    events = events.withColumn("number", number)
    is_listed &= F.col("number") <= MAX_EVENT_IDS
    listed = F.collect_list(F.when(is_listed, F.struct("number", "id")))
    is_new_value = previous.isNull() | (previous <= first - look_back)
    deciding = F.min(F.when(time == first, F.struct("anonymous", "id")))
    return events.groupBy(*_WINDOW).agg(
        F.min("first").alias("event_time"),
        F.min("time").alias("first_event_time"),
        F.max("time").alias("last_event_time"),
        F.count("*").alias("event_count"),
        F.count_if(is_new_value).alias("distinct_count"),
        F.sort_array(listed)["id"].alias("event_ids"),
        deciding["id"].alias("deciding_event"),
    )
