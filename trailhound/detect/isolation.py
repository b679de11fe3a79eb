"""One bad detection does not stop the others: it is found, left out, and named."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from trailhound.engine.detection import Detection
from trailhound.errors import UserError
from trailhound.texts import one_line

T = TypeVar("T")
Failures = dict[str, str]
"""Why detections failed, in one line each, by id."""
# Spark's name for what an executor kept on its own disk and took with it when it died.
_LOST = "CHECKPOINT_RDD_BLOCK_ID_NOT_FOUND"


def isolated(
    evaluate: Callable[[list[Detection]], T],
    detections: Sequence[Detection],
    probe: Callable[[Detection], object],
) -> tuple[T, Failures]:
    """Evaluate detections, without those that fail; return what came of it, and why these failed.

    When `evaluate` raises, `probe` is asked about each detection alone: those that raise are left
    out of a second try. When none does, it was a passing trouble; so nobody is asked where an
    executor died with what it had kept. When all of several do, it was no detection's fault.

    Raises:
        Exception: as `evaluate` raised it, where no detection is to blame.
    """
    try:
        return evaluate(list(detections)), {}
    except UserError:
        raise
    except Exception as error:
        failures = {} if _LOST in str(error) else probed(detections, probe)
        if 1 < len(failures) == len(detections):
            raise
    return evaluate([d for d in detections if d.id not in failures]), failures


def probed(detections: Sequence[Detection], probe: Callable[[Detection], object]) -> Failures:
    """Return which of the detections fail when they are asked alone."""
    failures: Failures = {}
    for detection in detections:
        try:
            probe(detection)
        except UserError:
            raise
        except Exception as error:
            failures[detection.id] = one_line(error)
    return failures
