"""What a detection carries, put in words and as plain data, for every way to show it."""

import inspect
from typing import Any

from trailhound.engine.detection import Detection, Rate, duration_text


def facts(detection: Detection) -> dict[str, Any]:
    """Return what a detection carries, as plain data."""
    return {
        "id": detection.id,
        "title": detection.title,
        "version": detection.version,
        "kind": kind(detection),
        "catches": catches(detection),
        "description": detection.description,
        "severity": detection.severity,
        "tactics": detection.tactics,
        "techniques": detection.techniques,
        "data_source": detection.data_source,
        "event_sources": detection.reads.sources,
        "event_names": detection.reads.names,
        "parameters": detection.parameters,
        "false_positives": detection.false_positives,
        "blind_spots": detection.blind_spots,
        "triage": detection.triage,
        "references": detection.references,
        "related": detection.related,
        "origin": vars(detection.origin) if detection.origin else None,
    }


def kind(detection: Detection) -> str:
    """Return what a detection looks at: "single event" or "rate"."""
    return "rate" if isinstance(detection, Rate) else "single event"


def catches(detection: Detection) -> str:
    """Return in one line what a detection catches: the first of its file."""
    module = inspect.getmodule(detection.condition)
    return ((module and module.__doc__) or detection.title).strip().splitlines()[0]


def firing(detection: Rate) -> str:
    """Return in one sentence when a rate raises an alert."""
    return (
        f"Fires at {detection.threshold} within {duration_text(detection.within)}, once in "
        f"{duration_text(detection.suppress_for)} for a key."
    )


def value_text(value: Any) -> str:
    """Return the value of a parameter as configuration writes it; an empty list is "none"."""
    if isinstance(value, bool):
        return str(value).lower()
    return (", ".join(value) or "none") if isinstance(value, tuple) else str(value)
