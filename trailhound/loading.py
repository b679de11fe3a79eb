"""Discovery: every file in `detections/cloudtrail/` is a detection."""

import difflib
import importlib
import pkgutil
from collections.abc import Collection, MutableMapping

from trailhound.engine.detection import Detection, DetectionError


def load(
    ids: Collection[str] | None = None, *, broken: MutableMapping[str, str] | None = None
) -> list[Detection]:
    """Return the detections, or those of the given ids, sorted by id.

    With `broken`, a file that cannot be loaded is left out, and put there with its reason.

    Raises:
        DetectionError: an id that no file has, named with the nearest one; or a file that does not
            hold exactly one detection, of its own name.
    """
    package = importlib.import_module("detections.cloudtrail")
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    for wanted in ids or ():
        if wanted not in names:
            near = difflib.get_close_matches(wanted, names, n=1, cutoff=0.4)
            hint = f"; did you mean {near[0]}?" if near else "; `trailhound list` shows them"
            raise DetectionError(f"no detection {wanted}{hint}")
    found = []
    for name in names:
        if ids is None or name in ids:
            try:
                found.append(_load(name))
            except Exception as error:
                if broken is None:
                    raise
                broken[name] = f"{type(error).__name__}: {error}"
    return found


def _load(name: str) -> Detection:
    module = importlib.import_module(f"detections.cloudtrail.{name}")
    found = [value for value in vars(module).values() if isinstance(value, Detection)]
    if [detection.id for detection in found] != [name]:
        raise DetectionError(f"{name}.py must hold one detection, a function called {name}")
    return found[0]
