"""The stage of a burst of failed sign-ins: who fails, when, from where, and what must alert."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from trailhound.simulation.callers import Account, Identity, caller
from trailhound.simulation.calls import failed_sign_in
from trailhound.simulation.plan import Plan, Planted
from trailhound.simulation.records import template
from trailhound.simulation.world import BROWSERS, pick

ROOT = "root_console_brute_force"
"""10 or more failures of root within 6 minutes (360 s), per account."""
MFA = "multiple_failed_mfa_requests"
"""More than 10 failures with MFA within 5 minutes (300 s), per account and user."""
SPRAY = "multiple_users_failing_from_ip"
"""30 or more distinct users failing within 10 minutes (600 s), per source address."""

MASKED = "HIDDEN_DUE_TO_SECURITY_REASONS"
"""What AWS writes for a user that does not exist."""


def spaced(first: int, last: int, count: int) -> list[int]:
    """Return `count` seconds, evenly from `first` to `last`, both included."""
    return [first + (last - first) * number // (count - 1) for number in range(count)]


@dataclass(frozen=True)
class Scene:
    """Where and when a burst takes place.

    Seconds count from the full `hour`, which is also the edge of two suppression periods. No other
    burst has the address, nor touches the accounts' root users in this hour and the one before.
    """

    plan: Plan
    hour: datetime
    account: Account
    other: Account
    address: str

    def refuse(
        self,
        second: int,
        who: Identity,
        *,
        mfa: bool = False,
        delay: int | None = None,
        again: bool = False,
    ) -> Planted:
        """Plant one failed sign-in; `delay` and `again` as in `Planted`."""
        return self.plan.add(
            _failure(mfa),
            caller(who, self.address, pick(self.plan.rng, BROWSERS)),
            str(who["accountId"]),
            "us-east-1",
            self.hour + timedelta(seconds=second),
            delay=delay,
            again=again,
        )

    def root(self, seconds: Iterable[int], *, mfa: bool = False) -> list[Planted]:
        """Plant a failed sign-in of root at each of the seconds."""
        return [self.refuse(second, self.account.root(), mfa=mfa) for second in seconds]

    def user(self, seconds: Iterable[int], name: str, *, mfa: bool = True) -> list[Planted]:
        """Plant a failed sign-in of the user at each of the seconds."""
        return [self.refuse(second, self.account.refused(name), mfa=mfa) for second in seconds]

    def users(self, seconds: Iterable[int], first: int = 0) -> list[Planted]:
        """Plant a failed sign-in of another user at each of the seconds, from number `first` on."""
        return [
            self.refuse(second, self.account.refused(f"user{number:03d}"))
            for number, second in enumerate(seconds, first)
        ]

    def scattered(
        self, seconds: list[int], who: list[Identity], *, mfa: bool, again: range
    ) -> list[Planted]:
        """Plant failed sign-ins in files of their own, the last of them first.

        The oldest arrives 90 minutes late at most; those numbered in `again` arrive twice.
        """
        step = 80 / len(seconds)
        return [
            self.refuse(
                second,
                identity,
                mfa=mfa,
                delay=round(step * (len(seconds) - number)),
                again=number in again,
            )
            for number, (second, identity) in enumerate(zip(seconds, who, strict=True))
        ]

    def alert(
        self, detection_id: str, entity: str, deciding: Planted, events: list[Planted]
    ) -> None:
        """Note an alert of a rate detection."""
        severity = "medium" if detection_id == MFA else "high"
        self.plan.alert(detection_id, severity, events, deciding=deciding, entity=entity)


@cache
def _failure(mfa: bool) -> str:
    return template(failed_sign_in(mfa=mfa), {}, "1.08", failed=0)
