"""One Delta table as its log has it: what OPTIMIZE and VACUUM would do to it, and doing it."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from trailhound.lake.conflicts import retried
from trailhound.lake.table import EVENT_PROPERTIES, Table
from trailhound.times import collected

# What OPTIMIZE does where nothing else is set: smaller files than this are put together.
_SMALL_FILE = 1024**3
_INGESTED = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/(read|salvage)")


@dataclass(frozen=True)
class Files:
    """A number of files, and their bytes."""

    number: int = 0
    size: int = 0


@dataclass(frozen=True)
class Extent:
    """A table as it stands: its version, when that came, files, bytes, rows.

    `rows` is None where the log does not say.
    """

    version: int
    updated: datetime
    files: int
    bytes: int
    rows: int | None


class Upkeep:
    """The upkeep of one table."""

    def __init__(self, spark: SparkSession, table: Table) -> None:
        self._spark, self._table = spark, table
        (detail,) = collected(table.delta(spark).detail())
        self._location: str = detail.location
        self._updated: datetime = detail.lastModified
        self._properties: dict[str, str] = detail.properties
        jvm: Any = spark._jvm
        self._jvm = jvm

    @property
    def is_ingests(self) -> bool:
        """Whether ingest made this table and filled it.

        Ingest gives the table it makes its own list of columns with statistics, and leaves the
        mark of its query with every batch. A table that other hands made lacks the first; one that
        was copied, the second.
        """
        is_made = all(self._properties.get(k) == v for k, v in EVENT_PROPERTIES.items())
        marks = str(self._snapshot().setTransactions().mkString("\n"))
        return is_made and bool(_INGESTED.search(marks))

    def extent(self) -> Extent:
        """Return how large the table is, by its log alone."""
        snapshot = self._snapshot()
        rows = F.get_json_object("stats", "$.numRecords").cast("long")
        gone = F.coalesce("deletionVector.cardinality", F.lit(0))
        sums = DataFrame(snapshot.allFiles().toDF(), self._spark).agg(
            F.count("*").alias("files"),
            F.sum("size").alias("bytes"),
            F.sum(rows - gone).alias("rows"),
            F.count_if(rows.isNull()).alias("uncounted"),
        )
        (got,) = collected(sums)
        known = None if got.uncounted else got.rows or 0
        return Extent(snapshot.version(), self._updated, got.files, got.bytes or 0, known)

    def retention(self) -> tuple[float, float]:
        """Return for how many hours the table keeps removed files, and its log."""
        metadata = self._snapshot().metadata()
        delta = self._jvm.org.apache.spark.sql.delta
        removed = delta.DeltaLog.tombstoneRetentionMillis(metadata)
        return removed / 3_600_000, self._log().deltaRetentionMillis(metadata) / 3_600_000

    def keep(self, properties: dict[str, str]) -> None:
        """Set properties of the table; none if there are none."""
        if properties:
            said = ", ".join(f"'{name}' = '{value}'" for name, value in properties.items())
            self._retried(
                lambda: self._spark.sql(f"ALTER TABLE {self._name} SET TBLPROPERTIES ({said})")
            )

    def small(self) -> Files:
        """Return the files that OPTIMIZE would put together."""
        rows = self._snapshot().allFiles().toDF()
        files = collected(DataFrame(rows, self._spark).select("partitionValues", "size"))
        partitions = defaultdict(list)
        for file in files:
            if file.size < _SMALL_FILE:
                partitions[tuple(sorted(file.partitionValues.items()))].append(file.size)
        bins = [one for sizes in partitions.values() for one in _bins(sizes) if len(one) > 1]
        return Files(sum(map(len, bins)), sum(map(sum, bins)))

    def compact(self) -> tuple[Files, Files]:
        """Put small files together; return which went out of the table, and which came in."""
        row = self._retried(lambda: self._table.delta(self._spark).optimize().executeCompaction())
        got = row.first().metrics
        return (
            Files(got.numFilesRemoved, got.filesRemoved.totalSize if got.numFilesRemoved else 0),
            Files(got.numFilesAdded, got.filesAdded.totalSize if got.numFilesAdded else 0),
        )

    def unused(self) -> int:
        """Return how many files VACUUM would delete now."""
        found = self._spark.sql(f"VACUUM {self._name} DRY RUN")
        # It names folders too that are empty, such as one that a writer has just made.
        name = F.substring_index("path", "/", -1)
        return found.filter(name.contains(".")).count()

    def clean(self) -> None:
        """Delete the files that the table has not used for as long as it keeps removed ones."""
        # Delta tells how many on the standard output of Java, where only results belong.
        console = getattr(getattr(self._jvm.scala, "Console$"), "MODULE$")
        console.setOutDirect(self._jvm.java.lang.System.err)
        # Without a time: since Delta 4 only the property of the table counts.
        self._retried(lambda: self._table.delta(self._spark).vacuum())

    def _retried(self, write: Callable[[], Any]) -> Any:
        return retried(self._table.name, write)

    @property
    def _name(self) -> str:
        return "delta.`" + self._location.replace("`", "``") + "`"

    def _log(self) -> Any:
        logs = self._jvm.org.apache.spark.sql.delta.DeltaLog
        return logs.forTable(self._spark._jsparkSession, self._location)

    def _snapshot(self) -> Any:
        nothing = self._jvm.scala.Option.empty()
        return self._log().update(False, nothing, nothing)


def _bins(sizes: Iterable[int]) -> list[list[int]]:
    """Sizes as OPTIMIZE puts them together, the smallest first."""
    bins: list[list[int]] = []
    for size in sorted(sizes):
        if bins and sum(bins[-1]) + size <= _SMALL_FILE:
            bins[-1].append(size)
        else:
            bins.append([size])
    return bins
