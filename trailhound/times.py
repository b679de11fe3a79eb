"""Instants, and stretches of event time: [start, end), in UTC.

Between Spark and Python an instant crosses as microseconds, here and nowhere else: the times that
PySpark gives and takes by itself are those of the machine's time zone, without saying so.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F
from pyspark.sql.types import TimestampType

Span = tuple[datetime, datetime]

# What stands for unbounded: Spark's and Python's timestamps both reach so far.
LOW = datetime(1, 1, 1, tzinfo=UTC)
HIGH = datetime(9999, 12, 31, tzinfo=UTC)
# What periods are counted from.
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def bounded(start: datetime | None, end: datetime | None) -> Span:
    """Return a span whose missing ends are unbounded."""
    return start or LOW, end or HIGH


def merged(spans: Iterable[Span]) -> list[Span]:
    """Return spans as few as can be, in order; those that meet are one."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        elif start < end:
            found.append((start, end))
    return found


def without(span: Span, taken: Iterable[Span]) -> list[Span]:
    """Return what is left of a span when others are taken from it."""
    left, (start, end) = [], span
    for first, last in merged(taken):
        if last <= start or first >= end:
            continue
        if first > start:
            left.append((start, first))
        start = max(start, last)
    return [*left, (start, end)] if start < end else left


def micros(time: datetime) -> int:
    """Return a time as Spark counts it: microseconds since the epoch."""
    return (time - EPOCH) // timedelta(microseconds=1)


def from_micros(count: int) -> datetime:
    """Return the time that is so many microseconds after the epoch; none is beyond LOW and HIGH."""
    return EPOCH + timedelta(microseconds=max(_LOWEST, min(count, _HIGHEST)))


_LOWEST, _HIGHEST = micros(LOW), micros(HIGH)


def literal(time: datetime) -> Column:
    """Return a time as a column of Spark: timestamp."""
    return F.timestamp_micros(F.lit(micros(time)))


def collected(rows: DataFrame) -> list[Row]:
    """Return the rows of a DataFrame, the values of its timestamp columns as times in UTC."""
    names = rows.columns
    times = {f.name for f in rows.schema.fields if isinstance(f.dataType, TimestampType)}
    counted = rows.withColumns({name: F.unix_micros(F.col(f"`{name}`")) for name in times})
    made = Row(*names)

    def value(name: str, found: Any) -> Any:
        return from_micros(found) if name in times and found is not None else found

    return [made(*map(value, names, row)) for row in (counted if times else rows).collect()]


def before(time: datetime, by: timedelta) -> datetime:
    """Return the time that is so much earlier; none is earlier than LOW."""
    return time - by if time > LOW + by else LOW


def period_of(time: datetime, period: timedelta) -> datetime:
    """Return when the period that holds a time begins; periods are aligned to the epoch."""
    return EPOCH + (time - EPOCH) // period * period


def whole_periods(start: datetime, end: datetime, period: timedelta) -> Span:
    """Return a span widened to whole periods."""
    first = period_of(start, period) if start > LOW + period else LOW
    last = EPOCH - (EPOCH - end) // period * period if end < HIGH - period else HIGH
    return first, last
