"""The coverage ledger: which detection has seen which versions and event times of the events table.

Every row is a rectangle, and rows are only ever added. A stream says at its start where it begins;
how far it came is read from the checkpoint's committed offsets, by its own run or by any later
one, so that a crash can leave a part unclaimed but never claims one that was not evaluated.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import LongType, StringType, StructField, StructType, TimestampType

from trailhound.engine.detection import Detection
from trailhound.lake.delta_log import VERSION, History
from trailhound.lake.table import Table, create
from trailhound.runtime.config import Config
from trailhound.streaming import checkpoints
from trailhound.times import collected, literal

STREAM, BACKFILL, REPAIR = "stream", "backfill", "repair"
RUNNING, DONE, FAILED = "running", "done", "failed"

COVERAGE = StructType(
    [
        StructField("detection_id", StringType()),
        StructField("config_hash", StringType()),
        StructField("kind", StringType()),
        StructField("state", StringType()),
        StructField("source", StringType()),
        StructField("alerts_table", StringType()),
        StructField("from_version", LongType()),
        StructField("to_version", LongType()),
        StructField("event_from", TimestampType()),
        StructField("event_to", TimestampType()),
        StructField("rows", LongType()),
        StructField("alerts", LongType()),
        StructField("late", LongType()),
        StructField("quarantined", LongType()),
        StructField("newest_event_time", TimestampType()),
        StructField("checkpoint", StringType()),
        StructField("run_id", StringType()),
        StructField("recorded_at", TimestampType()),
    ]
)
"""A rectangle of source versions [from_version, to_version] and event times [event_from, event_to),
null for unbounded, that a detection with a config_hash has evaluated."""

UNCOUNTED = StructType(
    [
        StructField("detection_id", StringType()),
        StructField("config_hash", StringType()),
        StructField("reason", StringType()),
        StructField("source", StringType()),
        StructField("version", LongType()),
        StructField("key", StringType()),
        StructField("period_start", TimestampType()),
        StructField("events", LongType()),
        StructField("first_event_time", TimestampType()),
        StructField("last_event_time", TimestampType()),
        StructField("run_id", StringType()),
        StructField("recorded_at", TimestampType()),
    ]
)
"""Events that a rate stream may not have counted, by version, key and period: late ones, which
repair sees to, and those with a wrong clock, which never count."""


@dataclass(frozen=True)
class Rectangle:
    """One row of the ledger, but for the tables it is about and the time it was written."""

    detection_id: str
    config_hash: str
    kind: str
    state: str
    run_id: str
    from_version: int
    to_version: int | None = None
    event_from: datetime | None = None
    event_to: datetime | None = None
    rows: int | None = None
    alerts: int | None = None
    late: int | None = None
    quarantined: int | None = None
    newest_event_time: datetime | None = None
    checkpoint: str | None = None


@dataclass(frozen=True)
class Stream:
    """A query, by its checkpoint, and the detections that it evaluates."""

    checkpoint: str
    detections: tuple[Detection, ...]


@dataclass(frozen=True)
class Unsettled:
    """Where a stream's newest run begins to be unaccounted for, for one detection.

    `until` is the version from which on the detection was left out; None if it was not. `newest` is
    the newest event time that it had counted before.
    """

    checkpoint: str
    run_id: str
    detection_id: str
    config_hash: str
    first: int
    until: int | None
    newest: datetime | None


class Ledger:
    """The coverage of one events table by the alerts of one alerts table."""

    def __init__(self, spark: SparkSession, config: Config) -> None:
        self._spark = spark
        self.history = History(spark, Table(config.tables.events))
        self._coverage = Table(config.tables.coverage)
        self._uncounted = Table(config.tables.uncounted)
        self._alerts = Table(config.tables.alerts).identity
        create(spark, self._coverage, COVERAGE)
        create(spark, self._uncounted, UNCOUNTED)

    def rectangles(self) -> DataFrame:
        """Return the rows of this source and this alerts table: the columns of COVERAGE."""
        rows = self._coverage.read(self._spark)
        is_own = (F.col("source") == self.history.id) & (F.col("alerts_table") == self._alerts)
        return rows.filter(is_own)

    def uncounted(self) -> DataFrame:
        """Return what streams may not have counted, each window once: the columns of UNCOUNTED."""
        rows = self._uncounted.read(self._spark).filter(F.col("source") == self.history.id)
        same = ["detection_id", "config_hash", "reason", "version", "key", "period_start"]
        return rows.dropDuplicates(same)

    def unsettled(self) -> list[Unsettled]:
        """Return, for the newest run of every stream, what has no rectangle yet."""
        rows = self.rectangles().filter(F.col("kind") == STREAM)
        is_running = F.col("state") == RUNNING
        run = F.max(F.when(is_running, F.struct("recorded_at", "run_id")))["run_id"].alias("run_id")
        newest = F.max("newest_event_time").alias("newest")
        runs = rows.groupBy("checkpoint").agg(run, newest)
        parts = (
            rows.join(runs, ["checkpoint", "run_id"])
            .groupBy("checkpoint", "run_id", "detection_id", "config_hash", "newest")
            .agg(
                F.min(F.when(is_running, F.col("from_version"))).alias("begun"),
                F.max(F.when(F.col("state") == DONE, F.col("to_version"))).alias("done"),
                F.min(F.when(F.col("state") == FAILED, F.col("from_version"))).alias("until"),
            )
        )
        return [
            Unsettled(
                row.checkpoint,
                row.run_id,
                row.detection_id,
                row.config_hash,
                max(row.begun, -1 if row.done is None else row.done + 1),
                row.until,
                row.newest,
            )
            for row in collected(parts)
            if row.begun is not None
        ]

    def fail(self, run_id: str, checkpoint: str, detections: Iterable[Detection]) -> None:
        """Say, before a stream goes on without them, that detections do not see what follows."""
        first = checkpoints.position(self._spark, checkpoint).version + 1
        self.write(
            Rectangle(d.id, d.config_hash, STREAM, FAILED, run_id, first, checkpoint=checkpoint)
            for d in detections
        )

    def write(self, rectangles: Iterable[Rectangle]) -> None:
        """Add rectangles."""
        facts = [
            (asdict(one) | {"source": self.history.id, "alerts_table": self._alerts})
            | {"recorded_at": datetime.now(UTC)}
            for one in rectangles
        ]
        if facts:
            rows = [tuple(fact[name] for name in COVERAGE.names) for fact in facts]
            self._coverage.add(self._spark.createDataFrame(rows, COVERAGE).coalesce(1))

    def write_uncounted(self, windows: DataFrame, run_id: str, of: Detection) -> dict[str, int]:
        """Add what a stream may not have counted, and return the number of events by reason.

        In: the rows of `late.uncounted`.
        """
        rows = windows.withColumns(
            {
                "detection_id": F.lit(of.id),
                "config_hash": F.lit(of.config_hash),
                "source": F.lit(self.history.id),
                "version": F.col(VERSION),
                "run_id": F.lit(run_id),
                "recorded_at": literal(datetime.now(UTC)),
            }
        )
        rows = rows.select(*(F.col(f.name).cast(f.dataType) for f in UNCOUNTED.fields)).persist()
        try:
            counts = collected(rows.groupBy("reason").agg(F.sum("events").alias("events")))
            if counts:
                self._uncounted.add(rows)
            return {row.reason: row.events for row in counts}
        finally:
            rows.unpersist()
