"""The status of a place in words."""

from datetime import datetime

from trailhound.lake.maintenance import Extent
from trailhound.ops.status import Behind, Status
from trailhound.texts import counted, size


def lines(of: Status) -> list[str]:
    """Return the status as plain lines."""
    if of.is_fresh:
        return [FRESH]
    said = [f"{name}: {_extent(one)}" for name, one in of.tables.items()]
    said += [f"{one.query}: at version {one.version}; {behind(one)}" for one in of.queries]
    said += [f"last {run.job}: {shown(run.at)} {run.run_id or ''}".rstrip() for run in of.runs]
    for one in of.detections:
        old = f", {one.old} with an old config_hash" if one.old else ""
        said.append(f"{one.detection}: {counted(one.alerts, 'alert')}{old} {one.state}".rstrip())
    return said + closing(of)


FRESH = (
    "nothing is here yet: `trailhound ingest FOLDER` makes the tables, then `trailhound detect` "
    "looks for attacks"
)


def _extent(one: Extent | None) -> str:
    if one is None:
        return "not there"
    rows = "rows unknown" if one.rows is None else counted(one.rows, "row")
    return f"version {one.version}, {rows}, {counted(one.files, 'file')}, {size(one.bytes)}"


def behind(one: Behind) -> str:
    """Return how far a query is behind, in words."""
    if one.versions is None:
        return "behind, and the log no longer tells how far"
    if not one.versions:
        return "nothing new"
    rows = "an unknown number of rows" if one.rows is None else counted(one.rows, "row")
    time = "unknown minutes" if one.minutes is None else counted(round(one.minutes), "minute")
    return f"behind by {counted(one.versions, 'version')}, {rows}, {time}"


def closing(of: Status) -> list[str]:
    """Return what stands below the tables: why detections fail, old alerts, gaps, notes."""
    said = [f"{one.state}: {one.detection}: {one.reason}" for one in of.detections if one.reason]
    for query in of.queries:
        if query.is_slow:
            minutes = counted(round(query.batch_minutes or 0), "minute")
            said.append(
                f"slow: {query.query}: its batch was begun {minutes} ago and has not ended: it is "
                "still at work, or was left behind by a run that died"
            )
    said += of.notes
    old = sum(one.old for one in of.detections)
    if old:
        said.append(f"raised by other settings or versions of a detection: {counted(old, 'alert')}")
    if of.gaps is not None:
        more = "; `trailhound gaps` lists them" if of.gaps else ""
        said.append(f"{counted(of.gaps, 'gap')}{more}")
    if of.unsettled:
        queries = counted(of.unsettled, "query", "queries")
        said.append(f"gaps may be fewer: {queries} with work not yet written down")
    return said


def shown(time: datetime | None) -> str:
    """Return a time as people read it, in UTC."""
    return f"{time:%Y-%m-%d %H:%M:%S}" if time else ""
