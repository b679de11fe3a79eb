"""The upkeep of trailhound's tables: small files put together, files that nobody needs deleted."""

import argparse
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime

from pyspark.sql import SparkSession

from trailhound.engine.detection import parse_duration
from trailhound.errors import UserError
from trailhound.lake.maintenance import Upkeep
from trailhound.lake.table import Table
from trailhound.ops import consumers
from trailhound.ops.consumers import Hold
from trailhound.runtime.config import Config, Tables
from trailhound.runtime.job import Job
from trailhound.texts import counted, size

TABLES = [one.name for one in fields(Tables)]
LEAST_HOURS = 168
"""Delta keeps what a table no longer uses for a week, unless its own check is switched off."""
# Who reads has this long beyond what is reckoned.
_MARGIN_HOURS = 24
_LOG, _REMOVED = "delta.logRetentionDuration", "delta.deletedFileRetentionDuration"


@dataclass(frozen=True)
class Kept:
    """What became of one table.

    `skipped` says why nothing was done, `held` why no file was deleted. Files and bytes are those
    that were put together, `into` how many; `deleted` files had been unused for `keep_hours`.
    `needed_hours` is how long ago the oldest thing that is still needed was in the table, `by`
    whom. `set` are the properties of the table that were changed.
    """

    name: str
    table: str
    skipped: str = ""
    compacted: int = 0
    compacted_bytes: int = 0
    into: int | None = None
    deleted: int = 0
    keep_hours: float = 0
    held: str = ""
    needed_hours: float = 0
    by: str = ""
    set: Mapping[str, str] | None = None


def run(
    spark: SparkSession,
    config: Config,
    names: Sequence[str] | None = None,
    *,
    keep_hours: float = LEAST_HOURS,
    dry_run: bool = False,
) -> Iterator[Kept]:
    """Put small files of each table together, and delete those unused for `keep_hours`.

    `names` are those of the configuration, such as events; None for all. A table is left alone if
    it is not there, or if it is one of events that ingest did not make and fill.
    Files that a query of detect still needs stay, whatever `keep_hours` says.
    """
    for name in names or TABLES:
        table = Table(getattr(config.tables, name))
        if not table.exists(spark):
            yield Kept(name, table.name, skipped="not there")
            continue
        upkeep = Upkeep(spark, table)
        if name == "events" and not upkeep.is_ingests:
            yield Kept(name, table.name, skipped="not made and filled by ingest, so only read")
            continue
        holds = consumers.holds(spark, config) if name == "events" else []
        yield _keep(Kept(name, table.name), upkeep, holds, keep_hours, dry_run)


def _keep(
    of: Kept, upkeep: Upkeep, holds: Sequence[Hold], keep_hours: float, dry_run: bool
) -> Kept:
    now = datetime.now(UTC)
    removed, log = upkeep.retention()
    # Once the table has forgotten what it removed, no retention protects it any more.
    held = _held(holds, removed, now)
    properties = _properties(holds, removed, log, keep_hours, now)
    hours = max(removed, keep_hours, LEAST_HOURS)
    oldest = max(holds, key=lambda hold: consumers.age(hold.since, now), default=None)
    needed = consumers.age(oldest.since, now) if oldest else 0.0
    small, into = upkeep.small(), None
    if not dry_run:
        # The properties first: each commit may be the one after which Delta cuts the log.
        upkeep.keep(properties)
        if small.number:
            small, new = upkeep.compact()
            into = new.number
    deleted = 0 if held else upkeep.unused()
    if deleted and not dry_run:
        upkeep.clean()
    return Kept(
        of.name,
        of.table,
        compacted=small.number,
        compacted_bytes=small.size,
        into=into,
        deleted=deleted,
        keep_hours=hours,
        held=held,
        needed_hours=round(needed, 1),
        by=oldest.who if oldest and needed else "",
        set=properties,
    )


def _held(holds: Sequence[Hold], removed_hours: float, now: datetime) -> str:
    """Why no file may be deleted now; nothing if one may."""
    for hold in holds:
        if hold.is_lost:
            return f"{hold.who} needs version {hold.version}, of which the log no longer tells"
        if consumers.age(hold.since, now) + _MARGIN_HOURS > removed_hours:
            return (
                f"{hold.who} still needs version {hold.version}, of {hold.since:%Y-%m-%d}: let "
                "detect catch up, or remove the checkpoint if nobody goes on with it"
            )
    return ""


def _properties(
    holds: Sequence[Hold], removed: float, log: float, keep_hours: float, now: datetime
) -> dict[str, str]:
    """The properties that have to grow: how long removed files, and the log, are remembered."""
    needed = max((consumers.age(hold.log_since, now) for hold in holds), default=0.0)
    needed = needed + LEAST_HOURS + _MARGIN_HOURS if needed else 0.0
    found = {}
    if max(needed, keep_hours) > log:
        # First: Delta refuses to remember files for longer than it keeps the log.
        found[_LOG] = _days(max(_in_months(needed), keep_hours))
    if keep_hours > removed:
        found[_REMOVED] = _days(keep_hours)
    return found


def _in_months(hours: float) -> float:
    """Hours, up to whole thirty days: who falls further behind each day is no change each day."""
    return math.ceil(hours / 720) * 720


def _days(hours: float) -> str:
    return f"interval {math.ceil(hours / 24)} days"


def _span(hours: float) -> str:
    return f"{hours:.0f} hours" if hours < 48 else f"{hours / 24:.1f} days"


def lines(kept: Kept, *, dry_run: bool) -> str:
    """Return what became of a table as one line for people."""
    if kept.skipped:
        return f"{kept.name}: {kept.skipped} ({kept.table})"
    would = "would be " if dry_run else ""
    most = "at most " if dry_run and _REMOVED in (kept.set or {}) else ""
    into = "" if kept.into is None else f" into {kept.into}"
    said = [
        f"{counted(kept.compacted, 'file')} ({size(kept.compacted_bytes)}) {would}compacted{into}"
    ]
    if kept.held:
        said.append(f"nothing deleted: {kept.held}")
    else:
        said.append(
            # A dry run counts by the property as it stands.
            f"{most}{counted(kept.deleted, 'file')} {would}deleted, "
            f"unused for {kept.keep_hours / 24:g} days"
        )
        # A stream that keeps up needs the newest files alone: nothing to tell people of.
        if kept.by and kept.needed_hours >= 1:
            said.append(f"{kept.by} still needs the last {_span(kept.needed_hours)}")
    said += [f"{name} {would}set to {value}" for name, value in (kept.set or {}).items()]
    return f"{kept.name}: {'; '.join(said)}"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the job takes on the command line."""
    parser.add_argument(
        "--dry-run", action="store_true", help="say what would be done, and change nothing"
    )
    parser.add_argument(
        "--table", choices=TABLES, action="append", help="only this table; may be repeated"
    )
    parser.add_argument(
        "--keep",
        metavar="DURATION",
        default="7 days",
        help="how long to keep what a table no longer uses, for readers that trailhound does not "
        "know of (default, and least: 7 days)",
    )


def main(job: Job) -> int:
    """Run the job as its arguments say, and print one line for each table."""
    try:
        hours = parse_duration(job.args.keep).total_seconds() / 3600
    except ValueError as error:
        raise UserError(f"--keep {error}") from error
    if hours < LEAST_HOURS:
        raise UserError(f"--keep is {job.args.keep!r}, must be 7 days or more: streams may be late")
    dry_run = job.args.dry_run
    done = list(run(job.spark, job.config, job.args.table, keep_hours=hours, dry_run=dry_run))
    figures = {"dry_run": dry_run, "tables": [asdict(one) for one in done]}
    job.result([lines(one, dry_run=dry_run) for one in done], figures)
    return 0
