"""Generated cases for the laws, packed: hundreds share one batch or stream, each in its own world.

A world has its own accounts, addresses and eventIDs, and its number stands in every requestID, so
each case is compared by itself and a failure shows the one small case that breaks the law.
"""

import hashlib
import itertools
import json
import os
import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import oracle
from builders import ACCOUNT, NOON, ROOT, USER, Record, record, sign_in
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from pyspark.sql import DataFrame
from test_detections import RATES, SINGLE, SINGLE_CASES, in_world

from trailhound import Detection, Rate

SEED = int(os.environ.get("LAW_SEED", "20240301"))
MICROSECOND = timedelta(microseconds=1)
WINDOW, PERIOD, THRESHOLD = timedelta(minutes=1), timedelta(minutes=2), 3
SMALL = {d.id: oracle.Rate(THRESHOLD, WINDOW, PERIOD) for d in RATES}


def small(suffix: str = "small", **changes: Any) -> list[Rate]:
    """The rate detections with little numbers, under ids of their own."""
    parameters = {"threshold": THRESHOLD, "window": WINDOW, "suppress_for": PERIOD, **changes}
    return [replace(d.configured(**parameters), id=f"{d.id}__{suffix}") for d in RATES]


def all_detections() -> list[Detection]:
    """Every detection as it comes, and the rates with little numbers besides."""
    return [*SINGLE, *RATES, *small()]


@dataclass(frozen=True)
class World:
    """One case under its number: its records, and as many of unrelated ones in the same keys."""

    number: int
    records: list[Record]
    unrelated: list[Record] = field(repr=False)


# --- Drawing --------------------------------------------------------------------------------------

ACCOUNTS = (ACCOUNT, ACCOUNT[:-1] + "2")
CALLERS = (ROOT, USER, {**USER, "userName": "carol"})


@st.composite
def bursts(draw: st.DrawFn) -> list[Record]:
    """Sign-ins about the threshold, their first and last about one window apart, over edges."""
    is_small = draw(st.integers(0, 9)) < 9
    threshold = THRESHOLD if is_small else draw(st.sampled_from([10, 11, 30]))
    window = WINDOW if is_small else timedelta(minutes=draw(st.sampled_from([5, 6, 10])))
    number = threshold + draw(st.integers(-1, 1))
    # Noon is a period's edge and a clock's; half a window before it, both are crossed.
    begins = NOON + draw(st.sampled_from([0, -1, -0.5, 0.5, 1, 2, 1.5])) * window
    begins += draw(st.integers(-1, 1)) * MICROSECOND
    apart = draw(st.sampled_from([timedelta(), window, window - MICROSECOND, window / 2]))
    by, account = draw(st.sampled_from(CALLERS)), draw(st.sampled_from(ACCOUNTS))
    mfa = draw(st.sampled_from(["Yes", "No"]))
    takes_turns = draw(st.booleans())  # many users from one address
    made = []
    for i in range(number):
        caller = {**by, "accountId": account}
        if takes_turns and by is not ROOT:
            caller["userName"] = f"user {draw(st.integers(0, number))}"
        made.append(
            sign_in(
                "Success" if draw(st.integers(0, 11)) == 0 else "Failure",
                by=caller,
                mfa=mfa,
                at=begins + apart * i / max(1, number - 1),
                event_id=None if draw(st.integers(0, 7)) == 0 else f"{draw(st.uuids())}",
                recipientAccountId=account,
                sourceIPAddress=f"203.0.113.{draw(st.integers(1, 2))}",
            )
        )
    return made


def is_plain(one: Record) -> bool:
    """Whether the oracle reads it too: it does not look for JSON inside of texts."""
    asked = one.get("requestParameters")
    values = asked.values() if isinstance(asked, dict) else [asked]
    return not any(isinstance(v, str) and v[:1] in ("{", "[", '"') for v in values)


SINGLES = [case.record for _, case in SINGLE_CASES if not case.options and is_plain(case.record)]


@st.composite
def single_calls(draw: st.DrawFn) -> list[Record]:
    """A record of the twin cases, now and then with the other outcome."""
    one = dict(draw(st.sampled_from(SINGLES)))
    after = draw(st.sampled_from([timedelta(), PERIOD, PERIOD - MICROSECOND, -MICROSECOND]))
    error = draw(st.sampled_from([{}, {}, {"errorCode": "AccessDenied"}, {"errorMessage": ""}]))
    time = (NOON + after).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return [one | error | {"eventTime": time, "eventID": f"{draw(st.uuids())}"}]


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[Record], list[Record]]:
    """Records in no order, some of them twice, and unrelated ones."""
    parts = draw(st.lists(st.one_of(bursts(), bursts(), single_calls()), min_size=1, max_size=3))
    records = [one for part in parts for one in part]
    again = draw(st.lists(st.sampled_from(records), max_size=3))
    return draw(st.permutations(records + again)), unrelated_to(records)


def unrelated_to(records: Sequence[Record]) -> list[Record]:
    """Events at the same instants, by the same callers, that no detection looks for."""
    made = []
    for i, one in enumerate(records):
        same = {"by": one.get("userIdentity"), "event_id": f"unrelated {i}"}
        other = record("sso", "ConsoleLogin", **same)  # the name, at another service
        no_answer = sign_in(by=ROOT, event_id=f"no answer {i}", responseElements=None)
        near = {k: one.get(k) for k in ("eventTime", "sourceIPAddress", "recipientAccountId")}
        made += [other | near, no_answer | near, record("ec2", "DescribeInstances", **same) | near]
    return made


def draw_worlds(count: int, seed_of_run: int = SEED) -> list[World]:
    """That many cases, all different; the same for one seed and the same modules loaded.

    (Hypothesis also draws from the constants that it finds in them.)
    """
    drawn: list[tuple[list[Record], list[Record]]] = []

    @seed(seed_of_run)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(cases())
    def collect(case: tuple[list[Record], list[Record]]) -> None:
        drawn.append(case)

    collect()
    # Hypothesis likes the first of a list; so each twin case has its turn besides.
    turns = itertools.cycle(SINGLES)
    return [
        World(n, settled([*one, next(turns)], n), settled(rest, n))
        for n, (one, rest) in enumerate(drawn)
    ]


def settled(records: Sequence[Record], number: int) -> list[Record]:
    """The records in the world of that number."""
    moved: list[Record] = json.loads(in_world(json.dumps(records), number))
    for one in moved:
        one["requestID"] = f"world {number}"
        if one.get("eventID"):
            one["eventID"] = f"{number}:{one['eventID']}"
    return without_ties(moved)


def without_ties(records: list[Record]) -> list[Record]:
    """The records; of those without an eventID at one instant all that differ but one get one.

    Which of them an alert shows is left open; repeats stay repeats.
    """
    anonymous: dict[str, str] = {}
    for one in records:
        if not one.get("eventID"):
            content = json.dumps(one, sort_keys=True)
            if anonymous.setdefault(one["eventTime"], content) != content:
                one["eventID"] = hashlib.sha256(content.encode()).hexdigest()
    return records


def together(worlds: Iterable[World], *, unrelated: bool = False) -> list[Record]:
    """All records of the worlds, shuffled."""
    found = [one for w in worlds for one in (*w.records, *(w.unrelated if unrelated else ()))]
    random.Random(SEED).shuffle(found)
    return found


# --- Comparing ------------------------------------------------------------------------------------

Alert = tuple[Any, ...]
COLUMNS = ("detection_id", "entity", "event_time", "first_event_time", "last_event_time")
COLUMNS += ("event_count", "distinct_count", "event_ids", "account_id", "source_ip")
COLUMNS += ("outcome", "severity", "evidence")


def found_in(alerts: DataFrame) -> dict[int, list[Alert]]:
    """The alerts of each world that has any, as the oracle would say them, sorted."""
    by_world: defaultdict[int, list[Alert]] = defaultdict(list)
    for row in alerts.select(*COLUMNS).collect():
        said = row.asDict() | {"event_ids": tuple(row.event_ids)}
        number = json.loads(said.pop("evidence"))["requestID"].removeprefix("world ")
        if row.distinct_count is None:
            said |= {"entity": None, "distinct_count": 1}
        by_world[int(number)].append(tuple(said.values()))
    return {number: sorted(of_world, key=str) for number, of_world in by_world.items()}


def wanted_of(worlds: Iterable[World], ids: set[str]) -> dict[int, list[Alert]]:
    """What the oracle says of each world alone, for the detections named."""
    by_world = {}
    for world in worlds:
        as_they_come = [told(a, a.detection_id) for a in oracle.evaluate(world.records)]
        little = oracle.evaluate(world.records, rates=SMALL)
        of_small = [told(a, f"{a.detection_id}__small") for a in little if a.period]
        kept = [alert for alert in as_they_come + of_small if alert[0] in ids]
        if kept:
            by_world[world.number] = sorted(kept, key=str)
    return by_world


def told(alert: oracle.OracleAlert, detection_id: str) -> Alert:
    def value(name: str) -> Any:
        one = getattr(alert, name)
        return one.replace(tzinfo=None) if isinstance(one, datetime) else one

    return (detection_id, *(value(name) for name in COLUMNS[1:-1]))


def broken(
    worlds: Sequence[World], found: dict[int, list[Alert]], wanted: dict[int, list[Alert]]
) -> list[str]:
    """The worlds whose alerts differ, each as a text with its few records."""
    numbers = {w.number for w in worlds}
    assert set(found) <= numbers, "alerts of no world"
    return [
        "\n".join(
            [f"world {w.number}, seed {SEED}:"]
            + [f"  only found:  {a}" for a in found.get(w.number, []) if a not in right]
            + [f"  only wanted: {a}" for a in right if a not in found.get(w.number, [])]
            + [f"  {json.dumps(one)}" for one in w.records]
        )
        for w in worlds
        if found.get(w.number, []) != (right := wanted.get(w.number, []))
    ]
