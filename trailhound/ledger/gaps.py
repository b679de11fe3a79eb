"""Which part of the events table no detection has evaluated, or not with its settings of today."""

import argparse
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pyspark.sql import Row, SparkSession
from pyspark.sql import functions as F

from trailhound.engine.detection import Detection, Rate
from trailhound.lake.delta_log import Version
from trailhound.ledger.ledger import DONE, FAILED, RUNNING, STREAM, Ledger
from trailhound.ledger.missed import LATE
from trailhound.ledger.reconcile import Settlement
from trailhound.runtime.config import Config
from trailhound.runtime.job import Job
from trailhound.texts import counted
from trailhound.times import HIGH, LOW, Span, bounded, collected, merged, without

NEVER = "never evaluated"


@dataclass(frozen=True)
class Gap:
    """Event times of versions [from_version, to_version] that a detection has not evaluated.

    `rows` is how many rows it holds at most; None where the log does not say. `late` ones hold the
    events that came too late for a stream.
    """

    detection_id: str
    reason: str
    from_version: int
    to_version: int
    spans: tuple[Span, ...]
    rows: int | None

    @property
    def start(self) -> datetime | None:
        """The first event time; None where it is not known."""
        return None if self.spans[0][0] <= LOW else self.spans[0][0]

    @property
    def end(self) -> datetime | None:
        """The event time before which it ends; None where it is not known."""
        return None if self.spans[-1][1] >= HIGH else self.spans[-1][1]


@dataclass(frozen=True)
class _Covered:
    """What a detection has evaluated: versions whole, and rectangles with bounded times."""

    whole: list[tuple[int, int]]
    parts: list[tuple[int, int, Span]]

    def has(self, version: int) -> bool:
        return any(first <= version <= last for first, last in self.whole)

    def spans(self, version: int) -> list[Span]:
        return merged(span for first, last, span in self.parts if first <= version <= last)


def find(
    spark: SparkSession, config: Config, ledger: Ledger, detections: Sequence[Detection]
) -> list[Gap]:
    """Return what the detections have not evaluated, by detection, the oldest versions first.

    What streams have committed and nobody has written down yet, after a crash say, is written down
    first.
    """
    Settlement(spark, config, ledger, config.every()).settle()
    return recorded(ledger, detections)


def recorded(ledger: Ledger, detections: Sequence[Detection]) -> list[Gap]:
    """Return the same by what is written down so far, and write nothing."""
    rows = _rows(ledger, detections)
    covered = {d.id: _covered(rows.get(d.id, [])) for d in detections}
    newest = ledger.history.newest()
    needed = min((_first_missing(one.whole) for one in covered.values()), default=newest + 1)
    versions = _versions(ledger, needed, newest)
    found = []
    for detection in detections:
        reason = _reason(rows.get(detection.id, []), detection)
        found += _never(detection, covered[detection.id], versions, reason)
    return found + _late(ledger, [d for d in detections if isinstance(d, Rate)], rows)


def late(ledger: Ledger, detections: Sequence[Rate]) -> list[Gap]:
    """Return the periods that lack late events and that no batch has evaluated since."""
    return _late(ledger, detections, _rows(ledger, detections))


def spans(gaps: Iterable[Gap]) -> dict[str, list[Span]]:
    """Return the event times of gaps, by detection."""
    found: dict[str, list[Span]] = {}
    for gap in gaps:
        found.setdefault(gap.detection_id, []).extend(gap.spans)
    return {name: merged(of) for name, of in found.items()}


def _rows(ledger: Ledger, detections: Sequence[Detection]) -> dict[str, list[Row]]:
    rows = ledger.rectangles().filter(F.col("detection_id").isin([d.id for d in detections]))
    found: dict[str, list[Row]] = {}
    for row in collected(rows.filter(F.col("state") != RUNNING)):
        found.setdefault(row.detection_id, []).append(row)
    return {d.id: _own(found.get(d.id, []), d) for d in detections}


def _own(rows: Sequence[Row], detection: Detection) -> list[Row]:
    return [row for row in rows if row.config_hash == detection.config_hash]


def _covered(rows: Sequence[Row]) -> _Covered:
    done = [row for row in rows if row.state == DONE]
    whole = [r for r in done if r.event_from is None and r.event_to is None]
    rest = [r for r in done if r.event_from is not None or r.event_to is not None]
    return _Covered(
        _joined((r.from_version, r.to_version) for r in whole),
        [(r.from_version, r.to_version, _span(r)) for r in rest],
    )


def _span(row: Row) -> Span:
    return bounded(row.event_from, row.event_to)


def _joined(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Ranges of whole numbers, both ends in, as few as can be."""
    found: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return found


def _first_missing(ranges: Sequence[tuple[int, int]]) -> int:
    return ranges[0][1] + 1 if ranges and ranges[0][0] == 0 else 0


def _versions(ledger: Ledger, first: int, newest: int) -> list[Version]:
    """The versions that added rows; those that the log no longer tells of as one."""
    oldest = ledger.history.oldest()
    forgotten = [Version(oldest - 1, None, None, None)] if first < oldest else []
    return forgotten + ledger.history.versions(max(first, oldest), newest)


def _reason(rows: Sequence[Row], detection: Detection) -> str:
    return "failed" if any(row.state == FAILED for row in rows) else NEVER


def _never(
    detection: Detection, covered: _Covered, versions: Sequence[Version], reason: str
) -> list[Gap]:
    found: list[Gap] = []
    previous: Version | None = None
    for version in versions:
        span = bounded(version.first, version.last)
        left = [] if covered.has(version.number) else without(span, covered.spans(version.number))
        if left and previous is not None:
            found[-1] = _extended(found[-1], version, left)
        elif left:
            one = Gap(
                detection.id, reason, version.number, version.number, tuple(left), version.rows
            )
            found.append(one)
        previous = version if left else None
    return found


def _extended(gap: Gap, version: Version, left: Sequence[Span]) -> Gap:
    rows = None if gap.rows is None or version.rows is None else gap.rows + version.rows
    joined = tuple(merged([*gap.spans, *left]))
    return Gap(gap.detection_id, gap.reason, gap.from_version, version.number, joined, rows)


def _late(
    ledger: Ledger, detections: Sequence[Rate], rows: Mapping[str, Sequence[Row]]
) -> list[Gap]:
    missed = ledger.uncounted().filter(F.col("reason") == LATE)
    windows = missed.groupBy("detection_id", "config_hash", "version", "period_start")
    sums = windows.agg(F.sum("events").alias("events"))
    missed_by = collected(sums) if detections else []
    found = []
    for detection in detections:
        batches = _covered([r for r in rows.get(detection.id, []) if r.kind != STREAM])
        own = _own([row for row in missed_by if row.detection_id == detection.id], detection)
        open_ = [row for row in own if not _is_mended(row, detection, batches)]
        if open_:
            versions = [row.version for row in open_]
            holes = tuple(merged(_period(row, detection) for row in open_))
            events = sum(row.events for row in open_)
            found.append(Gap(detection.id, LATE, min(versions), max(versions), holes, events))
    return found


def _is_mended(row: Row, detection: Rate, batches: _Covered) -> bool:
    left = without(_period(row, detection), batches.spans(row.version))
    return batches.has(row.version) or not left


def _period(row: Row, detection: Rate) -> Span:
    return row.period_start, row.period_start + detection.suppress_for


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the job takes on the command line."""
    parser.add_argument(
        "--detection", metavar="ID", action="append", help="only this detection; may be repeated"
    )


def main(job: Job) -> int:
    """Print every part that was never evaluated."""
    detections = job.config.chosen(job.args.detection)
    ledger = Ledger(job.spark, job.config)
    found = find(job.spark, job.config, ledger, detections)
    lines = [_line(gap) for gap in found] or [
        f"no gaps: all of {job.config.tables.events} was evaluated by "
        f"{counted(len(detections), 'detection')}"
    ]
    if found:
        lines.append("`trailhound backfill --gaps` closes them")
    return job.done(lines, {"gaps": [_facts(gap) for gap in found]}, {})


def _line(gap: Gap) -> str:
    versions = f"version {gap.from_version}"
    if gap.to_version > gap.from_version:
        versions = f"versions {gap.from_version} to {gap.to_version}"
    times = f"{_time(gap.start)} to {_time(gap.end)}"
    number = "events unknown" if gap.rows is None else f"at most {counted(gap.rows, 'event')}"
    return f"{gap.detection_id}: {gap.reason}: {versions}, {times}, {number}"


def _facts(gap: Gap) -> Mapping[str, object]:
    return {
        "detection_id": gap.detection_id,
        "reason": gap.reason,
        "from_version": gap.from_version,
        "to_version": gap.to_version,
        "from": gap.start.isoformat() if gap.start else None,
        "to": gap.end.isoformat() if gap.end else None,
        "rows": gap.rows,
    }


def _time(time: datetime | None) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%S}Z" if time else "(no bound known)"
