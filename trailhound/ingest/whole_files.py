"""Files read whole, by their very names; one that is damaged, forbidden or gone gives no row."""

import re
from collections.abc import Callable, Sequence
from functools import reduce

from pyspark.errors import AnalysisException
from pyspark.sql import Column, DataFrame, DataFrameReader, SparkSession
from pyspark.sql import functions as F

# A file is read in one piece or not at all, so that damage never passes for its end.
_TOLERANT = {"ignoreCorruptFiles": "true", "ignoreMissingFiles": "true"}
_PATTERN = re.compile(r"[\[\]{}?*\\]")

_Load = Callable[[DataFrameReader, Sequence[str]], DataFrame]


def texts(spark: SparkSession, files: Sequence[str]) -> DataFrame:
    """Return files as sourceFile string and value string, each whole and decompressed."""

    def load(reader: DataFrameReader, paths: Sequence[str]) -> DataFrame:
        return reader.text(list(paths), wholetext=True).select(_location(), "value")

    return _loaded(spark, files, load, "sourceFile string, value string")


def contents(spark: SparkSession, files: Sequence[str]) -> DataFrame:
    """Return files as sourceFile string and content binary, as they are stored."""

    def load(reader: DataFrameReader, paths: Sequence[str]) -> DataFrame:
        loaded = reader.format("binaryFile").load(list(paths))
        return loaded.select(_location("path"), "content")

    return _loaded(spark, files, load, "sourceFile string, content binary")


def location(path: str) -> str:
    """Return a path as people write it, as in `sourceFile`: local files without their scheme."""
    return re.sub("^file:/+", "/", path)


def _location(column: str | None = None) -> Column:
    # Spark gives the one path as a URI and the other as it is.
    encoded = F.replace(F.col("_metadata.file_path"), F.lit("+"), F.lit("%2B"))
    path = F.col(column) if column else F.url_decode(encoded)
    return F.regexp_replace(path, "^file:/+", "/").alias("sourceFile")


def _loaded(spark: SparkSession, files: Sequence[str], load: _Load, schema: str) -> DataFrame:
    # Spark takes some names for patterns, and then reads other files twice.
    plain = [file for file in files if not _PATTERN.search(file)]
    odd = [_PATTERN.sub(r"\\\g<0>", file) for file in files if _PATTERN.search(file)]
    frames = []
    for paths, are_patterns in ((plain, "false"), (odd, "true")):
        reader = spark.read.options(**_TOLERANT).option("__globPaths__", are_patterns)
        frames += _that_are_there(reader, paths, load)
    return reduce(DataFrame.unionByName, frames) if frames else spark.createDataFrame([], schema)


def _that_are_there(reader: DataFrameReader, paths: Sequence[str], load: _Load) -> list[DataFrame]:
    """The files as a frame; none if all are gone. One that is missing fails the whole list."""
    while paths:
        try:
            return [load(reader, paths)]
        except AnalysisException as error:
            if error.getCondition() != "PATH_NOT_FOUND":
                raise
        paths = _existing(reader, paths, load)
    return []


def _existing(reader: DataFrameReader, paths: Sequence[str], load: _Load) -> list[str]:
    middle = len(paths) // 2
    found: list[str] = []
    for half in (paths[:middle], paths[middle:]):
        try:
            if half:
                load(reader, half)
            found += half
        except AnalysisException:
            found += _existing(reader, half, load) if len(half) > 1 else []
    return found
