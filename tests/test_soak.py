"""detect on and on: hours of CloudTrail in minutes, while state, heap and files stay bounded."""

import json
import os
import threading
from collections.abc import Iterator
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pytest
import report
from builders import Record, events, sign_in
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from test_jobs import config

from trailhound import Rate, load
from trailhound.detect import stream as detect
from trailhound.ingest import reader
from trailhound.lake.table import Table, create_events
from trailhound.runtime.config import Config
from trailhound.simulation.simulate import START, simulate

pytestmark = pytest.mark.proof

HOURS = int(os.environ.get("SOAK_HOURS", "18"))
HOUR = timedelta(hours=1)
RATES = [d.id for d in load() if isinstance(d, Rate)]


class Stream:
    """detect --follow beside the test, and what its queries say of themselves."""

    def __init__(self, spark: SparkSession, where: Config) -> None:
        self._spark = spark
        self._thread = threading.Thread(
            target=detect.run, args=(spark, where, load(), "soak"), kwargs={"follow": True}
        )

    def __enter__(self) -> "Stream":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for query in self._spark.streams.active:
            query.stop()
        self._thread.join()

    def caught_up(self) -> None:
        """Wait until all that is in the table is through every query."""
        pause = threading.Event()
        while len(self._spark.streams.active) < len(RATES) + 1:
            assert self._thread.is_alive()
            pause.wait(0.1)
        for query in self._spark.streams.active:
            query.processAllAvailable()

    def state(self) -> dict[str, int]:
        """How many windows each rate detection holds."""
        found = {}
        for query in self._spark.streams.active:
            progress: Any = query.lastProgress
            if query.name in RATES and progress:
                found[str(query.name)] = progress["stateOperators"][0]["numRowsTotal"]
        return found


def heap(spark: SparkSession) -> int:
    """Megabytes in use after a collection."""
    jvm: Any = spark._jvm
    jvm.System.gc()
    runtime = jvm.java.lang.Runtime.getRuntime()
    return int((runtime.totalMemory() - runtime.freeMemory()) / 2**20)


def state_files(where: Config) -> int:
    """Files of the checkpoints of the rate detections."""
    folders = Path(where.stream.checkpoints).glob("detect/*/*/*/state")
    return sum(1 for folder in folders for file in folder.rglob("*") if file.is_file())


def by_hour(spark: SparkSession, folder: Path) -> Iterator[Any]:
    """Simulated events as canonical rows, an hour of event time at a time."""
    found = reader.find(spark, [str(folder / "AWSLogs")])
    rows = reader.good(reader.read(spark, found.files))
    arrived = F.col("eventTime") + F.expr("INTERVAL 5 MINUTES")
    whole = rows.withColumn("ingestedAt", arrived).localCheckpoint()
    for hour in range(HOURS):
        start = START + hour * HOUR
        time = F.col("eventTime")
        yield whole.filter((time >= F.lit(start)) & (time < F.lit(start + HOUR)))


def closing() -> list[Record]:
    """Sign-ins long after everything else, so that the watermark passes all windows."""
    at = START + (HOURS + 200) * HOUR
    identity = {"type": "IAMUser", "accountId": "999999999999", "userName": "last"}
    return [sign_in(at=at), sign_in(by=identity, mfa="Yes", at=at)]


def test_soak(spark: SparkSession, tmp_path: Path) -> None:
    where = config(tmp_path)
    stream = {"trigger": timedelta(milliseconds=200), "settle_every": timedelta(minutes=1)}
    where = Config(where.tables, type(where.stream)(**{**vars(where.stream), **stream}))
    days = -(-HOURS // 24)
    made = simulate(tmp_path / "s", records=400 * 24 * days, days=days, seed=20240301)
    table = Table(where.tables.events)
    create_events(spark, table)
    sizes: list[tuple[int, int, int]] = []
    with Stream(spark, where) as running:
        for number, rows in enumerate(by_hour(spark, tmp_path / "s")):
            names = table.read(spark).columns
            table.append(rows.select(*names), app="soak", version=number)
            if number % 4 == 3:
                running.caught_up()
                windows = sum(running.state().values())
                sizes.append((windows, heap(spark), state_files(where)))
        table.append(events(spark, closing()), app="soak", version=HOURS)
        running.caught_up()
        last = running.state()

    windows, heaps, files = zip(*sizes, strict=True)
    report.say(
        "soak",
        f"{HOURS} hours: windows in state at most {max(windows)}, {sum(last.values())} at the end; "
        f"heap {heaps[0]} to {heaps[-1]} MiB; files of state {files[0]} to {files[-1]}",
    )
    # A closing event is in two windows at most: those of its own and of the next period.
    assert all(number <= 2 for number in last.values()), last
    assert max(heaps) < 1024
    assert files[-1] < 3 * max(files[: len(files) // 2])
    check_planted(spark, where, json.loads(made.truth.read_text())["alerts"])


def check_planted(spark: SparkSession, where: Config, planted: list[Any]) -> None:
    """Every planted attack of the hours that were played is an alert."""
    end = (START + HOURS * HOUR).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    wanted = sorted((a["detection_id"], a["event_time"]) for a in planted if a["event_time"] < end)
    found = sorted(
        (row.detection_id, f"{row.event_time:%Y-%m-%dT%H:%M:%SZ}")
        for row in Table(where.tables.alerts).read(spark).collect()
    )
    report.say("soak", f"{len(wanted)} attacks planted, {len(found)} found")
    assert found == wanted
