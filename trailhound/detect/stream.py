"""The events table to the alerts table, as streams.

One query for all single-event detections, one for each rate detection.
"""

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from pyspark.sql import DataFrame, SparkSession

from trailhound.detect import bootstrap, repair
from trailhound.detect.isolation import Failures, probed
from trailhound.detect.queries import SINGLE_EVENTS, Queries
from trailhound.engine.detection import Detection, Rate, SingleEvent
from trailhound.engine.evaluate import alerts
from trailhound.lake.delta_log import VERSION
from trailhound.lake.lake import canonical
from trailhound.lake.table import AlertWriter, Table, create_alerts
from trailhound.ledger import health
from trailhound.ledger.ledger import Ledger, Stream
from trailhound.ledger.reconcile import Settled, Settlement
from trailhound.runtime.config import Config
from trailhound.runtime.job import Job
from trailhound.streaming import checkpoints, runner
from trailhound.texts import counted

# A source whose columns change more often than this in one run is not the streams' to follow.
_MAX_RESTARTS = 20


@dataclass
class Detected:
    """What a run came to: alerts by detection, what failed, what came late and was repaired."""

    alerts: Counter[str] = field(default_factory=Counter)
    failures: Failures = field(default_factory=dict)
    late: Counter[str] = field(default_factory=Counter)
    wrong_clocks: Counter[str] = field(default_factory=Counter)
    repaired: int = 0


class Detect:
    """The streams of a set of detections, and what came of them so far."""

    def __init__(
        self, spark: SparkSession, config: Config, detections: Sequence[Detection], run_id: str
    ) -> None:
        self._spark, self._config, self._run_id = spark, config, run_id
        self._events = Table(config.tables.events)
        alerts_table = Table(config.tables.alerts)
        canonical(self._events.read(spark), config)  # before anything is made
        create_alerts(spark, alerts_table)
        self.found = Detected()
        self._detections = self._built(detections)
        self._part = self._single_part()
        self._queries = Queries(spark, config, self._write)
        self._writers = {
            name: AlertWriter(spark, alerts_table, run_id, ids)
            for name, ids in _parts(self._detections).items()
        }
        self._ledger = Ledger(spark, config)
        self._settlement = Settlement(spark, config, self._ledger, [*config.every(), *detections])
        self._unsettled: Counter[str] = Counter()
        self._restarts = 0

    def run(self, *, follow: bool) -> Detected:
        """Run the streams, write down what they covered, and repair what came late."""
        self._hand_over()
        self._note(self._settlement.start(self._run_id, self._streams()))
        config = self._config.stream
        runner.run(
            self._spark,
            self.queries(),
            follow=follow,
            trigger=config.trigger,
            mend=self._mend,
            every=config.settle_every,
            housekeeping=self._settle,
        )
        self._settle()
        health.report(
            self._spark, self._config, self._run_id, "detect", self._detections, self.found.failures
        )
        return self.found

    def _built(self, detections: Sequence[Detection]) -> list[Detection]:
        """The detections whose condition can be planned; the others have failed."""
        empty = canonical(self._events.read(self._spark), self._config).limit(0)
        try:
            alerts(empty, detections)
        except Exception:
            self.found.failures |= probed(detections, lambda d: alerts(empty, [d]))
            if len(self.found.failures) in (0, len(detections)):
                raise
        return [d for d in detections if d.id not in self.found.failures]

    def queries(self) -> list[runner.Query]:
        """Return the streaming queries."""
        queries = [self._single()] if self._singles else []
        return queries + [self._queries.rate(d) for d in self._rates]

    @property
    def _singles(self) -> list[SingleEvent]:
        singles = (d for d in self._detections if isinstance(d, SingleEvent))
        return [d for d in singles if d.id not in self.found.failures]

    @property
    def _rates(self) -> list[Rate]:
        rates = (d for d in self._detections if isinstance(d, Rate))
        return [d for d in rates if d.id not in self.found.failures]

    def _single(self) -> runner.Query:
        return self._queries.single(self._singles, self._part)

    def _single_part(self) -> str:
        """The name of the position of the single-event query.

        Some detections alone have a position of their own: theirs must not move that of all.
        """
        own = [d.id for d in self._detections if isinstance(d, SingleEvent)]
        usual = [d.id for d in self._config.chosen() if isinstance(d, SingleEvent)]
        usual = [name for name in usual if name not in self.found.failures]
        return SINGLE_EVENTS if own == usual else f"{SINGLE_EVENTS}-{runner.folder(str(own))}"

    def _hand_over(self) -> None:
        """Evaluate what the table held before, for rate streams that are about to begin."""
        rates = {self._queries.of(d): d for d in self._rates}
        filled = bootstrap.prepare(self._spark, self._config, self._ledger, rates, self._run_id)
        self.found.alerts.update(filled.alerts)
        self.found.failures |= filled.failures

    def _write(self, part: str, found: DataFrame) -> None:
        counts = self._writers[part].write(found)
        self.found.alerts.update(counts)
        self._unsettled.update(counts)

    def _streams(self) -> list[Stream]:
        singles = [Stream(self._queries.checkpoint(self._part), tuple(self._singles))]
        found = singles if self._singles else []
        return found + [Stream(self._queries.of(d), (d,)) for d in self._rates]

    def _settle(self) -> None:
        """Write down what the streams have committed, and repair what came late for them."""
        alerts_so_far, self._unsettled = self._unsettled, Counter()
        self._note(self._settlement.settle(self._run_id, alerts_so_far))
        filled, events = repair.run(
            self._spark, self._config, self._ledger, self._detections, self._run_id
        )
        self.found.alerts.update(filled.alerts)
        self.found.failures |= filled.failures
        self.found.repaired += events

    def _note(self, settled: Settled) -> None:
        self.found.late.update(settled.late)
        self.found.wrong_clocks.update(settled.wrong_clocks)

    def _mend(self, name: str, error: Exception) -> runner.Query | None:
        """What is done when a query fails: its detection is left out, or it is begun again.

        Raises:
            UserError: it is the source's fault, and not a detection's.
        """
        rates = {d.id: d for d in self._rates}
        if runner.is_schema_change(error) and self._restarts < _MAX_RESTARTS:
            self._restarts += 1
            return self._single() if name == SINGLE_EVENTS else self._queries.rate(rates[name])
        asked = self._singles if name == SINGLE_EVENTS else [rates[name]]
        part = self._part if name == SINGLE_EVENTS else None
        checkpoint = self._queries.checkpoint(part) if part else self._queries.of(rates[name])
        if runner.remedy(error):
            first = checkpoints.position(self._spark, checkpoint).version + 1
            last = max(first, self._events.version(self._spark))
            raise runner.failed(
                name, error, f" at versions {first} to {last} (checkpoint {checkpoint})"
            )
        failures = self._to_blame(checkpoint, asked)
        if not failures or 1 < len(failures) == len(asked):
            raise runner.failed(name, error)
        # First in the ledger: what goes on without them must not count as theirs.
        self._ledger.fail(self._run_id, checkpoint, [d for d in asked if d.id in failures])
        self.found.failures |= failures
        return self._single() if part and self._singles else None

    def _to_blame(self, checkpoint: str, detections: Sequence[Detection]) -> Failures:
        """Which of the detections fail on the events of the batch that failed, alone."""
        position = checkpoints.position(self._spark, checkpoint)
        first, last = position.version + 1, position.pending
        if last < first:
            return {}
        rows = self._events.at(self._spark, last)
        if first > 0:
            rows = self._ledger.history.rows(first, last).drop(VERSION)
        events = canonical(rows, self._config)

        def probe(detection: Detection) -> None:
            found = alerts(events, [detection], skew=self._config.stream.clock_skew)
            found.write.format("noop").mode("overwrite").save()

        return probed(detections, probe)


def _parts(detections: Sequence[Detection]) -> dict[str, list[str]]:
    """Which detections each query writes for."""
    singles = [d.id for d in detections if isinstance(d, SingleEvent)]
    parts = {SINGLE_EVENTS: singles} if singles else {}
    return parts | {d.id: [d.id] for d in detections if isinstance(d, Rate)}


def run(
    spark: SparkSession,
    config: Config,
    detections: Sequence[Detection],
    run_id: str,
    *,
    follow: bool = False,
) -> Detected:
    """Run the detections over what is new in the events table; return what came of it.

    A detection that is new takes the whole table first. One that fails is left out and named.

    Raises:
        UserError: there is no events table, or it cannot be read as CloudTrail.
    """
    return Detect(spark, config, detections, run_id).run(follow=follow)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the job takes on the command line."""
    parser.add_argument(
        "--detection", metavar="ID", action="append", help="only this detection; may be repeated"
    )
    runner.arguments(parser)


def main(job: Job) -> int:
    """Run the job as its arguments say, and print how many alerts it merged."""
    detections = job.config.chosen(job.args.detection)
    found = run(job.spark, job.config, detections, job.run_id, follow=job.args.follow)
    lines = [f"{counted(count, 'alert')} of {name}" for name, count in sorted(found.alerts.items())]
    lines.append(f"{counted(found.alerts.total(), 'alert')} merged into {job.config.tables.alerts}")
    lines += Settled(found.late, found.wrong_clocks).lines()
    if found.late.total():
        late = counted(found.repaired, "late event")
        lines.append(f"{late}: the periods touched were evaluated anew")
    figures = {
        "alerts": found.alerts.total(),
        "by_detection": found.alerts,
        "late": found.late,
        "wrong_clocks": found.wrong_clocks,
        "repaired": found.repaired,
    }
    return job.done(lines, figures, found.failures)
