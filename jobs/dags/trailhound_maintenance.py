"""Every night: the upkeep of the tables."""

from datetime import timedelta

from airflow.sdk import DAG, Param
from trailhound_airflow import DAG_SETTINGS, job

ABOUT = """
The upkeep of the tables: small files are put together (OPTIMIZE), and files that nobody needs any
more are deleted (VACUUM). No row changes.

Trigger it with **dry run** to read in the log what it would do.
"""

with DAG(
    "trailhound_maintenance",
    description="OPTIMIZE and VACUUM of the tables",
    doc_md=ABOUT,
    schedule="30 2 * * *",
    params={
        "dry_run": Param(
            False,
            type="boolean",
            title="Dry run",
            description="Say what would be done, and change nothing.",
        )
    },
    render_template_as_native_obj=True,
    **DAG_SETTINGS,
):
    job(
        "maintain",
        "(['--dry-run'] if params.dry_run else [])",
        timeout=timedelta(hours=6),
        priority=2,
    )
