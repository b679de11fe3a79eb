"""Going live on a table with a history: the past as a batch, then the stream.

A stream keeps every window of its first micro-batch in its state: of a table with years in it, all
windows of these years. So a long history is evaluated as a batch, and the stream begins with the
period that late events may still reach, and one look-back before it.
"""

from collections.abc import Mapping
from datetime import datetime

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from trailhound.detect import backfill
from trailhound.detect.backfill import Filled, Work
from trailhound.engine.detection import Rate
from trailhound.engine.evaluate import is_future, matching
from trailhound.lake.lake import canonical
from trailhound.lake.table import Table
from trailhound.ledger.ledger import Ledger
from trailhound.runtime import log
from trailhound.runtime.config import Config
from trailhound.streaming import checkpoints, cutover
from trailhound.streaming.cutover import Handover
from trailhound.times import HIGH, LOW, before, collected, period_of


def prepare(
    spark: SparkSession,
    config: Config,
    ledger: Ledger,
    rates: Mapping[str, Rate],
    run_id: str,
) -> Filled:
    """Evaluate the history for the rate streams that are new, by checkpoint, and hand over to them.

    A short history is left to the streams. The hand-over is written last: a run that dies before
    leaves the stream as new as it was, and alerts that the next batch finds again. A detection that
    fails is named, and handed nothing.
    """
    new = {
        checkpoint: rate
        for checkpoint, rate in rates.items()
        if checkpoints.needed(spark, checkpoint) is None and cutover.read(spark, checkpoint) is None
    }
    if not new:
        return Filled()
    source = Table(config.tables.events)
    version = source.version(spark)
    if source.at(spark, version).count() <= config.stream.max_history_rows:
        return Filled()
    log.info("evaluating the history as a batch", version=version, detections=len(new))
    work = [Work(rate, [(LOW, HIGH)]) for rate in new.values()]
    filled = backfill.carry_out(spark, config, ledger, work, run_id, version=version)
    new = {at: rate for at, rate in new.items() if rate.id not in filled.failures}
    newest = _newest(spark, config, list(new.values()), version) if new else {}
    for checkpoint, rate in new.items():
        cutover.write(spark, checkpoint, _handover(config, rate, version, newest[rate.id]))
    return filled


def _handover(config: Config, rate: Rate, version: int, newest: datetime | None) -> Handover:
    """The stream's watermark will be the newest time less the delay: what ends before is closed."""
    closed = before(newest, config.stream.watermark_delay) if newest else LOW
    is_early = closed <= LOW + rate.suppress_for
    return Handover(version, newest, None if is_early else period_of(closed, rate.suppress_for))


def _newest(
    spark: SparkSession, config: Config, rates: list[Rate], version: int
) -> dict[str, datetime | None]:
    """The newest time that each detection may count: what has no key is in it, which is no harm."""
    events = canonical(Table(config.tables.events).at(spark, version), config)
    matched = matching(events, rates)
    is_right = F.col("ingestedAt").isNull() | ~is_future(config.stream.clock_skew)
    of_each = [
        F.max(F.when(is_right & F.array_contains("matched", rate.id), F.col("eventTime"))).alias(
            rate.id
        )
        for rate in rates
    ]
    (row,) = collected(matched.agg(*of_each))
    return {rate.id: row[rate.id] for rate in rates}
