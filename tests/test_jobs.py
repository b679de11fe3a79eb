"""ingest, detect and backfill on real Delta tables: what lands, and that nothing is done twice."""

import gzip
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from builders import Record, record
from pyspark.sql import DataFrame, SparkSession

from trailhound import load
from trailhound.detect import backfill, scan
from trailhound.detect import stream as detect
from trailhound.ingest import stream as ingest
from trailhound.lake.table import Table
from trailhound.runtime.config import Config, Stream, Tables

EARLY, LATE = datetime(2000, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC)


def config(folder: Path) -> Config:
    tables = Tables(**{one.name: str(folder / one.name) for one in fields(Tables)})
    return Config(tables=tables, stream=Stream(checkpoints=str(folder / "checkpoints")))


def deliver(file: Path, records: Sequence[Record], *, days_old: float = 0) -> Path:
    """Put a file where CloudTrail would."""
    file.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"Records": records}, separators=(",", ":"))
    file.write_bytes(gzip.compress(text.encode(), mtime=0))
    if days_old:
        then = file.stat().st_mtime - days_old * 86400
        os.utime(file, (then, then))
    return file


def rows(table: DataFrame, *, without: Sequence[str] = ()) -> list[tuple[Any, ...]]:
    kept = [name for name in table.columns if name not in without]
    return sorted(tuple(map(str, row)) for row in table.select(*kept).collect())


def alerts(spark: SparkSession, where: Config) -> list[tuple[Any, ...]]:
    table = Table(where.tables.alerts).read(spark)
    return rows(table, without=("created_at", "updated_at", "run_id"))


def versions(spark: SparkSession, where: Config) -> list[int]:
    return [Table(name).version(spark) for name in (where.tables.events, where.tables.alerts)]


@pytest.fixture(scope="module")
def real(spark: SparkSession, real_data: Path, tmp_path_factory: Any) -> tuple[Config, Path]:
    """The real AWSLogs tree, ingested and detected once."""
    folder = tmp_path_factory.mktemp("real")
    where, logs = config(folder), folder / "AWSLogs"
    shutil.copytree(real_data / "AWSLogs", logs)
    counts = ingest.run(spark, where, str(logs))
    assert (counts.files, counts.records, counts.events) == (55, 2900, 2900)
    assert (counts.quarantined_records, counts.damaged_files) == (0, 0)
    assert Table(where.tables.events).read(spark).count() == counts.events
    detect.run(spark, where, load(), "first")
    return where, logs


def test_tables_and_files_give_the_same_alerts(
    spark: SparkSession, real: tuple[Config, Path], real_data: Path
) -> None:
    where, _ = real
    found = scan.scan(spark, [str(real_data / "AWSLogs")], load(), as_of=LATE)
    ids = {(row.alert_id, row.evidence) for row in found.alerts}
    kept = Table(where.tables.alerts).read(spark).select("alert_id", "evidence").collect()
    assert {tuple(row) for row in kept} == ids
    assert len(kept) == 5


def test_doing_it_again_changes_nothing(spark: SparkSession, real: tuple[Config, Path]) -> None:
    where, logs = real
    before, stood = alerts(spark, where), versions(spark, where)

    assert ingest.run(spark, where, str(logs)) == ingest.Counts()
    detect.run(spark, where, load(), "second")
    assert versions(spark, where) == stood

    backfill.run(spark, where, load(), "third", EARLY, LATE)
    assert alerts(spark, where) == before


def test_the_same_files_under_other_names_raise_nothing_new(
    spark: SparkSession, real: tuple[Config, Path]
) -> None:
    where, logs = real
    before = alerts(spark, where)
    for file in sorted(logs.rglob("*.json.gz"))[:40]:
        shutil.copy(file, file.with_name("again_" + file.name))

    counts = ingest.run(spark, where, str(logs))
    detect.run(spark, where, load(), "again")

    assert counts.files == 40
    assert counts.events > 1000
    assert alerts(spark, where) == before


def test_backfill_alone_gives_the_alerts_of_the_stream(
    spark: SparkSession, real: tuple[Config, Path], tmp_path: Path
) -> None:
    where, _ = real
    tables = replace(where.tables, alerts=str(tmp_path / "alerts"))
    other = Config(tables=tables, stream=where.stream)
    cut = datetime(2023, 7, 10, 12, 26, 56, tzinfo=UTC)

    backfill.run(spark, other, load(), "one", EARLY, cut)
    backfill.run(spark, other, load(), "two", cut, LATE)

    assert alerts(spark, other) == alerts(spark, where)


def test_bad_files_and_records_are_quarantined_and_the_numbers_add_up(
    spark: SparkSession, tmp_path: Path
) -> None:
    where, logs = config(tmp_path), tmp_path / "AWSLogs"
    key = record("ec2", "ImportKeyPair", {"keyName": "k"})
    acl = record("ec2", "DeleteNetworkAcl", {"networkAclId": "acl-1"})
    timeless = {name: value for name, value in acl.items() if name != "eventTime"}
    deliver(logs / "1/good.json.gz", [key])
    deliver(logs / "1/mixed.json.gz", [acl, timeless, 5])  # type: ignore[list-item]
    cut = deliver(logs / "2/cut.json.gz", [key, acl])
    cut.write_bytes(cut.read_bytes()[:-9])
    (logs / "2/notes.txt").write_text("no CloudTrail")

    counts = ingest.run(spark, where, str(logs))

    assert counts.files == 3
    assert counts.records == counts.events + counts.quarantined_records
    assert counts.skipped_files == {"not .json, .jsonl or .ndjson": 1}
    events = Table(where.tables.events).read(spark)
    assert events.count() == counts.events
    assert events.filter("ingestedAt IS NULL OR sourceFile IS NULL").isEmpty()
    bad = Table(where.tables.quarantine).read(spark).collect()
    said = sorted((Path(row.sourceFile).name, row.sourcePosition, row.reason) for row in bad)
    assert said[0][0] == "cut.json.gz"
    assert [s for s in said if s[0] == "mixed.json.gz"] == [
        ("mixed.json.gz", 1, "no readable eventTime"),
        ("mixed.json.gz", 2, "not a JSON object"),
    ]
    assert "truncated gzip" in {reason for _, _, reason in said}
    assert counts.damaged_files == 1


def test_a_file_with_an_old_modification_time_is_ingested(
    spark: SparkSession, tmp_path: Path
) -> None:
    where, logs = config(tmp_path), tmp_path / "AWSLogs"
    deliver(logs / "first.json.gz", [record("ec2", "RunInstances")])
    ingest.run(spark, where, str(logs))
    deliver(logs / "restored.json.gz", [record("ec2", "StopInstances")], days_old=400)

    assert ingest.run(spark, where, str(logs)).events == 1
    assert Table(where.tables.events).read(spark).count() == 2
