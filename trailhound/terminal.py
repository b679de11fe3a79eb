"""What commands show on a terminal: tables and severities."""

from rich.table import Table
from rich.text import Text

_STYLES = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan"}
_NUMBERS = {"alerts", "events", "planted", "version", "rows", "files", "size", "7 days", "old"}
_WHOLE = {"detection", "time (UTC)", "severity", "table", "query", "last run"}


def table(*columns: str) -> Table:
    """Return an empty table with these headings; numbers stand right, ids are not broken."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        right = name in _NUMBERS
        whole = name in _WHOLE
        made.add_column(name, justify="right" if right else "left", overflow="fold", no_wrap=whole)
    return made


def severity_text(severity: str) -> Text:
    """Return a severity in its colour."""
    return Text(severity, style=_STYLES.get(severity, ""))
