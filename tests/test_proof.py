"""Slow proofs, on processes of their own as a user would run them."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import zipfile
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from jobs.simulate import simulate
from jobs.tables import Table

pytestmark = pytest.mark.proof

ROOT = Path(__file__).parents[1]
SEED = 20240301


def trailhound(*args: str, cwd: Path, **environment: str) -> subprocess.Popen[str]:
    """Start the command in a folder of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "jobs.cli", *args],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def finished(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate(timeout=600)
    assert process.returncode == 0, err[-3000:]
    return out


def killed_after(process: subprocess.Popen[str], seconds: float) -> bool:
    """Kill a process and its Java with SIGKILL; whether it was still at work."""
    timer = threading.Timer(seconds, lambda: os.killpg(process.pid, signal.SIGKILL))
    timer.start()
    process.communicate()
    timer.cancel()
    return process.returncode == -signal.SIGKILL


def test_the_demo_raises_what_was_planted(tmp_path: Path) -> None:
    out = finished(trailhound("demo", "--records", "10000", cwd=tmp_path))
    assert "24 of 24 detections fired" in out
    assert "missing: 0, wrong: 0" in out


def test_an_installed_wheel_scans_without_any_configuration(tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    subprocess.run([*pip, "wheel", "--no-deps", "-w", str(tmp_path), str(ROOT)], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    installed = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    assert (installed / "jobs" / "conf" / "log4j2.properties").is_file()
    assert (installed / "jobs" / "page" / "catalogue.html").is_file()
    simulate(tmp_path / "s", records=1000)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    scan = ("scan", str(tmp_path / "s"), "--format", "jsonl")
    out = finished(trailhound(*scan, cwd=elsewhere, PYTHONPATH=str(installed)))
    assert {json.loads(line)["detection_id"] for line in out.splitlines()} >= {"mfa_disabled"}
    assert not list(elsewhere.iterdir())


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: Any) -> tuple[Path, list[Any]]:
    """Simulated files, and what has to come of them."""
    made = simulate(tmp_path_factory.mktemp("kills") / "s", records=4000, seed=SEED)
    return made.truth.parent / "AWSLogs", json.loads(made.truth.read_text())["alerts"]


@pytest.mark.parametrize("number", range(4))
def test_kills_lose_nothing_and_double_nothing(
    spark: SparkSession, undisturbed: tuple[Path, list[Any]], tmp_path: Path, number: int
) -> None:
    """ingest and detect are each killed at random, then run to the end."""
    logs, truth = undisturbed
    rng = random.Random(SEED + number)
    # Small batches, so that there are many moments to be killed in.
    small = ("--set", "stream.max_files_per_batch=60")
    kills = 0
    for command in (("ingest", str(logs), *small), ("detect",)):
        kills += killed_after(trailhound(*command, cwd=tmp_path), rng.uniform(8, 22))
        finished(trailhound(*command, cwd=tmp_path))
    sys.stderr.write(f"seed {SEED + number}: {kills} of 2 were killed at work\n")

    events = Table(str(tmp_path / "data/events")).read(spark)
    assert events.count() == 4000
    alerts = Table(str(tmp_path / "data/alerts")).read(spark)
    assert alerts.select("alert_id").distinct().count() == alerts.count()
    found = sorted(
        (a.detection_id, f"{a.event_time:%Y-%m-%dT%H:%M:%SZ}", a.event_count, a.outcome)
        for a in alerts.collect()
    )
    wanted = [(a["detection_id"], a["event_time"], a["event_count"], a["outcome"]) for a in truth]
    assert found == sorted(wanted)
