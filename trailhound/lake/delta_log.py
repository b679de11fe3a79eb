"""What each version of a Delta table added, read from its log: the order in which events came in.

Neither a compaction nor a repeated read changes that order, so what depends on it (which events
were late, which versions a detection has seen) can be worked out again at any time.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

from pyspark.errors import AnalysisException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import TimestampType

from trailhound.engine.payloads import readable_time
from trailhound.errors import UserError
from trailhound.lake.folder import Folder
from trailhound.lake.table import Table
from trailhound.times import collected

VERSION = "_version"
# Statistics cut a time to milliseconds.
_CUT = timedelta(milliseconds=1)
_FILE = "path: string, dataChange: boolean"
_ACTIONS = f"add struct<{_FILE}, stats: string>, remove struct<{_FILE}>"


@dataclass(frozen=True)
class Version:
    """What one version added: rows (None where the log does not say), and their event times.

    The times are [first, last); None where they are not known. `timeless` rows have no time.
    """

    number: int
    rows: int | None
    first: datetime | None
    last: datetime | None
    timeless: int = 0


class History:
    """The log of one Delta table of events; `is_mapped`: its columns have other names in files."""

    def __init__(self, spark: SparkSession, table: Table) -> None:
        self._spark, self._table = spark, table
        detail = table.delta(spark).detail().select("id", "location", "properties").first()
        if detail is None:
            raise UserError(f"no Delta table at {table.name}")
        self.id: str = detail.id
        self._home: str = detail.location.rstrip("/")
        self.is_mapped: bool = detail.properties.get("delta.columnMapping.mode", "none") != "none"

    def newest(self) -> int:
        """Return the newest version."""
        return self._table.version(self._spark)

    def oldest(self) -> int:
        """Return the oldest version that the log still tells of."""
        names = Folder(self._spark, f"{self._home}/_delta_log").names()
        commits = [name.removesuffix(".json") for name in names if name.endswith(".json")]
        return min((int(name) for name in commits if name.isdigit()), default=0)

    def committed_at(self, version: int) -> datetime | None:
        """Return when a version was committed, by its log; None where that is gone."""
        log = Folder(self._spark, f"{self._home}/_delta_log")
        name = f"{version:020d}.json"
        if name not in log.names():
            return None
        actions = (json.loads(line) for line in log.text(name).splitlines())
        times = [one["commitInfo"]["timestamp"] for one in actions if "commitInfo" in one]
        return datetime.fromtimestamp(times[0] / 1000, UTC) if times else None

    def versions(self, first: int, last: int) -> list[Version]:
        """Return the versions of [first, last] that added rows, in order.

        Raises:
            UserError: the log does not reach back so far, or rows were removed on the way.
        """
        if first > last:
            return []
        files = self._actions(first, last)
        is_new = F.coalesce("add.dataChange", F.lit(False))
        is_gone = F.coalesce("remove.dataChange", F.lit(False))
        rows = (
            files.groupBy(VERSION)
            .agg(
                F.count_if(is_new).alias("files"),
                F.count_if(is_gone).alias("removed"),
                F.sum(F.when(is_new, _stat("numRecords").cast("long"))).alias("rows"),
                F.count_if(is_new & _stat("numRecords").isNull()).alias("uncounted"),
                *self._time_columns(is_new),
            )
            .orderBy(VERSION)
        )
        found = []
        for row in collected(rows):
            if row.removed:
                raise UserError(
                    f"{self._table.name}: version {row[VERSION]} changed or deleted rows; keep the "
                    "table append-only, or run `trailhound backfill` over what changed and start "
                    "from new checkpoints and a new coverage table"
                )
            if row.files:
                known = not row.undated
                first_time = row.first if known else None
                last_time = row.last + _CUT if known and row.last else None
                count = None if row.uncounted else row.rows
                found.append(Version(row[VERSION], count, first_time, last_time, row.timeless or 0))
        return found

    def rows(self, first: int, last: int) -> DataFrame:
        """Return the rows that the versions of [first, last] added, with the version they came by.

        Out: the table's columns, and `_version` long. They come from the files as they were
        written, whether or not these have been compacted since.
        """
        if self.is_mapped:
            # Its files call the columns by other names.
            raise UserError(
                f"{self._table.name} has mapped columns: its files cannot be read alone"
            )
        added = self._actions(first, last).filter("add.dataChange").select("add.path", VERSION)
        files = {_absolute(self._home, row.path): row[VERSION] for row in collected(added)}
        current = self._table.read(self._spark)
        if not files:
            return current.limit(0).withColumn(VERSION, F.lit(0).cast("long"))
        reader = self._spark.read.schema(current.schema).option("basePath", self._home)
        reader = reader.option("__globPaths__", "false")
        numbers = sorted(set(files.values()))
        if len(numbers) == 1:
            return reader.parquet(*files).withColumn(VERSION, F.lit(numbers[0]).cast("long"))
        names = {path.rpartition("/")[2]: version for path, version in files.items()}
        pairs = self._spark.createDataFrame(list(names.items()), f"_name string, {VERSION} long")
        rows = reader.parquet(*files).withColumn("_name", F.col("_metadata.file_name"))
        return rows.join(F.broadcast(pairs), "_name").drop("_name")

    def _actions(self, first: int, last: int) -> DataFrame:
        paths = [f"{self._home}/_delta_log/{v:020d}.json" for v in range(first, last + 1)]
        try:
            log = self._spark.read.schema(_ACTIONS).json(paths)
            number = F.regexp_extract("_metadata.file_name", r"^(\d+)", 1).cast("long")
            return log.filter("add IS NOT NULL OR remove IS NOT NULL").withColumn(VERSION, number)
        except AnalysisException as error:
            raise UserError(
                f"{self._table.name}: the log of versions {first} to {last} is gone; run "
                "`trailhound backfill` over what they held, and keep history for longer than detect"
                " may be down"
            ) from error

    def _time_columns(self, is_new: Column) -> list[Column]:
        schema = self._table.read(self._spark).schema
        names = [name for name in schema.names if name.lower() == "eventtime"]
        if not names:
            nothing = F.lit(None).cast("timestamp")
            columns = (nothing.alias("first"), nothing.alias("last"), F.lit(1).alias("undated"))
            return [*columns, F.lit(0).alias("timeless")]
        low, high = _stat(f"minValues.{names[0]}"), _stat(f"maxValues.{names[0]}")
        if isinstance(schema[names[0]].dataType, TimestampType):
            low, high = low.try_cast("timestamp"), high.try_cast("timestamp")
        else:
            low, high = readable_time(low), readable_time(high)
        timeless = F.coalesce(_stat(f"nullCount.{names[0]}").cast("long"), F.lit(0))
        has_rows = F.coalesce(_stat("numRecords").cast("long"), F.lit(1)) > timeless
        return [
            F.min(F.when(is_new, low)).alias("first"),
            F.max(F.when(is_new, high)).alias("last"),
            F.count_if(is_new & has_rows & (low.isNull() | high.isNull())).alias("undated"),
            F.sum(F.when(is_new, timeless)).alias("timeless"),
        ]


def add_rows(versions: Iterable[Version]) -> int | None:
    """Return how many rows versions added; None where the log does not say."""
    numbers = [version.rows for version in versions]
    known = [number for number in numbers if number is not None]
    return sum(known) if len(known) == len(numbers) else None


def _stat(path: str) -> Column:
    return F.get_json_object("add.stats", f"$.{path}")


def _absolute(home: str, path: str) -> str:
    path = unquote(path)
    return path if ":" in path.partition("/")[0] else f"{home}/{path}"
