"""What a detection is: on a single event, or on a rate of events; and what every one carries."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any, Self, TypeVar

from pyspark.sql import Column, DataFrame

from trailhound.engine.calls import Calls
from trailhound.texts import nearest

Options = Mapping[str, Any]
Kind = TypeVar("Kind", bound="Detection")
Condition = Callable[[Options], Column]


class DetectionError(ValueError):
    """A detection is written or configured wrongly: one line, with its id and the remedy."""


class Severity(StrEnum):
    """How much an alert matters, from the least to the most."""

    INFORMATIONAL = "informational"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    def lowered(self) -> "Severity":
        """Return the severity one step lower; the lowest stays."""
        steps = list(Severity)
        return steps[max(0, steps.index(self) - 1)]


class Outcome(StrEnum):
    """Which calls a detection looks at: only those that worked, or failed ones too."""

    SUCCESS = "success"
    ANY = "any"


@dataclass(frozen=True)
class Origin:
    """The public rule whose title a detection carries: metadata, not text."""

    vendor: str
    rule_id: str
    file: str


@dataclass(frozen=True, kw_only=True)
class Detection:
    """What every detection carries, whichever its kind.

    `reads` are the calls it looks at; `condition` takes the options and returns a boolean Column
    over canonical events, which may be null (null is false). `entity` names the columns, the first
    non-null of which an analyst pivots on, `summary` is a one-line template over event columns.
    `exempting` are fields whose presence keeps an event quiet: without one of them it may alert.
    """

    id: str = ""
    title: str
    version: int = 1
    severity: Severity
    tactics: tuple[str, ...]
    techniques: tuple[str, ...]
    reads: Calls
    outcome: Outcome
    summary: str
    false_positives: tuple[str, ...]
    blind_spots: tuple[str, ...]
    triage: tuple[str, ...]
    origin: Origin | None = None
    references: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    options: Options = field(default_factory=dict)
    exempting: tuple[str, ...] = ()
    description: str = ""
    data_source: str = "AWS CloudTrail management events"
    condition: Condition = field(repr=False, compare=False)

    def transform(self, events: DataFrame) -> DataFrame:
        """Return this detection's alerts on canonical events, in the columns of the contract."""
        from trailhound.engine.evaluate import alerts

        return alerts(events, [self])

    @property
    def parameters(self) -> dict[str, Any]:
        """What a deployment can set, with the values in force."""
        common: dict[str, Any] = {"severity": self.severity.value, "outcome": self.outcome.value}
        return {**common, **self.options}

    @property
    def config_hash(self) -> str:
        """Identifies logic (by version) and parameters: another hash may raise other alerts."""
        facts = json.dumps([self.id, self.version, self.parameters], sort_keys=True, default=str)
        return hashlib.sha256(facts.encode()).hexdigest()[:16]

    def configured(self, **changes: Any) -> Self:
        """Return the detection with other parameters.

        Raises:
            DetectionError: an unknown parameter, named with the nearest valid one, or a value of
                the wrong type.
        """
        own: dict[str, Any] = {}
        options = dict(self.options)
        for name, value in changes.items():
            if name in options:
                options[name] = self._option(name, value)
            elif name in self.parameters:
                own[name] = self._parameter(name, value)
            else:
                has = f"it has {_names(self.parameters)}"
                hint = nearest(name, self.parameters, has, cutoff=0.5)
                raise DetectionError(f"{self.id}: no parameter {name}; {hint}")
        return replace(self, **own, options=options)

    def _parameter(self, name: str, value: Any) -> Any:
        kind = {"severity": Severity, "outcome": Outcome}[name]
        try:
            return kind(value)
        except ValueError:
            raise DetectionError(
                f"{self.id}: {name} is {value!r}, must be one of {_names(kind)}"
            ) from None

    def _option(self, name: str, value: Any) -> Any:
        default = self.options[name]
        if isinstance(default, bool) and isinstance(value, bool):
            return value
        is_list = isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)
        if isinstance(default, tuple) and is_list:
            return tuple(value)
        expected = "true or false" if isinstance(default, bool) else "a list of quoted texts"
        raise DetectionError(f"{self.id}: {name} is {value!r}, must be {expected}")


@dataclass(frozen=True, kw_only=True)
class SingleEvent(Detection):
    """Each event that matches raises one alert.

    `severity_by_event` and `details` take the options and return string Columns: a severity that
    depends on the event (null: the detection's own), and text that is added to the summary (null:
    nothing).
    """

    entity: tuple[str, ...]
    severity_by_event: Condition | None = field(default=None, repr=False, compare=False)
    details: Condition | None = field(default=None, repr=False, compare=False)

    @property
    def parameters(self) -> dict[str, Any]:
        """What a deployment can set, with the values in force."""
        by_event = {"severity": f"{self.severity} or by event"} if self.severity_by_event else {}
        return {**super().parameters, **by_event}

    def configured(self, **changes: Any) -> Self:
        """Return the detection with other parameters; a severity that is set holds for all."""
        changed = super().configured(**changes)
        return replace(changed, severity_by_event=None) if "severity" in changes else changed


@dataclass(frozen=True, kw_only=True)
class Rate(Detection):
    """A key whose matching events reach `threshold` within `within` raises one alert a period.

    `per` and `counts` are functions that return string Columns: the parts of the key (an event
    that lacks one is left out), and the value whose distinct values are counted (None: distinct
    events). Periods are `suppress_for` long and aligned to the epoch.
    """

    per: tuple[Callable[[], Column], ...] = field(compare=False)
    counts: Callable[[], Column] | None = field(default=None, compare=False)
    threshold: int
    within: timedelta
    suppress_for: timedelta = timedelta(hours=1)

    def __post_init__(self) -> None:
        """Refuse parameters under which no exact answer exists."""
        if self.threshold < 1:
            raise DetectionError(f"{self.id}: threshold is {self.threshold}, must be 1 or more")
        if self.within <= timedelta(0):
            raise DetectionError(f"{self.id}: window must be longer than nothing")
        if self.suppress_for < self.within:
            raise DetectionError(
                f"{self.id}: suppress_for ({duration_text(self.suppress_for)}) is shorter than "
                f"the window ({duration_text(self.within)}); make it at least as long"
            )

    @property
    def parameters(self) -> dict[str, Any]:
        """What a deployment can set, with the values in force."""
        return {
            **super().parameters,
            "threshold": self.threshold,
            "window": duration_text(self.within),
            "suppress_for": duration_text(self.suppress_for),
        }

    @property
    def state_hash(self) -> str:
        """Identifies what shapes the state of a stream: not threshold, severity or texts."""
        facts = [self.id, self.version, self.parameters["window"], self.parameters["suppress_for"]]
        facts += [self.outcome.value, dict(self.options)]
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]

    def configured(self, **changes: Any) -> Self:
        """Return the detection with other parameters; `window` and `suppress_for` as durations."""
        if "window" in changes:
            changes["within"] = changes.pop("window")
        names = {"threshold", "within", "suppress_for"}
        rates: dict[str, Any] = {
            name: self._number(name, changes.pop(name)) for name in names & set(changes)
        }
        return replace(super().configured(**changes), **rates)

    def _number(self, name: str, value: Any) -> int | timedelta:
        if name == "threshold":
            if isinstance(value, int) and not isinstance(value, bool):
                return value
            raise DetectionError(f"{self.id}: threshold is {value!r}, must be a whole number")
        shown = "window" if name == "within" else name
        try:
            return value if isinstance(value, timedelta) else parse_duration(value)
        except ValueError as error:
            raise DetectionError(f"{self.id}: {shown} {error}") from None


_UNITS = {"microsecond": 1, "second": 10**6, "minute": 60 * 10**6, "hour": 3600 * 10**6}
_UNITS["day"] = 24 * _UNITS["hour"]


def parse_duration(text: str) -> timedelta:
    """Return the duration that a text such as "6 minutes" or "1 hour" names.

    Raises:
        ValueError: the text names none, said so that it can follow the name of a setting.
    """
    parts = text.split() if isinstance(text, str) else []
    if len(parts) == 2 and parts[0].isdecimal() and parts[1].removesuffix("s") in _UNITS:
        return timedelta(microseconds=int(parts[0]) * _UNITS[parts[1].removesuffix("s")])
    raise ValueError(f"is {text!r}, must be a duration such as 6 minutes or 1 hour")


def duration_text(duration: timedelta) -> str:
    """Return a duration in the largest unit that divides it: "90 minutes", "1 hour"."""
    micros = microseconds(duration)
    unit = next(name for name, size in reversed(_UNITS.items()) if micros % size == 0)
    number = micros // _UNITS[unit]
    return f"{number} {unit}{'' if number == 1 else 's'}"


def microseconds(duration: timedelta) -> int:
    """Return a duration as whole microseconds, Spark's own unit of time."""
    return duration // timedelta(microseconds=1)


def _names(names: Iterable[str]) -> str:
    return ", ".join(str(name) for name in names)


def _declared(kind: type[Kind], function: Condition, metadata: dict[str, Any]) -> Kind:
    if not function.__doc__:
        raise DetectionError(f"{function.__name__}: a docstring must say why it matters")
    text = " ".join(function.__doc__.split())
    return kind(id=function.__name__, description=text, condition=function, **metadata)


def single_event(**metadata: Any) -> Callable[[Condition], SingleEvent]:
    """Make a SingleEvent of a condition: its name is the id, its docstring the description."""

    def declare(function: Condition) -> SingleEvent:
        return _declared(SingleEvent, function, metadata)

    return declare


def rate(**metadata: Any) -> Callable[[Condition], Rate]:
    """Make a Rate of a condition: its name is the id, its docstring the description."""

    def declare(function: Condition) -> Rate:
        return _declared(Rate, function, metadata)

    return declare
