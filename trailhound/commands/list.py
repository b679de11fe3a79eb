"""`trailhound list` and `trailhound show`: what the detections are, for people and as data."""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.text import Text

from trailhound.catalogue import navigator, page
from trailhound.catalogue.facts import catches, facts, firing, kind, value_text
from trailhound.engine.detection import Detection, Rate
from trailhound.errors import UserError
from trailhound.runtime.job import Job
from trailhound.terminal import severity_text, table
from trailhound.texts import counted

_LISTS = ("false_positives", "blind_spots", "triage", "references", "related")


def list_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `list` takes on the command line."""
    parser.add_argument(
        "--format",
        choices=tuple(_WRITERS),
        default="table",
        help="html: a page to search and print; navigator: a layer for the ATT&CK Navigator",
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="write to a file, not to stdout")


def list_detections(job: Job) -> int:
    """Print the detections that are switched on, or write them to a file."""
    detections = job.config.chosen()
    with _output(job.args.output) as out:
        _WRITERS[job.args.format](detections, out)
    if job.args.output:
        line = f"{counted(len(detections), 'detection')} in {job.args.output}"
        job.result([line], {"detections": len(detections), "file": job.args.output})
    return 0


@contextmanager
def _output(file: str | None) -> Iterator[TextIO]:
    """What to write to: a file, or stdout."""
    if file is None:
        yield sys.stdout
        return
    try:
        with Path(file).open("w", encoding="utf-8", newline="\n") as out:
            yield out
    except OSError as error:
        raise UserError(f"cannot write {file}: {error.strerror}") from error


def _table(detections: Sequence[Detection], out: TextIO) -> None:
    rows = table("detection", "severity", "kind", "ATT&CK", "catches")
    for detection in detections:
        severity = severity_text(detection.severity)
        techniques = ", ".join(detection.techniques)
        rows.add_row(detection.id, severity, kind(detection), techniques, detection.title)
    Console(file=out).print(rows)


def _jsonl(detections: Sequence[Detection], out: TextIO) -> None:
    out.writelines(json.dumps(facts(detection)) + "\n" for detection in detections)


def _html(detections: Sequence[Detection], out: TextIO) -> None:
    out.write(page.page(detections))


def _navigator(detections: Sequence[Detection], out: TextIO) -> None:
    out.write(json.dumps(navigator.layer(detections), indent=2) + "\n")


_WRITERS = {"table": _table, "jsonl": _jsonl, "html": _html, "navigator": _navigator}


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
    console.print(Text(f"\n{catches(detection)}\n\n{detection.description}\n"))
    if isinstance(detection, Rate):
        console.print(f"{firing(detection)}\n")
    rows = table("", "")
    rows.show_header = False
    reads = f"{', '.join(detection.reads.names)} of {', '.join(detection.reads.sources)}"
    rows.add_row("reads", reads)
    rows.add_row("ATT&CK", ", ".join([*detection.tactics, *detection.techniques]))
    for name, value in detection.parameters.items():
        rows.add_row(name, value_text(value))
    rows.add_row("version", str(detection.version))
    if detection.origin:
        rows.add_row("origin", f"{detection.origin.vendor} {detection.origin.rule_id}")
    console.print(rows)
    for name in _LISTS:
        lines = getattr(detection, name)
        if lines:
            console.print(Text(f"\n{name.replace('_', ' ').capitalize()}", style="bold"))
            for line in lines:
                console.print(Text(f"  - {line}"))
