"""Raw CloudTrail files to alerts, without any table: try it on an export in one minute."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import reduce

from pyspark.sql import DataFrame, Observation, Row, SparkSession
from pyspark.sql import functions as F

from trailhound.detect.isolation import Failures, isolated
from trailhound.engine.alerts import ALERTS, time_text
from trailhound.engine.detection import Detection
from trailhound.engine.evaluate import CLOCK_SKEW, alerts_of, matching
from trailhound.engine.events import EVENTS
from trailhound.ingest import reader
from trailhound.ingest.whole_files import location
from trailhound.times import collected, literal

TIMES = ("event_time", "first_event_time", "last_event_time")


@dataclass
class Scan:
    """What a scan found: alerts to iterate over once, and what it read.

    The future events, of all, are dated after the scan's present by more than the clock skew.
    `failures` says why detections were left out.
    """

    alerts: Iterator[Row]
    files: int
    records: int
    events: int
    skipped: dict[str, int]
    problems: list[tuple[str, str, int]] = field(default_factory=list)
    future_events: int = 0
    failures: Failures = field(default_factory=dict)

    @property
    def quarantined(self) -> int:
        """How many records could not be read."""
        return self.records - self.events


def scan(
    spark: SparkSession,
    paths: Sequence[str],
    detections: Sequence[Detection],
    *,
    as_of: datetime,
    skew: timedelta = CLOCK_SKEW,
) -> Scan:
    """Evaluate the detections over files.

    `as_of` is the time that events dated in the future are measured against. The alerts come sorted
    by event_time and alert_id, their times as ISO 8601 text in UTC; the problems as file, reason
    and number. A detection that fails is left out and named.

    Raises:
        UserError: a path does not exist.
    """
    listing = reader.find(spark, paths)

    def over(chosen: Sequence[Detection]) -> Scan:
        return _scan(spark, listing, chosen, as_of, skew)

    found, failures = isolated(over, detections, lambda detection: over([detection]))
    return replace(found, failures=failures)


def _scan(
    spark: SparkSession,
    listing: reader.Listing,
    detections: Sequence[Detection],
    as_of: datetime,
    skew: timedelta,
) -> Scan:
    problems = [(location(path), "too large", 1) for path in listing.too_large]
    skipped = dict(listing.skipped)
    if not listing.files:
        return Scan(iter([]), 0, 0, 0, skipped, problems)
    read = [_Read(reader.read(spark, listing.files), detections, as_of, skew)]
    if read[0].counts["files"] < len(listing.files):
        damaged = reader.unread(spark, listing.files)
        read.append(_Read(reader.salvage(spark, damaged), detections, as_of, skew))
        if read[1].counts["files"] < len(damaged):
            gone = reader.unread(spark, damaged, salvaging=True)
            problems += [(location(path), "cannot be read", 1) for path in gone]
    matched = reduce(DataFrame.unionByName, [one.matched for one in read])
    for one in read:
        problems += one.problems()
        for reason in ("empty", "digest"):
            if one.counts[reason]:
                name = f"{reason} file"
                skipped[name] = skipped.get(name, 0) + one.counts[reason]
    found = alerts_of(matched, detections, skew=skew)
    ordered = found.orderBy("event_time", "alert_id")
    shown = ordered.select(
        *(time_text(F.col(n)).alias(n) if n in TIMES else F.col(n) for n in ALERTS.names)
    )
    return Scan(
        shown.toLocalIterator(),
        len(listing.files) + len(listing.too_large),
        sum(one.counts["records"] for one in read),
        sum(one.counts["events"] for one in read),
        skipped,
        sorted(problems),
        sum(one.counts["future"] for one in read),
    )


class _Read:
    """Files, read once: the events that matter kept, everything counted."""

    def __init__(
        self,
        rows: DataFrame,
        detections: Sequence[Detection],
        as_of: datetime,
        skew: timedelta,
    ) -> None:
        observed = Observation()
        rows = rows.withColumn("ingestedAt", literal(as_of)).observe(
            observed, *reader.figures(skew)
        )
        good = matching(reader.good(rows), detections)
        self._bad = rows.filter("reason IS NOT NULL")
        # Few events match, and what is asked of them is planned faster from a new beginning.
        self.matched = good.select(*EVENTS.names, "matched").localCheckpoint()
        self.counts: dict[str, int] = observed.get

    def problems(self) -> list[tuple[str, str, int]]:
        if not self.counts["bad"]:
            return []
        rows = collected(self._bad.groupBy("sourceFile", "reason").count())
        return [(row.sourceFile, row.reason, row[2]) for row in rows]
