"""The DAGs in a real Airflow with a database: read, run to the end, killed and tried again.

One day of simulated CloudTrail goes through the hourly run, whose detect is killed on the way, then
through a backfill into a table of its own, then through the nightly upkeep.
"""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import report
from pyspark.sql import SparkSession
from scheduled import PYTHON, Airflow, last_lines
from traces import newest_version

from jobs.demo import fact
from jobs.simulate import Simulation, simulate
from jobs.tables import Table

pytestmark = [
    pytest.mark.proof,
    pytest.mark.skipif(not PYTHON.exists(), reason="no Airflow: run `make airflow` first"),
]

DAY = {"from": "2024-03-01T00:00:00+00:00", "to": "2024-03-02T00:00:00+00:00"}
DAGS = {
    "trailhound_hourly": {"ingest": ["detect"], "detect": []},
    "trailhound_maintenance": {"maintain": []},
    "trailhound_backfill": {"backfill": []},
}


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Simulation:
    return simulate(tmp_path_factory.mktemp("landing"), records=1000)


@pytest.fixture(scope="module")
def airflow(planted: Simulation, tmp_path_factory: pytest.TempPathFactory) -> Airflow:
    made = Airflow(tmp_path_factory.mktemp("scheduled"), planted.truth.parent / "AWSLogs")
    made.set_up()
    return made


def test_every_dag_is_read_without_a_warning(airflow: Airflow) -> None:
    read = airflow.ask("parse")
    assert read["errors"] == {}
    assert read["warnings"] == []
    assert {name: dag["tasks"] for name, dag in read["dags"].items()} == DAGS
    for dag in read["dags"].values():
        assert dag["pools"] == ["trailhound"], "no two jobs at once"
        assert dag["max_active_runs"] == 1
        assert dag["retries"] == 2
        assert dag["timeouts"]
        assert not dag["catchup"]
    report.say("airflow", f"{len(DAGS)} DAGs read without a warning, {read['seconds']:.2f} s each")


RANGE = ["--from", DAY["from"], "--to", DAY["to"]]
BACKFILLS = [
    ({}, RANGE),  # the day of the run
    (DAY, RANGE),
    ({**DAY, "detection": "mfa_disabled"}, [*RANGE, "--detection", "mfa_disabled"]),
    ({"gaps": True}, ["--gaps"]),
    ({"from": DAY["from"]}, ["--from", DAY["from"]]),  # the job says what is missing
]
UPKEEPS: list[tuple[dict[str, Any], list[str]]] = [({}, []), ({"dry_run": True}, ["--dry-run"])]


@pytest.mark.parametrize(
    ("dag", "cases"), [("trailhound_backfill", BACKFILLS), ("trailhound_maintenance", UPKEEPS)]
)
def test_what_the_parameters_ask_of_the_job(
    airflow: Airflow, dag: str, cases: list[tuple[dict[str, Any], list[str]]]
) -> None:
    asked = airflow.ask("rendered", dag, json.dumps([conf for conf, _ in cases]))
    conf = ["--conf", f"{airflow.home}/trailhound.yaml"]
    assert asked["commands"] == [[*words, *conf] for _, words in cases]


def test_the_hourly_run_killed_and_tried_again(
    spark: SparkSession, airflow: Airflow, planted: Simulation
) -> None:
    alerts = airflow.data / "alerts"

    running = airflow.start("run", "trailhound_hourly")
    assert running.wait_until(lambda: newest_version(alerts) > 0), "ended before anything was there"
    killed = airflow.kill_driver("detect")
    at_kill = raised(spark, alerts).total()
    done, log = airflow.answer(running)

    assert killed >= 2, "Java and Python"
    assert done == {
        "state": "success",
        "tries": {"ingest": 1, "detect": 2},
        "events": ["trailhound_alerts"],
    }
    lost, wrong = against(spark, alerts, planted)
    report.say(
        "airflow",
        f"hourly run: detect killed with {at_kill} alerts written, tried again: {lost} lost, "
        f"{wrong} wrong or twice",
    )
    assert (lost, wrong) == (0, 0)
    said = last_lines(log)
    assert said["ingest"] == ["1000 events landed, 0 records quarantined"]
    assert said["detect"][-1].endswith(f"alerts merged into {alerts}")


def test_a_backfill_of_the_day_of_the_run(
    spark: SparkSession, airflow: Airflow, planted: Simulation
) -> None:
    """Into a table of its own: the same alerts, from an undisturbed run and a batch."""
    elsewhere = airflow.folder / "backfilled"
    conf = airflow.configure("elsewhere.yaml", elsewhere)

    running = airflow.start("run", "trailhound_backfill", AIRFLOW_VAR_TRAILHOUND_CONF=str(conf))
    done, log = airflow.answer(running)

    assert done == {"state": "success", "tries": {"backfill": 1}, "events": ["trailhound_alerts"]}
    lost, wrong = against(spark, elsewhere / "alerts", planted)
    report.say("airflow", f"backfill of the run's day: {lost} lost, {wrong} wrong or twice")
    assert (lost, wrong) == (0, 0)
    (line,) = last_lines(log)["backfill"]
    count = sum(planted.alerts.values())
    assert line.startswith(f"{count} alerts in {DAY['from']} to {DAY['to']} merged into")


def test_the_upkeep_changes_no_alert(
    spark: SparkSession, airflow: Airflow, planted: Simulation
) -> None:
    done, log = airflow.answer(airflow.start("run", "trailhound_maintenance"))

    assert done == {"state": "success", "tries": {"maintain": 1}, "events": []}
    assert last_lines(log)["maintain"] != [""]
    lost, wrong = against(spark, airflow.data / "alerts", planted)
    report.say("airflow", f"upkeep: {lost} lost, {wrong} wrong or twice")
    assert (lost, wrong) == (0, 0)


def raised(spark: SparkSession, alerts: Path) -> Counter[tuple[object, ...]]:
    """The alerts of a table, as the facts that the simulation plants."""
    spark.catalog.clearCache()
    table = Table(str(alerts)).read(spark)
    found = table.select("detection_id", "event_time", "outcome", "severity", "event_count")
    return Counter(fact(row.asDict()) for row in found.collect())


def against(spark: SparkSession, alerts: Path, planted: Simulation) -> tuple[int, int]:
    """How many planted alerts are missing from a table, and how many should not be there."""
    wanted = Counter(fact(alert) for alert in json.loads(planted.truth.read_text())["alerts"])
    found = raised(spark, alerts)
    return (wanted - found).total(), (found - wanted).total()
