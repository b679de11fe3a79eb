"""What streams have come to evaluate goes into the ledger, and what they missed beside it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from trailhound.engine.detection import Detection, Rate
from trailhound.engine.evaluate import matching
from trailhound.lake.delta_log import VERSION, Version, add_rows
from trailhound.lake.lake import canonical
from trailhound.lake.table import Table
from trailhound.ledger import missed
from trailhound.ledger.ledger import DONE, RUNNING, STREAM, Ledger, Rectangle, Stream, Unsettled
from trailhound.runtime.config import Config
from trailhound.streaming import checkpoints, cutover
from trailhound.streaming.checkpoints import Position
from trailhound.texts import counted


@dataclass
class Settled:
    """Events that streams may not have counted, by detection."""

    late: Counter[str] = field(default_factory=Counter)
    wrong_clocks: Counter[str] = field(default_factory=Counter)

    def lines(self) -> list[str]:
        """Return them as lines for people; none if all was counted."""
        lines = [
            f"{counted(n, 'event')} of {name} came late" for name, n in sorted((+self.late).items())
        ]
        return lines + [
            f"{counted(n, 'event')} of {name} dated after coming in: not counted"
            for name, n in sorted((+self.wrong_clocks).items())
        ]


@dataclass(frozen=True)
class Part:
    """The versions [first, last] of one stream's run that one detection has evaluated."""

    of: Unsettled
    position: Position
    first: int
    last: int

    @property
    def snapshot(self) -> int | None:
        """The version that its first micro-batch took as it stood; None where it is not that."""
        batches = self.position.batches
        is_first = self.first == 0 and batches and batches[0][0] == 0
        return batches[0][1] if is_first else None


class Settlement:
    """Brings the ledger up to what the checkpoints say."""

    def __init__(
        self,
        spark: SparkSession,
        config: Config,
        ledger: Ledger,
        detections: Iterable[Detection],
    ) -> None:
        self._spark, self._config, self._ledger = spark, config, ledger
        # A run with other parameters, whose late events nobody could tell now, stays unclaimed.
        self._known = {d.config_hash: d for d in detections}

    def start(self, run_id: str, streams: Iterable[Stream]) -> Settled:
        """Say where queries begin, before they do; what runs before left open is settled first."""
        settled = self.settle()
        rows = []
        for stream in streams:
            begins = cutover.read(self._spark, stream.checkpoint)
            taken = checkpoints.position(self._spark, stream.checkpoint).version
            first = max(taken, begins.version if begins else checkpoints.NOTHING) + 1
            rows += [
                Rectangle(
                    d.id,
                    d.config_hash,
                    STREAM,
                    RUNNING,
                    run_id,
                    first,
                    # What the stream was handed counts in its watermark.
                    newest_event_time=begins.newest if begins else None,
                    checkpoint=stream.checkpoint,
                )
                for d in stream.detections
            ]
        self._ledger.write(rows)
        return settled

    def settle(self, run_id: str = "", alerts: Mapping[str, int] | None = None) -> Settled:
        """Record what the streams have committed since the last time.

        `alerts` are those of `run_id` by detection, since its last settling.
        """
        settled = Settled()
        oldest = self._ledger.history.oldest()
        parts = [part for part in self.parts() if self._is_told(part, oldest)]
        if not parts:
            return settled
        first, last = min(p.first for p in parts), max(p.last for p in parts)
        versions = self._ledger.history.versions(max(first, oldest), last)
        counted = self._counted(parts) if versions else {}
        rectangles = []
        for part in parts:
            detection = self._detection(part)
            found = None
            if isinstance(detection, Rate) and counted:
                found = self._late(part, detection, counted[part.snapshot], settled)
            own = alerts if part.of.run_id == run_id else None
            raised = None if own is None else own.get(detection.id, 0)
            rectangles.append(self._rectangle(part, versions, raised, found))
        self._ledger.write(rectangles)
        return settled

    def parts(self) -> Iterable[Part]:
        """Return what streams have committed and the ledger does not say yet, by detection."""
        unsettled = [one for one in self._ledger.unsettled() if one.config_hash in self._known]
        for checkpoint in dict.fromkeys(one.checkpoint for one in unsettled):
            own = [one for one in unsettled if one.checkpoint == checkpoint]
            after = min(one.first for one in own) - 1
            position = checkpoints.position(self._spark, checkpoint, after=after)
            for one in own:
                until = position.version if one.until is None else one.until - 1
                last = min(position.version, until)
                if one.first <= last:
                    yield Part(one, position, one.first, last)

    def _is_told(self, part: Part, oldest: int) -> bool:
        """Whether the table, whose log goes back to `oldest`, still says what was late."""
        is_late_possible = isinstance(self._detection(part), Rate) and part.snapshot != part.last
        if is_late_possible and self._ledger.history.is_mapped:
            return False
        return (part.first if part.snapshot is None else part.snapshot) >= oldest

    def _detection(self, part: Part) -> Detection:
        return self._known[part.of.config_hash]

    def _counted(self, parts: Sequence[Part]) -> dict[int | None, DataFrame]:
        """What the rate detections of parts count, by the snapshot that these began with."""
        groups: dict[int | None, list[tuple[Part, Rate]]] = {}
        for part in parts:
            detection = self._detection(part)
            if isinstance(detection, Rate):
                groups.setdefault(part.snapshot, []).append((part, detection))
        found = {}
        for snapshot, group in groups.items():
            first = min(part.first for part, _ in group)
            rows = self._rows(snapshot, first, max(part.last for part, _ in group))
            events = canonical(rows, self._config, carried=[VERSION])
            # Few rows, read once for all.
            found[snapshot] = matching(events, [rate for _, rate in group]).localCheckpoint()
        return found

    def _rows(self, snapshot: int | None, first: int, last: int) -> DataFrame:
        """The rows of versions; those of a snapshot as if they all had come in by its version.

        Nothing is late in a first micro-batch, and a table may be older than its log.
        """
        history = self._ledger.history
        if snapshot is None:
            return history.rows(first, last)
        table = Table(self._config.tables.events).at(self._spark, snapshot)
        rows = table.withColumn(VERSION, F.lit(snapshot).cast("long"))
        if snapshot == last:
            return rows
        return rows.unionByName(history.rows(snapshot + 1, last), allowMissingColumns=True)

    def _late(
        self, part: Part, detection: Rate, counted: DataFrame, settled: Settled
    ) -> tuple[int, datetime | None]:
        """Record what a rate stream may have missed; how many events, and the newest one's time."""
        rows = counted.filter(F.col(VERSION).between(part.first, part.last))
        events = missed.counted(rows, detection, skew=self._config.stream.clock_skew)
        arrived = missed.arrivals(events)
        delay = self._config.stream.watermark_delay
        closed = missed.closed_before(arrived, part.position.batches, delay, part.of.newest)
        wanted = {
            one.version: closed[one.version]
            for one in arrived
            if missed.may_be_late(one, closed.get(one.version), detection)
        }
        if wanted or any(one.wrong_clocks for one in arrived):
            windows = missed.uncounted(events, detection, wanted)
            counts = self._ledger.write_uncounted(windows, part.of.run_id, detection)
            settled.late.update({detection.id: counts.get(missed.LATE, 0)})
            settled.wrong_clocks.update({detection.id: counts.get(missed.WRONG_CLOCK, 0)})
        else:
            counts = {}
        times = [t for t in (part.of.newest, *(one.newest for one in arrived)) if t]
        return counts.get(missed.LATE, 0), max(times, default=None)

    def _rectangle(
        self,
        part: Part,
        versions: Sequence[Version],
        alerts: int | None,
        found: tuple[int, datetime | None] | None,
    ) -> Rectangle:
        own = [v for v in versions if part.first <= v.number <= part.last]
        is_whole = part.first >= self._ledger.history.oldest()
        late_events, newest = found or (None, None)
        return Rectangle(
            part.of.detection_id,
            part.of.config_hash,
            STREAM,
            DONE,
            part.of.run_id,
            part.first,
            part.last,
            rows=add_rows(own) if is_whole else None,
            alerts=alerts,
            late=late_events,
            quarantined=sum(v.timeless for v in own),
            newest_event_time=newest,
            checkpoint=part.of.checkpoint,
        )
