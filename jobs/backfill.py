"""The events of a time range to the alerts table, as one batch: the same alerts as the stream."""

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from detections import Detection, Rate, SingleEvent, windows
from detections.evaluate import counted_events, matching, rate_alerts, single_alerts
from jobs.config import Config
from jobs.detect import canonical
from jobs.errors import UserError
from jobs.job import Job
from jobs.tables import AlertWriter, Table, create_alerts

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def whole_periods(start: datetime, end: datetime, period: timedelta) -> tuple[datetime, datetime]:
    """Return the range widened to whole periods, aligned to the epoch."""
    first = EPOCH + (start - EPOCH) // period * period
    return first, EPOCH - (EPOCH - end) // period * period


def evaluate(
    events: DataFrame,
    detections: Sequence[Detection],
    config: Config,
    start: datetime,
    end: datetime,
) -> DataFrame:
    """Return the alerts of a range of event time, [start, end): see `run`.

    In: canonical events, of any time. Out: the columns of ALERTS. Single-event detections see the
    range itself; rate detections every period that it touches, each with the look-back before it,
    so that ranges can be cut anywhere and their alerts add up.
    """
    singles = [d for d in detections if isinstance(d, SingleEvent)]
    rates = [d for d in detections if isinstance(d, Rate)]
    spans = {d.id: whole_periods(start, end, d.suppress_for) for d in rates}
    first = min([start, *(spans[d.id][0] - d.within for d in rates)])
    last = max([end, *(spans[d.id][1] for d in rates)])
    matched = matching(events.filter(_within("eventTime", first, last)), detections)
    # One pass over the table; few events match, and planning begins anew from them.
    matched = matched.localCheckpoint()
    parts = [single_alerts(matched.filter(_within("eventTime", start, end)), singles)]
    for detection in rates:
        period_first, period_last = spans[detection.id]
        counted = counted_events(matched, detection, skew=config.stream.clock_skew)
        counted = counted.filter(_within("eventTime", period_first - detection.within, period_last))
        reached = windows.reached(counted, detection)
        reached = reached.filter(_within("period_start", period_first, period_last))
        parts.append(rate_alerts(reached, counted, detection))
    alerts = parts[0]
    for part in parts[1:]:
        alerts = alerts.unionByName(part)
    return alerts


def run(
    spark: SparkSession,
    config: Config,
    detections: Sequence[Detection],
    run_id: str,
    start: datetime,
    end: datetime,
) -> int:
    """Evaluate the events of [start, end) and merge their alerts; return how many there were.

    Raises:
        UserError: the range is empty, or there is no events table.
    """
    if start >= end:
        raise UserError(f"--from {start.isoformat()} must be before --to {end.isoformat()}")
    events = canonical(Table(config.tables.events).read(spark), config)
    alerts_table = Table(config.tables.alerts)
    create_alerts(spark, alerts_table)
    writer = AlertWriter(spark, alerts_table, run_id, [d.id for d in detections])
    return writer.write(evaluate(events, detections, config, start, end))


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


def _within(column: str, start: datetime, end: datetime) -> Column:
    return (F.col(column) >= F.lit(start)) & (F.col(column) < F.lit(end))


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the job takes on the command line."""
    parser.add_argument("--from", dest="start", required=True, metavar="TIME", help="included, UTC")
    parser.add_argument("--to", dest="end", required=True, metavar="TIME", help="not included, UTC")
    parser.add_argument(
        "--detection", metavar="ID", action="append", help="only this detection; may be repeated"
    )


def main(job: Job) -> int:
    """Run the job as its arguments say, and print how many alerts it merged."""
    start, end = point_in_time(job.args.start), point_in_time(job.args.end)
    detections = job.config.chosen(job.args.detection)
    count = run(job.spark, job.config, detections, job.run_id, start, end)
    shown = f"{start.isoformat()} to {end.isoformat()}"
    lines = [f"{count} alerts in {shown} merged into {job.config.tables.alerts}"]
    job.result(lines, {"alerts": count, "from": start.isoformat(), "to": end.isoformat()})
    return 0


if __name__ == "__main__":
    Job.start(__doc__, arguments, main)
