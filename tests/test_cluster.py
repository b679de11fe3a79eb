"""The jobs on a cluster of several JVMs, by spark-submit, while executors and workers die."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import report
from cluster import Cluster, running
from processes import ROOT, Process
from pyspark.sql import SparkSession
from traces import committed
from undisturbed import COMMANDS, Undisturbed, tables

pytestmark = pytest.mark.proof


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with running(tmp_path_factory.mktemp("cluster")) as found:
        yield found


@pytest.fixture(scope="module")
def ingested(
    cluster: Cluster, undisturbed: Undisturbed, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A folder whose events table was filled on the cluster, in three batches."""
    folder = tmp_path_factory.mktemp("ingested")
    submit(cluster, undisturbed, "ingest", folder).finished()
    return folder


def submit(cluster: Cluster, undisturbed: Undisturbed, name: str, folder: Path) -> Process:
    """Submit a program of the repository, with the arguments that the undisturbed run had."""
    _, *args = (part.format(logs=undisturbed.logs) for part in COMMANDS[name])
    return cluster.submit(ROOT / "jobs" / f"{name}.py", *args, cwd=folder)


def check(
    spark: SparkSession, undisturbed: Undisturbed, name: str, folder: Path, fault: str
) -> None:
    """The tables are those of one machine, row for row."""
    lost, doubled = undisturbed.against(tables(spark, folder / "data"), name)
    report.say("killed on a cluster", f"{fault}: {lost} rows lost, {doubled} doubled")
    assert (lost, doubled) == (0, 0)


def test_detect_loses_an_executor_and_then_a_worker(
    spark: SparkSession, cluster: Cluster, undisturbed: Undisturbed, ingested: Path, tmp_path: Path
) -> None:
    data = shutil.copytree(ingested / "data", tmp_path / "data")
    job = submit(cluster, undisturbed, "detect", tmp_path)
    for batches, kill in ((0, cluster.kill_executor), (1, cluster.kill_worker)):
        assert job.wait_until(lambda n=batches: committed(data, "single-events") >= n), job.said()
        kill()
    job.finished()
    cluster.add_worker()

    assert job.log().count("Lost executor") >= 2
    check(spark, undisturbed, "detect", tmp_path, "detect, an executor and a worker")


def test_backfill_loses_an_executor_with_what_it_kept(
    spark: SparkSession, cluster: Cluster, undisturbed: Undisturbed, ingested: Path, tmp_path: Path
) -> None:
    """What was chosen for all detections is kept on executors alone: it has to be read again."""
    shutil.copytree(ingested / "data", tmp_path / "data")
    job = submit(cluster, undisturbed, "backfill", tmp_path)
    assert job.wait_until(lambda: "finished: localCheckpoint" in job.log(), every=0.2), job.said()
    cluster.kill_executor()
    job.finished()

    assert "Lost executor" in job.log()
    # Spark would go on interpreted, several times slower, after a page for each task.
    assert "Failed to compile" not in job.log()
    check(spark, undisturbed, "backfill", tmp_path, "backfill, an executor")
