"""Realistic CloudTrail with planted attacks, for demos, tests and benchmarks.

Files lie as CloudTrail puts them in S3; what the detections must raise on them is in `truth.json`.
The same arguments give the same bytes (with the same zlib). Nothing is read and nothing is sent.
"""

import json
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from random import Random

from trailhound.simulation.background import Background
from trailhound.simulation.callers import Account
from trailhound.simulation.delivery import Delivery, file_size
from trailhound.simulation.plan import Alert, Plan, Planted
from trailhound.simulation.planting import plant
from trailhound.simulation.world import REGION_WEIGHTS, REGIONS, account_ids

START = datetime(2024, 3, 1, tzinfo=UTC)
MINIMUM_RECORDS = 1_000
"""One round of all attacks, and some traffic to hide it in."""
_SLICE = 300
"""Seconds of traffic that are made and delivered at once."""
_RANGES = {
    "records": (MINIMUM_RECORDS, 10**9),
    "days": (1, 3_650),
    "accounts": (2, 1_000),
    "seed": (0, 2**63),
}


@dataclass(frozen=True)
class Simulation:
    """What was written.

    `records` counts repeats as well; `attacks` are those that must alert; `alerts` is their number
    for each detection id.
    """

    files: int
    records: int
    attacks: int
    truth: Path
    alerts: Mapping[str, int]


def simulate(
    out: Path,
    *,
    records: int = 10_000,
    days: int = 1,
    accounts: int = 3,
    seed: int = 7,
    progress: Callable[[int], None] | None = None,
) -> Simulation:
    """Write `records` records of `days` days from `START` on under `out/AWSLogs`, and the truth.

    `out/truth.json` holds seed, records, start, end, and alerts, each with detection_id, outcome,
    severity, event_time (ISO 8601, UTC), event_ids (the first 100 by time, then id), event_count,
    and for rate detections entity (the key). `progress` is called with the number of records
    written so far.

    Raises:
        ValueError: a number is out of its range, or `out` holds a simulation already.
    """
    _check(out, records=records, days=days, accounts=accounts, seed=seed)
    rng = Random(f"{seed} accounts")
    ids = account_ids(rng, accounts)
    principals = [Account(rng, account_id, number) for number, account_id in enumerate(ids)]
    plan = plant(Random(f"{seed} attacks"), principals, START, days, records)
    background = Background(Random(f"{seed} background"), principals)

    sure = sum(event.again for event in plan.events)
    repeats = max(0, records // 100 - sure)
    distinct = records - sure - repeats
    delivery = Delivery(out, Random(f"{seed} delivery"), distinct, repeats)
    traffic = _traffic(Random(f"{seed} traffic"), distinct - len(plan.events), days, ids)
    planted = _by_slice(plan.events)
    for number, files in enumerate(traffic):
        begin = START + timedelta(seconds=_SLICE * number)
        _deliver(delivery, background, begin, files, planted.pop(number, []))
        if progress and files:
            progress(delivery.records)
    end = START + timedelta(days=days)
    delivery.finish(end)
    if progress:
        progress(delivery.records)
    truth = _write_truth(out / "truth.json", plan, seed=seed, records=delivery.records, end=end)
    alerts = Counter(alert.detection_id for alert in plan.alerts)
    return Simulation(
        delivery.files, delivery.records, plan.attacks, truth, dict(sorted(alerts.items()))
    )


def _check(out: Path, **numbers: int) -> None:
    for name, number in numbers.items():
        least, most = _RANGES[name]
        if not least <= number <= most:
            raise ValueError(f"{name} is {number}: it must be from {least} to {most}")
    for found in (out / "AWSLogs", out / "truth.json"):
        if found.exists():
            raise ValueError(f"{found} exists already: name another folder, or remove it first")


@dataclass(frozen=True, slots=True)
class _File:
    """A file of traffic to be made: whose, where, and how many records."""

    account: str
    region: str
    size: int


def _traffic(rng: Random, records: int, days: int, ids: tuple[str, ...]) -> Iterator[list[_File]]:
    """Yield for each slice of the days the files of its traffic, `records` records in all.

    A large file takes what later slices would have had.
    """
    account_weights = list(accumulate(1 / (1 + number) for number in range(len(ids))))
    region_weights = list(accumulate(REGION_WEIGHTS))
    slices = days * 86_400 // _SLICE
    due = list(accumulate(_rate(number * _SLICE) for number in range(slices)))
    made = 0
    for number in range(slices):
        files = []
        target = records if number == slices - 1 else round(records * due[number] / due[-1])
        while made < target:
            size = min(file_size(rng), records - made)
            account = rng.choices(ids, cum_weights=account_weights)[0]
            region = rng.choices(REGIONS, cum_weights=region_weights)[0]
            files.append(_File(account, region, size))
            made += size
        yield files


def _rate(second: int) -> float:
    """Return how busy the moment is: most at 14:00, least at 2:00, less on Saturday and Sunday."""
    moment = START + timedelta(seconds=second)
    daily = 1 + 0.6 * math.cos((second % 86_400 / 3600 - 14) * math.pi / 12)
    return daily * (0.6 if moment.weekday() >= 5 else 1.0)


def _by_slice(events: list[Planted]) -> dict[int, list[Planted]]:
    slices: dict[int, list[Planted]] = {}
    for event in events:
        second = int((event.time - START).total_seconds())
        slices.setdefault(second // _SLICE, []).append(event)
    return slices


def _deliver(
    delivery: Delivery,
    background: Background,
    begin: datetime,
    files: list[_File],
    planted: list[Planted],
) -> None:
    """Deliver one slice: planted records among the others, those with a delay on their own."""
    end = begin + timedelta(seconds=_SLICE)
    groups: defaultdict[tuple[str, str, int | None], list[Planted]] = defaultdict(list)
    for event in planted:
        groups[event.account, event.region, event.delay].append(event)
    for file in files:
        where = (file.account, file.region)
        records = background.records(*where, begin, _SLICE, file.size)
        delivery.put(*where, end, records, groups.pop((*where, None), []))
    for (account, region, delay), hidden in groups.items():
        delivery.put(account, region, end, [], hidden, delay=delay)


def _write_truth(path: Path, plan: Plan, *, seed: int, records: int, end: datetime) -> Path:
    ordered = sorted(plan.alerts, key=lambda a: (a.event_time, a.detection_id, a.event_ids))
    truth = {
        "seed": seed,
        "records": records,
        "start": _iso(START),
        "end": _iso(end),
        "alerts": [_fields(alert) for alert in ordered],
    }
    path.write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")
    return path


def _fields(alert: Alert) -> dict[str, object]:
    entity = {} if alert.entity is None else {"entity": alert.entity}
    return {
        "detection_id": alert.detection_id,
        **entity,
        "outcome": alert.outcome,
        "severity": alert.severity,
        "event_time": _iso(alert.event_time),
        "event_ids": alert.event_ids,
        "event_count": alert.event_count,
    }


def _iso(time: datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%SZ}"
