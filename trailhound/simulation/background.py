"""The traffic in which attacks hide: records drawn from the catalogue, none of which alerts."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import accumulate
from random import Random
from typing import NamedTuple

from trailhound.simulation.access_calls import access_calls
from trailhound.simulation.callers import Account
from trailhound.simulation.cast import Cast
from trailhound.simulation.near_misses import near_misses
from trailhound.simulation.records import Call, fill, template
from trailhound.simulation.resource_calls import resource_calls
from trailhound.simulation.world import REGIONS, names, pick

VERSIONS = ("1.08", "1.09", "1.10", "1.11")
_VARIANTS = 4
"""How many sets of resource names each call is prepared with."""


class Background:
    """Draws records of everyday traffic."""

    def __init__(self, rng: Random, accounts: Sequence[Account]) -> None:
        self._rng = rng
        self._casts = {account.id: Cast(account) for account in accounts}
        calls = [*access_calls(), *resource_calls(), *near_misses()]
        prepared = [item for call in calls for item in _prepare(rng, call)]
        self._everywhere = _Draw(rng, prepared)
        # What AWS records only in us-east-1 must not turn up elsewhere.
        self._regional = _Draw(rng, [item for item in prepared if not item.is_global])
        self._clock = [f"{second // 60:02d}:{second % 60:02d}Z" for second in range(3600)]

    def records(
        self, account: str, region: str, begin: datetime, seconds: int, count: int
    ) -> list[str]:
        """Return `count` records (JSON text) of the `seconds` from `begin` on, in no order.

        The seconds lie within one hour.
        """
        rng = self._rng
        callers = self._casts[account].callers(begin)
        # Looked up, because formatting a time takes as long as the rest of a record.
        hour, first = f"{begin:%Y-%m-%dT%H:}", begin.minute * 60 + begin.second
        clock = self._clock[first : first + seconds]
        draw = self._everywhere if region == REGIONS[0] else self._regional
        return [
            fill(
                record,
                pick(rng, callers(key)),
                account,
                region,
                hour + pick(rng, clock),
                rng.getrandbits(384),
            )[0]
            for record, key in draw.take(count)
        ]


class _Prepared(NamedTuple):
    record: str
    caller: str
    weight: float
    is_global: bool


def _prepare(rng: Random, call: Call) -> Iterator[_Prepared]:
    """Yield the call as templates: for each way it ends, with several sets of names."""
    ends: list[int | None] = [None, *range(len(call.errors))]
    for failed in ends:
        share = 1 - call.error_share if failed is None else call.error_share / len(call.errors)
        for _ in range(_VARIANTS if share else 0):
            record = template(call, names(rng), pick(rng, VERSIONS), failed)
            yield _Prepared(record, call.caller, call.weight * share / _VARIANTS, call.is_global)


class _Draw:
    """A weighted draw from prepared calls."""

    def __init__(self, rng: Random, prepared: Sequence[_Prepared]) -> None:
        self._rng = rng
        self._records = [(item.record, item.caller) for item in prepared]
        self._weights = list(accumulate(item.weight for item in prepared))

    def take(self, count: int) -> list[tuple[str, str]]:
        """Return `count` pairs of record template and key of callers."""
        return self._rng.choices(self._records, cum_weights=self._weights, k=count)
