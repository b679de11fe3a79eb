"""Who still has to read which versions of the events table: what cleaning up must leave alone."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from trailhound.errors import UserError
from trailhound.lake.delta_log import History
from trailhound.lake.folder import Folder
from trailhound.lake.table import Table
from trailhound.ledger.ledger import STREAM, Ledger
from trailhound.ledger.reconcile import Settlement
from trailhound.runtime.config import Config
from trailhound.streaming import checkpoints
from trailhound.times import collected


@dataclass(frozen=True)
class Hold:
    """A consumer of a table, and what it still needs of it.

    Files that were part of the table at version `version` or later, and the log from `log_version`
    on. The times are those of the two commits. None: that version is still to come. `is_lost`: the
    log no longer tells of one of them.
    """

    who: str
    version: int
    log_version: int
    since: datetime | None = None
    log_since: datetime | None = None
    is_lost: bool = False


def holds(spark: SparkSession, config: Config) -> list[Hold]:
    """Return the queries of detect on the events table, and what they and the ledger still need.

    Queries are those of the folder of checkpoints and those that the ledger names. Nothing is
    written.
    """
    history = History(spark, Table(config.tables.events))
    newest = history.newest()
    pending = unsettled(spark, config)
    found = []
    for checkpoint in queries(spark, config):
        needed = checkpoints.needed(spark, checkpoint)
        if needed is None:
            continue
        first = needed.version
        if not needed.is_snapshot:
            # What a compaction put together is nothing new: who is idle is not behind.
            first = _adding(history, first, newest)
        first = min(first, pending.get(checkpoint, first))
        log = min(needed.log_version, first)
        found.append(_dated(history, newest, checkpoints.title(checkpoint), first, log))
    return found


def _adding(history: History, first: int, newest: int) -> int:
    """The first version from `first` on that brought rows; the next to come if none did."""
    try:
        return next((one.number for one in history.versions(first, newest)), newest + 1)
    except UserError:
        return first


def queries(spark: SparkSession, config: Config) -> list[str]:
    """Return the checkpoints of detect on the events table."""
    home = checkpoints.home(config)
    found = set(_below(spark, home))
    known = ledger(spark, config)
    if known:
        rows = known.rectangles().filter(F.col("kind") == STREAM).select("checkpoint").distinct()
        found |= {row.checkpoint for row in collected(rows) if row.checkpoint}
    return sorted(found)


def _below(spark: SparkSession, home: str) -> Iterable[str]:
    """Checkpoints: `single-events`, and a folder in that of each rate detection."""
    for name in Folder(spark, home).names():
        inner = Folder(spark, f"{home}/{name}").names()
        if "offsets" in inner:
            yield f"{home}/{name}"
        else:
            yield from (f"{home}/{name}/{one}" for one in inner)


def unsettled(spark: SparkSession, config: Config) -> dict[str, int]:
    """Return, by checkpoint, the first version in which late events are still to be looked for."""
    known = ledger(spark, config)
    if known is None:
        return {}
    found: dict[str, int] = {}
    for part in Settlement(spark, config, known, config.every()).parts():
        found[part.of.checkpoint] = min(part.first, found.get(part.of.checkpoint, part.first))
    return found


def ledger(spark: SparkSession, config: Config) -> Ledger | None:
    """Return the ledger; None where there is none: a Ledger makes its tables."""
    tables = config.tables
    names = (tables.events, tables.coverage, tables.uncounted)
    return Ledger(spark, config) if all(Table(n).exists(spark) for n in names) else None


def _dated(history: History, newest: int, who: str, version: int, log_version: int) -> Hold:
    since = history.committed_at(version) if version <= newest else None
    log_since = history.committed_at(log_version) if log_version <= newest else None
    is_lost = (version <= newest and since is None) or (log_version <= newest and log_since is None)
    return Hold(who, version, log_version, since, log_since, is_lost)


def age(since: datetime | None, now: datetime) -> float:
    """Return how many hours ago something was; 0 for what is still to come."""
    return max((now - since.astimezone(UTC)).total_seconds() / 3600, 0.0) if since else 0.0
