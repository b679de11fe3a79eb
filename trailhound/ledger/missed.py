"""Which events a rate stream may not have counted, worked out from the order they came in.

A stream's watermark is the newest event time of its earlier micro-batches less the delay, and it
closes every window that ends before. An event of a version is taken to be late for a period when
that period had ended by then. That may call an event late which the stream still counted, never
the other way round.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from trailhound.engine.detection import Rate, microseconds
from trailhound.engine.evaluate import counted_events, is_future
from trailhound.engine.windows import periods
from trailhound.lake.delta_log import VERSION
from trailhound.times import collected, micros, period_of

LATE, WRONG_CLOCK = "late", "wrong clock"
_NEVER = timedelta(days=365_000)


@dataclass(frozen=True)
class Arrivals:
    """What one version added to what a detection counts: event times, and how many wrong clocks."""

    version: int
    oldest: datetime | None
    newest: datetime | None
    wrong_clocks: int


def counted(rows: DataFrame, detection: Rate, *, skew: timedelta) -> DataFrame:
    """Return what a detection counts, wrong clocks too.

    In: the rows of `matching`, with `_version`. Out: as `counted_events`, and `has_wrong_clock`.
    """
    events = counted_events(rows, detection, skew=_NEVER)
    is_wrong = F.col("ingestedAt").isNotNull() & is_future(skew)
    return events.withColumn("has_wrong_clock", is_wrong)


def arrivals(events: DataFrame) -> list[Arrivals]:
    """Return what each version brought, in order. In: the rows of `counted`."""
    is_right = ~F.col("has_wrong_clock")
    rows = (
        events.groupBy(VERSION)
        .agg(
            F.min(F.when(is_right, F.col("eventTime"))).alias("oldest"),
            F.max(F.when(is_right, F.col("eventTime"))).alias("newest"),
            F.count_if("has_wrong_clock").alias("wrong_clocks"),
        )
        .orderBy(VERSION)
    )
    return [
        Arrivals(row[VERSION], row.oldest, row.newest, row.wrong_clocks) for row in collected(rows)
    ]


def closed_before(
    arrived: Sequence[Arrivals],
    batches: Sequence[tuple[int, int]],
    delay: timedelta,
    newest: datetime | None,
) -> dict[int, datetime]:
    """Return, for each version, the time before which windows may have been closed to it.

    `batches` are the first and last versions of micro-batches; a version in none of them counts as
    one of its own. `newest` is the newest event time before all of these.
    """
    closed: dict[int, datetime] = {}
    before = seen = newest
    batch: tuple[int, int] | None = None
    for one in sorted(arrived, key=lambda a: a.version):
        own = (one.version, one.version)
        its = next((b for b in batches if b[0] <= one.version <= b[1]), own)
        if its != batch:
            batch, before = its, seen
        if before is not None:
            closed[one.version] = before - delay
        seen = max((t for t in (seen, one.newest) if t), default=None)
    return closed


def may_be_late(one: Arrivals, closed: datetime | None, detection: Rate) -> bool:
    """Whether any event of a version can be late: its oldest one decides."""
    if closed is None or one.oldest is None:
        return False
    period = detection.suppress_for
    return period_of(one.oldest, period) + period <= closed


def uncounted(events: DataFrame, detection: Rate, closed: dict[int, datetime]) -> DataFrame:
    """Return the windows that lack an event, or have one with a wrong clock.

    In: the rows of `counted`. Out: `_version`, reason, key string (JSON), period_start, events,
    first_event_time, last_event_time; of versions in `closed` the late ones, of all the wrong
    clocks.
    """
    period = microseconds(detection.suppress_for)
    starts = periods(F.unix_micros("eventTime"), detection)
    wrong = events.filter("has_wrong_clock").select(
        "*", F.lit(WRONG_CLOCK).alias("reason"), F.get(starts, 0).alias("start")
    )
    late = events.filter(~F.col("has_wrong_clock") & F.col(VERSION).isin(*closed))
    late = late.select("*", F.lit(LATE).alias("reason"), F.explode(starts).alias("start"))
    late = late.filter(F.col("start") + period <= _closing(closed))
    return (
        late.unionByName(wrong)
        .groupBy(VERSION, "reason", F.to_json("key").alias("key"), "start")
        .agg(
            F.count_distinct(F.coalesce("event_id", "content")).alias("events"),
            F.min("eventTime").alias("first_event_time"),
            F.max("eventTime").alias("last_event_time"),
        )
        .withColumn("period_start", F.timestamp_micros("start"))
        .drop("start")
    )


def _closing(closed: dict[int, datetime]) -> Column:
    """The time before which windows were closed to an event's version: microseconds."""
    if not closed:
        return F.lit(None).cast("long")
    pairs = [F.lit(v) for pair in closed.items() for v in (pair[0], micros(pair[1]))]
    return F.element_at(F.create_map(*pairs), F.col(VERSION))
