"""How it is going: the tables, the queries, the last runs, the detections. Nothing is written."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from trailhound.errors import UserError
from trailhound.lake.delta_log import History, Version, add_rows
from trailhound.lake.maintenance import Extent, Upkeep
from trailhound.lake.table import Table
from trailhound.ledger import gaps, health
from trailhound.ops import consumers
from trailhound.runtime.config import Config
from trailhound.streaming import checkpoints
from trailhound.times import collected, literal

TABLES = ("events", "quarantine", "alerts", "coverage", "uncounted", "health")
# The commits of a table's history in which the last run of each kind is looked for.
_COMMITS = 200
_RECENT = timedelta(days=7)
NOISY = 100
"""A detection that raised more alerts than this in the last seven days is called noisy."""
SLOW_MINUTES = 10
"""A query whose batch has not ended after so long is called slow."""


Delay = tuple[int | None, int | None, float | None]


@dataclass(frozen=True)
class Behind:
    """A query of detect: the newest version it has committed, and what it has not yet read.

    `versions` that brought rows, their `rows`, and for how many `minutes` the oldest of them has
    waited; None where the log no longer says. `batch_minutes`: since when its batch is at work, or
    was left behind by a run that died; None between two batches.
    """

    query: str
    checkpoint: str
    version: int
    versions: int | None
    rows: int | None
    minutes: float | None
    batch_minutes: float | None = None

    @property
    def is_slow(self) -> bool:
        """Whether its batch takes longer than batches do."""
        return self.batch_minutes is not None and self.batch_minutes > SLOW_MINUTES


@dataclass(frozen=True)
class Run:
    """The last run of one kind that left a trace in the tables."""

    job: str
    run_id: str | None
    at: datetime


@dataclass(frozen=True)
class Standing:
    """One detection: its alerts, the new ones of seven days, and those with an `old` config_hash.

    `state` is failing, broken, off, silent (no alert ever), noisy, or nothing.
    """

    detection: str
    state: str
    alerts: int
    recent: int
    old: int
    newest: datetime | None
    reason: str = ""


@dataclass
class Status:
    """All of it. A table that is not there is None; `gaps` is None where nobody can tell."""

    tables: dict[str, Extent | None] = field(default_factory=dict)
    queries: list[Behind] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    detections: list[Standing] = field(default_factory=list)
    gaps: int | None = None
    unsettled: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def is_fresh(self) -> bool:
        """Whether no table is there yet."""
        return not any(self.tables.values())


def status(spark: SparkSession, config: Config) -> Status:
    """Return how it is going, by the logs of the tables and the checkpoints."""
    found = Status()
    for name in TABLES:
        table = Table(getattr(config.tables, name))
        found.tables[name] = Upkeep(spark, table).extent() if table.exists(spark) else None
    if found.tables["events"]:
        found.queries = _queries(spark, config)
        found.gaps, found.unsettled = _gaps(spark, config, found.notes)
    found.runs = sorted(_runs(spark, config, found), key=lambda run: run.at, reverse=True)
    found.detections = _detections(spark, config, is_there=bool(found.tables["alerts"]))
    return found


def _queries(spark: SparkSession, config: Config) -> list[Behind]:
    history = History(spark, Table(config.tables.events))
    newest, oldest = history.newest(), history.oldest()
    paths = consumers.queries(spark, config)
    needs = {path: checkpoints.needed(spark, path) for path in paths}
    found = []
    firsts = {path: need.version for path, need in needs.items() if need}
    versions = _versions(history, min(firsts.values(), default=newest + 1), newest, oldest)
    for path, first in firsts.items():
        behind: Delay = (None, None, None)
        position = checkpoints.position(spark, path, after=first - 2)
        version = position.version
        if first >= oldest and versions is not None:
            behind = _behind(history, [v for v in versions if v.number > version])
        batch = _minutes(position.begun_at)
        found.append(Behind(checkpoints.title(path), path, version, *behind, batch))
    return found


def _versions(history: History, first: int, newest: int, oldest: int) -> list[Version] | None:
    try:
        return history.versions(max(first, oldest), newest)
    except UserError:
        return None


def _behind(history: History, versions: Sequence[Version]) -> Delay:
    if not versions:
        return 0, 0, 0.0
    since = history.committed_at(versions[0].number)
    return len(versions), add_rows(versions), _minutes(since)


def _minutes(since: datetime | None) -> float | None:
    return round(consumers.age(since, datetime.now(UTC)) * 60, 1) if since else None


def _gaps(spark: SparkSession, config: Config, notes: list[str]) -> tuple[int | None, int]:
    """How many gaps the ledger shows, and of how many streams it does not tell all yet."""
    ledger = consumers.ledger(spark, config)
    if ledger is None:
        return None, 0
    try:
        unsettled = len(consumers.unsettled(spark, config))
        return len(gaps.recorded(ledger, config.chosen())), unsettled
    except UserError as error:
        notes.append(f"gaps: {error}")
        return None, 0


def _runs(spark: SparkSession, config: Config, of: Status) -> Iterator[Run]:
    """The last runs: those of the ledger, and what the history of the events table tells."""
    if of.tables["coverage"]:
        rows = Table(config.tables.coverage).read(spark)
        newest = F.max(F.struct("recorded_at", "run_id")).alias("n")
        names = {"stream": "detect"}
        for row in collected(rows.groupBy("kind").agg(newest).select("kind", "n.*")):
            yield Run(names.get(row.kind, row.kind), row.run_id, row.recorded_at)
    if of.tables["events"]:
        history = Table(config.tables.events).delta(spark).history(_COMMITS)
        is_ingest = F.col("userMetadata").startswith("trailhound ingest")
        is_upkeep = F.col("operation").isin("OPTIMIZE", "VACUUM END")
        job = F.when(is_ingest, "ingest").when(is_upkeep, "maintain").alias("job")
        last = history.select(job, "timestamp").dropna().groupBy("job").agg(F.max("timestamp"))
        for name, at in collected(last):
            yield Run(name, None, at)


def _detections(spark: SparkSession, config: Config, *, is_there: bool) -> list[Standing]:
    """Every detection, and every other id that has alerts."""
    chosen = {d.id: d.config_hash for d in config.chosen()}
    hashes = {d.id: d.config_hash for d in config.every()} | chosen
    failing, broken = health.failing(spark, config), config.broken()
    counts = _alerts(spark, config) if is_there else {}
    found = []
    for name in sorted({*hashes, *counts, *broken}):
        rows = counts.get(name, [])
        total, recent = (sum(row[n] for row in rows) for n in ("alerts", "recent"))
        old = sum(row.alerts for row in rows if row.config_hash != hashes.get(name))
        newest = max((row.newest for row in rows), default=None)
        state = "silent" if not total else "noisy" if recent > NOISY else ""
        state = state if name in chosen else "off"
        state = "failing" if name in failing else "broken" if name in broken else state
        reason = failing.get(name, broken.get(name, ""))
        found.append(Standing(name, state, total, recent, old, newest, reason))
    return found


def _alerts(spark: SparkSession, config: Config) -> Mapping[str, list[Any]]:
    """Alerts by detection and config_hash: of these four columns alone nothing else is read."""
    since = literal(datetime.now(UTC) - _RECENT)
    rows = Table(config.tables.alerts).read(spark).groupBy("detection_id", "config_hash")
    counted = rows.agg(
        F.count("*").alias("alerts"),
        F.count_if(F.col("created_at") >= since).alias("recent"),
        F.max("event_time").alias("newest"),
    )
    found: dict[str, list[Any]] = {}
    for row in collected(counted):
        found.setdefault(row.detection_id, []).append(row)
    return found
