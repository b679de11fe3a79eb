"""trailhound in processes of its own, as a user runs it."""

import os
import signal
import subprocess
import sys
import tempfile
import time
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).parents[1]
# Spark takes 200 tasks for whatever it shuffles where nobody tells it that the data is small.
SMALL = ("--set", 'spark.settings={spark.sql.shuffle.partitions: "2"}')
TIMEOUT = 600
"""Seconds that one command may take, also beside others on a busy machine."""


class Process:
    """A command in a folder, at the head of a process group of its own.

    Its output goes to files: nobody has to read them for the command to go on.
    """

    def __init__(self, command: Sequence[str], cwd: Path, **environment: str) -> None:
        self._out = tempfile.TemporaryFile("w+")  # noqa: SIM115
        self._err = tempfile.TemporaryFile("w+")  # noqa: SIM115
        for file in (self._out, self._err):
            weakref.finalize(self, file.close)
        self._process = subprocess.Popen(
            command,
            cwd=cwd,
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            stdout=self._out,
            stderr=self._err,
            text=True,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait(self, seconds: float = TIMEOUT) -> int | None:
        """Wait for the end and return the exit code; None where it runs on."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def wait_until(self, is_so: Callable[[], Any], every: float = 0.01) -> bool:
        """Wait until something holds; whether it did before the process ended."""
        end = time.monotonic() + TIMEOUT
        while self.wait(every) is None:
            if is_so():
                return True
            if time.monotonic() > end:
                self.kill()
                raise TimeoutError(f"nothing happened in {TIMEOUT} s: {self.said()}")
        return False

    def ended(self) -> int:
        """Wait for the end and return the exit code; a process that hangs is an error."""
        code = self.wait()
        if code is None:
            self.kill()
            raise TimeoutError(f"not ended in {TIMEOUT} s: {self.said()}")
        return code

    def finished(self) -> str:
        """Wait for the process, which has to succeed, and return what it printed."""
        code = self.ended()
        assert code == 0, f"exit code {code}: {self.said()}"
        return self.printed()

    def printed(self) -> str:
        """What the process has written to stdout so far."""
        return _content(self._out)

    def log(self) -> str:
        """What the process has written to stderr so far."""
        return _content(self._err)

    def said(self) -> str:
        """The last of it."""
        return self.log()[-3000:]

    def children(self) -> list[int]:
        """The process ids of what it has started and what runs still."""
        lists = Path(f"/proc/{self.pid}/task").glob("*/children")
        return [int(child) for file in lists for child in file.read_text().split()]

    def kill(self) -> None:
        """Kill the process and its Java, with no time to tidy up."""
        if self._process.poll() is None:
            os.killpg(self.pid, signal.SIGKILL)
            self._process.wait()

    def stop(self) -> None:
        """Ask the process to end."""
        self._process.terminate()

    def interrupt(self) -> None:
        """Ask it and its Java to end, as Ctrl-C does at a terminal."""
        os.killpg(self.pid, signal.SIGINT)


def _content(file: IO[str]) -> str:
    # Read by position: the process writes through the same open file.
    size = os.fstat(file.fileno()).st_size
    return os.pread(file.fileno(), size, 0).decode(errors="replace")


def is_running(pid: int, program: str) -> bool:
    """Whether a process is there and its command line names a program."""
    try:
        return program.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:  # it has ended
        return False


def python(*args: str, cwd: Path, **environment: str) -> Process:
    """Start Python."""
    return Process([sys.executable, *args], cwd, **environment)


def trailhound(*args: str, cwd: Path, **environment: str) -> Process:
    """Start the command line."""
    return python("-m", "trailhound.cli", *args, cwd=cwd, **environment)
