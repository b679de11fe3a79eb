"""What the tests of the DAGs do inside Airflow's own environment: its Python runs this file.

    airflow_run.py parse                 read every DAG file
    airflow_run.py rendered JSON         the command lines of DAGs of one task, one by each object
                                         of a list of parameters; the lists by DAG
    airflow_run.py run DAG               run a DAG to its end

Both stand for runs of one afternoon of 2024. It prints one JSON object, the last line on stdout.
"""

import json
import sys
import warnings
from datetime import UTC, datetime, timedelta
from typing import Any

PAST = datetime(2024, 3, 1, 15, 30, tzinfo=UTC)


def bag() -> Any:
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.dag_processing.dagbag import BundleDagBag

    bundle = next(iter(DagBundlesManager().get_all_dag_bundles()))
    bundle.initialize()
    return BundleDagBag(dag_folder=bundle.path, bundle_path=bundle.path, bundle_name=bundle.name)


def parse() -> dict[str, Any]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = bag()
    dags = found.dags.values()
    return {
        "errors": found.import_errors,
        "warnings": [str(one.message) for one in caught if "trailhound" in one.filename]
        + [str(one) for one in found.captured_warnings.values()],
        "seconds": max(stat.duration.total_seconds() for stat in found.dagbag_stats),
        "dags": {
            dag.dag_id: {
                "tasks": {task.task_id: sorted(task.downstream_task_ids) for task in dag.tasks},
                "pools": sorted({task.pool for task in dag.tasks}),
                "retries": min(task.retries for task in dag.tasks),
                "timeouts": all(task.execution_timeout for task in dag.tasks),
                "max_active_runs": dag.max_active_runs,
                "catchup": dag.catchup,
            }
            for dag in dags
        },
    }


def rendered(confs: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    return {dag_id: [command(dag_id, conf) for conf in asked] for dag_id, asked in confs.items()}


def command(dag_id: str, conf: dict[str, Any]) -> Any:
    seen: list[Any] = []
    # Read anew as for every task; dag.test() leaves the parameters of a run in the DAG.
    dag = bag().get_dag(dag_id)
    (task,) = dag.tasks
    # In place of the job; what Airflow does before it is done.
    task.execute = lambda context: seen.append(context["task"].application_args)
    dag.test(logical_date=PAST, run_conf=conf)
    (arguments,) = seen
    return arguments


def run(dag_id: str) -> dict[str, Any]:
    from airflow.models.asset import AssetEvent
    from airflow.utils.session import create_session

    dag = bag().get_dag(dag_id)
    for task in dag.tasks:
        task.retry_delay = timedelta(seconds=1)
    done = dag.test(logical_date=PAST)
    with create_session() as session:
        events = session.query(AssetEvent).filter(AssetEvent.source_run_id == done.run_id).all()
        names = [event.asset.name for event in events]
    tries = {ti.task_id: ti.try_number for ti in done.get_task_instances()}
    return {"state": str(done.state), "tries": tries, "events": names}


if __name__ == "__main__":
    asked, *rest = sys.argv[1:]
    if asked == "parse":
        answer = parse()
    elif asked == "rendered":
        answer = rendered(json.loads(rest[0]))
    else:
        answer = run(rest[0])
    sys.stdout.write("\n" + json.dumps(answer) + "\n")
