"""Running streaming queries: once for a schedule, or for as long as the process lives."""

import argparse
import hashlib
import re
import signal
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pyspark.errors import StreamingQueryException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.streaming.query import StreamingQuery

from jobs.errors import UserError

Batch = Callable[[DataFrame, int], None]


@dataclass(frozen=True)
class Query:
    """A streaming query: its rows, what is done with each batch of them, where it remembers."""

    name: str
    rows: DataFrame
    batch: Batch
    checkpoint: str
    mode: str = "append"
    state_partitions: int | None = None

    def start(self, spark: SparkSession, *, follow: bool, trigger: timedelta) -> StreamingQuery:
        """Start the query; with `follow` it goes on, without it ends with what is there now."""
        writer = self.rows.writeStream.queryName(self.name).outputMode(self.mode)
        writer = writer.option("checkpointLocation", self.checkpoint).foreachBatch(self.batch)
        if follow:
            writer = writer.trigger(processingTime=f"{trigger / timedelta(seconds=1)} seconds")
        else:
            writer = writer.trigger(availableNow=True)
        before = spark.conf.get("spark.sql.shuffle.partitions")
        if self.state_partitions:
            # The checkpoint freezes it; other queries of the session keep their own.
            spark.conf.set("spark.sql.shuffle.partitions", str(self.state_partitions))
        try:
            return writer.start()
        finally:
            spark.conf.set("spark.sql.shuffle.partitions", str(before))


def run(spark: SparkSession, queries: Sequence[Query], *, follow: bool, trigger: timedelta) -> None:
    """Run queries side by side until they end, one fails, or the process is asked to stop.

    Raises:
        UserError: a query failed; the others were stopped after their batch.
    """
    stopping = threading.Event()
    previous = _on_signal(stopping)
    started: list[StreamingQuery] = []
    try:
        for query in queries:
            started.append(query.start(spark, follow=follow, trigger=trigger))
        while not stopping.is_set() and all(query.isActive for query in started if follow):
            if not any(query.isActive for query in started):
                break
            stopping.wait(0.1)
        failures = [(q.name, q.exception()) for q in started if not q.isActive and q.exception()]
    finally:
        for active in started:
            _stop_after_batch(active)
        for number, handler in previous.items():
            signal.signal(number, handler)
    if failures:
        name, error = failures[0]
        raise failed(str(name), error)


def failed(name: str, error: StreamingQueryException | None) -> Exception:
    """Return the error of a query that failed, as one line where a user can mend it."""
    text = str(error)
    # What a batch raised comes back as the text of its stack trace.
    said = re.search(r"\bUserError: (.+)", text)
    if said:
        return UserError(f"the query {name} stopped: {said[1]}")
    for sign, remedy in _REMEDIES.items():
        if sign in text:
            return UserError(f"the query {name} stopped: {remedy}")
    return RuntimeError(f"the query {name} failed: {text}")


_REMEDIES = {
    "DELTA_SOURCE_TABLE_IGNORE_CHANGES": (
        "rows of its source were changed or deleted; keep the table append-only, or run "
        "`trailhound backfill` over what changed and start from a new checkpoint"
    ),
    "DELTA_VERSIONS_NOT_CONTIGUOUS": (
        "versions of its source are gone; run `trailhound backfill` over what they held and start "
        "from a new checkpoint"
    ),
}


def query_id(spark: SparkSession) -> str:
    """Return the id of the query whose batch is being handled: that of its checkpoint."""
    found = spark.sparkContext.getLocalProperty("sql.streaming.queryId")
    if not found:
        raise RuntimeError("no streaming query runs here")
    return found


def folder(text: str) -> str:
    """Return a name for a folder that stands for a text of any kind."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def now() -> datetime:
    """Return the time by the clock, as Spark takes it: UTC, naive where Spark wants it so."""
    return datetime.now(UTC)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the choice between once and for ever."""
    how = parser.add_mutually_exclusive_group()
    how.add_argument(
        "--once", action="store_true", help="take what is there now, then end (the default)"
    )
    how.add_argument("--follow", action="store_true", help="go on with what comes, until stopped")


def _stop_after_batch(query: StreamingQuery) -> None:
    """Stop a query between two batches, so that nothing is left half done."""
    waiting = threading.Event()
    while query.isActive and query.status["isTriggerActive"] and not query.exception():
        waiting.wait(0.1)
    query.stop()


def _on_signal(stopping: threading.Event) -> dict[int, Any]:
    if threading.current_thread() is not threading.main_thread():
        return {}
    return {
        number: signal.signal(number, lambda *_: stopping.set())
        for number in (signal.SIGTERM, signal.SIGINT)
    }
