"""Stretches of event time: [start, end), in UTC."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import overload

Span = tuple[datetime, datetime]

# What stands for unbounded: Spark's and Python's timestamps both reach so far.
LOW = datetime(1, 1, 1, tzinfo=UTC)
HIGH = datetime(9999, 12, 31, tzinfo=UTC)
# What periods are counted from.
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@overload
def utc(time: datetime) -> datetime: ...
@overload
def utc(time: None) -> None: ...
@overload
def utc(time: datetime | None) -> datetime | None: ...
def utc(time: datetime | None) -> datetime | None:
    """Return a time as a row of Spark holds it, which names no zone, as what it is: UTC."""
    return time.replace(tzinfo=UTC) if time else None


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
    """Return the time that is so many microseconds after the epoch, UTC."""
    return EPOCH + timedelta(microseconds=count)


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
