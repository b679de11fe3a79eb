"""Stretches of event time: [start, end), in UTC."""

from collections.abc import Iterable
from datetime import UTC, datetime

Span = tuple[datetime, datetime]

# What stands for unbounded: Spark's and Python's timestamps both reach so far.
LOW = datetime(1, 1, 1, tzinfo=UTC)
HIGH = datetime(9999, 12, 31, tzinfo=UTC)


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
