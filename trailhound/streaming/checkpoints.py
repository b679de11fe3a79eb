"""How far a streaming query is, read from its checkpoint: what it has committed, and no more."""

import json
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from pyspark.sql import SparkSession

from trailhound.lake.folder import Folder
from trailhound.lake.table import Table, absolute
from trailhound.runtime.config import Config
from trailhound.streaming.runner import folder

NOTHING = -1


@dataclass(frozen=True)
class Position:
    """What a query has taken of a Delta table.

    `version` is the newest one that is committed whole, -1 for none; `batches` are the versions of
    its micro-batches, first and last, as far back as was asked for and is still known. `pending` is
    the newest version of a micro-batch that was begun and not committed, -1 for none; `begun_at` is
    when that was.
    """

    version: int = NOTHING
    batches: tuple[tuple[int, int], ...] = ()
    pending: int = NOTHING
    begun_at: datetime | None = None


@dataclass(frozen=True)
class Needed:
    """What a query will read of a Delta table when it goes on, now or after a crash.

    `version` is the oldest whose files it reads: as the table stood then (`is_snapshot`) where that
    is not done, else as what was added from there on. From `log_version` on it needs the log: a
    restart plans the last batch once more, without reading it.
    """

    version: int
    log_version: int
    is_snapshot: bool


def home(config: Config) -> str:
    """Return the folder of the checkpoints of detect on the configured events table."""
    table = folder(Table(config.tables.events).identity)
    return f"{absolute(config.stream.checkpoints)}/detect/{table}"


def title(checkpoint: str) -> str:
    """Return what people call the query of a checkpoint of detect: `single-events`, or an id."""
    *_, parent, name = checkpoint.split("/")
    return name if name.startswith("single-events") else parent


def needed(spark: SparkSession, checkpoint: str) -> Needed | None:
    """Return what the query of a checkpoint still needs; None if it has not begun."""
    offsets = Folder(spark, f"{checkpoint}/offsets")
    known = sorted(_numbers(offsets))
    done = sorted(set(known) & _numbers(Folder(spark, f"{checkpoint}/commits")))
    if not known:
        return None
    if not done:
        first = _snapshot(offsets.text(str(known[0])))
        return Needed(first, first, True)
    last = json.loads(offsets.text(str(done[-1])).splitlines()[-1])
    version = int(last["reservoirVersion"])
    before = _snapshot(offsets.text(str(done[-1])))
    if len(done) > 1:
        before = _goes_on_at(offsets.text(str(done[-2])))
    return Needed(version, min(before, version), last["isStartingVersion"])


def position(spark: SparkSession, checkpoint: str, *, after: int = NOTHING) -> Position:
    """Return how far the query of a checkpoint is; micro-batches beyond version `after`."""
    commits = _numbers(Folder(spark, f"{checkpoint}/commits"))
    offsets = Folder(spark, f"{checkpoint}/offsets")
    known = _numbers(offsets)
    done = sorted(known & commits, reverse=True)
    ends = {NOTHING} if 0 in done else set()
    for batch in done:
        ends.add(end := _taken(offsets.text(str(batch))))
        if end <= after:
            break
    begun = max(known, default=NOTHING)
    pending, begun_at = NOTHING, None
    if begun > max(commits, default=NOTHING):
        pending, begun_at = _begun(offsets.text(str(begun))), offsets.written_at(str(begun))
    spans = tuple((end + 1, following) for end, following in pairwise(sorted(ends)))
    return Position(max(ends, default=NOTHING), spans, pending, begun_at)


def _numbers(folder: Folder) -> set[int]:
    return {int(name) for name in folder.names() if name.isdigit()}


def _taken(offsets: str) -> int:
    """The newest version that offsets take whole; one that they take in part is not taken."""
    source = json.loads(offsets.splitlines()[-1])
    return NOTHING if source["isStartingVersion"] else int(source["reservoirVersion"]) - 1


def _begun(offsets: str) -> int:
    """The newest version that offsets take any part of."""
    source = json.loads(offsets.splitlines()[-1])
    whole = int(source["reservoirVersion"])
    return whole if source["isStartingVersion"] or int(source["index"]) >= 0 else whole - 1


def _goes_on_at(offsets: str) -> int:
    """The version that a query reads next, or goes on reading."""
    return int(json.loads(offsets.splitlines()[-1])["reservoirVersion"])


def _snapshot(offsets: str) -> int:
    """The version that a first batch takes as it stands, by the offsets it ends with."""
    source = json.loads(offsets.splitlines()[-1])
    return int(source["reservoirVersion"]) - (0 if source["isStartingVersion"] else 1)
