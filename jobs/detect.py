"""The events table to the alerts table, as streams.

One query for all single-event detections, one for each rate detection.
"""

import argparse
from collections.abc import Sequence
from datetime import datetime, timedelta

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from detections import Detection, Rate, SingleEvent, from_table, windows
from detections.evaluate import counted_events, matching, rate_alerts, single_alert_rows
from jobs import streams
from jobs.config import Config
from jobs.errors import UserError
from jobs.job import Job
from jobs.tables import AlertWriter, Table, create_alerts

# A rate query takes all there is in one batch: the watermark moves only between batches, so the
# order of files in a table that has a history cannot make anything late.
_EVERYTHING = str(2**31 - 1)
# Above this, a list of instants to look up becomes a range.
_MAX_INSTANTS = 500


class Detect:
    """The streams of a set of detections, and what they have written so far."""

    def __init__(
        self, spark: SparkSession, config: Config, detections: Sequence[Detection], run_id: str
    ) -> None:
        self._spark, self._config = spark, config
        self._events = Table(config.tables.events)
        alerts = Table(config.tables.alerts)
        canonical(self._events.read(spark), config)  # before anything is made
        create_alerts(spark, alerts)
        self._writers = {
            name: AlertWriter(spark, alerts, run_id, ids)
            for name, ids in _parts(detections).items()
        }
        self._singles = [d for d in detections if isinstance(d, SingleEvent)]
        self._rates = [d for d in detections if isinstance(d, Rate)]
        self.written: dict[str, int] = dict.fromkeys(_parts(detections), 0)

    def queries(self) -> list[streams.Query]:
        """Return the streaming queries."""
        queries = [self._single()] if self._singles else []
        return queries + [self._rate(detection) for detection in self._rates]

    def _single(self) -> streams.Query:
        files = str(self._config.stream.max_files_per_batch)
        events = self._canonical(self._events.stream(self._spark, maxFilesPerTrigger=files))

        def batch(rows: DataFrame, _: int) -> None:
            self._write(SINGLE_EVENTS, rows.dropDuplicates(["alert_id"]))

        rows = single_alert_rows(matching(events, self._singles), self._singles)
        return streams.Query(SINGLE_EVENTS, rows, batch, self._checkpoint(self._single_part()))

    def _single_part(self) -> str:
        """The name of the position of the single-event query.

        Some detections alone have a position of their own: theirs must not move that of all.
        """
        own = [d.id for d in self._singles]
        usual = [d.id for d in self._config.chosen() if isinstance(d, SingleEvent)]
        return SINGLE_EVENTS if own == usual else f"{SINGLE_EVENTS}-{streams.folder(str(own))}"

    def _rate(self, detection: Rate) -> streams.Query:
        stream = self._events.stream(self._spark, maxFilesPerTrigger=_EVERYTHING)
        counted = counted_events(self._canonical(stream), detection, skew=self._skew)
        delay = self._config.stream.watermark_delay
        reached = windows.reached(counted, detection, delay=delay)

        def batch(rows: DataFrame, _: int) -> None:
            rows = rows.persist()
            try:
                self._write(detection.id, self._alerts(rows, detection))
            finally:
                rows.unpersist()

        return streams.Query(
            detection.id,
            reached,
            batch,
            self._checkpoint(detection.id, detection.state_hash),
            mode="update",
            state_partitions=self._config.stream.state_partitions,
        )

    def _alerts(self, reached: DataFrame, detection: Rate) -> DataFrame:
        """The alerts of windows that the state gives, with the columns of their deciding events."""
        rows = reached.select("event_time").distinct().collect()
        times: list[datetime] = sorted(row.event_time for row in rows)
        time = F.col("eventTime")
        if len(times) > _MAX_INSTANTS:
            wanted = (time >= F.lit(times[0])) & (time <= F.lit(times[-1]))
        else:
            wanted = time.isin(times)
        events = self._canonical(self._events.read(self._spark)).filter(wanted)
        return rate_alerts(reached, counted_events(events, detection, skew=self._skew), detection)

    def _write(self, part: str, alerts: DataFrame) -> None:
        self.written[part] += self._writers[part].write(alerts)

    def _canonical(self, table: DataFrame) -> DataFrame:
        return canonical(table, self._config)

    @property
    def _skew(self) -> timedelta:
        return self._config.stream.clock_skew

    def _checkpoint(self, *parts: str) -> str:
        table = streams.folder(self._events.path if self._events.is_path else self._events.name)
        return "/".join([self._config.stream.checkpoints, "detect", table, *parts])


SINGLE_EVENTS = "single-events"


def canonical(table: DataFrame, config: Config) -> DataFrame:
    """Return the rows of the configured CloudTrail table as canonical events.

    Raises:
        UserError: the table lacks a column that no detection can do without.
    """
    try:
        return from_table(table, arrival=config.stream.arrival)
    except ValueError as error:
        raise UserError(f"{config.tables.events}: {error}") from error


def _parts(detections: Sequence[Detection]) -> dict[str, list[str]]:
    """Which detections each query writes for."""
    singles = [d.id for d in detections if isinstance(d, SingleEvent)]
    parts = {SINGLE_EVENTS: singles} if singles else {}
    return parts | {d.id: [d.id] for d in detections if isinstance(d, Rate)}


def run(
    spark: SparkSession,
    config: Config,
    detections: Sequence[Detection],
    run_id: str,
    *,
    follow: bool = False,
) -> dict[str, int]:
    """Run the detections over what is new in the events table; return alerts merged by query.

    A query that is new takes the whole table first.

    Raises:
        UserError: there is no events table, or it cannot be read as CloudTrail.
    """
    detect = Detect(spark, config, detections, run_id)
    streams.run(spark, detect.queries(), follow=follow, trigger=config.stream.trigger)
    return detect.written


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the job takes on the command line."""
    parser.add_argument(
        "--detection", metavar="ID", action="append", help="only this detection; may be repeated"
    )
    streams.arguments(parser)


def main(job: Job) -> int:
    """Run the job as its arguments say, and print how many alerts it merged."""
    detections = job.config.chosen(job.args.detection)
    written = run(job.spark, job.config, detections, job.run_id, follow=job.args.follow)
    lines = [f"{count} alerts from {name}" for name, count in written.items()]
    lines.append(f"{sum(written.values())} alerts merged into {job.config.tables.alerts}")
    job.result(lines, {"alerts": sum(written.values()), "by_query": written})
    return 0


if __name__ == "__main__":
    Job.start(__doc__, arguments, main)
