"""The streaming queries of detections: one for all on a single event, one for each on a rate."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from pyspark.sql import DataFrame, SparkSession

from trailhound.engine import windows
from trailhound.engine.detection import Rate, SingleEvent
from trailhound.engine.evaluate import counted_events, matching, rate_alerts, single_alert_rows
from trailhound.lake.lake import canonical, within
from trailhound.lake.table import Table
from trailhound.runtime.config import Config
from trailhound.streaming import checkpoints, cutover
from trailhound.streaming.runner import Query
from trailhound.times import Span, before, collected, merged

SINGLE_EVENTS = "single-events"
# A rate query takes all there is in one batch: the watermark moves only between batches, so the
# order of files in a table that has a history cannot make anything late.
_EVERYTHING = str(2**31 - 1)
# More stretches of time than this to look up become one, from the first to the last.
_MAX_SPANS = 500
_INSTANT = timedelta(microseconds=1)


class Queries:
    """Makes queries over the configured events table that give their alerts to `write`.

    `write` is called with the name of the query and, of a micro-batch, the columns of ALERTS, each
    alert_id once.
    """

    def __init__(
        self, spark: SparkSession, config: Config, write: Callable[[str, DataFrame], None]
    ) -> None:
        self._spark, self._config, self._write = spark, config, write
        self._events = Table(config.tables.events)

    def single(self, detections: Sequence[SingleEvent], part: str) -> Query:
        """Return the query of detections on a single event; `part` names its checkpoint."""
        files = str(self._config.stream.max_files_per_batch)
        events = self._canonical(self._events.stream(self._spark, maxFilesPerTrigger=files))

        def batch(rows: DataFrame, _: int) -> None:
            self._write(SINGLE_EVENTS, rows.dropDuplicates(["alert_id"]))

        rows = single_alert_rows(matching(events, detections), detections)
        return Query(SINGLE_EVENTS, rows, batch, self.checkpoint(part))

    def rate(self, detection: Rate) -> Query:
        """Return the query of a detection on a rate."""
        events = self._canonical(self._events.stream(self._spark, maxFilesPerTrigger=_EVERYTHING))
        counted = self._counted(events, detection)
        delay = self._config.stream.watermark_delay
        begins = cutover.read(self._spark, self.of(detection))
        counted = begins.read(counted, detection) if begins else counted
        touched = windows.touched(counted, detection, delay=delay)
        touched = begins.owned(touched) if begins else touched

        def batch(rows: DataFrame, _: int) -> None:
            with _kept(rows) as rows:
                starts = _times(rows, "period_start")
                # In most batches no window can have reached the threshold.
                if starts:
                    with _kept(self._reached(rows, starts, detection)) as reached:
                        self._write(detection.id, self._alerts(reached, detection))

        return Query(
            detection.id,
            touched,
            batch,
            self.of(detection),
            mode="update",
            state_partitions=self._config.stream.state_partitions,
        )

    def of(self, detection: Rate) -> str:
        """Return the checkpoint of a detection on a rate: other state, another checkpoint."""
        return self.checkpoint(detection.id, detection.state_hash)

    def checkpoint(self, *parts: str) -> str:
        """Return the checkpoint of that name."""
        return "/".join([checkpoints.home(self._config), *parts])

    def _reached(
        self, touched: DataFrame, starts: Sequence[datetime], detection: Rate
    ) -> DataFrame:
        """The windows that reach the threshold, of those touched, whose periods begin at `starts`.

        The events come from the table: also those of later batches, with which the alerts are what
        they will be in the end.
        """
        spans = [
            (before(start, detection.within), start + detection.suppress_for) for start in starts
        ]
        counted = self._events_of(spans, detection)
        return windows.reached(counted, detection, only=touched)

    def _alerts(self, reached: DataFrame, detection: Rate) -> DataFrame:
        """The alerts of windows, with the columns of their deciding events."""
        instants = [(time, time + _INSTANT) for time in _times(reached, "event_time")]
        return rate_alerts(reached, self._events_of(instants, detection), detection)

    def _events_of(self, spans: Sequence[Span], detection: Rate) -> DataFrame:
        """What a detection counts, of stretches of event time."""
        spans = merged(spans)
        if len(spans) > _MAX_SPANS:
            spans = [(spans[0][0], spans[-1][1])]
        events = self._canonical(self._events.read(self._spark))
        return self._counted(events.filter(within("eventTime", spans)), detection)

    def _counted(self, events: DataFrame, detection: Rate) -> DataFrame:
        return counted_events(events, detection, skew=self._config.stream.clock_skew)

    def _canonical(self, table: DataFrame) -> DataFrame:
        return canonical(table, self._config)


@contextmanager
def _kept(rows: DataFrame) -> Iterator[DataFrame]:
    """Keep rows that are asked for several times, for as long as the block lasts."""
    rows = rows.persist()
    try:
        yield rows
    finally:
        rows.unpersist()


def _times(rows: DataFrame, column: str) -> list[datetime]:
    """The distinct values of a timestamp column."""
    times: list[datetime] = [time for (time,) in collected(rows.select(column).distinct())]
    return times
