"""The plan of what is planted: records at their times, and the alerts they must raise."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random

from trailhound.simulation.records import Caller, fill

LISTED = 100
"""An alert lists so many of its events at most; its count is of all."""


@dataclass(frozen=True, slots=True)
class Planted:
    """One record to be delivered.

    `delay` is in minutes after the usual time, in a file of its own; None is with the others.
    `again` says that it is certainly delivered twice.
    """

    time: datetime
    account: str
    region: str
    text: str
    event_id: str
    delay: int | None
    again: bool


@dataclass(frozen=True, slots=True)
class Alert:
    """What a detection must raise; `entity` is None for a single event."""

    detection_id: str
    entity: str | None
    outcome: str
    severity: str
    event_time: datetime
    event_ids: tuple[str, ...]
    event_count: int


class Plan:
    """Collects planted records and the alerts that follow from them."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.events: list[Planted] = []
        self.alerts: list[Alert] = []
        self.attacks = 0

    def add(
        self,
        record: str,
        caller: Caller,
        account: str,
        region: str,
        time: datetime,
        *,
        delay: int | None = None,
        again: bool = False,
    ) -> Planted:
        """Plant one record; `record` comes from `records.template`."""
        moment = f"{time:%Y-%m-%dT%H:%M:%SZ}"
        text, event = fill(record, caller, account, region, moment, self.rng.getrandbits(384))
        planted = Planted(time, account, region, text, event, delay, again)
        self.events.append(planted)
        return planted

    def alert(
        self,
        detection_id: str,
        severity: str,
        events: Sequence[Planted],
        *,
        deciding: Planted | None = None,
        entity: str | None = None,
        outcome: str = "failure",
    ) -> None:
        """Note an alert on `events`; without a `deciding` one, on the first of them."""
        ordered = sorted(events, key=lambda event: (event.time, event.event_id))
        self.alerts.append(
            Alert(
                detection_id,
                entity,
                outcome,
                severity,
                (deciding or ordered[0]).time,
                tuple(event.event_id for event in ordered[:LISTED]),
                len(ordered),
            )
        )
