"""The main job on simulated CloudTrail: what was planted must be an alert, and nothing else."""

import argparse
import json
import shutil
from collections import Counter
from dataclasses import dataclass, fields, replace
from pathlib import Path

from trailhound.detect import stream as detect
from trailhound.errors import UserError
from trailhound.ingest import stream as ingest
from trailhound.lake.table import Table
from trailhound.runtime.config import Config, Stream, Tables
from trailhound.runtime.job import Job
from trailhound.simulation.simulate import simulate
from trailhound.texts import counted
from trailhound.times import collected


@dataclass(frozen=True)
class Demo:
    """What came of it: planted and raised alerts by detection, and what to look at next."""

    rows: list[tuple[str, int, int]]
    lines: list[str]
    is_right: bool


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the demo takes on the command line."""
    parser.add_argument("--out", default="data/demo", help="where its files and tables go")
    parser.add_argument("--records", type=int, default=20_000, help="events to simulate")


def run(job: Job) -> Demo:
    """Simulate, ingest, detect, and hold the alerts against the truth.

    Raises:
        UserError: the folder holds something that no demo made.
    """
    out = Path(job.args.out)
    _clear(out)
    planted = simulate(out / "cloudtrail", records=job.args.records)
    config = _config(job.config, out)
    counts = ingest.run(job.spark, config, str(out / "cloudtrail" / "AWSLogs"))
    detections = config.chosen()
    detect.run(job.spark, config, detections, job.run_id)
    table = Table(config.tables.alerts).read(job.spark)
    found = table.select("detection_id", "event_time", "outcome", "severity", "event_count")
    raised = Counter(fact(row.asDict()) for row in collected(found))
    wanted = Counter(fact(alert) for alert in json.loads(planted.truth.read_text())["alerts"])
    by_id = Counter(fact[0] for fact in raised.elements())
    rows = [(d.id, planted.alerts.get(d.id, 0), by_id[d.id]) for d in detections]
    fired = sum(raised > 0 for _, _, raised in rows)
    lines = [
        *counts.lines(),
        f"{fired} of {len(rows)} detections fired; {counted(by_id.total(), 'alert')}, "
        f"{sum(planted.alerts.values())} planted",
        f"missing: {sum((wanted - raised).values())}, wrong: {sum((raised - wanted).values())}",
        f"the alerts table: {config.tables.alerts}",
    ]
    return Demo(rows, lines, raised == wanted and fired == len(rows))


def fact(alert: dict[str, object]) -> tuple[object, ...]:
    """What an alert and the truth must agree on."""
    time = alert["event_time"]
    text = time if isinstance(time, str) else f"{time:%Y-%m-%dT%H:%M:%S}Z"
    return (
        alert["detection_id"],
        text,
        alert["outcome"],
        alert["severity"],
        alert["event_count"],
    )


def _config(config: Config, out: Path) -> Config:
    folder = out.as_posix()
    if "/" not in folder:
        folder = f"./{folder}"
    tables = Tables(**{one.name: f"{folder}/{one.name}" for one in fields(Tables)})
    stream: Stream = replace(config.stream, checkpoints=f"{folder}/checkpoints")
    return replace(config, tables=tables, stream=stream)


def _clear(out: Path) -> None:
    mark = out / ".trailhound-demo"
    if out.exists() and any(out.iterdir()) and not mark.exists():
        raise UserError(f"{out} holds something that is no demo's; name another with --out")
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    mark.touch()
