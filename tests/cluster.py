"""A Spark cluster of several JVMs on this machine: a master, two workers, one executor on each."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from os import kill
from pathlib import Path

import pyspark
import settings
from processes import ROOT, Process, is_running

BIN = Path(pyspark.__file__).parent / "bin"
WORKERS = 2
# One core and one GiB an executor; the daemons only keep books.
_DAEMON = {"SPARK_LOCAL_IP": "127.0.0.1", "SPARK_DAEMON_MEMORY": "256m"}
_DAEMON["SPARK_DAEMON_JAVA_OPTS"] = settings.SHORT_LIVED
_EXECUTOR = "CoarseGrainedExecutorBackend"
_SIZE = ("--cores", "1", "--memory", "1g", "--webui-port", "0")


class Cluster:
    """A standalone cluster: `url` is its master's, such as spark://127.0.0.1:40001."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.url = ""
        self.workers: list[Process] = []
        self._others: list[Process] = []

    def start(self) -> None:
        """Start the master and the workers, and wait until they know each other."""
        address = ("--host", "127.0.0.1", "--port", "0", "--webui-port", "0")
        self._master = self._daemon("master.Master", *address)
        self._others.append(self._master)
        self._master.wait_until(self._listens)
        self.url = self._listens()
        for _ in range(WORKERS):
            self.add_worker()

    def add_worker(self) -> None:
        """Start one more worker and wait until the master knows it."""
        known = self._registered()
        work = str(self._folder / f"work{known}")
        place = ("--host", "127.0.0.1", "--work-dir", work)
        self.workers.append(self._daemon("worker.Worker", *_SIZE, *place, self.url))
        assert self.workers[-1].wait_until(lambda: self._registered() > known), "no worker came up"

    def submit(self, program: Path, *args: str, cwd: Path) -> Process:
        """Start spark-submit in client mode, as a user does."""
        driver = submit(self.url, self._folder, program, *args, cwd=cwd)
        self._others.append(driver)
        return driver

    def kill_executor(self) -> None:
        """Kill the process of one executor; its worker lives on."""
        kill(next(self._executors()), signal.SIGKILL)

    def kill_worker(self) -> None:
        """Kill one worker with its executor, as when a machine dies."""
        self.workers.pop().kill()

    def stop(self) -> None:
        """Kill all that was started."""
        for process in [*self.workers, *self._others]:
            process.kill()

    def _daemon(self, kind: str, *args: str) -> Process:
        command = [str(BIN / "spark-class"), f"org.apache.spark.deploy.{kind}", *args]
        return Process(command, self._folder, **_DAEMON)

    def _listens(self) -> str:
        found = re.search(r"Starting Spark master at (spark://\S+)", self._master.log())
        return found[1] if found else ""

    def _registered(self) -> int:
        return self._master.log().count("Registering worker")

    def _executors(self) -> Iterator[int]:
        """The process ids of executors: children of the workers, which have others for moments."""
        for worker in self.workers:
            yield from (pid for pid in worker.children() if is_running(pid, _EXECUTOR))


def submit(master: str, folder: Path, program: Path, *args: str, cwd: Path) -> Process:
    """Start spark-submit, with the zip and conf/spark-defaults.conf, which are made in `folder`."""
    properties = settings.write(folder / "spark-defaults.conf", memory="1g", cores="1")
    command = [str(BIN / "spark-submit"), "--master", master, "--properties-file", str(properties)]
    command += ["--py-files", str(_packages(folder)), str(program), *args]
    # No path to the sources: what the program imports has to come out of the zip.
    return Process(command, cwd, PYTHONPATH="", PYSPARK_PYTHON=sys.executable)


def _packages(folder: Path) -> Path:
    """The zip that `make dist` builds."""
    file = folder / "trailhound.zip"
    if not file.exists():
        subprocess.run([sys.executable, str(ROOT / "scripts" / "dist.py"), file], check=True)
    return file


@contextmanager
def running(folder: Path) -> Iterator[Cluster]:
    """A cluster that is there while the block runs."""
    cluster = Cluster(folder)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
