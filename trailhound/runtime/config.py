"""Configuration: defaults, then a file, then the environment, then flags; checked as a whole."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml
from cattrs import Converter
from cattrs.errors import ClassValidationError, ForbiddenExtraKeysError, IterableValidationError

from trailhound.engine.detection import Detection, DetectionError, parse_duration
from trailhound.errors import UserError
from trailhound.loading import load, shipped
from trailhound.texts import nearest

ENVIRONMENT_PREFIX = "TRAILHOUND_"
_RESERVED = {"TRAILHOUND_CONF", "TRAILHOUND_JARS"}


@dataclass(frozen=True)
class Tables:
    """Delta tables: a path (with a slash in it), or a name in the catalog."""

    events: str = "data/events"
    quarantine: str = "data/quarantine"
    alerts: str = "data/alerts"
    coverage: str = "data/coverage"
    uncounted: str = "data/uncounted"
    health: str = "data/health"


@dataclass(frozen=True)
class Stream:
    """How the streams run.

    `arrival` names the column of a table that is not ours that says when a row came in.
    """

    checkpoints: str = "data/checkpoints"
    watermark_delay: timedelta = timedelta(hours=2)
    clock_skew: timedelta = timedelta(minutes=15)
    trigger: timedelta = timedelta(seconds=10)
    settle_every: timedelta = timedelta(minutes=5)
    max_files_per_batch: int = 1000
    state_partitions: int = 2
    max_history_rows: int = 100_000
    arrival: str | None = None


@dataclass(frozen=True)
class Spark:
    """The Spark session, where trailhound starts one: its master and further settings."""

    master: str = "local[*]"
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Config:
    """All that a deployment sets; the defaults are those of conf/local.yaml."""

    tables: Tables = field(default_factory=Tables)
    stream: Stream = field(default_factory=Stream)
    spark: Spark = field(default_factory=Spark)
    detections: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    detection_folders: tuple[str, ...] = ()

    def chosen(self, ids: Sequence[str] | None = None) -> list[Detection]:
        """Return the detections that are switched on, or those of `ids`, with their parameters.

        A file that cannot be loaded is left out (see `broken`), unless it is asked for by its id.

        Raises:
            UserError: an unknown id or parameter, named with the nearest valid one.
        """
        broken: dict[str, str] = {}
        try:
            self._load(list(self.detections), broken)
            found = self._load(ids, broken)
            if ids and broken.keys() & set(ids):
                name = sorted(broken.keys() & set(ids))[0]
                raise UserError(f"{name} cannot be loaded: {broken[name]}")
            wanted = found if ids else [d for d in found if self._is_on(d.id)]
            return [d.configured(**self._parameters(d.id)) for d in wanted]
        except DetectionError as error:
            raise UserError(str(error)) from error

    def every(self) -> list[Detection]:
        """Return every detection with its parameters, whether it is switched on or not."""
        return [d.configured(**self._parameters(d.id)) for d in self._load(None, {})]

    def broken(self) -> dict[str, str]:
        """Return why detections that are switched on cannot be loaded, by id."""
        broken: dict[str, str] = {}
        self._load(None, broken)
        return {name: reason for name, reason in broken.items() if self._is_on(name)}

    def _load(self, ids: Sequence[str] | None, broken: dict[str, str]) -> list[Detection]:
        """Those that come with trailhound, and those of `detection_folders`."""
        return load(ids, folders=[shipped(), *self.detection_folders], broken=broken)

    def _is_on(self, detection_id: str) -> bool:
        enabled = self.detections.get(detection_id, {}).get("enabled", True)
        if not isinstance(enabled, bool):
            raise UserError(
                f"detections.{detection_id}.enabled is {enabled!r}, must be true or false"
            )
        return enabled

    def _parameters(self, detection_id: str) -> dict[str, Any]:
        parameters = self.detections.get(detection_id, {})
        return {name: value for name, value in parameters.items() if name != "enabled"}


def read_config(
    file: str | None = None,
    settings: Sequence[str] = (),
    environment: Mapping[str, str] | None = None,
    *,
    folders: Sequence[str] = (),
) -> Config:
    """Return the configuration: defaults < file < environment < settings.

    `folders` come after its own `detection_folders`.

    `file` is YAML. The environment names a key as TRAILHOUND_STREAM__WATERMARK_DELAY; a setting is
    `stream.watermark_delay=1 hour`.

    Raises:
        UserError: one line with the place, the key, and the nearest valid key.
    """
    environment = os.environ if environment is None else environment
    file = file or environment.get("TRAILHOUND_CONF")
    raw = _from_file(file) if file else {}
    place = file or "the configuration"
    _check(raw, place)
    for name, text in environment.items():
        if name.startswith(ENVIRONMENT_PREFIX) and name not in _RESERVED:
            keys = name.removeprefix(ENVIRONMENT_PREFIX).lower().split("__")
            raw = _with(raw, keys, text, name)
            _check(raw, f"environment variable {name}")
    for setting in settings:
        key, equals, text = setting.partition("=")
        if not equals:
            raise UserError(
                f"--set {setting}: must be KEY=VALUE, such as tables.alerts=data/alerts"
            )
        # Settings of Spark may be secret: of them no value is ever shown.
        shown = key.strip() if key.strip().startswith("spark") else setting
        raw = _with(raw, key.strip().split("."), text, f"--set {shown}")
        _check(raw, f"--set {shown}")
    config = _check(raw, place)
    config = replace(config, detection_folders=(*config.detection_folders, *folders))
    config = _at_home(config)
    _make_sense(config, place)
    try:
        config.chosen()
    except UserError as error:
        raise UserError(f"{place}: detections: {error}") from None
    return config


def _at_home(config: Config) -> Config:
    """The configuration with `~` as the home folder, in whatever is a path."""
    tables = {one.name: _home(getattr(config.tables, one.name)) for one in fields(Tables)}
    return replace(
        config,
        tables=Tables(**tables),
        stream=replace(config.stream, checkpoints=_home(config.stream.checkpoints)),
        detection_folders=tuple(map(_home, config.detection_folders)),
    )


def _home(path: str) -> str:
    return os.path.expanduser(path) if path.startswith("~/") else path


def _make_sense(config: Config, place: str) -> None:
    """Refuse what each value alone does not show."""
    known: dict[str, str] = {}
    for one in fields(Tables):
        name = getattr(config.tables, one.name)
        if not name.strip():
            raise UserError(f"{place}: tables.{one.name} is empty, must be a path or a name")
        same = known.setdefault(os.path.normpath(name) if "/" in name else name, one.name)
        if same != one.name:
            raise UserError(
                f"{place}: tables.{same} and tables.{one.name} are both {name}: each needs its own"
            )
    if not config.stream.checkpoints.strip():
        raise UserError(f"{place}: stream.checkpoints is empty, must be a folder")
    if not config.stream.watermark_delay:
        raise UserError(
            f"{place}: stream.watermark_delay is 0: every event that is not in order would be late"
        )


def _from_file(file: str) -> dict[str, Any]:
    try:
        raw = yaml.safe_load(Path(file).read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"cannot read {file}: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise UserError(
            f"{file}{where}: not valid YAML: {getattr(error, 'problem', error)}"
        ) from None
    if raw is not None and not isinstance(raw, dict):
        raise UserError(f"{file}: must be a mapping of keys, such as tables: and stream:")
    return raw or {}


def _with(raw: dict[str, Any], keys: list[str], text: str, place: str) -> dict[str, Any]:
    """The raw configuration with one more value, read as YAML would read it."""
    first, *rest = keys
    if rest:
        inner = raw.get(first) or {}
        if not isinstance(inner, dict):
            raise UserError(f"{place}: {first} holds one value, not keys")
        return {**raw, first: _with(inner, rest, text, place)}
    try:
        return {**raw, first: yaml.safe_load(text)}
    except yaml.YAMLError:
        raise UserError(f"{place}: not a valid value") from None


def _check(raw: dict[str, Any], place: str) -> Config:
    filled = {name: value for name, value in raw.items() if value is not None}
    try:
        return _converter().structure(filled, Config)
    except (ClassValidationError, IterableValidationError) as error:
        raise UserError(f"{place}: {_first(error, [], Config)}") from None


def _converter() -> Converter:
    converter = Converter(forbid_extra_keys=True)
    converter.register_structure_hook(timedelta, _duration)
    for kind, name in ((str, "text"), (int, "a whole number")):
        converter.register_structure_hook(kind, _exactly(kind, name))
    converter.register_structure_hook_func(lambda kind: kind == tuple[str, ...], _texts)
    converter.register_structure_hook(str | None, lambda v, _: v if v is None else _text(v, str))
    return converter


def _duration(value: Any, _: Any) -> timedelta:
    return parse_duration(value)


def _texts(value: Any, _: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
        raise ValueError(f"is {value!r}, must be a list of texts")
    return tuple(value)


def _exactly(kind: type, name: str) -> Any:
    def structure(value: Any, _: Any) -> Any:
        if not isinstance(value, kind) or isinstance(value, bool):
            raise ValueError(f"is {value!r}, must be {name}")
        if isinstance(value, int) and value < 1:
            raise ValueError(f"is {value!r}, must be 1 or more")
        return value

    return structure


_text = _exactly(str, "text")


def _first(error: Any, path: list[str], kind: Any) -> str:
    """The first mistake in a tree of them, as "key: what is wrong"."""
    if isinstance(error, ForbiddenExtraKeysError):
        key = sorted(error.extra_fields)[0]
        names = [f.name for f in fields(error.cl)]
        hint = nearest(key, names, f"valid keys: {', '.join(names)}")
        return f"unknown key {'.'.join([*path, key])}; {hint}"
    if isinstance(error, ClassValidationError | IterableValidationError):
        inner = error.exceptions[0]
        notes = getattr(inner, "__notes__", [])
        steps = [getattr(note, "name", None) or getattr(note, "index", None) for note in notes]
        here = [str(step) for step in steps if step is not None]
        return _first(inner, path + here, kind)
    name = ".".join(path)
    if isinstance(error, ValueError):
        if name.startswith("spark"):
            # It may be secret.
            return f"{name} must be text: quote it"
        return f"{name} {error}"
    return f"{name} must hold keys, not a single value"


def keys(kind: type = Config, prefix: str = "") -> list[str]:
    """Return every key of the configuration, dotted."""
    found = []
    for one in fields(kind):
        inner = one.default_factory if is_dataclass(one.default_factory) else None
        found += keys(inner, f"{prefix}{one.name}.") if inner else [f"{prefix}{one.name}"]
    return found
