"""detect and backfill on a cluster of several JVMs, while executors and workers are killed."""

from collections.abc import Callable
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

Fault = tuple[str, Callable[[Cluster], None]]

FAULTS: dict[str, Fault] = {
    "an executor of detect": ("detect", Cluster.kill_executor),
    "a worker of detect": ("detect", Cluster.kill_worker),
    "an executor of backfill": ("backfill", Cluster.kill_executor),
}
ARGUMENTS = {
    "detect": ("--set", "stream.max_files_per_batch=2"),
    "backfill": ("--from", "2024-03-01", "--to", "2024-03-03"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_killed_on_a_cluster(
    spark: SparkSession, ingested: tuple[Config, list[Any]], tmp_path: Path, name: str
) -> None:
    where, wanted = ingested
    mine = replace(where, tables=replace(where.tables, alerts=str(tmp_path / "data" / "alerts")))
    program, kill = FAULTS[name]
    flags = [*ARGUMENTS[program], *settings(mine)]
    with running(tmp_path) as cluster:
        job = cluster.submit(ROOT / "jobs" / f"{program}.py", *flags, cwd=tmp_path)
        data = tmp_path / "data"
        assert job.wait_until(lambda: is_in_the_middle(program, data, job.log())), job.said()
        kill(cluster)
        job.finished()

    found = alerts(spark, mine)
    lost, doubled = set(wanted) - set(found), len(found) - len(set(found))
    report.say("killed on a cluster", f"{name}: {len(lost)} alerts lost, {doubled} doubled")
    assert "Lost executor" in job.log()
    assert found == wanted


def settings(where: Config) -> list[str]:
    """The flags that name the tables."""
    values = {"tables.events": where.tables.events, "tables.alerts": where.tables.alerts}
    return [part for key, value in values.items() for part in ("--set", f"{key}={value}")]


def is_in_the_middle(program: str, data: Path, said: str) -> bool:
    """Whether detect has done one batch of three, or backfill what it keeps on the executors."""
    if program == "detect":
        return committed(data, "single-events") == 0
    return "finished: localCheckpoint" in said


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
