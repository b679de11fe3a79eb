"""The periods that late events touch, evaluated anew as a batch: their alerts become right."""

import argparse
from collections.abc import Sequence

from pyspark.sql import SparkSession

from trailhound.detect import backfill
from trailhound.detect.backfill import Filled, Work
from trailhound.engine.detection import Detection, Rate
from trailhound.ledger import gaps
from trailhound.ledger.ledger import REPAIR, Ledger
from trailhound.ledger.reconcile import Settlement
from trailhound.runtime.config import Config
from trailhound.runtime.job import Job
from trailhound.texts import counted


def run(
    spark: SparkSession,
    config: Config,
    ledger: Ledger,
    detections: Sequence[Detection],
    run_id: str,
) -> tuple[Filled, int]:
    """Evaluate what late events touch; return what came of it, and how many events these were."""
    rates = {d.id: d for d in detections if isinstance(d, Rate)}
    if not rates or ledger.uncounted().isEmpty():
        return Filled(), 0
    found = gaps.late(ledger, list(rates.values()))
    if not found:
        return Filled(), 0
    work = [Work(rates[name], spans) for name, spans in gaps.spans(found).items()]
    filled = backfill.carry_out(spark, config, ledger, work, run_id, REPAIR)
    return filled, sum(gap.rows or 0 for gap in found)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the job takes on the command line."""
    parser.add_argument(
        "--detection", metavar="ID", action="append", help="only this detection; may be repeated"
    )


def main(job: Job) -> int:
    """Run the job as its arguments say, and print how many alerts it merged."""
    ledger = Ledger(job.spark, job.config)
    detections = job.config.chosen(job.args.detection)
    Settlement(job.spark, job.config, ledger, job.config.every()).settle()
    filled, late = run(job.spark, job.config, ledger, detections, job.run_id)
    lines = [
        f"{counted(late, 'late event')}, {counted(filled.alerts.total(), 'alert')} "
        f"of the periods they touch merged into {job.config.tables.alerts}"
    ]
    figures = {"late": late, "alerts": filled.alerts.total()}
    return job.done(lines, figures, filled.failures)
