"""Where and when attacks are planted: which account, which hour, how late they are delivered."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from trailhound.simulation.attacks import Attack, attacks
from trailhound.simulation.callers import Account, caller
from trailhound.simulation.cast import Cast
from trailhound.simulation.plan import Plan
from trailhound.simulation.records import Caller, template
from trailhound.simulation.root_sign_ins import root_bursts
from trailhound.simulation.scene import Scene
from trailhound.simulation.user_sign_ins import user_bursts
from trailhound.simulation.world import BROWSERS, REGION_WEIGHTS, REGIONS, names, pick

_ROUND = 700
"""About so many records one round of all attacks has."""
_MOST_ROUNDS = 30
_DELAYS = (*(None,) * 17, 30, 80, 240)
"""Minutes by which a single call comes late: most do not, a few by more than any watermark."""


def plant(
    rng: Random, accounts: Sequence[Account], start: datetime, days: int, records: int
) -> Plan:
    """Return a plan with a round of all attacks a day, but at most half of the `records`.

    Bursts come once a day, single calls more often where there is more traffic.
    """
    plan = Plan(rng)
    rounds = max(1, min(days, _MOST_ROUNDS, records // 2 // _ROUND))
    casts = [Cast(account) for account in accounts]
    for number in range(rounds):
        day = start + timedelta(days=number * days // rounds)
        _plant_bursts(plan, accounts, day, number)
        for _ in range(1 + min(4, records // days // 250_000)):
            for attack in attacks():
                which = plan.rng.randrange(len(accounts))
                _plant_single(plan, attack, accounts[which], casts[which], day)
    plan.events.sort(key=lambda event: event.time)
    return plan


def _plant_bursts(plan: Plan, accounts: Sequence[Account], day: datetime, number: int) -> None:
    """Plant every burst once.

    Those of root get every second hour, from two on: no two of them share a period, whichever their
    accounts.
    """
    by_root, by_users = root_bursts(), user_bursts()
    hours = [2 + 2 * place for place in range(len(by_root))]
    hours += [plan.rng.randrange(1, 23) for _ in by_users]
    for place, (burst, hour) in enumerate(zip(by_root + by_users, hours, strict=True)):
        account = accounts[(number + place) % len(accounts)]
        other = accounts[(number + place + 1) % len(accounts)]
        address = _address(number * len(hours) + place)
        found = len(plan.alerts)
        burst(Scene(plan, day + timedelta(hours=hour), account, other, address))
        plan.attacks += len(plan.alerts) > found


def _address(number: int) -> str:
    """Return an address of a range for documentation: another one for every burst of some days."""
    if number % 4 == 0:
        return f"2001:db8::{number + 1:x}"
    return f"203.0.113.{1 + number % 254}"


def _plant_single(plan: Plan, attack: Attack, account: Account, cast: Cast, day: datetime) -> None:
    """Plant one call at any time of the day, and the alerts it must raise."""
    rng = plan.rng
    time = day + timedelta(seconds=rng.randrange(86_400))
    call = attack.call
    region = REGIONS[0] if call.is_global else rng.choices(REGIONS, REGION_WEIGHTS)[0]
    event = plan.add(
        template(call, names(rng), "1.09", failed=0 if attack.failed else None),
        _attacker(rng, call.caller, account, cast, time),
        account.id,
        region,
        time,
        delay=pick(rng, _DELAYS),
    )
    for detection_id, severity in attack.fires.items():
        outcome = "failure" if attack.failed else "success"
        plan.alert(detection_id, severity, [event], outcome=outcome)
    plan.attacks += bool(attack.fires)


def _attacker(rng: Random, key: str, account: Account, cast: Cast, time: datetime) -> Caller:
    address = f"198.51.100.{rng.randrange(1, 255)}"
    if key == "root_login":
        return caller(account.root(), address, pick(rng, BROWSERS))
    return replace(pick(rng, cast.callers(time)(key)), address=address)
