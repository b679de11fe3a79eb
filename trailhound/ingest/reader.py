"""Raw CloudTrail files: which there are, and what is in them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from pyspark.errors import AnalysisException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from trailhound.engine.evaluate import is_future
from trailhound.engine.events import EVENTS, from_records
from trailhound.errors import UserError
from trailhound.ingest.envelopes import split
from trailhound.ingest.whole_files import contents, location, texts
from trailhound.times import collected

SUFFIXES = tuple(f".{kind}{gz}" for kind in ("json", "jsonl", "ndjson") for gz in ("", ".gz"))
DIGEST = "CloudTrail-Digest"
MAX_FILE_BYTES = 512 * 1024 * 1024
FILE_SCHEMA = "path string, modificationTime timestamp, length bigint, content binary"

_ITEMS = "array<struct<record: string, problem: string, skipped: string>>"
_START = '{"Records":['


@dataclass(frozen=True)
class Listing:
    """Files to read, and how many were left out, by reason."""

    files: list[str]
    skipped: dict[str, int]
    too_large: list[str]


def find(spark: SparkSession, paths: Sequence[str]) -> Listing:
    """Return the files of paths: a file as it is, a folder with all below it.

    Raises:
        UserError: a path that does not exist.
    """
    rows = []
    for path in paths:
        found = collected(require(spark, path).select("path", "length"))
        is_file = len(found) == 1 and Path(location(found[0].path)).name == Path(path).name
        rows += [(row.path, row.length, is_file) for row in found]
    return choose(rows)


def require(spark: SparkSession, path: str) -> DataFrame:
    """Return the files below a path, without reading them: path, length and more.

    Raises:
        UserError: the path does not exist.
    """
    try:
        reader = spark.read.format("binaryFile").option("recursiveFileLookup", "true")
        return reader.load(path)
    except AnalysisException as error:
        raise UserError(f"no such file or folder: {path}") from error


def choose(rows: Iterable[tuple[str, int, bool]]) -> Listing:
    """Return which of the files (path, bytes, whether it was asked for by name) are to be read."""
    files: dict[str, None] = {}
    skipped: dict[str, int] = {}
    too_large = []
    for path, length, by_name in rows:
        if DIGEST in path:
            skipped["digest file"] = skipped.get("digest file", 0) + 1
        elif not by_name and not path.endswith(SUFFIXES):
            skipped["not .json, .jsonl or .ndjson"] = (
                skipped.get("not .json, .jsonl or .ndjson", 0) + 1
            )
        elif length > MAX_FILE_BYTES:
            too_large.append(path)
        else:
            files[path] = None
    return Listing(list(files), skipped, too_large)


def read(spark: SparkSession, files: Sequence[str]) -> DataFrame:
    """Read files whole: one row for each record, and for each file without any.

    Out: the columns of EVENTS but `ingestedAt`, `reason` string (null for a good record),
    `skipped` string, `record` string (the raw text), `is_first` boolean (the file's first row). A
    file that is gone, or whose bytes cannot be read, gives no row at all: see `unread`.
    """
    text = texts(spark, files).withColumn("records", _usual_records(F.col("value")))
    is_usual = F.coalesce(F.size("records") > 0, F.lit(False))
    # Spark evaluates Python for every row: a usual file hands it a null, not its bytes.
    unusual = _split(F.when(~is_usual, F.col("value").cast("binary")))
    return _rows(text, F.when(is_usual, _items("records")).otherwise(unusual))


def salvage(spark: SparkSession, files: Sequence[str]) -> DataFrame:
    """Read files whose bytes are damaged: what is whole in them, and what is wrong.

    Out: as `read`; a file that is gone or forbidden gives no row.
    """
    return _rows(contents(spark, files), _split(F.col("content")))


def figures(skew: timedelta) -> list[Column]:
    """Return what to count over rows of `read` or `salvage`, as aggregates named by what they are.

    In: their columns and `ingestedAt`. Out: files, records (= events + bad ones), events, future
    (events dated after they came in, by more than the skew), bad (records and other damage), empty,
    digest.
    """
    has_record, is_bad = F.col("record").isNotNull(), F.col("reason").isNotNull()
    is_event = has_record & ~is_bad
    return [
        F.count_if("is_first").alias("files"),
        F.count_if(has_record).alias("records"),
        F.count_if(is_event).alias("events"),
        F.count_if(is_event & is_future(skew)).alias("future"),
        F.count_if(is_bad).alias("bad"),
        F.count_if(F.col("skipped") == "empty file").alias("empty"),
        F.count_if(F.col("skipped") == "digest file").alias("digest"),
    ]


def about_future(events: int) -> list[str]:
    """Return a line for people about events that are dated after they came in; none without any."""
    if not events:
        return []
    if events == 1:
        return ["1 event is dated after it came in; it does not count in rates"]
    return [f"{events} events are dated after they came in; they do not count in rates"]


def good(rows: DataFrame) -> DataFrame:
    """Return the rows that are events."""
    return rows.filter(F.col("record").isNotNull() & F.col("reason").isNull())


def unread(spark: SparkSession, files: Sequence[str], *, salvaging: bool = False) -> list[str]:
    """Return the files that `read` (or `salvage`) gives no row for."""
    # Looking at the content makes Spark read it.
    data = contents(spark, files) if salvaging else texts(spark, files)
    content = F.col("content" if salvaging else "value")
    seen = collected(data.filter(F.length(content) >= 0).select("sourceFile"))
    got = {row.sourceFile for row in seen}
    return [file for file in files if location(file) not in got]


def _usual_records(text: Column) -> Column:
    """The records of a file as CloudTrail delivers it: array<string>; null for any other file."""
    trimmed = F.rtrim(text)
    is_usual = (
        text.startswith(_START)
        & trimmed.endswith("]}")
        # One document on one line: a second one would be passed over without a word.
        & (F.instr(trimmed, "\n") == 0)
        & (F.locate(_START, text, 2) == 0)
        # Of two lists Spark takes the last, and the rule is that the first counts.
        & (F.locate('"Records"', text, 3) == 0)
        & F.is_valid_utf8(text)
    )
    return F.when(is_usual, F.from_json(text, "Records array<string>")["Records"])


def _split(data: Column) -> Column:
    return F.udf(split, _ITEMS, useArrow=False)(data)


def _items(records: str) -> Column:
    nothing = F.lit(None).cast("string")

    def item(record: Column) -> Column:
        text = F.coalesce(record, F.lit("null")).alias("record")
        return F.struct(text, nothing.alias("problem"), nothing.alias("skipped"))

    return F.transform(records, item)


def _rows(files: DataFrame, items: Column) -> DataFrame:
    rows = files.select("sourceFile", F.posexplode_outer(items).alias("sourcePosition", "item"))
    rows = rows.select(
        "sourceFile",
        F.col("sourcePosition").cast("long"),
        (F.coalesce("sourcePosition", F.lit(0)) == 0).alias("is_first"),
        F.col("item.record").alias("record"),
        F.col("item.record").alias("raw"),
        F.col("item.problem").alias("problem"),
        F.col("item.skipped").alias("skipped"),
    )
    # A row without a record is a file's problem, or a file that has none.
    reason = F.when(F.col("raw").isNotNull(), F.col("reason")).otherwise(F.col("problem"))
    return from_records(rows).select(
        *(name for name in EVENTS.names if name != "ingestedAt"),
        reason.alias("reason"),
        "skipped",
        F.col("raw").alias("record"),
        "is_first",
    )
