"""What the DAGs of trailhound share: where things lie, and how a job is submitted.

What is to be set, once (docs/guides/airflow.md has the commands):

pool `trailhound`              One slot: one job at a time, whatever the DAG. Without the pool the
                               tasks wait for ever.
connection `spark_default`     The Spark master. `spark-submit` is on the workers' PATH.
variable `trailhound_home`     A folder on the workers: trailhound.zip, the programs (ingest.py,
                               detect.py, backfill.py, maintain.py), spark-defaults.conf and
                               log4j2.properties. Default: /opt/trailhound
variable `trailhound_conf`     The configuration. Default: trailhound.yaml in that folder
variable `trailhound_landing`  Where the CloudTrail files arrive. It has no default.

Variables are read when a task runs, never when this file is read.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator
from airflow.sdk import Asset

POOL = "trailhound"
_HOME = "var.value.get('trailhound_home', '/opt/trailhound')"
_CONF = f"var.value.get('trailhound_conf', {_HOME} ~ '/trailhound.yaml')"
HOME = f"{{{{ {_HOME} }}}}"
LANDING = "{{ var.value.trailhound_landing }}"

ALERTS = Asset("trailhound_alerts")
"""The alerts table: a DAG with `schedule=Asset("trailhound_alerts")` runs after each job that ends
well and may have written to it."""

DAG_SETTINGS: dict[str, Any] = {
    # Before the first CloudTrail: Airflow gives a run of an earlier date no task, and success.
    "start_date": datetime(2013, 1, 1, tzinfo=UTC),
    # A job takes all that is new, so a run that was missed needs none in its place.
    "catchup": False,
    "max_active_runs": 1,
    "tags": ["trailhound"],
    # Alerts are merged by ids that are made of the events, files and events land once: doing a job
    # again is safe, whatever the first try has written.
    "default_args": {"retries": 2, "retry_delay": timedelta(minutes=5)},
}


def job(
    program: str,
    arguments: list[str] | str,
    *,
    timeout: timedelta,
    priority: int,
    outlets: list[Asset] | None = None,
) -> SparkSubmitOperator:
    """Return the task that submits a program of trailhound.

    Args:
        program: its name, which is the task's too.
        arguments: its command line; a text is an expression of Jinja that makes the list, in a DAG
            with `render_template_as_native_obj`.
        timeout: after which the driver is killed, and the task tried again.
        priority: of the tasks that wait for the pool, the one with the highest goes first.
        outlets: what the task updates when it ends well.
    """
    if isinstance(arguments, str):
        command: list[str] | str = f"{{{{ {arguments} + ['--conf', {_CONF}] }}}}"
    else:
        command = [*arguments, "--conf", f"{{{{ {_CONF} }}}}"]
    return SparkSubmitOperator(
        task_id=program,
        name=f"trailhound-{program}",
        application=f"{HOME}/{program}.py",
        application_args=command,
        py_files=f"{HOME}/trailhound.zip",
        properties_file=f"{HOME}/spark-defaults.conf",
        # Spark says little then, so that the log ends in what the job says.
        env_vars={"SPARK_SUBMIT_OPTS": f"-Dlog4j2.configurationFile=file:{HOME}/log4j2.properties"},
        # The task's log is the driver's, and a task that is stopped takes the driver with it.
        deploy_mode="client",
        pool=POOL,
        execution_timeout=timeout,
        priority_weight=priority,
        weight_rule="absolute",
        outlets=outlets or [],
    )
