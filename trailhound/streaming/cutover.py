"""Where a rate stream takes over from the batch that evaluated what a table held before."""

import json
from dataclasses import dataclass
from datetime import datetime

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from trailhound.engine.detection import Rate
from trailhound.lake.folder import Folder
from trailhound.times import before, literal

_FILE = "handover.json"


@dataclass(frozen=True)
class Handover:
    """What a batch has evaluated for a stream that is about to begin.

    `version` is the newest one of the events table that it saw, and `newest` the newest event time
    in there that the detection may count, None if there is none. Periods from `start` on are the
    stream's as well; None: all are.
    """

    version: int
    newest: datetime | None
    start: datetime | None

    def read(self, counted: DataFrame, detection: Rate) -> DataFrame:
        """Return the events that the stream needs, of those that the detection counts."""
        if self.start is None:
            return counted
        return counted.filter(F.col("eventTime") >= literal(before(self.start, detection.within)))

    def owned(self, reached: DataFrame) -> DataFrame:
        """Return the windows whose beginning the stream has read: the rows of `windows.reached`."""
        if self.start is None:
            return reached
        return reached.filter(F.col("period_start") >= literal(self.start))


def read(spark: SparkSession, checkpoint: str) -> Handover | None:
    """Return the hand-over to the stream of a checkpoint; None where it took all there was."""
    folder = Folder(spark, checkpoint)
    if _FILE not in folder.names():
        return None
    facts = json.loads(folder.text(_FILE))
    newest, start = (
        datetime.fromisoformat(facts[name]) if facts[name] else None for name in ("newest", "start")
    )
    return Handover(facts["version"], newest, start)


def write(spark: SparkSession, checkpoint: str, handover: Handover) -> None:
    """Hand over to the stream of a checkpoint, which has not begun and was handed nothing yet."""
    times = {"newest": handover.newest, "start": handover.start}
    facts = {name: time.isoformat() if time else None for name, time in times.items()}
    Folder(spark, checkpoint).write(_FILE, json.dumps({"version": handover.version, **facts}))
