"""detect on a cluster of several JVMs, while executors and workers are killed."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import report
from cluster import Cluster, running
from processes import ROOT
from pyspark.sql import SparkSession
from test_jobs import alerts, config
from traces import committed

from detections import load
from jobs import backfill, ingest
from jobs.config import Config
from jobs.simulate import START, simulate

pytestmark = pytest.mark.proof

FAULTS = {"an executor": Cluster.kill_executor, "a worker": Cluster.kill_worker}


@pytest.mark.parametrize("name", FAULTS)
def test_killed_on_a_cluster(
    spark: SparkSession, ingested: tuple[Config, list[Any]], tmp_path: Path, name: str
) -> None:
    where, wanted = ingested
    mine = replace(where, tables=replace(where.tables, alerts=str(tmp_path / "data" / "alerts")))
    with running(tmp_path) as cluster:
        job = cluster.submit(ROOT / "jobs" / "detect.py", *settings(mine), cwd=tmp_path)
        assert job.wait_until(lambda: is_in_the_middle(tmp_path / "data")), job.said()
        FAULTS[name](cluster)
        job.finished()

    found = alerts(spark, mine)
    lost, doubled = set(wanted) - set(found), len(found) - len(set(found))
    report.say("killed on a cluster", f"{name}: {len(lost)} alerts lost, {doubled} doubled")
    assert "Lost executor" in job.log()
    assert found == wanted


def settings(where: Config) -> list[str]:
    """The flags that name the tables, with small batches."""
    values = {
        "tables.events": where.tables.events,
        "tables.alerts": where.tables.alerts,
        "stream.max_files_per_batch": 2,
    }
    return [part for key, value in values.items() for part in ("--set", f"{key}={value}")]


def is_in_the_middle(data: Path) -> bool:
    """Whether one batch of three is done, and no more."""
    return committed(data, "single-events") == 0


@pytest.fixture(scope="module")
def ingested(
    spark: SparkSession, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Config, list[Any]]:
    """An events table of three batches, and its alerts as one machine finds them in one batch."""
    folder = tmp_path_factory.mktemp("ingested")
    where = config(folder)
    simulate(folder / "s", records=2000, seed=20240301)
    small = replace(where, stream=replace(where.stream, max_files_per_batch=80))
    ingest.run(spark, small, str(folder / "s" / "AWSLogs"))
    backfill.run(spark, where, load(), "one machine", START, START + timedelta(days=2))
    return where, alerts(spark, where)
