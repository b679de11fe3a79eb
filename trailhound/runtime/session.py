"""The Spark session of a job: the one that is there, or a local one with Delta in it."""

import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from pyspark.sql import SparkSession

from trailhound.errors import UserError
from trailhound.runtime import jars

DELTA_EXTENSION = "io.delta.sql.DeltaSparkSessionExtension"
_JAVA_OPTIONS = "spark.driver.extraJavaOptions"
DELTA_CATALOG = "org.apache.spark.sql.delta.catalog.DeltaCatalog"

_LOCAL = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "2g",
    "spark.ui.enabled": "false",
    # Where a Column was written is of use to who debugs pyspark, and costs most of the planning.
    "spark.python.sql.dataFrameDebugging.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    # A query that is flooded must not take the cores from the others.
    "spark.scheduler.mode": "FAIR",
    "spark.sql.session.timeZone": "UTC",
    # Delta's defaults are for large tables; with few files they only cost tasks.
    "spark.databricks.delta.snapshotPartitions": "2",
    # In a stream nothing joins tasks that are too small, and 200 are too many for one machine.
    "spark.sql.shuffle.partitions": "8",
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "4",
    # A long list of names becomes a range of names otherwise, which skips nothing.
    "spark.sql.parquet.pushdown.inFilterThreshold": "500",
    "spark.sql.streaming.stateStore.providerClass": (
        "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider"
    ),
    "spark.sql.streaming.stateStore.rocksdb.changelogCheckpointing.enabled": "true",
}


def session(
    app: str, *, master: str | None = None, settings: Mapping[str, str] | None = None
) -> SparkSession:
    """Return the session that exists already, or start one.

    A session of a notebook, or one that spark-submit configures, is used as it is and nothing is
    added to it. Otherwise it runs on `master` (default: all local cores), with Delta from local
    archives and `settings` on top.

    Raises:
        UserError: the session that exists lacks Delta, or Java cannot be started.
    """
    if SparkSession.getActiveSession() or "PYSPARK_GATEWAY_PORT" in os.environ:
        spark = SparkSession.builder.appName(app).getOrCreate()
        _require_delta(spark)
        return spark
    settings = {**_LOCAL, **_delta(), **(settings or {})}
    java = [_quiet(), settings.get(_JAVA_OPTIONS, "")]
    settings[_JAVA_OPTIONS] = " ".join(option for option in java if option)
    master = master or "local[*]"
    if master.startswith("local"):
        # Spark would take whatever python3 is first on the path, which may have no trailhound.
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.appName(app).master(master)
    for name, value in settings.items():
        builder = builder.config(name, value)
    try:
        return builder.getOrCreate()
    except Exception as error:
        first = str(error).splitlines()[0]
        raise UserError(
            f"cannot start Spark on {master}: {first}; is Java 17 or newer "
            "installed, and does JAVA_HOME name it?"
        ) from error


def _require_delta(spark: SparkSession) -> None:
    if DELTA_EXTENSION not in (spark.conf.get("spark.sql.extensions", "") or ""):
        raise UserError(
            "the Spark session that is running has no Delta: start it with "
            f"spark.sql.extensions={DELTA_EXTENSION} and "
            f"spark.sql.catalog.spark_catalog={DELTA_CATALOG} (see conf/spark-defaults.conf)"
        )


def _delta() -> dict[str, str]:
    return {
        "spark.jars": ",".join(str(path) for path in jars.local()),
        "spark.sql.extensions": DELTA_EXTENSION,
        "spark.sql.catalog.spark_catalog": DELTA_CATALOG,
        "spark.sql.warehouse.dir": str(Path(tempfile.gettempdir()) / "trailhound-warehouse"),
    }


def _quiet() -> str:
    """The option of Java under which Spark logs only what matters, and to stderr."""
    here = Path(__file__).parents[1]
    for folder in (here / "conf", here.parent / "conf"):
        file = folder / "log4j2.properties"
        if file.is_file():
            return f"-Dlog4j2.configurationFile={file.as_uri()}"
    return ""
