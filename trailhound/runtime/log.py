"""What a run logs on request: one JSON object a line on stderr, with the id of the run."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

from trailhound.texts import printable

_LOGGER = logging.getLogger("trailhound")
_LOGGER.addHandler(logging.NullHandler())
_LOGGER.propagate = False


class _Json(logging.Formatter):
    """A line of JSON: time, level, run_id, job, message, and the figures of the message."""

    def __init__(self, run_id: str, job: str) -> None:
        super().__init__()
        self._run_id, self._job = run_id, job

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        time = datetime.fromtimestamp(record.created, UTC)
        facts = {
            "time": time.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "run_id": self._run_id,
            "job": self._job,
            "message": record.getMessage(),
            **getattr(record, "figures", {}),
        }
        return json.dumps(facts, default=str)


def start(run_id: str, job: str) -> None:
    """Log what follows as JSON on stderr, as that of one run."""
    stop()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json(run_id, job))
    _LOGGER.addHandler(handler)
    _LOGGER.setLevel(logging.INFO)


def stop() -> None:
    """Log nothing from now on."""
    for handler in [one for one in _LOGGER.handlers if is_json(one)]:
        _LOGGER.removeHandler(handler)


def hush_py4j() -> None:
    """Leave out the stack trace that py4j logs, through no logger of its own, where Java ends."""
    logging.getLogger().addFilter(_is_not_py4j)


def _is_not_py4j(record: logging.LogRecord) -> bool:
    return "while sending command" not in str(record.msg)


def is_json(handler: logging.Handler) -> bool:
    """Whether a handler writes JSON."""
    return isinstance(handler.formatter, _Json)


def is_on() -> bool:
    """Whether the run logs."""
    return any(is_json(one) for one in _LOGGER.handlers)


def info(message: str, **figures: Any) -> None:
    """Log what happened, with its figures."""
    _LOGGER.info("%s", message, extra={"figures": figures})


def error(message: str, **figures: Any) -> None:
    """Log what failed, with its figures."""
    _LOGGER.error("%s", message, extra={"figures": figures})


def say(line: str) -> None:
    """Write a line for people on stderr; where the run logs, as JSON."""
    if is_on():
        info(line)
    else:
        sys.stderr.write(f"{printable(line)}\n")


def complain(line: str) -> None:
    """Write on stderr what a user can mend; where the run logs, as JSON."""
    if is_on():
        error(line)
    else:
        sys.stderr.write(f"trailhound: {printable(line)}\n")
