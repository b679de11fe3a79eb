"""Tables for notebooks: HTML that reads well wherever it is stored, on the web too."""

import html
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import TimestampType

from trailhound.engine.alerts import time_text
from trailhound.times import collected


class Html:
    """A piece of HTML that a notebook shows as what it says."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        # The default holds an address in memory, another one in every run.
        return "<table>"

    def _repr_html_(self) -> str:
        return self._text


def table(frame: DataFrame, limit: int = 20) -> Html:
    """Return the first rows of a DataFrame as an HTML table, and how many more there are.

    Timestamps come as ISO 8601 in UTC, arrays with commas, what is null empty.
    """
    columns = [_readable(frame, name) for name in frame.columns]
    rows = collected(frame.select(*columns).limit(limit + 1))
    more = frame.count() - limit if len(rows) > limit else 0
    left = '<th align="left" style="text-align: left">'
    head = "".join(f"{left}{html.escape(name)}</th>" for name in frame.columns)
    body = "\n".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows[:limit])
    note = f"\n<p>{more} more</p>" if more else ""
    return Html(
        f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>{note}"
    )


def _readable(frame: DataFrame, name: str) -> Column:
    is_time = isinstance(frame.schema[name].dataType, TimestampType)
    return time_text(F.col(name)).alias(name) if is_time else F.col(name)


def _cell(value: Any) -> str:
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    side = "right" if isinstance(value, int | float) and not isinstance(value, bool) else "left"
    text = "" if value is None else html.escape(str(value))
    whole = "; white-space: nowrap" if len(text) < 30 and " " not in text else ""
    # Some pages take away styles, and some overrule attributes.
    return f'<td align="{side}" style="text-align: {side}{whole}">{text}</td>'
