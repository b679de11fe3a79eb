"""Airflow with a database of its own, trailhound laid out for it as docs/guides/airflow.md says."""

import json
import os
import re
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any

import pyspark
import settings
from processes import ROOT, Process

from trailhound.runtime.config import Tables

PYTHON = ROOT / ".venv-airflow" / "bin" / "python"
SPARK = Path(pyspark.__file__).parent
PROGRAMS = ("ingest", "detect", "backfill", "maintain")
RUNNER = ROOT / "tests" / "airflow_run.py"


class Airflow:
    """One Airflow: `home` is the folder that trailhound_home names, `data` holds the tables."""

    def __init__(self, folder: Path, landing: Path) -> None:
        self.folder, self.home, self.data = folder, folder / "trailhound", folder / "data"
        dags = shutil.copytree(ROOT / "jobs" / "dags", folder / "dags")
        self._environment = {
            "AIRFLOW_HOME": str(folder / "airflow"),
            "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW_CONN_SPARK_DEFAULT": '{"conn_type": "spark", "host": "local[2]"}',
            "AIRFLOW_VAR_TRAILHOUND_HOME": str(self.home),
            "AIRFLOW_VAR_TRAILHOUND_LANDING": str(landing),
            "PATH": os.pathsep.join([str(SPARK / "bin"), os.environ["PATH"]]),
            "SPARK_HOME": str(SPARK),
            "PYSPARK_PYTHON": sys.executable,
            # What the programs import has to come out of the zip.
            "PYTHONPATH": "",
        }

    def set_up(self) -> None:
        """Lay out the home, and make Airflow's database and the pool."""
        self.home.mkdir()
        Process(
            [sys.executable, str(ROOT / "scripts" / "dist.py"), str(self.home / "trailhound.zip")],
            self.folder,
        ).finished()
        for program in PROGRAMS:
            shutil.copy(ROOT / "jobs" / f"{program}.py", self.home)
        shutil.copy(ROOT / "conf" / "log4j2.properties", self.home)
        settings.write(self.home / "spark-defaults.conf")
        self.configure("trailhound.yaml", self.data)
        self._airflow("db", "migrate").finished()
        self._airflow("pools", "set", "trailhound", "1", "one job at a time").finished()

    def configure(self, name: str, alerts: Path) -> Path:
        """Write a configuration: the tables of `data`, but all that comes of events in `alerts`."""
        homes = {one.name: alerts for one in fields(Tables)}
        homes |= {"events": self.data, "quarantine": self.data}
        lines = ["tables:", *(f"  {table}: {home}/{table}" for table, home in homes.items())]
        lines += ["stream:", f"  checkpoints: {alerts}/checkpoints", "  state_partitions: 1"]
        file = self.home / name
        file.write_text("\n".join(lines) + "\n")
        return file

    def ask(self, *args: str) -> dict[str, Any]:
        """Run a command of airflow_run.py to its end and return its answer."""
        answer, _ = self.answer(self.start(*args))
        return answer

    def start(self, *args: str, **environment: str) -> Process:
        """Start a command of airflow_run.py."""
        command = [str(PYTHON), str(RUNNER), *args]
        return Process(command, self.folder, **{**self._environment, **environment})

    def answer(self, process: Process) -> tuple[dict[str, Any], str]:
        """Wait for a command, and return its answer and all that it logged."""
        said = process.finished()
        return json.loads(said.splitlines()[-1]), said

    def drivers(self, program: str) -> Iterator[int]:
        """The processes of the driver that runs a program of this Airflow: Java and Python."""
        wanted = f"{self.home}/{program}.py".encode()
        for file in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):
                if wanted in file.read_bytes().split(b"\0"):
                    yield int(file.parent.name)

    def kill_driver(self, program: str) -> int:
        """Kill the driver, with no time to tidy up; how many processes it was."""
        killed = 0
        for pid in list(self.drivers(program)):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                killed += 1
        return killed

    def _airflow(self, *args: str) -> Process:
        command = [str(PYTHON), "-m", "airflow", *args]
        return Process(command, self.folder, **self._environment)


def last_lines(log: str) -> dict[str, list[str]]:
    """What spark-submit said in each try of each task, the last line of it, by the task's id."""
    found: dict[str, list[str]] = {}
    task, line = "", ""
    for text in log.splitlines():
        if begun := re.search(r"\[DAG TEST\] starting task_id=(\w+)", text):
            task, line = begun[1], ""
        elif said := re.match(r"\S+ \[info +\] (.*?) *\[\S+SparkSubmitHook\]", text):
            line = said[1]
        elif "[DAG TEST] end task" in text:
            found.setdefault(task, []).append(line)
    return found
