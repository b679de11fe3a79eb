"""The status of a place as tables on a terminal."""

from collections.abc import Iterator

from rich.table import Table
from rich.text import Text

from trailhound.ops.status import Status
from trailhound.ops.status_text import behind, shown
from trailhound.terminal import table
from trailhound.texts import printable, size

_STYLES = {"failing": "bold red", "broken": "bold red", "noisy": "yellow", "silent": "dim"}


def tables(of: Status) -> Iterator[Table]:
    """Return tables of the tables, the queries, the last runs and the detections."""
    made = table("table", "version", "changed (UTC)", "rows", "files", "size")
    for name, one in of.tables.items():
        if one is None:
            made.add_row(name, Text("not there", "dim"))
            continue
        rows = "unknown" if one.rows is None else str(one.rows)
        row = [str(one.version), shown(one.updated), rows, str(one.files), size(one.bytes)]
        made.add_row(name, *row)
    yield made
    if of.queries:
        made = table("query", "version", "behind")
        for query in of.queries:
            made.add_row(query.query, str(query.version), behind(query))
        yield made
    if of.runs:
        made = table("last run", "time (UTC)", "run")
        for run in of.runs:
            made.add_row(run.job, shown(run.at), Text(printable(run.run_id or "")))
        yield made
    made = table("detection", "alerts", "7 days", "old", "newest", "")
    for standing in of.detections:
        style = _STYLES.get(standing.state, "")
        numbers = [str(number) for number in (standing.alerts, standing.recent, standing.old)]
        said = Text(standing.state, style)
        made.add_row(
            Text(printable(standing.detection)), *numbers, shown(standing.newest)[:10], said
        )
    yield made
