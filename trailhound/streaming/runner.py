"""Running streaming queries: once for a schedule, or for as long as the process lives."""

import argparse
import hashlib
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.streaming.query import StreamingQuery

from trailhound.errors import UserError
from trailhound.runtime import log
from trailhound.runtime.signals import asked_to_end
from trailhound.streaming.progress import Seen

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
            with _pool(spark, self.name):
                return writer.start()
        finally:
            spark.conf.set("spark.sql.shuffle.partitions", str(before))


@contextmanager
def _pool(spark: SparkSession, name: str) -> Iterator[None]:
    """Let what starts in the block share the cores evenly with what has another name.

    It takes spark.scheduler.mode=FAIR: without, the jobs of a slow query go before those of others.
    """
    context: Any = spark.sparkContext
    pool = "spark.scheduler.pool"
    before = context.getLocalProperty(pool)
    context.setLocalProperty(pool, name)
    try:
        yield
    finally:
        context.setLocalProperty(pool, before)


Mend = Callable[[str, Exception], Query | None]
"""What is done about a query that failed: another in its place, or none; or it raises."""


def run(
    spark: SparkSession,
    queries: Sequence[Query],
    *,
    follow: bool,
    trigger: timedelta,
    mend: Mend | None = None,
    every: timedelta = timedelta(days=1),
    housekeeping: Callable[[], None] = lambda: None,
) -> None:
    """Run queries side by side until they end, or the process is asked to stop.

    When one fails, `mend` decides whether the others go on. `housekeeping` is called `every` so
    often in between.

    Raises:
        UserError: a query failed; the others were stopped after their batch.
    """
    active: list[StreamingQuery] = []
    seen = Seen()
    due = time.monotonic() + every / timedelta(seconds=1)
    with asked_to_end() as asked:
        try:
            for query in queries:
                active.append(query.start(spark, follow=follow, trigger=trigger))
            while active and not asked.wait(0.1):
                seen.look(active)
                for ended in [query for query in active if not query.isActive]:
                    active.remove(ended)
                    seen.look([ended], now=True)
                    instead = _instead(ended, mend)
                    if instead:
                        log.info("query begun again", query=ended.name)
                        active.append(instead.start(spark, follow=follow, trigger=trigger))
                if time.monotonic() >= due:
                    housekeeping()
                    due = time.monotonic() + every / timedelta(seconds=1)
        finally:
            for running in active:
                _stop_after_batch(running)
                seen.look([running], now=True)
    for stopped in active:
        _instead(stopped, mend)


def _instead(ended: StreamingQuery, mend: Mend | None) -> Query | None:
    error = ended.exception()
    if error is None:
        return None
    if mend is None:
        raise failed(str(ended.name), error)
    return mend(str(ended.name), error)


def failed(name: str, error: Exception, place: str = "") -> Exception:
    """Return the error of a query that failed, as one line where a user can mend it.

    `place` says where it stopped, such as " at version 7".
    """
    mended = remedy(error)
    if mended:
        return UserError(f"the query {name} stopped{place}: {mended}")
    return RuntimeError(f"the query {name} failed: {error}")


def remedy(error: Exception) -> str | None:
    """Return what a user can do about an error of a query; None where it is none of theirs."""
    # What a batch raised comes back as the text of its stack trace.
    said = re.search(r"\bUserError: (.+)", str(error))
    if said:
        return said[1]
    return next((said for sign, said in _REMEDIES.items() if sign in str(error)), None)


def is_schema_change(error: Exception) -> bool:
    """Whether a query stopped because its source has got other columns: it can be begun again."""
    return any(sign in str(error) for sign in _SCHEMA_CHANGES)


_SCHEMA_CHANGES = ("DELTA_SCHEMA_CHANGED", "DELTA_STREAMING_METADATA_EVOLUTION")
_REMEDIES = {
    **dict.fromkeys(
        ("STATE_STORE_KEY_SCHEMA_NOT_COMPATIBLE", "STATE_STORE_VALUE_SCHEMA_NOT_COMPATIBLE"),
        "its state was kept by another version of trailhound; remove its checkpoint, and detect "
        "evaluates the whole events table anew: alerts that are there stay as they are",
    ),
    "DELTA_SOURCE_TABLE_IGNORE_CHANGES": (
        "rows of its source were changed or deleted; keep the table append-only, or run "
        "`trailhound backfill` over what changed and start from a new checkpoint"
    ),
    **dict.fromkeys(
        (
            "DELTA_VERSIONS_NOT_CONTIGUOUS",
            "DELTA_LOG_FILE_NOT_FOUND",
            "DELTA_FILE_NOT_FOUND",
            "FILE_NOT_EXIST",
        ),
        "its source no longer has what it held then (cleaned up or vacuumed); run `trailhound "
        "backfill` over that time and start from a new checkpoint, and keep history for longer than"
        " detect may be down",
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
    """Return the time by the clock, in UTC."""
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
