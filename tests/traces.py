"""What a process that was killed has left on disk: read from the files alone, without Spark."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_ENDS_WITH = b"PAR1"
"""The last bytes of a Parquet file that was written to its end."""


def newest_version(table: Path) -> int:
    """The newest version that the log of a Delta table holds; -1 without a table."""
    return max((int(file.stem) for file in _commits(table)), default=-1)


def unnamed_files(table: Path) -> set[Path]:
    """Data files that are whole and that no version of the table names."""
    whole = {file for file in table.rglob("*.parquet") if _is_data(file) and _is_whole(file)}
    return whole - {table / action["add"]["path"] for action in _actions(table) if "add" in action}


def merges(table: Path, detection_id: str) -> int:
    """How many MERGE into a table were committed by the writer of a detection."""
    done = [action["commitInfo"] for action in _actions(table) if "commitInfo" in action]
    return sum(
        info["operation"] == "MERGE" and detection_id in info["operationParameters"]["predicate"]
        for info in done
    )


def open_batches(data: Path) -> dict[str, int]:
    """The batches that were begun and not committed, by query.

    Every query has at most one: the next begins when the one before is committed.
    """
    found = {}
    for query, checkpoint in _checkpoints(data):
        for number in _numbers(checkpoint / "offsets") - _numbers(checkpoint / "commits"):
            found[query] = number
    return found


def committed(data: Path, query: str) -> int:
    """The newest batch of a query that its checkpoint has as done; -1 without any."""
    checkpoints = [folder for name, folder in _checkpoints(data) if name == query]
    return max((n for folder in checkpoints for n in _numbers(folder / "commits")), default=-1)


def _checkpoints(data: Path) -> Iterator[tuple[str, Path]]:
    """Each query's checkpoint: ingest/<path>, detect/<table>/<query>, a rate with a hash below."""
    root = data / "checkpoints"
    for offsets in root.rglob("offsets"):
        job, _, *query = offsets.parent.relative_to(root).parts
        yield (query or [job])[0], offsets.parent


def _numbers(folder: Path) -> set[int]:
    return {int(file.name) for file in folder.glob("*") if file.name.isdigit()}


def _commits(table: Path) -> Iterator[Path]:
    return (table / "_delta_log").glob("[0-9]*[0-9].json")


def _actions(table: Path) -> Iterator[dict[str, Any]]:
    for file in _commits(table):
        yield from map(json.loads, file.read_text(encoding="utf-8").splitlines())


def _is_data(file: Path) -> bool:
    return file.name.startswith("part-") and "_delta_log" not in file.parts


def _is_whole(file: Path) -> bool:
    with file.open("rb") as opened:
        size = opened.seek(0, 2)
        opened.seek(max(0, size - len(_ENDS_WITH)))
        return opened.read() == _ENDS_WITH
