"""Mistakes an engineer could make, each with the law that must notice it.

A mutation replaces a function of the engine while a law is tried; `patch` refuses to replace a
name that is not there, so a mutation that has lost its target fails loudly.
"""

import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import law_checks
from laws import World
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from trailhound import Rate
from trailhound.detect import backfill, repair
from trailhound.detect.backfill import Filled
from trailhound.engine import evaluate, windows
from trailhound.engine.detection import microseconds
from trailhound.lake.table import AlertWriter
from trailhound.streaming.cutover import Handover

Law = Callable[[SparkSession, Sequence[World], Path], list[str]]


@dataclass(frozen=True)
class Mutation:
    """A mistake, the law that it breaks, and how to make it."""

    name: str
    law: Law
    made: Callable[[], AbstractContextManager[Any]]


# --- The laws, all called alike -------------------------------------------------------------------


def batch(spark: SparkSession, worlds: Sequence[World], _: Path) -> list[str]:
    return law_checks.batch_is_oracle(spark, worlds, law_checks.small())


def unrelated(spark: SparkSession, worlds: Sequence[World], _: Path) -> list[str]:
    return law_checks.unrelated_change_nothing(spark, worlds)


def stricter(spark: SparkSession, worlds: Sequence[World], _: Path) -> list[str]:
    return law_checks.stricter_is_quieter(spark, worlds)


def stream(spark: SparkSession, worlds: Sequence[World], folder: Path) -> list[str]:
    return law_checks.stream_is_oracle(spark, worlds, folder, 2)[1]


def late(spark: SparkSession, worlds: Sequence[World], folder: Path) -> list[str]:
    second = timedelta(seconds=1)
    return law_checks.stream_is_oracle(spark, worlds, folder, 2, delay=second)[1]


def ranges(spark: SparkSession, worlds: Sequence[World], folder: Path) -> list[str]:
    return law_checks.ranges_add_up(spark, worlds, folder)


def seam(spark: SparkSession, worlds: Sequence[World], folder: Path) -> list[str]:
    return law_checks.seam_is_invisible(spark, worlds, folder)


def replay(spark: SparkSession, worlds: Sequence[World], folder: Path) -> list[str]:
    """A backfill, and a part of it again."""
    where = law_checks.tables(spark, folder, [law_checks.together(worlds)])
    chosen = [*law_checks.SINGLE, *law_checks.small()]
    backfill.run(spark, where, chosen, "all", law_checks.EARLY, law_checks.LATE)
    return law_checks.replay_changes_nothing(spark, worlds, where)


# --- The mistakes ---------------------------------------------------------------------------------

points, first_reaching = windows._points, windows._first_reaching
counted_events, periods = evaluate.counted_events, windows.periods


def tumbling(time: Column, detection: Rate) -> Column:
    return F.array(F.get(periods(time, detection), 0))


def by_half_an_account(*args: Any, **options: Any) -> DataFrame:
    rows = counted_events(*args, **options)
    return rows.withColumn("key", F.array(F.substring(F.element_at("key", 1), 1, 11)))


def appended(writer: AlertWriter, alerts: DataFrame) -> None:
    now = {name: F.current_timestamp() for name in ("created_at", "updated_at")}
    rows = alerts.withColumns({**now, "run_id": F.lit("appended")})
    rows.write.format("delta").mode("append").save(writer._table.path)


def only_inserted(writer: AlertWriter, alerts: DataFrame) -> None:
    now = {name: F.current_timestamp() for name in ("created_at", "updated_at")}
    rows = alerts.withColumns({**now, "run_id": F.lit("inserted")})
    merge = writer._table.delta(writer._spark).alias("t").merge(rows.alias("s"), writer._same)
    merge.whenNotMatchedInsertAll().execute()


def instead(place: Any, name: str, by: Any) -> Callable[[], AbstractContextManager[Any]]:
    return lambda: patch.object(place, name, by)


def accepted(answer: bool) -> Callable[..., Column]:
    return lambda *_: F.lit(answer)


def starts_at(begins: Handover) -> Column:
    return F.lit(True) if begins.start is None else F.col("eventTime") >= F.lit(begins.start)


PERIOD = microseconds(law_checks.PERIOD)
MUTATIONS = [
    Mutation("windows tumble", batch, instead(windows, "periods", tumbling)),
    Mutation("repeats count", batch, instead(windows, "_is_repeat", accepted(False))),
    Mutation(
        "the look-back includes its end",
        batch,
        instead(windows, "_points", lambda seen, look_back: points(seen, look_back + 1)),
    ),
    Mutation(
        "above the threshold, not at it",
        batch,
        instead(
            windows, "_first_reaching", lambda at, threshold: first_reaching(at, threshold + 1)
        ),
    ),
    Mutation(
        "a key made of too little", batch, instead(evaluate, "counted_events", by_half_an_account)
    ),
    Mutation(
        "a sign-in without an answer counts",
        unrelated,
        lambda: patch.object(
            sys.modules["trailhound_detections.cloudtrail.root_console_brute_force"],
            "sign_in_failed",
            accepted(True),
        ),
    ),
    Mutation(
        "a shorter window looks back further",
        stricter,
        instead(windows, "_points", lambda seen, look_back: points(seen, PERIOD - look_back)),
    ),
    Mutation(
        "an alert_id of chance",
        ranges,
        instead(evaluate, "alert_id", lambda *_: F.sha2(F.uuid(), 256)),
    ),
    Mutation(
        "a backfill of less than whole periods",
        ranges,
        instead(backfill, "whole_periods", lambda start, end, _: (start, end)),
    ),
    Mutation("appended, not merged", replay, instead(AlertWriter, "_merge", appended)),
    Mutation("alerts never grow", stream, instead(AlertWriter, "_merge", only_inserted)),
    Mutation(
        "a clock ahead moves the watermark", stream, instead(evaluate, "is_future", accepted(False))
    ),
    Mutation(
        "a stream that goes live without its look-back",
        seam,
        instead(Handover, "read", lambda begins, rows, _: rows.filter(starts_at(begins))),
    ),
    Mutation("what came late is left", late, instead(repair, "run", lambda *_: (Filled(), 0))),
]
