"""What status says of a place: fresh, behind, failing; and that it writes nothing."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from builders import record
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from rich.console import Console
from test_coverage import KEY, SINGLE, World

from trailhound.cli import main
from trailhound.lake.table import Table
from trailhound.ledger import health
from trailhound.ops import status, status_tables, status_text
from trailhound.streaming import checkpoints


@pytest.mark.usefixtures("spark")
def test_a_fresh_place_says_what_to_do_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = [f"tables.{name}={tmp_path / name}" for name in status.TABLES]
    told = [word for one in where for word in ("--set", one)]
    assert main(["status", *told]) == 0
    assert capsys.readouterr().out == f"{status_text.FRESH}\n"
    assert main(["status", "--json", *told]) == 0
    said = json.loads(capsys.readouterr().out)
    assert {one["state"] for one in said["detections"]} == {"silent"}
    assert not list(tmp_path.iterdir())


def test_status_tells_what_a_look_at_the_tables_would(spark: SparkSession, tmp_path: Path) -> None:
    world = World(spark, tmp_path)
    world.append([KEY])
    world.detect(SINGLE)
    world.append([record("ec2", "ImportKeyPair", {"keyName": "third"})])
    alerts = Table(world.config.tables.alerts)
    alerts.add(alerts.read(spark).withColumn("config_hash", F.lit("another")))
    (bad,) = [d for d in world.config.every() if d.id == "mfa_disabled"]
    health.report(spark, world.config, "r", "detect", [bad], {bad.id: "no column\x1b"})
    before = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*")}

    found = status.status(spark, world.config)

    assert {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*")} == before
    rows = {"events": 2, "alerts": 2, "coverage": 2, "uncounted": 0, "health": 1}
    assert {name: one.rows for name, one in found.tables.items() if one} == rows
    (query,) = found.queries
    assert (query.version, query.versions, query.rows) == (1, 1, 1)
    assert query.minutes is not None
    assert 0 <= query.minutes < 60
    assert [run.job for run in found.runs] == ["detect"]
    detections = {one.detection: one for one in found.detections}
    assert (detections[SINGLE.id].alerts, detections[SINGLE.id].old) == (2, 1)
    states = [detections[name].state for name in (SINGLE.id, bad.id, "rds_deleted")]
    assert states == ["", "failing", "silent"]
    assert (found.gaps, found.unsettled) == (24, 0)

    with (screen := Console(width=200)).capture() as shown:
        screen.print(*status_tables.tables(found))
    assert "behind by 1 version, 1 row," in shown.get()
    said = status_text.lines(found)
    assert "failing: mfa_disabled: no column\x1b" in said
    assert "raised by other settings or versions of a detection: 1 alert" in said


def test_a_query_whose_batch_takes_long_is_named() -> None:
    usual = status.Behind("single-events", "c/1", 3, 1, 10, 1.0, batch_minutes=2.0)
    slow = replace(usual, query="flooded", batch_minutes=status.SLOW_MINUTES + 1.0)
    between = replace(usual, query="idle", batch_minutes=None)
    said = status_text.closing(status.Status(queries=[usual, slow, between]))
    assert [line.split(":")[:2] for line in said] == [["slow", " flooded"]]
    assert "11 minutes ago" in said[0]


def test_a_batch_is_at_work_from_its_offsets_to_its_commit(
    spark: SparkSession, tmp_path: Path
) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    world = World(spark, tmp_path)
    world.append([KEY])
    world.detect(SINGLE)
    (query,) = status.status(spark, world.config).queries
    assert query.batch_minutes is None
    (commit,) = Path(query.checkpoint).glob("commits/[0-9]*")
    commit.unlink()
    begun = checkpoints.position(spark, query.checkpoint).begun_at
    assert begun is not None
    assert before <= begun <= datetime.now(UTC)
    (query,) = status.status(spark, world.config).queries
    assert query.batch_minutes is not None
    assert not query.is_slow
