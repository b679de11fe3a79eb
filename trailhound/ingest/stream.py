"""Raw CloudTrail files into the events table; what cannot be read into quarantine.

A stream over the file names alone decides what is new; what a batch of names holds is then read as
a batch, so that no damaged file can stop the stream.
"""

import argparse
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from pyspark.sql import Column, DataFrame, Observation, SparkSession
from pyspark.sql import functions as F

from trailhound.engine.events import EVENTS
from trailhound.ingest import reader
from trailhound.ingest.whole_files import location
from trailhound.lake.table import QUARANTINE, Table, absolute, create_events, create_quarantine
from trailhound.runtime.config import Config
from trailhound.runtime.job import Job
from trailhound.streaming import runner
from trailhound.texts import counted
from trailhound.times import collected, literal

RECORD_START = 2000
# Delivery keeps old modification times (rsync, restores); the file source forgets them otherwise.
_NEVER = "36500d"


@dataclass
class Counts:
    """What came in and what became of it; `records` = `events` + `quarantined_records`.

    Of the events, the future ones are dated after they came in, by more than `stream.clock_skew`.
    """

    files: int = 0
    records: int = 0
    events: int = 0
    future_events: int = 0
    quarantined_records: int = 0
    damaged_files: int = 0
    skipped_files: dict[str, int] = field(default_factory=dict)

    def skip(self, reason: str, number: int = 1) -> None:
        """Count files that are left out."""
        self.skipped_files[reason] = self.skipped_files.get(reason, 0) + number

    def lines(self) -> list[str]:
        """Return the counts as lines for people."""
        problems = f"{counted(self.quarantined_records, 'record')} quarantined"
        if self.damaged_files:
            problems += f", problems in {counted(self.damaged_files, 'file')} quarantined"
        skipped = [f"{number} {reason}" for reason, number in sorted(self.skipped_files.items())]
        lines = [
            f"{counted(self.files, 'file')} with {counted(self.records, 'record')} came in",
            f"{counted(self.events, 'event')} landed, {problems}",
        ]
        lines += reader.about_future(self.future_events)
        return lines + ([f"skipped: {', '.join(skipped)}"] if skipped else [])


class Ingest:
    """Writes batches of files into the events and quarantine tables, each batch once."""

    def __init__(self, spark: SparkSession, config: Config) -> None:
        self._spark = spark
        self._events, self._quarantine = (
            Table(config.tables.events),
            Table(config.tables.quarantine),
        )
        self._figures = reader.figures(config.stream.clock_skew)
        self.counts = Counts()

    def batch(self, names: DataFrame, batch_id: int) -> None:
        """Read the files that a batch of the stream names, and write what they hold."""
        app = runner.query_id(self._spark)
        rows = collected(names.select("path", "length"))
        listing = reader.choose((row.path, row.length, False) for row in rows)
        for reason, number in listing.skipped.items():
            self.counts.skip(reason, number)
        for path in listing.too_large:
            problem = f"larger than {reader.MAX_FILE_BYTES} bytes; split it"
            self._quarantine_file(path, problem, f"{app}/{path}", batch_id)
        if listing.files:
            arrived = literal(runner.now())
            self.counts.files += len(listing.files)
            files = self._write(
                reader.read(self._spark, listing.files), arrived, f"{app}/read", batch_id
            )
            if files < len(listing.files):
                self._salvage(listing.files, arrived, app, batch_id)

    def _salvage(self, files: Sequence[str], arrived: Column, app: str, batch_id: int) -> None:
        damaged = reader.unread(self._spark, files)
        rows = reader.salvage(self._spark, damaged)
        if self._write(rows, arrived, f"{app}/salvage", batch_id) < len(damaged):
            for path in reader.unread(self._spark, damaged, salvaging=True):
                self._quarantine_file(path, "cannot be read", f"{app}/{path}", batch_id)

    def _write(self, rows: DataFrame, arrived: Column, app: str, batch_id: int) -> int:
        """Write good rows and bad ones, and return how many files gave any row."""
        observed = Observation()
        rows = rows.withColumn("ingestedAt", arrived)
        events = reader.good(rows.observe(observed, *self._figures))
        note = f"trailhound ingest {app} {batch_id}"
        before = self._events.version(self._spark)
        self._events.append(events.select(*EVENTS.names), app=app, version=batch_id, note=note)
        if self._wrote(before, note):
            got = observed.get
        else:
            # A restart after the write: it is not done again, so nothing was observed.
            counted = rows.agg(*self._figures).first()
            got = counted.asDict() if counted else {}
        self._count(got, rows, app, batch_id, arrived)
        return int(got["files"])

    def _count(
        self, got: dict[str, int], rows: DataFrame, app: str, batch_id: int, arrived: Column
    ) -> None:
        self.counts.records += got["records"]
        self.counts.events += got["events"]
        self.counts.future_events += got["future"]
        self.counts.quarantined_records += got["records"] - got["events"]
        for reason in ("empty", "digest"):
            if got[reason]:
                self.counts.skip(f"{reason} file", got[reason])
        if got["bad"]:
            bad = rows.filter("reason IS NOT NULL").withColumn("quarantinedAt", arrived)
            bad = bad.withColumn("record", F.substring("record", 1, RECORD_START))
            damaged = bad.filter("record IS NULL").select("sourceFile").distinct().count()
            self.counts.damaged_files += damaged
            self._quarantine.append(bad.select(*QUARANTINE.names), app=app, version=batch_id)

    def _quarantine_file(self, path: str, reason: str, app: str, batch_id: int) -> None:
        self.counts.damaged_files += 1
        row = (runner.now(), reason, location(path), None, None)
        frame = self._spark.createDataFrame([row], QUARANTINE)
        self._quarantine.append(frame, app=app, version=batch_id)

    def _wrote(self, before: int, note: str) -> bool:
        history = self._events.delta(self._spark).history()
        return bool(
            history.filter((F.col("version") > before) & (F.col("userMetadata") == note)).head(1)
        )


def run(spark: SparkSession, config: Config, path: str, *, follow: bool = False) -> Counts:
    """Ingest what is new below a path, once or for as long as it runs, and return the counts.

    Raises:
        UserError: the path does not exist.
    """
    reader.require(spark, path)
    create_events(spark, Table(config.tables.events))
    create_quarantine(spark, Table(config.tables.quarantine))
    ingest = Ingest(spark, config)
    names = (
        spark.readStream.format("binaryFile")
        .schema(reader.FILE_SCHEMA)
        .option("recursiveFileLookup", "true")
        .option("maxFileAge", _NEVER)
        .option("maxFilesPerTrigger", config.stream.max_files_per_batch)
        .load(path)
        .select("path", "length")
    )
    home, place = absolute(config.stream.checkpoints), runner.folder(absolute(path))
    query = runner.Query("ingest", names, ingest.batch, f"{home}/ingest/{place}")
    runner.run(spark, [query], follow=follow, trigger=config.stream.trigger)
    return ingest.counts


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the job takes on the command line."""
    parser.add_argument("path", help="the folder of CloudTrail files, such as s3a://bucket/AWSLogs")
    runner.arguments(parser)


def main(job: Job) -> int:
    """Run the job as its arguments say, and print what came in and what became of it."""
    counts = run(job.spark, job.config, job.args.path, follow=job.args.follow)
    job.result(counts.lines(), asdict(counts))
    return 0
