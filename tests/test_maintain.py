"""Upkeep: small files go together, files nobody needs go, and whoever is behind finds his."""

import json
import os
import time
from pathlib import Path

import pytest
from builders import events, record
from pyspark.sql import SparkSession
from test_coverage import KEY, SINGLE, World

from trailhound.cli import main
from trailhound.detect import stream as detect
from trailhound.lake.maintenance import Upkeep
from trailhound.lake.table import Table, create_alerts
from trailhound.ops import maintain
from trailhound.ops.maintain import Kept, lines

INGEST = "01234567-89ab-cdef-0123-456789abcdef/read"


class Kitchen(World):
    """A world whose events came by ingest, and whose tables can be made older."""

    def __init__(self, spark: SparkSession, folder: Path) -> None:
        super().__init__(spark, folder)
        self.folder = folder

    def land(self, number: int) -> None:
        """So many batches of one event each, as ingest writes them."""
        for _ in range(number):
            key = record("ec2", "ImportKeyPair", {"keyName": f"k{self._commits}"})
            self.table.append(events(self.spark, [key]), app=INGEST, version=self._commits)
            self._commits += 1

    def age(self, days: int) -> None:
        """Let everything in the tables have happened so many days earlier."""
        for file in self.folder.rglob("*"):
            if file.suffix == ".crc":
                file.unlink()
        for file in self.folder.rglob("_delta_log/*.json"):
            actions = map(json.loads, file.read_text().splitlines())
            older = [json.dumps(_older(action, days)) for action in actions]
            file.write_text("\n".join(older) + "\n")
        then = time.time() - days * 86400
        for file in self.folder.rglob("*"):
            if file.is_file() and "checkpoints" not in file.parts:
                os.utime(file, (then, then))
        self.spark._jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()  # type: ignore[union-attr]

    def maintain(self, *, dry_run: bool = False) -> Kept:
        (kept,) = maintain.run(self.spark, self.config, ["events"], dry_run=dry_run)
        return kept

    def files(self) -> set[str]:
        return {file.name for file in (self.folder / "events").glob("*.parquet")}


def _older(action: dict[str, dict[str, object]], days: int) -> dict[str, dict[str, object]]:
    times = ("deletionTimestamp", "timestamp", "modificationTime", "createdTime")
    for facts in action.values():
        for name in times:
            if facts.get(name):
                facts[name] = int(str(facts[name])) - days * 86_400_000
    return action


def test_whoever_is_behind_finds_his_files_and_what_nobody_needs_goes(
    spark: SparkSession, tmp_path: Path
) -> None:
    world = Kitchen(spark, tmp_path)
    world.land(1)
    killed = detect.Detect(spark, world.config, [SINGLE], "killed before it wrote it down")
    killed._settle = lambda: None  # type: ignore[method-assign]
    assert killed.run(follow=False).alerts.total() == 1
    world.land(2)

    assert world.table.version(spark) == 3
    planned = world.maintain(dry_run=True)
    assert world.table.version(spark) == 3, "a dry run changes nothing"
    kept = world.maintain()
    assert (planned.compacted, planned.compacted_bytes) == (kept.compacted, kept.compacted_bytes)
    assert (kept.compacted, kept.into, kept.deleted) == (3, 1, 0)

    world.age(29)
    before = world.files()
    kept = world.maintain()
    # It has read version 1, but nobody has looked for late events there.
    assert "still needs version 0" in kept.held
    assert kept.deleted == 0
    assert world.files() == before
    assert kept.set == {"delta.logRetentionDuration": "interval 60 days"}
    properties = world.table.delta(spark).detail().first().properties  # type: ignore[union-attr]
    assert properties == {**properties, **kept.set}
    assert world.detect(SINGLE).alerts.total() == 2

    # The compaction came after what detect has read, but it brought nothing new.
    kept = world.maintain()
    assert (kept.held, kept.set) == ("", {})
    assert kept.deleted == len(before) - 1
    assert len(world.files()) == 1
    assert world.table.read(spark).count() == 3


def test_a_table_of_your_own_is_only_read(spark: SparkSession, tmp_path: Path) -> None:
    world = World(spark, tmp_path)
    for _ in range(2):
        world.append([KEY])
    kept = maintain.run(spark, world.config, ["events", "alerts"])
    assert ["only read" in one.skipped for one in kept] == [True, False]
    assert world.table.version(spark) == 2


def test_a_folder_that_a_writer_has_just_made_is_no_file(
    spark: SparkSession, tmp_path: Path
) -> None:
    table = Table(str(tmp_path / "alerts"))
    create_alerts(spark, table)
    (tmp_path / "alerts" / "detection_id=mfa_disabled").mkdir()

    assert Upkeep(spark, table).unused() == 0


def test_a_week_is_the_least(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["maintain", "--keep", "6 days"]) == 2
    assert "must be 7 days or more" in capsys.readouterr().err
    assert main(["maintain", "--keep", "soon"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    ("hours", "said"),
    [(0.3, None), (5, "single-events still needs the last 5 hours"), (84, "the last 3.5 days")],
)
def test_who_is_behind_is_named_and_by_how_much(hours: float, said: str | None) -> None:
    line = lines(
        Kept("events", "data/events", needed_hours=hours, by="single-events"), dry_run=False
    )
    assert said in line if said else "needs" not in line
