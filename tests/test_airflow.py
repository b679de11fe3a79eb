"""The DAGs in a real Airflow with a database: read, run to the end, killed and tried again.

One day of simulated CloudTrail goes through the hourly run, whose detect is killed on the way, then
through a backfill into a table of its own, then through the nightly upkeep. Each leaves the rows of
the undisturbed run, of this machine and without a scheduler.
"""

import json
from typing import Any

import pytest
import report
from pyspark.sql import SparkSession
from scheduled import PYTHON, Airflow, last_lines
from traces import newest_version
from undisturbed import Rows, Undisturbed, tables

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
def airflow(undisturbed: Undisturbed, tmp_path_factory: pytest.TempPathFactory) -> Airflow:
    made = Airflow(tmp_path_factory.mktemp("scheduled"), undisturbed.logs)
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
ASKED: dict[str, list[tuple[dict[str, Any], list[str]]]] = {
    "trailhound_backfill": [
        ({}, RANGE),  # the day of the run
        (DAY, RANGE),
        ({**DAY, "detection": "mfa_disabled"}, [*RANGE, "--detection", "mfa_disabled"]),
        ({"gaps": True}, ["--gaps"]),
        ({"from": DAY["from"]}, ["--from", DAY["from"]]),  # the job says what is missing
    ],
    "trailhound_maintenance": [({}, []), ({"dry_run": True}, ["--dry-run"])],
}


def test_what_the_parameters_ask_of_the_job(airflow: Airflow) -> None:
    confs = {dag: [conf for conf, _ in cases] for dag, cases in ASKED.items()}
    conf = ["--conf", f"{airflow.home}/trailhound.yaml"]
    wanted = {dag: [[*words, *conf] for _, words in cases] for dag, cases in ASKED.items()}
    assert airflow.ask("rendered", json.dumps(confs)) == wanted


def test_the_hourly_run_killed_and_tried_again(
    spark: SparkSession, airflow: Airflow, undisturbed: Undisturbed
) -> None:
    alerts = airflow.data / "alerts"

    running = airflow.start("run", "trailhound_hourly")
    assert running.wait_until(lambda: newest_version(alerts) > 0), "ended before anything was there"
    killed = airflow.kill_driver("detect")
    at_kill = len(tables(spark, airflow.data)["alerts"])
    done, log = airflow.answer(running)

    assert killed >= 2, "Java and Python"
    assert done == {
        "state": "success",
        "tries": {"ingest": 1, "detect": 2},
        "events": ["trailhound_alerts"],
    }
    how = f"hourly run: detect killed with {at_kill} alerts written, tried again"
    check(undisturbed, "detect", tables(spark, airflow.data), how)
    said = last_lines(log)
    events = len(undisturbed.rows["ingest"]["events"])
    assert said["ingest"][-1].startswith(f"{events} events landed, ")
    assert said["detect"][-1].endswith(f"alerts merged into {alerts}")


def test_a_backfill_of_the_day_of_the_run(
    spark: SparkSession, airflow: Airflow, undisturbed: Undisturbed
) -> None:
    """Into a table of its own: the same alerts, from a batch."""
    elsewhere = airflow.folder / "backfilled"
    conf = airflow.configure("elsewhere.yaml", elsewhere)

    running = airflow.start("run", "trailhound_backfill", AIRFLOW_VAR_TRAILHOUND_CONF=str(conf))
    done, log = airflow.answer(running)

    assert done == {"state": "success", "tries": {"backfill": 1}, "events": ["trailhound_alerts"]}
    found = tables(spark, airflow.data) | tables(spark, elsewhere)
    check(undisturbed, "backfill", found, "backfill of the run's day")
    (line,) = last_lines(log)["backfill"]
    count = len(undisturbed.rows["backfill"]["alerts"])
    assert line.startswith(f"{count} alerts in {DAY['from']} to {DAY['to']} merged into")


def test_the_upkeep_changes_no_row(
    spark: SparkSession, airflow: Airflow, undisturbed: Undisturbed
) -> None:
    done, log = airflow.answer(airflow.start("run", "trailhound_maintenance"))

    assert done == {"state": "success", "tries": {"maintain": 1}, "events": []}
    assert last_lines(log)["maintain"] != [""]
    check(undisturbed, "detect", tables(spark, airflow.data), "upkeep")


def check(undisturbed: Undisturbed, name: str, found: Rows, how: str) -> None:
    """The tables are those of the undisturbed run, row for row."""
    lost, wrong = undisturbed.against(found, name)
    report.say("airflow", f"{how}: {lost} rows lost, {wrong} wrong or twice")
    assert (lost, wrong) == (0, 0)
