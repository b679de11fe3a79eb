"""The health of detections: which failed, why, and which have recovered since."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType, TimestampType

from trailhound.engine.detection import Detection
from trailhound.lake.table import Table, create
from trailhound.runtime.config import Config
from trailhound.times import collected

FAILED, RECOVERED = "failed", "recovered"

HEALTH = StructType(
    [
        StructField("detection_id", StringType()),
        StructField("config_hash", StringType()),
        StructField("state", StringType()),
        StructField("reason", StringType()),
        StructField("job", StringType()),
        StructField("run_id", StringType()),
        StructField("checked_at", TimestampType()),
    ]
)
"""What became of a detection in a run, where it failed, or did not for the first time since."""


def failing(spark: SparkSession, config: Config) -> dict[str, str]:
    """Return the detections that failed when they ran last, and why."""
    table = Table(config.tables.health)
    if not table.exists(spark):
        return {}
    newest = F.max(F.struct("checked_at", "state", "reason")).alias("newest")
    rows = table.read(spark).groupBy("detection_id").agg(newest).select("detection_id", "newest.*")
    failed = collected(rows.filter(F.col("state") == FAILED))
    return {row.detection_id: row.reason for row in failed}


def report(
    spark: SparkSession,
    config: Config,
    run_id: str,
    job: str,
    ran: Sequence[Detection],
    failures: Mapping[str, str],
) -> None:
    """Write down which of the detections that ran have failed, and which have recovered."""
    hashes = {d.id: d.config_hash for d in ran}
    states = {name: (FAILED, reason) for name, reason in {**config.broken(), **failures}.items()}
    for name in failing(spark, config).keys() & hashes.keys() - states.keys():
        states[name] = (RECOVERED, "")
    if states:
        now = datetime.now(UTC)
        rows = [
            (name, hashes.get(name), state, reason, job, run_id, now)
            for name, (state, reason) in sorted(states.items())
        ]
        table = Table(config.tables.health)
        create(spark, table, HEALTH)
        table.add(spark.createDataFrame(rows, HEALTH).coalesce(1))
