"""What SIGTERM and SIGINT do to a job: it finishes its batch, or it leaves at once, in silence."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, Self

from py4j.protocol import Py4JError
from pyspark.java_gateway import ensure_callback_server_started
from pyspark.sql import SparkSession

_NUMBERS = (signal.SIGTERM, signal.SIGINT)
# Ctrl-C reaches Python and Java, which passes it on: within so many seconds two are one.
_SAME = 1.0
# What Java may take to fall silent, in seconds.
_PATIENCE = 3.0
_waiting: list[threading.Event] = []


@contextmanager
def asked_to_end() -> Iterator[threading.Event]:
    """Give an event that a signal sets within the block, where it would end the process.

    A second signal ends it all the same. Where nobody takes signals (see `Signals`), as in a
    notebook, the event is never set.
    """
    asked = threading.Event()
    _waiting.append(asked)
    try:
        yield asked
    finally:
        _waiting.remove(asked)


class Signals:
    """While the block lasts, SIGTERM and SIGINT end it with SystemExit(128 + their number).

    Spark's own way, KeyboardInterrupt in the middle of a call to Java, shows pages of stack traces.
    Outside the main thread the process is somebody else's, and all stays as it is.
    """

    def __init__(self) -> None:
        self._spark: SparkSession | None = None
        self._taken_at: float | None = None
        self._before: dict[int, Any] = {}
        self._java: Any = None
        self._before_in_java: list[tuple[Any, Any]] = []

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._take) for number in _NUMBERS}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for java_signal, handler in self._before_in_java:
            try:
                self._java.handle(java_signal, handler)
            except (Py4JError, OSError):  # Java has ended
                break
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def watch(self, spark: SparkSession) -> None:
        """Take the signals of Spark's Java as well, and back from Spark those of Python.

        spark-submit is a Java that runs this Python: who stops it signals Java alone, which would
        leave in the middle of a batch. A Java of which this process is neither parent nor child
        belongs to others, and keeps its own.
        """
        self._spark = spark
        for number in self._before:
            signal.signal(number, self._take)
        gateway = spark.sparkContext._gateway
        family = {os.getppid(), getattr(getattr(gateway, "proc", None), "pid", None)}
        jvm: Any = spark._jvm
        try:
            if not self._before or jvm.java.lang.ProcessHandle.current().pid() not in family:
                return
            ensure_callback_server_started(gateway)  # type: ignore[no-untyped-call]
            self._java = jvm.sun.misc.Signal
            for number in _NUMBERS:
                java_signal = self._java(number.name.removeprefix("SIG"))
                previous = self._java.handle(java_signal, _Forward(number))
                self._before_in_java.append((java_signal, previous))
        except Py4JError:  # java -Xrs: Java gets no signals
            return

    def _take(self, number: int, _: FrameType | None) -> None:
        now = time.monotonic()
        before, self._taken_at = self._taken_at, self._taken_at or now
        if before is not None and now - before < _SAME:
            return
        if before is None and _waiting:
            _waiting[-1].set()
            return
        if self._spark is not None:
            # In a thread of its own: this one may be in the middle of a call to Java.
            hush = threading.Thread(target=_hush, args=(self._spark,), daemon=True)
            hush.start()
            hush.join(_PATIENCE)
            _break_off(self._spark)
        raise SystemExit(128 + number)


def _hush(spark: SparkSession) -> None:
    """Let Spark drop its work without a word about it: nobody waits for that any more."""
    try:
        spark.sparkContext.setLogLevel("OFF")
        spark.sparkContext.cancelAllJobs()
    except (Py4JError, OSError):  # Java has ended
        return


def _break_off(spark: SparkSession) -> None:
    """Break off the call to Java that this thread is in; the next must not get its answer."""
    gateway: Any = spark.sparkContext._gateway
    connection = gateway._gateway_client.get_thread_connection()
    if connection is not None:
        connection.close()


class _Forward:
    """A handler of a signal of Java: it passes it on to Python's main thread."""

    def __init__(self, number: signal.Signals) -> None:
        self._number = number

    def handle(self, _: Any) -> None:
        """Pass it on; Java calls this from a thread of its own."""
        main = threading.main_thread().ident
        if main is not None:
            signal.pthread_kill(main, self._number)

    class Java:
        """What Python tells Java that it implements."""

        implements = ("sun.misc.SignalHandler",)
