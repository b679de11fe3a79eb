"""On request: the events of a time range, or all that was never evaluated, to alerts."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any

from airflow.sdk import DAG, Param
from trailhound_airflow import ALERTS, DAG_SETTINGS, job

ABOUT = """
Evaluates events that are in the events table already, as a batch, and merges their alerts. An alert
that is there changes only if it has grown, so any range can be done again.

- **From** and **to** name the range, or
- **gaps** asks for all that was never evaluated with the settings of today, or,
- with none of them, it is the data interval of the run; where that is empty, the day (UTC) of its
  logical date.

It waits until no other job of trailhound runs.
"""


def arguments(params: Mapping[str, Any], dag_run: Any) -> list[str]:
    """Return the command line that the parameters of a run ask for.

    What makes no sense together is left to the job, which says so in one line.
    """
    start, end, gaps = params["from"], params["to"], params["gaps"]
    if not (start or end or gaps):
        start, end = interval(
            dag_run.data_interval_start, dag_run.data_interval_end, dag_run.logical_date
        )
    named = {"--from": start, "--to": end, "--detection": params["detection"]}
    options = [word for option, value in named.items() if value for word in (option, str(value))]
    return [*options, "--gaps"] if gaps else options


def interval(
    start: datetime | None, end: datetime | None, logical_date: datetime | None
) -> tuple[str | None, str | None]:
    """Return the data interval, or the day of the logical date, or nothing where there is none."""
    if start and end and start < end:
        return start.isoformat(), end.isoformat()
    if logical_date is None:
        return None, None
    day = datetime.combine(logical_date.astimezone(UTC).date(), time(), UTC)
    return day.isoformat(), (day + timedelta(days=1)).isoformat()


with DAG(
    "trailhound_backfill",
    description="Events of a time range to alerts, as a batch",
    doc_md=ABOUT,
    schedule=None,
    params={
        "from": Param(
            None,
            type=["null", "string"],
            format="date-time",
            title="From",
            description="The start of the range. Without one: the day of the logical date.",
        ),
        "to": Param(
            None,
            type=["null", "string"],
            format="date-time",
            title="To",
            description="The end of the range; it is not part of it.",
        ),
        "detection": Param(
            None,
            type=["null", "string"],
            title="Detection",
            description="The id of one detection, such as mfa_disabled. Empty: all.",
        ),
        "gaps": Param(
            False,
            type="boolean",
            title="Gaps",
            description="All that was never evaluated, instead of a range.",
        ),
    },
    user_defined_macros={"arguments": arguments},
    render_template_as_native_obj=True,
    **DAG_SETTINGS,
):
    job(
        "backfill",
        "arguments(params, dag_run)",
        timeout=timedelta(hours=12),
        priority=1,
        outlets=[ALERTS],
    )
