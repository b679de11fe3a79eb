"""A flood of one key costs what as many other events cost, and hides nothing."""

import time
from dataclasses import replace
from datetime import timedelta
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
import report
from builders import ACCOUNT, NOON, ROOT, events, sign_in
from oracle import RATES, distinct_events, rate_alerts, root_console_brute_force
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from test_jobs import alerts, config

from trailhound import Rate, load
from trailhound.detect import backfill
from trailhound.detect import stream as detect
from trailhound.lake.table import Table, create_events
from trailhound.runtime.config import Config

pytestmark = pytest.mark.proof

(BRUTE,) = (d for d in load(["root_console_brute_force"]) if isinstance(d, Rate))
HOUR = timedelta(hours=1)
EARLY, LATE = NOON - timedelta(days=1), NOON + timedelta(days=1)
COLUMNS = ("entity", "event_time", "first_event_time", "last_event_time", "event_count")
SIZES = (1_000, 10_000, 100_000, 1_000_000)
KEYS, EACH = 100_000, 10


def account(number: int) -> str:
    return f"{int(ACCOUNT) + number:012d}"


def flood(spark: SparkSession, size: int, *, first: int = 0, keys: int = 1) -> DataFrame:
    """Failed sign-ins of root in the hour from noon on, evenly spread, each account in turn."""
    template = events(spark, [sign_in(by=ROOT)])
    template = template.drop("eventTime", "eventID").localCheckpoint()
    apart = HOUR // size / timedelta(microseconds=1)
    number = F.col("id")
    of = F.lpad((F.lit(int(account(first))) + number % keys).cast("string"), 12, "0")
    rows = spark.range(size, numPartitions=2).join(F.broadcast(template))
    rows = rows.withColumn("userIdentity", F.col("userIdentity").withField("accountId", of))
    start = F.unix_micros(F.lit(NOON.isoformat()).cast("timestamp"))
    rows = rows.withColumns(
        {
            "eventTime": F.timestamp_micros(start + (number * apart).cast("long")),
            "eventID": F.format_string(f"flood-{first}-%08d", number),
        }
    )
    return rows.select(*events(spark, []).columns)


def wanted(size: int, *, first: int) -> list[tuple[Any, ...]]:
    """What the oracle says of the same events."""
    apart = HOUR // size
    template = sign_in(by={**ROOT, "accountId": account(first)})
    records = (
        {
            **template,
            "eventID": f"flood-{first}-{n:08d}",
            "eventTime": f"{NOON + n * apart:%Y-%m-%dT%H:%M:%S.%fZ}",
        }
        for n in range(size)
    )
    found = rate_alerts(root_console_brute_force, distinct_events(records), RATES[BRUTE.id])
    return [
        (a.entity, *(getattr(a, name).replace(tzinfo=None) for name in COLUMNS[1:4]), a.event_count)
        for a in found
    ]


def raised(spark: SparkSession, where: Config) -> list[tuple[Any, ...]]:
    return sorted(
        tuple(row) for row in Table(where.tables.alerts).read(spark).select(*COLUMNS).collect()
    )


def place(spark: SparkSession, folder: Path, rows: DataFrame) -> Config:
    where = config(folder)
    # The stream itself takes all there is: no batch before it.
    where = replace(where, stream=replace(where.stream, max_history_rows=10**9))
    create_events(spark, Table(where.tables.events))
    Table(where.tables.events).append(rows, app="flood", version=0)
    return where


def timed(task: Any) -> float:
    start = time.perf_counter()
    task()
    return time.perf_counter() - start


def ways(spark: SparkSession, folder: Path, rows: DataFrame) -> dict[str, tuple[Config, float]]:
    """The flood as a stream, as a backfill, and as late events of a stream that went on."""
    streamed = place(spark, folder / "stream", rows)
    found = {"stream": timed(lambda: detect.run(spark, streamed, [BRUTE], "flood"))}
    filled = place(spark, folder / "backfill", rows)
    found["backfill"] = timed(lambda: backfill.run(spark, filled, [BRUTE], "flood", EARLY, LATE))
    ahead = events(spark, [sign_in(by={**ROOT, "accountId": "9" * 12}, at=NOON + 9 * HOUR)])
    late = place(spark, folder / "late", ahead)
    detect.run(spark, late, [BRUTE], "before")
    Table(late.tables.events).append(rows, app="flood", version=1)
    found["late"] = timed(lambda: detect.run(spark, late, [BRUTE], "late"))
    return {
        name: (where, found[name])
        for name, where in (("stream", streamed), ("backfill", filled), ("late", late))
    }


@pytest.fixture(scope="module")
def floods(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """One account with each number of events, all at once."""
    rows = [flood(spark, size, first=number) for number, size in enumerate(SIZES)]
    return ways(spark, tmp_path_factory.mktemp("flood"), reduce(DataFrame.union, rows))


def test_a_flood_raises_what_the_oracle_says(spark: SparkSession, floods: dict[str, Any]) -> None:
    right = [row for number, size in enumerate(SIZES) for row in wanted(size, first=number)]
    assert len(right) == len(SIZES)
    for name, (where, seconds) in floods.items():
        assert raised(spark, where) == sorted(right), name
        report.say("flood", f"{SIZES[-1]:,} events of one key in an hour, {name}: {seconds:.1f} s")


def test_a_flood_has_the_same_rows_whichever_way_it_came(
    spark: SparkSession, floods: dict[str, Any]
) -> None:
    streamed, filled, late = (alerts(spark, where) for where, _ in floods.values())
    assert streamed == filled == late


def test_as_many_events_of_many_keys_raise_one_alert_each(
    spark: SparkSession, tmp_path: Path
) -> None:
    # The events of one key lie over the whole hour: no shorter window holds them.
    where = place(spark, tmp_path, flood(spark, KEYS * EACH, keys=KEYS))
    detection = BRUTE.configured(window="1 hour")
    seconds = timed(lambda: detect.run(spark, where, [detection], "keys"))
    found = Table(where.tables.alerts).read(spark)
    assert found.count() == KEYS == found.select("entity").distinct().count()
    assert {row.event_count for row in found.select("event_count").distinct().collect()} == {EACH}
    report.say("flood", f"{EACH} events of each of {KEYS:,} keys, stream: {seconds:.1f} s")
