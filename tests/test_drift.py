"""The events table changes under a running stream: other columns, lost versions, another name."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from builders import NOON, Record, events, record
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from test_coverage import KEY, RATE, SINGLE, World, attempts

from trailhound import Detection
from trailhound.detect import stream as detect
from trailhound.errors import UserError
from trailhound.lake.table import Table

pytestmark = pytest.mark.proof

OTHER = record("ec2", "ImportKeyPair", {"keyName": "other"})


def with_a_new_column(world: World, records: list[Record]) -> None:
    rows = events(world.spark, records).withColumn("team", F.lit("blue"))
    world.table.add(rows, mergeSchema="true")


def raised(world: World, detection: Detection = SINGLE) -> int:
    found = Table(world.config.tables.alerts).read(world.spark)
    return found.filter(F.col("detection_id") == detection.id).count()


def test_a_column_that_comes_between_two_runs(spark: SparkSession, tmp_path: Path) -> None:
    world = World(spark, tmp_path)
    world.append([KEY, *attempts(5, NOON)])
    world.detect()
    with_a_new_column(world, [OTHER, *attempts(10, NOON)[5:]])
    world.detect()
    assert (raised(world), raised(world, RATE)) == (2, 1)
    assert world.gaps() == []


def test_a_column_that_comes_under_a_running_stream(spark: SparkSession, tmp_path: Path) -> None:
    world = World(spark, tmp_path)
    world.append([KEY])
    stream = replace(world.config.stream, trigger=timedelta(milliseconds=200))
    world.config = replace(world.config, stream=stream)
    arguments = (spark, world.config, [RATE, SINGLE], "follows")
    running = threading.Thread(target=detect.run, args=arguments, kwargs={"follow": True})
    running.start()
    try:
        wait_until(running, lambda: raised_so_far(world) == 1)
        with_a_new_column(world, [OTHER])
        wait_until(running, lambda: raised_so_far(world) == 2)
    finally:
        for query in spark.streams.active:
            query.stop()
        running.join()
    assert world.gaps(SINGLE) == []


def raised_so_far(world: World) -> int:
    return raised(world) if Table(world.config.tables.alerts).exists(world.spark) else 0


def wait_until(running: threading.Thread, is_so: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(600):
        if is_so():
            return
        assert running.is_alive(), "the stream has ended"
        pause.wait(0.5)
    raise TimeoutError


def forget(world: World, pattern: str) -> None:
    """Clean up the log as Delta does: a checkpoint, and the versions before it are gone."""
    jvm: Any = world.spark._jvm
    log = jvm.org.apache.spark.sql.delta.DeltaLog
    log.forTable(world.spark._jsparkSession, world.config.tables.events).checkpoint()
    folder = Path(world.config.tables.events) / "_delta_log"
    for file in [*folder.glob(f"*0{pattern}.*"), *folder.glob(".*")]:
        file.unlink(missing_ok=True)
    log.clearCache()


def test_a_table_that_is_older_than_its_log(spark: SparkSession, tmp_path: Path) -> None:
    world = World(spark, tmp_path)
    world.append([KEY, *attempts(9, NOON)])
    world.append([OTHER])
    world.append([OTHER])
    forget(world, "[0-2]")
    assert [gap.rows for gap in world.gaps()] == [None, None]

    world.detect()
    assert world.gaps() == []
    world.append([*attempts(10, NOON)[9:], *attempts(1, NOON + timedelta(days=1))])
    world.detect()
    assert (world.gaps(), raised(world, RATE)) == ([], 1)


def test_a_table_with_mapped_columns_claims_less(spark: SparkSession, tmp_path: Path) -> None:
    world = World(spark, tmp_path)
    mapped = "'delta.columnMapping.mode' = 'name'"
    versions = "'delta.minReaderVersion' = '2', 'delta.minWriterVersion' = '5'"
    name = f"delta.`{world.config.tables.events}`"
    spark.sql(f"ALTER TABLE {name} SET TBLPROPERTIES ({mapped}, {versions})")
    for records in ([KEY], [OTHER]):
        world.append(records)
        world.detect()
    assert raised(world) == 2
    assert [gap.detection_id for gap in world.gaps()] == [RATE.id]


def test_versions_that_are_gone_are_named(spark: SparkSession, tmp_path: Path) -> None:
    world = World(spark, tmp_path)
    for _ in range(4):
        world.append([KEY])
    world.detect()
    world.append([OTHER])
    world.append([OTHER])
    forget(world, "[0-5]")
    said = r"at versions 5 to 6 \(checkpoint .*\): .* run `trailhound backfill`"
    with pytest.raises(UserError, match=said):
        world.detect()


def test_a_needed_column_of_another_name_is_named(spark: SparkSession, tmp_path: Path) -> None:
    world = World(spark, tmp_path)
    renamed = events(spark, [KEY]).withColumnRenamed("eventName", "event_name")
    other = str(tmp_path / "other")
    Table(other).add(renamed)
    world.config = replace(world.config, tables=replace(world.config.tables, events=other))
    with pytest.raises(UserError, match="no column eventName"):
        world.detect()
    assert not Table(world.config.tables.alerts).exists(spark)
