"""Speed as ratios in one run: trailhound against Spark itself on the same rows, turn by turn.

Every row pairs one of our tasks with a floor: what Spark needs for the same data without us. The
two run in turn, several times; the ratio is of their medians, the spread that of single pairs.
"""

import argparse
import gc
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType
from rich.console import Console
from rich.table import Table as Shown

from trailhound import Detection, SingleEvent, load
from trailhound.detect import backfill
from trailhound.detect import stream as detect
from trailhound.detect.backfill import Work
from trailhound.detect.stream import Detect
from trailhound.engine.conditions import may_be_call
from trailhound.engine.evaluate import matching, single_alerts
from trailhound.engine.records import FIELDS
from trailhound.ingest import stream as ingest
from trailhound.ingest.reader import find
from trailhound.lake.table import Table
from trailhound.runtime.config import Config, Stream, Tables
from trailhound.runtime.session import session
from trailhound.simulation.simulate import simulate
from trailhound.streaming.runner import Query

Task = Callable[[], Any]
EVER = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC))


@dataclass(frozen=True)
class Row:
    """One line of the result: seconds of both, and the ratio of each pair."""

    name: str
    ours: list[float]
    floor: list[float]
    aim: float

    @property
    def ratio(self) -> float:
        return statistics.median(self.ours) / statistics.median(self.floor)

    @property
    def pairs(self) -> list[float]:
        return [a / b for a, b in zip(self.ours, self.floor, strict=True)]


def timed(task: Task) -> float:
    gc.collect()
    start = time.perf_counter()
    task()
    return time.perf_counter() - start


def compare(name: str, ours: Task, floor: Task, aim: float, runs: int, warm_up: int = 1) -> Row:
    """Run the two in turn; the first turns, in which Java compiles, do not count."""
    sys.stderr.write(f"measuring: {name}\n")
    for _ in range(warm_up):
        ours()
        floor()
    times = [(timed(ours), timed(floor)) for _ in range(runs)]
    return Row(name, [a for a, _ in times], [b for _, b in times], aim)


def carried_out(frame: DataFrame) -> Task:
    """Plan and run it anew each time: a frame that is collected again reuses its shuffles."""
    return lambda: frame.write.format("noop").mode("overwrite").save()


def floor_scan(events: DataFrame, detections: list[Detection]) -> DataFrame:
    """Spark's own scan with the same pre-filter and the same columns, and nothing done to them."""
    conditions = [may_be_call(which) for which in dict.fromkeys(d.reads for d in detections)]
    rows = events.filter(reduce(or_, conditions))
    return rows.agg(*(F.count(name) for name in events.columns))


def copies(detections: list[SingleEvent], number: int) -> list[SingleEvent]:
    """`number` detections, each the copy of a real one under another id."""
    return [
        replace(detections[n % len(detections)], id=f"{detections[n % len(detections)].id}_{n}")
        for n in range(number)
    ]


def evaluation(spark: SparkSession, config: Config, runs: int) -> list[Row]:
    events = Table(config.tables.events).read(spark)
    detections = load()
    single = [d for d in detections if isinstance(d, SingleEvent)]
    floor = carried_out(floor_scan(events, list(detections)))
    one_pass = carried_out(single_alerts(matching(events, single), single))

    def everything() -> None:
        carried_out(backfill.evaluate(events, [Work(d, [EVER]) for d in detections], config))()

    few, many = (carried_out(matching(events, copies(single, n))) for n in (24, 240))
    return [
        compare("all single-event detections / scan", one_pass, floor, 1.2, runs),
        compare("all 24 detections / scan", everything, floor, 1.5, runs),
        compare("240 rules / 24 rules", many, few, 1.3, runs),
    ]


def going_live(spark: SparkSession, config: Config, work: Path, runs: int) -> Row:
    """New rates on a table with a history, until their streams wait, against one backfill of it."""
    rates = [d for d in load() if not isinstance(d, SingleEvent)]
    count = iter(range(10**6))

    def fresh() -> Config:
        where = config_in(work / f"live-{next(count)}")
        return replace(where, tables=replace(where.tables, events=config.tables.events))

    def ours() -> None:
        detect.run(spark, fresh(), rates, "bench")

    def floor() -> None:
        backfill.run(spark, fresh(), rates, "bench", *EVER)

    return compare("rates going live / a backfill of the history", ours, floor, 2, runs)


def ingestion(spark: SparkSession, logs: Path, work: Path, runs: int) -> Row:
    """Ingest into Delta against Spark's own read of the same JSON into Parquet."""
    count = iter(range(10**6))

    def ours() -> None:
        folder = work / f"ingest-{next(count)}"
        ingest.run(spark, config_in(folder), str(logs))
        shutil.rmtree(folder)

    files = find(spark, [str(logs)]).files
    record = StructType([StructField(name, StringType()) for name in FIELDS])

    def floor() -> None:
        out = work / f"parquet-{next(count)}"
        schema = f"Records array<{record.simpleString()}>"
        read = spark.read.schema(schema).option("multiLine", "true").json(files)
        read.select(F.inline("Records")).write.parquet(str(out))
        shutil.rmtree(out)

    return compare("ingest into Delta / Spark's JSON to Parquet", ours, floor, 1.5, runs)


def latency(spark: SparkSession, config: Config, work: Path, runs: int) -> Row:
    """From the commit of an event to the commit of its alert, against a batch that does nothing."""
    events = Table(config.tables.events).read(spark)
    quiet = events.filter("eventName = 'ListBuckets'").limit(50).localCheckpoint()
    sample = events.filter("eventName = 'ImportKeyPair'").limit(1).localCheckpoint()
    single = [d for d in load() if isinstance(d, SingleEvent)]
    count = iter(range(10**6))

    def prepared(name: str) -> tuple[Config, Any]:
        where = config_in(work / name)
        Table(where.tables.events).append(quiet, app=name, version=next(count))
        query = Detect(spark, where, list(single), name).queries()[0]
        return where, query

    our_config, our_query = prepared("latency")
    floor_config, like_ours = prepared("latency-floor")
    stream = Table(floor_config.tables.events).stream(spark)
    empty = Query("floor", stream, lambda rows, _: None, like_ours.checkpoint + "-empty")
    trigger = timedelta(milliseconds=10)
    started = [query.start(spark, follow=True, trigger=trigger) for query in (our_query, empty)]
    for query in started:
        query.processAllAvailable()

    def step(where: Config, query: Any, name: str) -> Task:
        def run() -> None:
            number = next(count)
            rows = sample.withColumn("eventID", F.lit(f"{name}-{number}"))
            Table(where.tables.events).append(rows, app=name, version=number)
            start = time.perf_counter()
            query.processAllAvailable()
            seconds[name].append(time.perf_counter() - start)

        return run

    seconds: dict[str, list[float]] = {"latency": [], "latency-floor": []}
    ours = step(our_config, started[0], "latency")
    floor = step(floor_config, started[1], "latency-floor")
    compare("commit of events to commit of the alert / empty batch", ours, floor, 3, runs, 2)
    for query in started:
        query.stop()
    return Row(
        "commit of events to commit of the alert / empty batch",
        seconds["latency"][2:],
        seconds["latency-floor"][2:],
        3,
    )


def simulation(work: Path, runs: int) -> Row:
    """Simulating against dumping and compressing the same records."""
    import gzip
    import json

    count = iter(range(10**6))

    def ours() -> None:
        simulate(work / f"simulated-{next(count)}", records=20_000)

    made = simulate(work / "simulated", records=20_000)
    files = sorted((work / "simulated" / "AWSLogs").rglob("*.gz"))
    documents = [json.loads(gzip.decompress(file.read_bytes())) for file in files]

    def floor() -> None:
        for document in documents:
            gzip.compress(json.dumps(document, separators=(",", ":")).encode())

    assert made.files == len(files)
    return compare("simulate / json and gzip of the same records", ours, floor, 4, runs)


def config_in(folder: Path) -> Config:
    tables = Tables(**{one.name: str(folder / one.name) for one in fields(Tables)})
    stream = Stream(checkpoints=str(folder / "checkpoints"), max_files_per_batch=10**6)
    return Config(tables=tables, stream=stream)


def peak_memory(spark: SparkSession) -> float:
    """The most that the driver's process held, in MiB."""
    jvm = spark._jvm
    assert jvm is not None
    pid = jvm.java.lang.ProcessHandle.current().pid()
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return float("nan")
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def shown(rows: list[Row]) -> Shown:
    table = Shown(box=None, pad_edge=False, header_style="bold")
    for name in ("what", "ours (s)", "floor (s)", "ratio", "pairs", "aim", ""):
        table.add_column(name, justify="left" if name in ("what", "") else "right")
    for row in rows:
        table.add_row(
            row.name,
            f"{statistics.median(row.ours):.2f}",
            f"{statistics.median(row.floor):.2f}",
            f"{row.ratio:.2f}",
            f"{min(row.pairs):.2f} to {max(row.pairs):.2f}",
            f"{row.aim:.1f}",
            "met" if row.ratio <= row.aim else "MISSED",
        )
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=5)
    args = parser.parse_args()
    spark = session("trailhound-bench", settings={"spark.sql.shuffle.partitions": "2"})
    with tempfile.TemporaryDirectory(prefix="trailhound-bench-") as folder:
        work = Path(folder)
        config = config_in(work / "main")
        sys.stderr.write(f"simulating {args.records} records\n")
        simulate(work / "main-raw", records=args.records)
        small = simulate(work / "small", records=min(args.records, 100_000))
        ingest.run(spark, config, str(work / "main-raw" / "AWSLogs"))
        rows = evaluation(spark, config, args.runs)
        rows.append(going_live(spark, config, work, args.runs))
        rows.append(ingestion(spark, small.truth.parent / "AWSLogs", work, args.runs))
        rows.append(latency(spark, config, work, args.runs))
        rows.append(simulation(work, args.runs))
        console = Console()
        console.print(f"{args.records} simulated events, {args.runs} runs each, medians")
        console.print(shown(rows))
        console.print(f"peak memory of the driver: {peak_memory(spark):.0f} MiB")
    spark.stop()


if __name__ == "__main__":
    main()
