"""One bad detection does not stop the others: it is left out, named, and found again later."""

from dataclasses import replace
from pathlib import Path

import pytest
from builders import record
from pyspark.sql import Column, SparkSession
from pyspark.sql import functions as F
from test_coverage import KEY, World
from test_jobs import deliver

from trailhound import Options, SingleEvent, load
from trailhound.detect import backfill, scan
from trailhound.detect.isolation import isolated
from trailhound.ledger import gaps, health
from trailhound.runtime.config import Config
from trailhound.texts import one_line
from trailhound.times import HIGH, LOW

GOOD, BAD = load(["ec2_key_pair_imported", "mfa_disabled"])
ACL = record("iam", "DeactivateMFADevice", {"serialNumber": "none"})


def trips(options: Options) -> Column:
    """Fails on some event, as a careless cast does."""
    return F.assert_true(F.col("eventName") != "DeactivateMFADevice").isNull()


def cannot_be_planned(options: Options) -> Column:
    return F.col("no_such_column")


def broken(condition: object) -> SingleEvent:
    assert isinstance(BAD, SingleEvent)
    return replace(BAD, condition=condition)  # type: ignore[arg-type]


def test_a_detection_that_fails_on_an_event_is_left_out_and_named(
    spark: SparkSession, tmp_path: Path
) -> None:
    world = World(spark, tmp_path)
    world.append([KEY, ACL])

    found = world.detect(GOOD, broken(trips))

    assert found.alerts == {GOOD.id: 1}
    assert found.failures.keys() == {BAD.id}
    assert "\n" not in found.failures[BAD.id]
    assert health.failing(spark, world.config).keys() == {BAD.id}
    (gap,) = world.gaps(GOOD, BAD)
    assert (gap.detection_id, gap.reason, gap.rows) == (BAD.id, "failed", 2)

    filled = backfill.run(spark, world.config, [GOOD, BAD], "mended", LOW, HIGH)

    assert filled.alerts == {GOOD.id: 1, BAD.id: 1}
    assert world.gaps(GOOD, BAD) == []
    assert health.failing(spark, world.config) == {}


def test_a_backfill_goes_on_without_what_cannot_be_planned(
    spark: SparkSession, tmp_path: Path
) -> None:
    world = World(spark, tmp_path)
    world.append([KEY, ACL])

    filled = backfill.run(spark, world.config, [GOOD, broken(cannot_be_planned)], "one", LOW, HIGH)

    assert filled.alerts == {GOOD.id: 1}
    assert filled.failures.keys() == {BAD.id}
    assert [gap.detection_id for gap in world.gaps(GOOD, BAD)] == [BAD.id]
    assert gaps.NEVER not in {gap.reason for gap in world.gaps(GOOD, BAD)}


def test_a_scan_goes_on_without_it(spark: SparkSession, tmp_path: Path) -> None:
    deliver(tmp_path / "a.json.gz", [KEY, ACL])
    found = scan.scan(spark, [str(tmp_path)], [GOOD, broken(trips)], as_of=HIGH)
    assert [row.detection_id for row in found.alerts] == [GOOD.id]
    assert (found.events, found.failures.keys()) == (2, {BAD.id})


# --- Without Spark --------------------------------------------------------------------------------


def test_a_file_that_does_not_load_leaves_the_others(tmp_path: Path) -> None:
    (tmp_path / "aaa_broken.py").write_text("raise RuntimeError('half written')\n")
    config = Config(detection_folders=(str(tmp_path),))
    assert len(config.chosen()) == len(config.every()) == len(load())
    assert config.broken() == {"aaa_broken": "RuntimeError: half written"}
    off = replace(config, detections={"aaa_broken": {"enabled": False}})
    assert off.broken() == {}


def test_whose_fault_it_is() -> None:
    both = [GOOD, BAD]

    def fails(detection: object) -> None:
        if detection is BAD:
            raise ValueError("the first line\nthe second")

    def evaluate(chosen: list[object]) -> int:
        for one in chosen:
            fails(one)
        return len(chosen)

    assert isolated(evaluate, both, fails) == (1, {BAD.id: "the first line"})  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="first"):
        isolated(evaluate, both, lambda _: None)  # type: ignore[arg-type]
    troubles = iter([OSError("an executor died"), None])

    def passing(chosen: list[object]) -> int:
        trouble = next(troubles)
        if trouble:
            raise trouble
        return len(chosen)

    assert isolated(passing, both, lambda _: None) == (2, {})  # type: ignore[arg-type]
    troubles = iter([RuntimeError("[CHECKPOINT_RDD_BLOCK_ID_NOT_FOUND] rdd_5_0"), None])
    assert isolated(passing, both, fails) == (2, {}), "nobody is asked"  # type: ignore[arg-type]
    assert one_line(KeyError()) == "KeyError"
