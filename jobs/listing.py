"""`trailhound list` and `trailhound show`: what the detections are, for people and as data."""

import argparse
import json
import sys
from typing import Any

from rich.console import Console
from rich.text import Text

from detections import Detection, Rate
from detections.model import duration_text
from jobs.display import severity_text, table
from jobs.job import Job

_LISTS = ("false_positives", "blind_spots", "triage", "references", "related")


def list_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `list` takes on the command line."""
    parser.add_argument("--format", choices=("table", "jsonl"), default="table")


def list_detections(job: Job) -> int:
    """Print the detections that are switched on."""
    detections = job.config.chosen()
    if job.args.format == "jsonl":
        for detection in detections:
            sys.stdout.write(json.dumps(facts(detection)) + "\n")
    else:
        _print_table(detections)
    return 0


def _print_table(detections: list[Detection]) -> None:
    rows = table("detection", "severity", "kind", "ATT&CK", "catches")
    for detection in detections:
        severity = severity_text(detection.severity)
        techniques = ", ".join(detection.techniques)
        rows.add_row(detection.id, severity, kind(detection), techniques, detection.title)
    Console().print(rows)


def kind(detection: Detection) -> str:
    """Return what a detection looks at: "single event" or "rate"."""
    return "rate" if isinstance(detection, Rate) else "single event"


def facts(detection: Detection) -> dict[str, Any]:
    """Return what a detection carries, as plain data."""
    return {
        "id": detection.id,
        "title": detection.title,
        "version": detection.version,
        "kind": kind(detection),
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
        "origin": vars(detection.origin),
    }


def firing(detection: Rate) -> str:
    """Return in one sentence when a rate raises an alert."""
    return (
        f"Fires at {detection.threshold} within {duration_text(detection.within)}, once in "
        f"{duration_text(detection.suppress_for)} for a key."
    )


def show_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `show` takes on the command line."""
    parser.add_argument("id", metavar="ID")


def show(job: Job) -> int:
    """Print all that one detection carries, switched on or not."""
    (detection,) = job.config.chosen([job.args.id])
    if job.args.json:
        sys.stdout.write(json.dumps(facts(detection)) + "\n")
    else:
        _print_detection(detection)
    return 0


def _print_detection(detection: Detection) -> None:
    console = Console(highlight=False)
    console.print(Text(detection.title, style="bold"), Text(f"({detection.id})", style="dim"))
    console.print(f"\n{detection.description}\n")
    if isinstance(detection, Rate):
        console.print(f"{firing(detection)}\n")
    rows = table("", "")
    rows.show_header = False
    reads = f"{', '.join(detection.reads.names)} of {', '.join(detection.reads.sources)}"
    rows.add_row("reads", reads)
    rows.add_row("ATT&CK", ", ".join([*detection.tactics, *detection.techniques]))
    for name, value in detection.parameters.items():
        rows.add_row(name, ", ".join(value) if isinstance(value, tuple) else str(value))
    rows.add_row("version", str(detection.version))
    rows.add_row("origin", f"{detection.origin.vendor} {detection.origin.rule_id}")
    console.print(rows)
    for name in _LISTS:
        lines = getattr(detection, name)
        if lines:
            console.print(Text(f"\n{name.replace('_', ' ').capitalize()}", style="bold"))
            for line in lines:
                console.print(Text(f"  - {line}"))
