"""The jobs on a cluster of several JVMs, by spark-submit, while executors and workers die."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import report
from cluster import Cluster, running
from processes import ROOT, Process
from pyspark.sql import SparkSession
from test_jobs import alerts, config
from traces import committed

from detections import load
from jobs import backfill, ingest
from jobs.config import Config
from jobs.simulate import START, simulate

pytestmark = pytest.mark.proof

RECORDS = 2000


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("simulated")
    simulate(folder, records=RECORDS, seed=20240301)
    return folder / "AWSLogs"


@pytest.fixture(scope="module")
def wanted(spark: SparkSession, logs: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """The alerts as one machine finds them, in one batch."""
    where = config(tmp_path_factory.mktemp("alone"))
    ingest.run(spark, where, str(logs))
    backfill.run(spark, where, load(), "one machine", START, START + timedelta(days=2))
    return alerts(spark, where)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with running(tmp_path_factory.mktemp("cluster")) as found:
        yield found


@pytest.fixture(scope="module")
def ingested(cluster: Cluster, logs: Path, tmp_path_factory: pytest.TempPathFactory) -> Config:
    """An events table of three batches, ingested on the cluster."""
    where = config(tmp_path_factory.mktemp("ingested"))
    job = submit(cluster, "ingest", where, str(logs), "--json", max_files_per_batch=80)
    assert json.loads(job.finished())["events"] == RECORDS
    return where


def submit(
    cluster: Cluster, name: str, where: Config, *args: str, max_files_per_batch: int = 2
) -> Process:
    """Submit a program of the repository, on the tables of a configuration."""
    values = {f"tables.{key}": path for key, path in vars(where.tables).items()}
    values["stream.checkpoints"] = where.stream.checkpoints
    values["stream.max_files_per_batch"] = str(max_files_per_batch)
    flags = [part for key, value in values.items() for part in ("--set", f"{key}={value}")]
    folder = Path(where.tables.events).parent
    return cluster.submit(ROOT / "jobs" / f"{name}.py", *args, *flags, cwd=folder)


def check(spark: SparkSession, where: Config, wanted: list[Any], fault: str) -> None:
    found = alerts(spark, where)
    lost, doubled = set(wanted) - set(found), len(found) - len(set(found))
    report.say("killed on a cluster", f"{fault}: {len(lost)} alerts lost, {doubled} doubled")
    assert found == wanted


def test_detect_loses_an_executor_and_then_a_worker(
    spark: SparkSession, cluster: Cluster, ingested: Config, wanted: list[Any]
) -> None:
    data = Path(ingested.tables.events).parent
    job = submit(cluster, "detect", ingested)
    for batches, kill in ((0, cluster.kill_executor), (1, cluster.kill_worker)):
        assert job.wait_until(lambda n=batches: committed(data, "single-events") >= n), job.said()
        kill()
    job.finished()
    cluster.add_worker()

    assert job.log().count("Lost executor") >= 2
    check(spark, ingested, wanted, "detect, an executor and a worker")


def test_backfill_loses_an_executor_with_what_it_kept(
    spark: SparkSession, cluster: Cluster, ingested: Config, wanted: list[Any], tmp_path: Path
) -> None:
    """What was chosen for all detections is kept on executors alone: it has to be read again."""
    where = replace(ingested, tables=replace(ingested.tables, alerts=str(tmp_path / "alerts")))
    job = submit(cluster, "backfill", where, "--from", "2024-03-01", "--to", "2024-03-03")
    assert job.wait_until(lambda: "finished: localCheckpoint" in job.log(), every=0.2), job.said()
    cluster.kill_executor()
    job.finished()

    assert "Lost executor" in job.log()
    check(spark, where, wanted, "backfill, an executor")
