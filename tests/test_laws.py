"""The laws that batch, stream and replay keep, on generated cases against the oracle.

Short in `make test`, thousands of cases in `make proof`; LAW_SEED draws other ones.
"""

from datetime import timedelta
from functools import cache
from pathlib import Path

import law_checks
import pytest
import report
from laws import SEED, World, draw_worlds, small, together
from pyspark.sql import SparkSession
from test_detections import SINGLE

from trailhound.detect import stream as detect
from trailhound.ledger.ledger import Ledger

SHOWN = 3  # worlds that break a law; the rest are counted


def hold(law: str, worlds: list[World], breaches: list[str], how: str = "") -> None:
    """Fail with the first breaches, or say how much was looked at."""
    shown = "\n".join(breaches[:SHOWN])
    assert not breaches, f"{law}: {len(breaches)} breaches, seed {SEED}\n{shown}"
    events = len(together(worlds))
    report.say("law", f"{law}: {len(worlds):,} cases, {events:,} events{how}, seed {SEED}: holds")


FEW, MANY = 300, 2000


@pytest.fixture(scope="module", params=[FEW, pytest.param(MANY, marks=pytest.mark.proof)])
def worlds(request: pytest.FixtureRequest) -> list[World]:
    return drawn(request.param)


@pytest.fixture(scope="module")
def many() -> list[World]:
    return drawn(MANY)


@cache
def drawn(number: int) -> list[World]:
    found = draw_worlds(number)
    assert len(found) >= number
    return found


def test_batch_is_the_oracle(spark: SparkSession, worlds: list[World]) -> None:
    hold("batch = oracle", worlds, law_checks.batch_is_oracle(spark, worlds))


@pytest.mark.proof
def test_unrelated_events_change_no_alert(spark: SparkSession, many: list[World]) -> None:
    breaches = law_checks.unrelated_change_nothing(spark, many)
    hold("unrelated events change nothing", many, breaches)


@pytest.mark.proof
def test_stricter_is_quieter(spark: SparkSession, many: list[World]) -> None:
    breaches = law_checks.stricter_is_quieter(spark, many)
    hold("a higher threshold or shorter window only quietens", many, breaches)


def test_stream_is_the_oracle_and_a_replay_changes_nothing(
    spark: SparkSession, worlds: list[World], tmp_path: Path
) -> None:
    times = 2 if len(worlds) < MANY else 3
    where, breaches = law_checks.stream_is_oracle(spark, worlds, tmp_path, times)
    hold("stream = oracle", worlds, breaches, f" in {times} micro-batches")

    hold("a backfill again", worlds, law_checks.replay_changes_nothing(spark, worlds, where))
    law_checks.append(spark, where, together(worlds[::2]), times)
    detect.run(spark, where, [*SINGLE, *small()], "repeats")
    breaches = law_checks.in_table(spark, where, worlds, [*SINGLE, *small()])
    hold("half of it delivered again", worlds, breaches)


@pytest.mark.proof
def test_late_events_end_in_the_right_alerts(
    spark: SparkSession, many: list[World], tmp_path: Path
) -> None:
    second = timedelta(seconds=1)
    where, breaches = law_checks.stream_is_oracle(spark, many, tmp_path, 2, delay=second)
    late = Ledger(spark, where).uncounted().filter("reason = 'late'").count()
    hold("late = in time", many, breaches, f", windows that events came late for: {late:,}")
    assert late > len(many) // 10


@pytest.mark.proof
def test_the_seam_of_going_live_is_invisible(
    spark: SparkSession, many: list[World], tmp_path: Path
) -> None:
    breaches = law_checks.seam_is_invisible(spark, many, tmp_path)
    hold("history as a batch, then a stream = oracle", many, breaches)


def test_two_ranges_are_one(spark: SparkSession, worlds: list[World], tmp_path: Path) -> None:
    hold("two ranges = one", worlds, law_checks.ranges_add_up(spark, worlds, tmp_path))
