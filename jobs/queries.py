"""The streaming queries of detections: one for all on a single event, one for each on a rate."""

from collections.abc import Callable, Sequence
from datetime import datetime

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from detections import Rate, SingleEvent, windows
from detections.evaluate import counted_events, matching, rate_alerts, single_alert_rows
from jobs import checkpoints, handover
from jobs.config import Config
from jobs.source import canonical
from jobs.streams import Query
from jobs.tables import Table

SINGLE_EVENTS = "single-events"
# A rate query takes all there is in one batch: the watermark moves only between batches, so the
# order of files in a table that has a history cannot make anything late.
_EVERYTHING = str(2**31 - 1)
# Above this, a list of instants to look up becomes a range.
_MAX_INSTANTS = 500


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
        begins = handover.read(self._spark, self.of(detection))
        if begins:
            reached = windows.reached(begins.read(counted, detection), detection, delay=delay)
            reached = begins.owned(reached)
        else:
            reached = windows.reached(counted, detection, delay=delay)

        def batch(rows: DataFrame, _: int) -> None:
            rows = rows.persist()
            try:
                self._write(detection.id, self._alerts(rows, detection))
            finally:
                rows.unpersist()

        return Query(
            detection.id,
            reached,
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
        return rate_alerts(reached, self._counted(events, detection), detection)

    def _counted(self, events: DataFrame, detection: Rate) -> DataFrame:
        return counted_events(events, detection, skew=self._config.stream.clock_skew)

    def _canonical(self, table: DataFrame) -> DataFrame:
        return canonical(table, self._config)
