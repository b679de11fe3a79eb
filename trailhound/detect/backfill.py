"""The events of a time range to the alerts table, as one batch: the same alerts as the stream."""

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import reduce

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from trailhound.detect.isolation import Failures, isolated
from trailhound.engine import windows
from trailhound.engine.detection import Detection, Rate, SingleEvent
from trailhound.engine.evaluate import counted_events, matching, rate_alerts, single_alerts
from trailhound.errors import UserError
from trailhound.lake.lake import canonical, within
from trailhound.lake.table import AlertWriter, Table, create_alerts
from trailhound.ledger import gaps, health
from trailhound.ledger.ledger import BACKFILL, DONE, FAILED, Ledger, Rectangle
from trailhound.runtime.config import Config
from trailhound.runtime.job import Job
from trailhound.texts import counted
from trailhound.times import HIGH, LOW, Span, before, merged, whole_periods

# More spans than this are evaluated without counting the events in each.
_MAX_COUNTED = 100


@dataclass(frozen=True)
class Work:
    """A detection, and the stretches of event time that it is to be evaluated on."""

    detection: Detection
    spans: Sequence[Span]

    @property
    def evaluated(self) -> list[Span]:
        """The spans themselves; of a rate detection, widened to whole periods."""
        if isinstance(self.detection, Rate):
            period = self.detection.suppress_for
            return merged(whole_periods(start, end, period) for start, end in self.spans)
        return merged(self.spans)

    @property
    def read(self) -> list[Span]:
        """The spans whose events are needed: of a rate detection, with the look-back before."""
        if isinstance(self.detection, Rate):
            look_back = self.detection.within
            return merged((before(start, look_back), end) for start, end in self.evaluated)
        return self.evaluated


@dataclass
class Filled:
    """What a batch came to: alerts by detection, new or not, and the detections that failed."""

    alerts: Counter[str] = field(default_factory=Counter)
    failures: Failures = field(default_factory=dict)


def evaluate(events: DataFrame, work: Sequence[Work], config: Config) -> DataFrame:
    """Return the alerts of detections, each on its own stretches of event time.

    In: canonical events, of any time. Out: the columns of ALERTS. Single-event detections see the
    spans themselves; rate detections every period that they touch, each with the look-back before
    it, so that ranges can be cut anywhere and their alerts add up.
    """
    needed = merged(span for one in work for span in one.read)
    detections = [one.detection for one in work]
    matched = matching(events.filter(within("eventTime", needed)), detections)
    # One pass over the table; few events match, and planning begins anew from them.
    matched = matched.localCheckpoint()
    parts = []
    for spans, singles in _by_spans(work):
        parts.append(single_alerts(matched.filter(within("eventTime", spans)), singles))
    for one in work:
        if isinstance(one.detection, Rate):
            counted = counted_events(matched, one.detection, skew=config.stream.clock_skew)
            counted = counted.filter(within("eventTime", one.read))
            reached = windows.reached(counted, one.detection)
            # An alert lies in its period. Of `period_start` Spark would ask it for every event, in
            # generated code that does not compile.
            reached = reached.filter(within("event_time", one.evaluated))
            parts.append(rate_alerts(reached, counted, one.detection))
    return reduce(DataFrame.unionByName, parts)


def _by_spans(work: Sequence[Work]) -> list[tuple[list[Span], list[SingleEvent]]]:
    """The single-event detections that share the same spans, to be evaluated together."""
    groups: dict[tuple[Span, ...], list[SingleEvent]] = {}
    for one in work:
        if isinstance(one.detection, SingleEvent):
            groups.setdefault(tuple(one.evaluated), []).append(one.detection)
    return [(list(spans), singles) for spans, singles in groups.items()]


def run(
    spark: SparkSession,
    config: Config,
    detections: Sequence[Detection],
    run_id: str,
    start: datetime,
    end: datetime,
) -> Filled:
    """Evaluate the events of [start, end) and merge their alerts: see `carry_out`.

    Raises:
        UserError: the range is empty, or there is no events table.
    """
    if start >= end:
        raise UserError(f"--from {start.isoformat()} must be before --to {end.isoformat()}")
    ledger = Ledger(spark, config)
    return carry_out(spark, config, ledger, [Work(d, [(start, end)]) for d in detections], run_id)


def carry_out(
    spark: SparkSession,
    config: Config,
    ledger: Ledger,
    work: Sequence[Work],
    run_id: str,
    kind: str = BACKFILL,
    version: int | None = None,
) -> Filled:
    """Evaluate detections on their spans, merge the alerts, and write down what was covered.

    They see the events table as it was at `version`, or is now. A detection that fails is left out
    and named.
    """
    source, alerts_table = Table(config.tables.events), Table(config.tables.alerts)
    # What is written down is what was read: one version, whatever comes in meanwhile.
    version = source.version(spark) if version is None else version
    events = canonical(source.at(spark, version), config)
    create_alerts(spark, alerts_table)
    by_id = {one.detection.id: one for one in work}

    def merge(detections: list[Detection]) -> Counter[str]:
        if not detections:
            return Counter()
        writer = AlertWriter(spark, alerts_table, run_id, [d.id for d in detections])
        return writer.write(evaluate(events, [by_id[d.id] for d in detections], config))

    def probe(detection: Detection) -> None:
        evaluate(events, [by_id[detection.id]], config).write.format("noop").mode(
            "overwrite"
        ).save()

    counts, failures = isolated(merge, [one.detection for one in work], probe)
    ledger.write(_rectangles(work, events, version, run_id, kind, counts, failures))
    health.report(spark, config, run_id, kind, [one.detection for one in work], failures)
    return Filled(counts, failures)


def _rectangles(
    work: Sequence[Work],
    events: DataFrame,
    version: int,
    run_id: str,
    kind: str,
    alerts: Counter[str],
    failures: Failures,
) -> Iterator[Rectangle]:
    rows = _rows_in(events, {span for one in work for span in one.evaluated})
    for one in work:
        for start, end in one.evaluated:
            yield Rectangle(
                one.detection.id,
                one.detection.config_hash,
                kind,
                FAILED if one.detection.id in failures else DONE,
                run_id,
                from_version=0,
                to_version=version,
                event_from=None if start <= LOW else start,
                event_to=None if end >= HIGH else end,
                rows=rows.get((start, end)),
                # What one evaluation of several spans came to stands once.
                alerts=alerts[one.detection.id] if start == one.evaluated[0][0] else 0,
            )


def _rows_in(events: DataFrame, spans: set[Span]) -> dict[Span, int]:
    """How many events lie in each span; nothing where there are too many to ask for."""
    if not spans or len(spans) > _MAX_COUNTED:
        return {}
    listed = sorted(spans)
    counts = [F.count_if(within("eventTime", [span])) for span in listed]
    row = events.agg(*counts).first()
    return dict(zip(listed, row, strict=True)) if row else {}


def point_in_time(text: str) -> datetime:
    """Return the time that a text names: a day, or a time, UTC where it names no zone.

    Raises:
        UserError: it names none.
    """
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise UserError(f"{text!r} is no time; write 2024-03-01 or 2024-03-01T12:00:00Z") from None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the job takes on the command line."""
    parser.add_argument("--from", dest="start", metavar="TIME", help="included, UTC")
    parser.add_argument("--to", dest="end", metavar="TIME", help="not included, UTC")
    parser.add_argument(
        "--gaps", action="store_true", help="all that was never evaluated, instead of a range"
    )
    parser.add_argument(
        "--detection", metavar="ID", action="append", help="only this detection; may be repeated"
    )


def main(job: Job) -> int:
    """Run the job as its arguments say, and print how many alerts it merged."""
    args = job.args
    if args.gaps == bool(args.start or args.end) or bool(args.start) != bool(args.end):
        raise UserError("name a range with --from and --to, or ask for --gaps")
    detections = job.config.chosen(args.detection)
    if args.gaps:
        return _fill_gaps(job, detections)
    start, end = point_in_time(args.start), point_in_time(args.end)
    filled = run(job.spark, job.config, detections, job.run_id, start, end)
    shown = f"{start.isoformat()} to {end.isoformat()}"
    alerts = counted(filled.alerts.total(), "alert")
    lines = [f"{alerts} in {shown} merged into {job.config.tables.alerts}"]
    return job.done(
        lines,
        {"alerts": filled.alerts.total(), "from": start.isoformat(), "to": end.isoformat()},
        filled.failures,
    )


def _fill_gaps(job: Job, detections: Sequence[Detection]) -> int:
    ledger = Ledger(job.spark, job.config)
    found = gaps.find(job.spark, job.config, ledger, detections)
    by_id = {d.id: d for d in detections}
    work = [Work(by_id[id_], spans) for id_, spans in gaps.spans(found).items()]
    filled = Filled()
    if work:
        filled = carry_out(job.spark, job.config, ledger, work, job.run_id)
    closed = f"{counted(len(found), 'gap')} of {counted(len(work), 'detection')} closed"
    alerts = counted(filled.alerts.total(), "alert")
    lines = [
        f"{closed}, but those of what failed; {alerts} merged into {job.config.tables.alerts}"
    ] if work else ["no gaps"]  # fmt: skip
    figures = {"alerts": filled.alerts.total(), "gaps": len(found)}
    return job.done(lines, figures, filled.failures)
