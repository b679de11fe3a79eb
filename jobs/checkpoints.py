"""How far a streaming query is, read from its checkpoint: what it has committed, and no more."""

import json
from dataclasses import dataclass
from itertools import pairwise

from pyspark.sql import SparkSession

from jobs.storage import Folder

NOTHING = -1


@dataclass(frozen=True)
class Position:
    """What a query has taken of a Delta table.

    `version` is the newest one that is committed whole, -1 for none; `batches` are the versions of
    its micro-batches, first and last, as far back as was asked for and is still known. `pending` is
    the newest version of a micro-batch that was begun and not committed; -1 for none.
    """

    version: int = NOTHING
    batches: tuple[tuple[int, int], ...] = ()
    pending: int = NOTHING


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
    pending = _begun(offsets.text(str(begun))) if begun > max(commits, default=NOTHING) else NOTHING
    spans = tuple((end + 1, following) for end, following in pairwise(sorted(ends)))
    return Position(max(ends, default=NOTHING), spans, pending)


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
