"""A checkpoint whose state another version of trailhound kept: one line says what to do."""

from datetime import timedelta
from pathlib import Path

import pytest
from builders import NOON, sign_in
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from test_coverage import RATE, World, attempts

from trailhound.detect.queries import Queries
from trailhound.engine.evaluate import counted_events
from trailhound.errors import UserError
from trailhound.streaming.runner import Query


def counted(rows: DataFrame, _: int) -> None:
    rows.count()


def keep_sets(world: World) -> str:
    """Begin the checkpoint of the rate with a set of values as its state, as it once was."""
    queries = Queries(world.spark, world.config, lambda *_: None)
    rows = counted_events(world.table.stream(world.spark), RATE)
    rows = rows.withWatermark("eventTime", "2 hours")
    window = F.window("eventTime", "66 minutes", "1 hour", "54 minutes")
    sets = rows.groupBy("key", window).agg(F.collect_set("value").alias("seen"))
    query = Query(RATE.id, sets, counted, queries.of(RATE), mode="update", state_partitions=2)
    started = query.start(world.spark, follow=False, trigger=timedelta(seconds=1))
    started.awaitTermination()
    return query.checkpoint


def test_it_is_refused_with_its_folder(spark: SparkSession, tmp_path: Path) -> None:
    world = World(spark, tmp_path)
    world.append(attempts(5, NOON))
    checkpoint = keep_sets(world)
    world.append([sign_in(after=60)])
    with pytest.raises(UserError) as refused:
        world.detect(RATE)
    said = str(refused.value)
    assert "its state was kept by another version of trailhound" in said
    assert checkpoint in said
    assert len(said.splitlines()) == 1
