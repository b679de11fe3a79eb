"""The Delta tables: how they are made, read and written."""

import os
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType

from delta.tables import DeltaTable
from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, DataFrameWriter, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import LongType, StringType, StructField, StructType, TimestampType

from trailhound.engine.alerts import ALERTS
from trailhound.engine.events import EVENTS
from trailhound.errors import UserError
from trailhound.lake.conflicts import CONFLICTS, retried
from trailhound.lake.folder import Folder
from trailhound.times import collected, literal

QUARANTINE = StructType(
    [
        StructField("quarantinedAt", TimestampType()),
        StructField("reason", StringType()),
        StructField("sourceFile", StringType()),
        StructField("sourcePosition", LongType()),
        StructField("record", StringType()),
    ]
)
"""What could not be read: why, where it lies, and the start of its text."""

ALERTS_TABLE = StructType(
    [
        *ALERTS.fields,
        StructField("created_at", TimestampType()),
        StructField("updated_at", TimestampType()),
        StructField("run_id", StringType()),
    ]
)

# Statistics cost as much as writing does: only what is filtered on.
EVENT_PROPERTIES = {"delta.dataSkippingStatsColumns": "eventTime,eventSource,eventName,ingestedAt"}
_ALERT_PROPERTIES = {
    "delta.enableChangeDataFeed": "true",
    "delta.dataSkippingStatsColumns": "alert_id,event_time,severity",
}


@dataclass(frozen=True)
class Table:
    """A Delta table, by path (with a slash or a backslash in it) or by name in the catalog."""

    name: str

    @property
    def is_path(self) -> bool:
        """Whether the name is a path."""
        return "/" in self.name or "\\" in self.name

    @property
    def path(self) -> str:
        """The path, made absolute where it is a local one: Delta takes no other."""
        return absolute(self.name)

    @property
    def identity(self) -> str:
        """What stands for the table in what is written about it."""
        return self.path if self.is_path else self.name

    def exists(self, spark: SparkSession) -> bool:
        """Return whether there is a Delta table of that name."""
        if self.is_path:
            return DeltaTable.isDeltaTable(spark, self.path)
        return spark.catalog.tableExists(self.name)

    def read(self, spark: SparkSession) -> DataFrame:
        """Return the rows.

        Raises:
            UserError: there is no such table.
        """
        try:
            if self.is_path:
                return spark.read.format("delta").load(self.path)
            return spark.read.table(self.name)
        except AnalysisException as error:
            raise UserError(f"no Delta table at {self.name}: {_first_line(error)}") from error

    def stream(self, spark: SparkSession, **options: str) -> DataFrame:
        """Return the rows as a stream."""
        if not self.exists(spark):
            raise UserError(f"no Delta table at {self.name}; ingest makes it, or name yours")
        reader = spark.readStream.format("delta").options(**options)
        return reader.load(self.path) if self.is_path else reader.table(self.name)

    def delta(self, spark: SparkSession) -> DeltaTable:
        """Return the table for Delta's own operations."""
        if self.is_path:
            return DeltaTable.forPath(spark, self.path)
        return DeltaTable.forName(spark, self.name)

    def version(self, spark: SparkSession) -> int:
        """Return the newest version."""
        newest = self.delta(spark).history(1).select("version").head()
        return int(newest[0]) if newest else -1

    def at(self, spark: SparkSession, version: int) -> DataFrame:
        """Return the rows as they were at a version."""
        reader = spark.read.format("delta").option("versionAsOf", version)
        return reader.load(self.path) if self.is_path else reader.table(self.name)

    def append(self, rows: DataFrame, *, app: str, version: int, note: str = "") -> None:
        """Append rows once: the same `app` and `version` again changes nothing."""
        once = {"txnAppId": app, "txnVersion": str(version), "userMetadata": note}
        self.add(rows, **once)

    def add(self, rows: DataFrame, **options: str) -> None:
        """Append rows; a conflict, such as with who sets a property, is tried again."""
        writer = rows.write.format("delta").mode("append").options(**options)
        retried(self.name, lambda: _write(writer, self))


def absolute(path: str) -> str:
    """Return a path in the one form that stands for it: local ones absolute, URIs as they are."""
    return path.rstrip("/") if ":" in path else os.path.abspath(path)


def create_events(spark: SparkSession, table: Table) -> None:
    """Make the events table if it is not there."""
    create(spark, table, EVENTS, EVENT_PROPERTIES)


def create_quarantine(spark: SparkSession, table: Table) -> None:
    """Make the quarantine table if it is not there."""
    create(spark, table, QUARANTINE)


def create_alerts(spark: SparkSession, table: Table) -> None:
    """Make the alerts table if it is not there."""
    create(spark, table, ALERTS_TABLE, _ALERT_PROPERTIES, "detection_id")


def create(
    spark: SparkSession,
    table: Table,
    schema: StructType,
    properties: Mapping[str, str] = MappingProxyType({}),
    *by: str,
) -> None:
    """Make a table if it is not there, partitioned by columns.

    Raises:
        UserError: it cannot be made.
    """
    if table.exists(spark):
        return
    others = _others(spark, table)
    if others and not table.exists(spark):
        raise UserError(f"cannot make the table {table.name}: other files lie there ({others[0]})")
    # Delta's own builder refuses a place where somebody begins, or died beginning, a table.
    writer = spark.createDataFrame([], schema).write.format("delta").mode("ignore")
    writer = writer.options(**properties).partitionBy(*by)
    try:
        try:
            _write(writer, table)
        except CONFLICTS:
            # Another made it in the same moment; now it is there.
            _write(writer, table)
    except AnalysisException as error:
        raise UserError(f"cannot make the table {table.name}: {_first_line(error)}") from error


def _others(spark: SparkSession, table: Table) -> list[str]:
    """What lies where a table should, and is not one that somebody begins, or died beginning.

    Delta makes the folder of the log first, then a file of no rows, and the first commit last.
    """
    names = Folder(spark, table.path).names() if table.is_path else []
    return [] if "_delta_log" in names else names


def _write(writer: DataFrameWriter, table: Table) -> None:
    if table.is_path:
        writer.save(table.path)
    else:
        writer.saveAsTable(table.name)


class AlertWriter:
    """Writes alerts so that every alert_id stands once, whoever writes it and how often."""

    # On few cores two MERGE at once are slower than one after the other.
    _turn = threading.Lock()

    def __init__(
        self,
        spark: SparkSession,
        table: Table,
        run_id: str,
        detection_ids: Sequence[str],
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._spark, self._table, self._run_id, self._pause = spark, table, run_id, pause
        for name in detection_ids:
            if not re.fullmatch(r"\w+", name):
                raise ValueError(f"{name!r} cannot be a detection's id")
        # The literal list lets Delta see that writers of other detections do not conflict.
        listed = ", ".join(f"'{name}'" for name in sorted(detection_ids))
        self._same = f"t.detection_id IN ({listed}) AND t.detection_id = s.detection_id"
        self._same += " AND t.alert_id = s.alert_id"

    def write(self, alerts: DataFrame) -> Counter[str]:
        """Merge alerts into the table and return how many there were, by detection.

        In: the columns of ALERTS, each alert_id once. New ones are inserted; one that is there is
        replaced if it has grown, or if other logic or parameters raised it; a replay changes
        nothing. A conflict with another writer is tried again.

        Raises:
            UserError: conflicts went on for half a minute.
        """
        alerts = alerts.persist()
        try:
            rows = collected(alerts.groupBy("detection_id").agg(F.count("*").alias("alerts")))
            counts = Counter({row.detection_id: row.alerts for row in rows})
            if counts:
                retried(self._table.name, lambda: self._merge(alerts), self._pause)
            return counts
        finally:
            alerts.unpersist()

    def _merge(self, alerts: DataFrame) -> None:
        now = literal(datetime.now(UTC))
        rows = alerts.withColumns(
            {"created_at": now, "updated_at": now, "run_id": F.lit(self._run_id)}
        )
        changed = "s.event_count > t.event_count OR s.config_hash <> t.config_hash"
        kept = {name: f"s.{name}" for name in ALERTS_TABLE.names if name != "created_at"}
        with self._turn:
            merge = self._table.delta(self._spark).alias("t").merge(rows.alias("s"), self._same)
            merge = merge.whenMatchedUpdate(condition=changed, set=dict(kept))
            merge.whenNotMatchedInsertAll().execute()


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
