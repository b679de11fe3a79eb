"""A job that is asked to end, in the middle of a micro-batch: it finishes that one and no other."""

import json
from pathlib import Path

import pytest
import report
from builders import record
from processes import SMALL, Process, trailhound
from pyspark.sql import SparkSession
from test_coverage import SINGLE, World
from test_jobs import deliver
from traces import committed, open_batches

from jobs.tables import Table

pytestmark = pytest.mark.proof

BATCHES = 6
ONE_A_BATCH = ("--set", "stream.max_files_per_batch=1")


def key(number: int) -> dict[str, object]:
    return record("ec2", "ImportKeyPair", {"keyName": f"k{number}"})


def told(folder: Path) -> list[str]:
    names = ("events", "quarantine", "alerts", "coverage", "uncounted", "health")
    where = [f"tables.{name}={folder / name}" for name in names]
    where.append(f"stream.checkpoints={folder / 'checkpoints'}")
    return [*SMALL, *ONE_A_BATCH, *(word for one in where for word in ("--set", one))]


def stop_within_a_batch(process: Process, folder: Path) -> int:
    """Ask a process to end while a batch after the first is at work; return that batch."""
    met: list[int] = []

    def is_met() -> bool:
        met[:] = [number for number in open_batches(folder).values() if number > 0]
        return bool(met)

    assert process.wait_until(is_met)
    process.stop()
    assert list(open_batches(folder).values()) == met, "it was in the middle of it"
    return met[0]


def test_ingest_finishes_its_batch(spark: SparkSession, tmp_path: Path) -> None:
    for number in range(BATCHES):
        deliver(tmp_path / "logs" / f"{number}.json.gz", [key(number)])
    process = trailhound("ingest", "logs", "--follow", "--json", *told(tmp_path), cwd=tmp_path)

    batch = stop_within_a_batch(process, tmp_path)

    said = json.loads(process.finished())
    assert open_batches(tmp_path) == {}
    done = committed(tmp_path, "ingest") + 1
    assert batch + 1 <= done < BATCHES
    assert said["events"] == Table(str(tmp_path / "events")).read(spark).count() == done
    report.say(
        "ingest", f"SIGTERM within batch {batch}: exit code 0, {done} batches, all committed"
    )


def test_detect_finishes_its_batch(spark: SparkSession, tmp_path: Path) -> None:
    world = World(spark, tmp_path)
    for number in range(BATCHES):
        world.append([key(number)])
    process = trailhound(
        "detect",
        "--follow",
        "--json",
        *("--detection", SINGLE.id, "--log-format", "json"),
        *told(tmp_path),
        cwd=tmp_path,
    )

    batch = stop_within_a_batch(process, tmp_path)

    said = json.loads(process.finished())
    assert open_batches(tmp_path) == {}
    (query,) = (folder.parent.name for folder in tmp_path.rglob("offsets"))
    done = committed(tmp_path, query) + 1
    assert batch + 1 <= done < BATCHES
    alerts = Table(world.config.tables.alerts).read(spark)
    assert said["alerts"] == alerts.count() == done
    logged = [json.loads(line) for line in process.log().splitlines() if line.startswith("{")]
    assert [one["batch"] for one in logged if "batch" in one] == list(range(done))
    assert (logged[-1]["message"], logged[-1]["exit_code"]) == ("ended", 0)

    assert world.detect(SINGLE).alerts.total() == BATCHES - done
    assert alerts.select("alert_id").distinct().count() == BATCHES
    assert world.gaps(SINGLE) == []
    report.say(
        "detect", f"SIGTERM within batch {batch}: exit code 0, {done} batches, all committed"
    )
