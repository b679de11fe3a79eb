"""Plots of alerts and events for notebooks, as pictures. Times are UTC.

Needs matplotlib (the extra `notebooks`).
"""

import io
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from trailhound.engine.detection import Severity
from trailhound.times import collected

COLOURS = {
    "informational": "#8fa0b5",
    "low": "#3d96c4",
    "medium": "#e3ad1b",
    "high": "#e2622f",
    "critical": "#b3173a",
}
"""The hues of the badges on the catalogue's page, stronger: here no text stands on them."""
_TEXT, _FAINT, _LINE, _QUIET = "#1b2330", "#566173", "#dce1e8", "#b9c2cd"
_DAY = timedelta(days=1)
_WIDTH = 9.5
"""Inches; with 100 dots to each a plot is as wide as a page of a repository."""


class Plot:
    """A figure that a notebook shows as a picture, without pyplot and its global state."""

    def __init__(self, figure: Figure) -> None:
        self.figure = figure

    def __repr__(self) -> str:
        # The default holds an address in memory, another one in every run.
        return "<plot>"

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        # Without the name of the program the same figure gives the same bytes for longer.
        self.figure.savefig(
            buffer, format="png", dpi=100, bbox_inches="tight", metadata={"Software": None}
        )
        return buffer.getvalue()


def bars(counts: DataFrame) -> Plot:
    """Return alerts over time as bars, stacked by severity.

    In: the rows of `explore.over_time`.
    """
    summed = counts.groupBy("start", "severity").agg(F.sum("alerts").alias("alerts"))
    rows = _timed(summed, "start")
    starts = sorted({row["time"] for row in rows})
    # Where every stretch stands alone, an hour is as good as any.
    width = min((b - a for a, b in pairwise(starts)), default=timedelta(hours=1)) / _DAY
    figure, axes = _empty(height=2.6)
    below = dict.fromkeys(starts, 0)
    for severity, colour in COLOURS.items():
        heights = {r["time"]: int(r["alerts"]) for r in rows if r["severity"] == severity}
        if heights:
            places = [date2num(place) + width / 2 for place in heights]  # type: ignore[no-untyped-call]
            bottom = [below[place] for place in heights]
            axes.bar(
                places, list(heights.values()), width * 0.86, bottom, color=colour, label=severity
            )
            for place, height in heights.items():
                below[place] += height
    axes.set_ylabel("alerts")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(axis="y", color=_LINE, linewidth=0.8)
    _time_axis(axes, starts)
    _legend(axes)
    return Plot(figure)


def dots(alerts: DataFrame) -> Plot:
    """Return alerts as dots over time, a line for each detection; hollow where the call failed.

    In: alerts.
    """
    columns = ("detection_id", "severity", "outcome", "event_count")
    rows = _timed(alerts.select("event_time", *columns), "event_time")
    return _lanes(rows, "detection_id")


def lanes(timeline: DataFrame) -> Plot:
    """Return what one caller did over time, a line for each service; in colour what raised alerts.

    In: the rows of `explore.timeline`. Hollow are calls that failed.
    """
    service = F.regexp_replace("eventSource", r"\.amazonaws\.com$", "").alias("service")
    rows = _timed(timeline.select("eventTime", service, "severity", "outcome"), "eventTime")
    return _lanes(rows, "service")


def _lanes(rows: Sequence[dict[str, Any]], lane: str) -> Plot:
    names = sorted({row[lane] for row in rows}, reverse=True)
    place = {name: number for number, name in enumerate(names)}
    figure, axes = _empty(height=0.9 + 0.26 * len(names))
    for severity in (None, *(s.value for s in Severity)):
        found = [row for row in rows if row["severity"] == severity]
        for is_hollow in (True, False):
            some = [row for row in found if (row["outcome"] == "failure") == is_hollow]
            if some:
                colour = COLOURS.get(severity or "", _QUIET)
                axes.scatter(
                    [row["time"] for row in some],
                    [place[row[lane]] for row in some],
                    s=42 if severity else 16,
                    facecolors="white" if is_hollow else colour,
                    edgecolors=colour,
                    linewidths=1.4,
                    alpha=0.9,
                    zorder=3 if severity else 2,
                )
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(-0.7, len(names) - 0.3)
    axes.grid(axis="y", color=_LINE, linewidth=0.8)
    axes.tick_params(axis="y", length=0)
    _time_axis(axes, [row["time"] for row in rows])
    shown = [s.value for s in Severity if any(row["severity"] == s.value for row in rows)]
    keys = [_key(COLOURS[s], s) for s in shown]
    if any(row["severity"] is None for row in rows):
        keys.insert(0, _key(_QUIET, "no alert"))
    if any(row["outcome"] == "failure" for row in rows):
        keys.append(_key(_FAINT, "failed", filled=False))
    _legend(axes, keys)
    return Plot(figure)


def heat(counts: DataFrame, *, threshold: int, window: str) -> Plot:
    """Return alerts by threshold and window as a heat map; what is set is framed.

    In: the rows of `engine.tuning.tuned`, in their order.
    """
    rows = collected(counts)
    windows = list(dict.fromkeys(row["window"] for row in rows))
    thresholds = sorted({row["threshold"] for row in rows})
    number = {(row["window"], row["threshold"]): row["alerts"] for row in rows}
    cells = [[number[one, level] for level in thresholds] for one in windows]
    figure, axes = _empty(height=0.7 + 0.42 * len(windows))
    most = max(map(max, cells))
    axes.imshow(cells, cmap="OrRd", vmin=0, vmax=max(most, 1) * 1.15, aspect="auto")
    for row, line in enumerate(cells):
        for column, alerts in enumerate(line):
            colour = "white" if alerts > most * 0.6 else _TEXT
            axes.text(column, row, str(alerts), ha="center", va="center", color=colour)
    axes.set_xticks(range(len(thresholds)), [str(level) for level in thresholds])
    axes.set_yticks(range(len(windows)), windows)
    axes.set_xlabel("threshold")
    axes.set_ylabel("window")
    axes.tick_params(length=0)
    if window in windows and threshold in thresholds:
        corner = (thresholds.index(threshold) - 0.5, windows.index(window) - 0.5)
        axes.add_patch(Rectangle(corner, 1, 1, fill=False, edgecolor=_TEXT, linewidth=2.2))
    return Plot(figure)


def _timed(frame: DataFrame, time: str) -> list[dict[str, Any]]:
    """The rows in order of `time`, in UTC."""
    rows = collected(frame.withColumn("time", F.col(time)).orderBy("time"))
    return [row.asDict() for row in rows]


def _empty(height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(_WIDTH, height), facecolor="white")
    axes = figure.add_subplot()
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(_LINE)
    axes.tick_params(colors=_FAINT, labelcolor=_TEXT, labelsize=9)
    axes.set_axisbelow(True)
    return figure, axes


def _time_axis(axes: Axes, times: Sequence[datetime]) -> None:
    axes.xaxis_date(tz=UTC)
    locator = AutoDateLocator(tz=UTC)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    days = "%Y-%m-%d"
    formatter = ConciseDateFormatter(  # type: ignore[no-untyped-call]
        locator,
        tz=UTC,
        formats=["%Y", "%Y-%m", days, "%H:%M", "%H:%M", "%H:%M:%S"],
        zero_formats=["%Y", "%Y", days, days, "%H:%M", "%H:%M:%S"],
        show_offset=False,
    )
    axes.xaxis.set_major_formatter(formatter)
    if times:
        first, last = f"{times[0]:{days}}", f"{times[-1]:{days}}"
        axes.set_xlabel(f"{first} (UTC)" if first == last else f"{first} to {last} (UTC)")


def _key(colour: str, label: str, *, filled: bool = True) -> Line2D:
    face = colour if filled else "white"
    return Line2D([], [], marker="o", linestyle="", color=colour, markerfacecolor=face, label=label)


def _legend(axes: Axes, handles: list[Line2D] | None = None) -> None:
    axes.legend(
        handles=handles,
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncols=6,
        frameon=False,
        fontsize=9,
        handletextpad=0.4,
        borderaxespad=0,
    )
