"""Batch = stream: the same alerts in any split into files and micro-batches, in any order."""

import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from builders import Record, events, record
from oracle import RATES as RATES_OF_THE_LAW
from oracle import evaluate
from pyspark.sql import SparkSession
from test_detections import RATE_CASES, RATES, SINGLE, SINGLE_CASES, in_own_world
from test_jobs import alerts as table_of
from test_jobs import config, rows

from trailhound import alerts
from trailhound.detect import stream as detect
from trailhound.lake.table import Table, create_events

SEED = 20240301
pytestmark = pytest.mark.proof


def records() -> list[Record]:
    """The records of every case that runs with default options, each in a world of its own."""
    found = [{**case.record, "eventID": f"s{n}"} for n, (_, case) in enumerate(SINGLE_CASES)]
    for number, (_, case) in enumerate(RATE_CASES):
        if not case.options:
            found += in_own_world(case, number)
    return found


@pytest.fixture(scope="module")
def streamed(
    spark: SparkSession, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Any, list[Record]]:
    """The cases through the stream: shuffled, some of them twice, in two runs of two commits."""
    where = config(tmp_path_factory.mktemp("streams"))
    # All is within the delay, so that any order is allowed.
    where = replace(where, stream=replace(where.stream, watermark_delay=timedelta(days=400)))
    all_records = records()
    rng = random.Random(SEED)
    shuffled = all_records + rng.sample(all_records, len(all_records) // 10)
    rng.shuffle(shuffled)
    table = Table(where.tables.events)
    create_events(spark, table)
    for run in range(2):
        # A transaction's version only ever grows: Delta passes over one that it has seen.
        for number in (2 * run, 2 * run + 1):
            table.append(events(spark, shuffled[number::4]), app="test", version=number)
        detect.run(spark, where, [*SINGLE, *RATES], f"run {run}")
    return where, all_records


def test_stream_equals_batch(spark: SparkSession, streamed: tuple[Any, list[Record]]) -> None:
    where, all_records = streamed
    batch = alerts(events(spark, all_records), [*SINGLE, *RATES])
    assert table_of(spark, where) == rows(batch)


def test_stream_equals_the_oracle_on_rates(
    spark: SparkSession, streamed: tuple[Any, list[Record]]
) -> None:
    where, all_records = streamed
    table = Table(where.tables.alerts).read(spark).filter("threshold IS NOT NULL")
    names = ("detection_id", "entity", "event_time", "first_event_time", "last_event_time")
    names += ("event_count", "distinct_count", "event_ids", "account_id", "source_ip")
    found = sorted(
        tuple(tuple(value) if isinstance(value, list) else value for value in row)
        for row in table.select(*names).collect()
    )
    wanted = sorted(
        (
            a.detection_id,
            a.entity,
            *(
                t.replace(tzinfo=None)
                for t in (a.event_time, a.first_event_time, a.last_event_time)
            ),
            a.event_count,
            a.distinct_count,
            a.event_ids,
            a.account_id,
            a.source_ip,
        )
        for a in evaluate(all_records)
        if a.detection_id in RATES_OF_THE_LAW
    )
    assert found == wanted
    assert len(found) > 50


def test_running_again_writes_no_new_version(
    spark: SparkSession, streamed: tuple[Any, list[Record]]
) -> None:
    where, _ = streamed
    before = Table(where.tables.alerts).version(spark)
    detect.run(spark, where, [*SINGLE, *RATES], "again")
    assert Table(where.tables.alerts).version(spark) == before


def test_new_detections_take_the_whole_table_first(
    spark: SparkSession, streamed: tuple[Any, list[Record]], tmp_path: Path
) -> None:
    where, _ = streamed
    fresh = replace(
        where,
        tables=replace(where.tables, alerts=str(tmp_path / "alerts")),
        stream=replace(
            where.stream, checkpoints=str(tmp_path / "new"), watermark_delay=timedelta(hours=2)
        ),
    )
    detect.run(spark, fresh, [*SINGLE, *RATES], "fresh")
    assert table_of(spark, fresh) == table_of(spark, where)


def test_bursts_over_the_moment_of_going_live_are_one_alert(
    spark: SparkSession, tmp_path: Path
) -> None:
    """A history of several commits in no order, and what comes after the first run has seen it."""
    where = config(tmp_path)
    in_time = sorted((r for r in records() if "eventTime" in r), key=lambda r: str(r["eventTime"]))
    history, fresh = in_time[: len(in_time) // 2], in_time[len(in_time) // 2 :]
    random.Random(SEED).shuffle(history)
    table = Table(where.tables.events)
    create_events(spark, table)
    for number in range(4):
        table.append(events(spark, history[number::4]), app="test", version=number)
    detect.run(spark, where, [*SINGLE, *RATES], "going live")
    table.append(events(spark, fresh), app="test", version=4)
    detect.run(spark, where, [*SINGLE, *RATES], "live")

    batch = alerts(events(spark, in_time), [*SINGLE, *RATES]).persist()
    assert table_of(spark, where) == rows(batch)
    old = {str(one.get("eventID")) for one in history}
    rates = [set(row.event_ids) for row in batch.filter("threshold IS NOT NULL").collect()]
    spanning = [ids for ids in rates if ids & old and ids - old]
    assert len(spanning) > 3, "no burst lies over the moment"


def test_one_detection_alone_does_not_move_the_position_of_all(
    spark: SparkSession, tmp_path: Path
) -> None:
    where = config(tmp_path)
    table = Table(where.tables.events)
    create_events(spark, table)
    both = [record("ec2", "ImportKeyPair"), record("iam", "DeactivateMFADevice")]
    table.append(events(spark, both), app="test", version=0)
    by_id = {d.id: d for d in SINGLE}

    detect.run(spark, where, [by_id["mfa_disabled"]], "alone")
    detect.run(spark, where, SINGLE, "all")

    found = {row.detection_id for row in Table(where.tables.alerts).read(spark).collect()}
    assert found == {"mfa_disabled", "ec2_key_pair_imported"}
