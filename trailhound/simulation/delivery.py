"""How CloudTrail delivers: many small gzipped files, out of order, some late, some records twice.

A file holds records of one account and region. Its time, in the name and in the folder, is the time
of delivery.
"""

import gzip
import string
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from trailhound.simulation.plan import Planted

GZIP_LEVEL = 6
_LARGEST = 622
_ALPHANUMERIC = string.ascii_letters + string.digits


def file_size(rng: Random) -> int:
    """Return how many records a file holds: 5 in the median, a long tail to several hundred."""
    return min(_LARGEST, max(1, round(rng.lognormvariate(1.8, 1.9))))


class Delivery:
    """Writes files under `out`, and chooses which records come twice.

    Of `distinct` records that pass through `put`, `repeats` are delivered once more, beside those
    that are named to be.
    """

    def __init__(self, out: Path, rng: Random, distinct: int, repeats: int) -> None:
        self.files = 0
        self.records = 0
        self._out = out
        self._rng = rng
        self._distinct = distinct
        self._repeats = repeats
        self._seen = 0
        self._chosen = 0
        self._next = self._choose()
        self._waiting: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        self._folders: set[str] = set()

    def put(
        self,
        account: str,
        region: str,
        end: datetime,
        records: Sequence[str],
        planted: Sequence[Planted] = (),
        *,
        delay: int | None = None,
    ) -> None:
        """Deliver records of the minutes before `end` in one file.

        `delay` is in minutes; without it, it is 5 or 10, now and then up to 90, rarely some hours.
        The file also brings what is to come again from earlier files of the account and region.
        """
        where = (account, region)
        once_more = self._waiting.pop(where, [])
        texts = [*records, *(event.text for event in planted)]
        self._waiting[where] += [event.text for event in planted if event.again]
        self._waiting[where] += self._picked(texts)
        if delay is None:
            # A stream may rightly miss a burst that comes hours late; those are not hidden here.
            delay = self._delay(longest=90 if planted else 415)
        self._write(where, end, texts + once_more, delay)

    def finish(self, end: datetime) -> None:
        """Deliver what is still to come a second time."""
        for where, records in sorted(self._waiting.items()):
            if records:
                self._write(where, end, records, 10)
        self._waiting.clear()

    def _choose(self) -> int:
        """Return the number of the next record to come twice: a random one in each share."""
        if self._chosen >= self._repeats:
            return self._distinct
        first = self._chosen * self._distinct // self._repeats
        last = (self._chosen + 1) * self._distinct // self._repeats
        self._chosen += 1
        return self._rng.randrange(first, last)

    def _picked(self, records: list[str]) -> list[str]:
        picked = []
        while self._next < self._seen + len(records):
            picked.append(records[self._next - self._seen])
            self._next = self._choose()
        self._seen += len(records)
        return picked

    def _delay(self, longest: int) -> int:
        chance = self._rng.random()
        if chance < 0.004:
            return min(longest, 5 * self._rng.randrange(24, 84))
        if chance < 0.04:
            return 5 * self._rng.randrange(3, 19)
        return 5 if chance < 0.5 else 10

    def _write(self, where: tuple[str, str], end: datetime, records: list[str], delay: int) -> None:
        self._rng.shuffle(records)
        account, region = where
        # CloudTrail writes in steps of five minutes.
        minutes = (delay + 4) // 5 * 5
        time = f"{end + timedelta(minutes=minutes):%Y%m%dT%H%MZ}"
        folder = f"AWSLogs/{account}/CloudTrail/{region}/{time[:4]}/{time[4:6]}/{time[6:8]}"
        if folder not in self._folders:
            self._folders.add(folder)
            (self._out / folder).mkdir(parents=True, exist_ok=True)
        tag = "".join(self._rng.choices(_ALPHANUMERIC, k=16))
        name = f"{account}_CloudTrail_{region}_{time}_{tag}.json.gz"
        text = '{"Records":[' + ",".join(records) + "]}"
        # Without a time in its head, the same records give the same bytes.
        data = gzip.compress(text.encode(), GZIP_LEVEL, mtime=0)
        with open(f"{self._out}/{folder}/{name}", "xb") as file:
            file.write(data)
        self.files += 1
        self.records += len(records)
