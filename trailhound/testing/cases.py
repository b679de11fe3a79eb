"""Cases as data: what a detection must fire on, and what must leave it quiet."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from trailhound.testing.records import Record


@dataclass(frozen=True)
class Case:
    """One record for a single-event detection; `fires` with the outcome and severity given."""

    name: str
    record: Record
    fires: bool
    outcome: str = "success"
    severity: str | None = None  # the detection's own
    entity: str | None = None  # not looked at
    says: str = ""  # stands in the summary
    options: Mapping[str, Any] = field(default_factory=dict)


def fires(name: str, record: Record, **expected: Any) -> Case:
    """Return a case that must raise an alert; `expected` are fields of Case."""
    return Case(name, record, fires=True, **expected)


def quiet(name: str, record: Record, **expected: Any) -> Case:
    """Return a case that must raise none."""
    return Case(name, record, fires=False, **expected)


@dataclass(frozen=True)
class Expected:
    """One alert of a rate detection."""

    entity: str
    event_time: datetime
    event_count: int
    distinct_count: int | None = None  # not looked at
    listed: int | None = None  # eventIDs; all of the events, but not more than 100


@dataclass(frozen=True)
class RateCase:
    """Records for a rate detection and every alert they must raise, in any order."""

    name: str
    records: list[Record]
    alerts: list[Expected] = field(default_factory=list)
    options: Mapping[str, Any] = field(default_factory=dict)
