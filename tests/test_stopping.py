"""A job that is asked to end: a stream finishes its micro-batch, anything else leaves at once.

Neither shows a stack trace, and none is shown where Java dies.
"""

import json
import os
import re
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import report
from builders import record
from cluster import submit
from processes import ROOT, SMALL, Process, is_running, trailhound
from pyspark.sql import SparkSession
from test_coverage import SINGLE, World
from test_jobs import deliver
from traces import committed, open_batches

from trailhound.lake.table import Table
from trailhound.simulation.simulate import simulate

pytestmark = pytest.mark.proof

BATCHES = 6
NO_JAVA = "trailhound: Spark's Java process has ended"
ONE_A_BATCH = ("--set", "stream.max_files_per_batch=1")


def key(number: int) -> dict[str, object]:
    return record("ec2", "ImportKeyPair", {"keyName": f"k{number}"})


def places(folder: Path) -> list[str]:
    names = ("events", "quarantine", "alerts", "coverage", "uncounted", "health")
    where = [f"tables.{name}={folder / name}" for name in names]
    where.append(f"stream.checkpoints={folder / 'checkpoints'}")
    return [*ONE_A_BATCH, *(word for one in where for word in ("--set", one))]


def asked_within_a_batch(process: Process, folder: Path, ask: Callable[[Process], None]) -> int:
    """Ask a process to end while a batch after the first is at work; return that batch."""
    met: list[int] = []

    def is_met() -> bool:
        met[:] = [number for number in open_batches(folder).values() if number > 0]
        return bool(met)

    assert process.wait_until(is_met)
    ask(process)
    assert list(open_batches(folder).values()) == met, "it was in the middle of it"
    return met[0]


@pytest.mark.parametrize(
    ("ask", "name"), [(Process.stop, "SIGTERM"), (Process.interrupt, "SIGINT to Python and Java")]
)
def test_ingest_finishes_its_batch(
    spark: SparkSession, tmp_path: Path, ask: Callable[[Process], None], name: str
) -> None:
    for number in range(BATCHES):
        deliver(tmp_path / "logs" / f"{number}.json.gz", [key(number)])
    process = trailhound(
        "ingest", "logs", "--follow", "--json", *SMALL, *places(tmp_path), cwd=tmp_path
    )

    batch = asked_within_a_batch(process, tmp_path, ask)

    said = json.loads(process.finished())
    assert open_batches(tmp_path) == {}
    done = committed(tmp_path, "ingest") + 1
    assert batch + 1 <= done < BATCHES
    assert said["events"] == Table(str(tmp_path / "events")).read(spark).count() == done
    report.say("ingest", f"{name} within batch {batch}: exit code 0, {done} batches, all committed")


def test_detect_that_was_submitted_finishes_its_batch(spark: SparkSession, tmp_path: Path) -> None:
    """spark-submit is a Java process that runs Python: who stops it signals Java alone."""
    world = World(spark, tmp_path)
    for number in range(BATCHES):
        world.append([key(number)])
    options = ("--follow", "--json", "--detection", SINGLE.id, "--log-format", "json")
    program = ROOT / "jobs" / "detect.py"
    process = submit("local[1]", tmp_path, program, *options, *places(tmp_path), cwd=tmp_path)

    batch = asked_within_a_batch(process, tmp_path, Process.stop)

    # spark-submit joins what Python says on stderr to its stdout.
    *logged, said, ended = map(json.loads, process.finished().splitlines())
    assert open_batches(tmp_path) == {}
    (query,) = (folder.parent.name for folder in tmp_path.rglob("offsets"))
    done = committed(tmp_path, query) + 1
    assert batch + 1 <= done < BATCHES
    alerts = Table(world.config.tables.alerts).read(spark)
    assert said["alerts"] == alerts.count() == done
    assert [one["batch"] for one in logged if "batch" in one] == list(range(done))
    assert (ended["message"], ended["exit_code"]) == ("ended", 0)

    assert world.detect(SINGLE).alerts.total() == BATCHES - done
    assert alerts.select("alert_id").distinct().count() == BATCHES
    assert world.gaps(SINGLE) == []
    report.say(
        "detect", f"SIGTERM to spark-submit within batch {batch}: exit code 0, {done} batches"
    )


def kill_java(process: Process) -> None:
    (java,) = (pid for pid in process.children() if is_running(pid, "SparkSubmit"))
    os.kill(java, signal.SIGKILL)


@pytest.mark.parametrize(
    ("ask", "code", "said"),
    [
        pytest.param(Process.stop, 143, [], id="SIGTERM"),
        pytest.param(Process.interrupt, 130, [], id="SIGINT to Python and Java"),
        pytest.param(kill_java, 2, [NO_JAVA], id="Java dies"),
    ],
)
def test_a_batch_leaves_at_once(
    tmp_path: Path, ask: Callable[[Process], None], code: int, said: list[str]
) -> None:
    simulate(tmp_path / "logs", records=20_000)
    told = tmp_path / "spark"
    told.mkdir()
    settings = {"enabled": "true", "compress": "false", "dir": told.as_uri()}
    written = json.dumps({f"spark.eventLog.{name}": value for name, value in settings.items()})
    process = trailhound("scan", "logs", "--set", f"spark.settings={written}", cwd=tmp_path)

    def spark_works() -> bool:
        text = "".join(file.read_text() for file in told.glob("*/events_*"))
        return text.count("SparkListenerJobStart") > text.count("SparkListenerJobEnd")

    assert process.wait_until(spark_works, every=0.1)
    ask(process)

    assert process.ended() == code
    assert process.printed() == ""
    log = process.log().splitlines()
    assert [line[: len(NO_JAVA)] for line in log if line.startswith(NO_JAVA)] == said
    assert [line for line in log if re.search(r"Traceback|^\s+at |ERROR", line)] == []
    report.say("scan", f"{ask.__name__}: exit code {code}, no stack trace")
