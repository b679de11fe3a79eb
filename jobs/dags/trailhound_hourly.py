"""Every hour: new CloudTrail files into the events table, new events into the alerts table."""

from datetime import timedelta

from airflow.sdk import DAG
from trailhound_airflow import ALERTS, DAG_SETTINGS, LANDING, job

ABOUT = """
New CloudTrail files into the events table, then new events into the alerts table.

Both jobs take **what is new since they last ran**: where they stand is kept in their checkpoints.
So the run's date does not matter, an hour that was missed is made up for by the next run, and a run
that is repeated finds nothing to do. The first run takes all that is there.

When `detect` ends well, the asset `trailhound_alerts` is updated.
"""

with DAG(
    "trailhound_hourly",
    description="CloudTrail files to events to alerts",
    doc_md=ABOUT,
    schedule="@hourly",
    **DAG_SETTINGS,
):
    ingest = job("ingest", [LANDING], timeout=timedelta(hours=3), priority=3)
    detect = job("detect", ["--once"], timeout=timedelta(hours=6), priority=3, outlets=[ALERTS])
    ingest >> detect
