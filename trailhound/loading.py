"""Finds detections: in every folder that is named, each file is one."""

import os
import pkgutil
import sys
from collections.abc import Collection, Iterator, MutableMapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from pyspark import cloudpickle

from trailhound.engine.detection import Detection, DetectionError
from trailhound.texts import nearest

_MODULES = "trailhound_detections"


def shipped() -> str:
    """Return the folder of the detections that come with trailhound.

    An installed trailhound and the zip hold them inside the package, a checkout beside it.
    """
    here = Path(__file__).parent
    places = [str(place / "detections" / "cloudtrail") for place in (here, here.parent)]
    return next(place for place in places if _names(place))


def load(
    ids: Collection[str] | None = None,
    *,
    folders: Sequence[str] | None = None,
    broken: MutableMapping[str, str] | None = None,
) -> list[Detection]:
    """Return the detections of folders, or those of the given ids, sorted by id.

    `folders` hold files, each a detection; None: those that come with trailhound. A folder may lie
    inside a zip; a file whose name begins with an underscore is left alone. With `broken`, a file
    that cannot be loaded is left out, and put there with its reason.

    Raises:
        DetectionError: a folder that is not there; an id that no file has, named with the nearest
            one; one that two files have; or a file that does not hold exactly one detection, of
            its own name.
    """
    places = dict(sorted(_places([shipped()] if folders is None else folders)))
    for wanted in ids or ():
        if wanted not in places:
            hint = nearest(wanted, places, "`trailhound list` shows them")
            raise DetectionError(f"no detection {wanted}; {hint}")
    found = []
    for name, folder in places.items():
        if ids is None or name in ids:
            try:
                found.append(_load(folder, name))
            except Exception as error:
                if broken is None:
                    raise
                broken[name] = f"{type(error).__name__}: {error}"
    return found


def cases(name: str, folders: Sequence[str]) -> list[Any]:
    """Return the CASES of a detection of these folders: of its twin in `cases/`; none without."""
    for place in (f"{folder}/cases" for folder in folders):
        if name in _names(place):
            return list(_module(place, name).CASES)
    return []


def _names(folder: str) -> list[str]:
    # Python remembers what it found at a relative path, also once the process is elsewhere.
    places = [os.path.abspath(folder)]
    found = (module.name for module in pkgutil.iter_modules(places) if not module.ispkg)
    return sorted(name for name in found if not name.startswith("_"))


def _places(folders: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each id with the folder that holds it."""
    seen: dict[str, str] = {}
    for folder in dict.fromkeys(folders):
        names = _names(folder)
        if not names and not Path(folder).is_dir():
            raise DetectionError(f"{folder}: no folder of detections is there")
        for name in names:
            if name in seen:
                raise DetectionError(f"{name} is in {seen[name]} and in {folder}: rename one")
            seen[name] = folder
            yield name, folder


def _load(folder: str, name: str) -> Detection:
    module = _module(folder, name)
    found = [value for value in vars(module).values() if isinstance(value, Detection)]
    if [detection.id for detection in found] != [name]:
        raise DetectionError(f"{name}.py must hold one detection, a function called {name}")
    return found[0]


def _module(folder: str, name: str) -> ModuleType:
    """The module of a file, loaded once, under a name that no package has."""
    # One interface reads a folder and a folder inside a zip.
    finder: Any = pkgutil.get_importer(os.path.abspath(folder))
    finder.invalidate_caches()
    spec = finder.find_spec(name)
    full = f"{_MODULES}.{Path(folder).name}.{name}"
    known = sys.modules.get(full)
    if known is not None and known.__file__ == spec.origin:
        return known
    module = ModuleType(full)
    module.__file__ = spec.origin
    code = spec.loader.get_code(name)
    sys.modules[full] = module
    try:
        exec(code, module.__dict__)
    except BaseException:
        del sys.modules[full]
        raise
    # Executors do not have this module: what a file defines travels with what needs it.
    cloudpickle.register_pickle_by_value(module)  # type: ignore[no-untyped-call]
    return module
