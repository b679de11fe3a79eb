"""The laws as functions: each takes worlds and returns those that break it, as texts."""

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from builders import NOON, ROOT, Record, events, sign_in
from laws import (
    PERIOD,
    SEED,
    THRESHOLD,
    WINDOW,
    World,
    all_detections,
    broken,
    found_in,
    small,
    together,
    wanted_of,
)
from oracle import read_time
from pyspark.sql import SparkSession
from test_detections import RATES, SINGLE
from test_jobs import config, rows

from trailhound import Detection, alerts
from trailhound.detect import backfill
from trailhound.detect import stream as detect
from trailhound.lake.table import Table, create_events
from trailhound.runtime.config import Config
from trailhound.times import EPOCH

# Inside a period and inside a window: many cases lie on both sides of it.
CUT = NOON + timedelta(seconds=20, microseconds=1)
EARLY, LATE = NOON - timedelta(days=1), NOON + timedelta(days=1)
FUTURE = datetime(2040, 1, 1, tzinfo=UTC)  # after the records' arrival


def ids(detections: Sequence[Detection]) -> set[str]:
    return {d.id for d in detections}


def batch_is_oracle(
    spark: SparkSession, worlds: Sequence[World], detections: Sequence[Detection] = ()
) -> list[str]:
    """L1: a batch raises what the oracle says, of all detections or of those given."""
    chosen = detections or all_detections()
    found = found_in(alerts(events(spark, together(worlds)), chosen))
    return broken(worlds, found, wanted_of(worlds, ids(chosen)))


def unrelated_change_nothing(spark: SparkSession, worlds: Sequence[World]) -> list[str]:
    """L5: unrelated events of the same callers and instants change no alert."""
    chosen = all_detections()
    found = found_in(alerts(events(spark, together(worlds, unrelated=True)), chosen))
    return broken(worlds, found, wanted_of(worlds, ids(chosen)))


def stricter_is_quieter(spark: SparkSession, worlds: Sequence[World]) -> list[str]:
    """L6: with a higher threshold or a shorter window no key and period alerts that was quiet."""
    usual = small()
    stricter = [*small("higher", threshold=THRESHOLD + 1), *small("shorter", window=WINDOW / 2)]
    rows = alerts(events(spark, together(worlds)), [*usual, *stricter])
    raised: defaultdict[tuple[str, str], set[tuple[str, int]]] = defaultdict(set)
    for row in rows.select("detection_id", "entity", "event_time").collect():
        name, _, kind = row.detection_id.partition("__")
        period = (row.event_time.replace(tzinfo=UTC) - EPOCH) // PERIOD
        raised[name, kind].add((row.entity, period))
    assert all(raised[d.id, kind] for d in RATES for kind in ("small", "higher", "shorter"))
    return [
        f"{name}: {kind} alone alerts on {key}"
        for (name, kind), keys in raised.items()
        for key in sorted(keys - raised[name, "small"])
    ]


# --- On tables ------------------------------------------------------------------------------------


def tables(
    spark: SparkSession,
    folder: Path,
    parts: Sequence[Sequence[Record]],
    delay: timedelta = timedelta(days=400),
) -> Config:
    """An events table of one commit a part; by default all is within the watermark's delay."""
    where = config(folder)
    where = replace(where, stream=replace(where.stream, watermark_delay=delay))
    create_events(spark, Table(where.tables.events))
    for number, part in enumerate(parts):
        append(spark, where, part, number)
    return where


def append(spark: SparkSession, where: Config, records: Sequence[Record], number: int) -> None:
    read = events(spark, list(records))
    Table(where.tables.events).append(read, app="laws", version=number)


def in_table(
    spark: SparkSession, where: Config, worlds: Sequence[World], chosen: Sequence[Detection]
) -> list[str]:
    """The worlds whose alerts in the table are not the oracle's."""
    found = found_in(Table(where.tables.alerts).read(spark))
    return broken(worlds, found, wanted_of(worlds, ids(chosen)))


def stream_is_oracle(
    spark: SparkSession,
    worlds: Sequence[World],
    folder: Path,
    micro_batches: int,
    delay: timedelta = timedelta(days=400),
) -> tuple[Config, list[str]]:
    """L2: a stream in any split, order and repeats, beside a clock far ahead; see `tables`.

    With a short delay much of it comes late, and is repaired.
    """
    chosen = [*SINGLE, *small()]
    shuffled = together(worlds)
    random.Random(SEED + 1).shuffle(shuffled)
    shuffled += random.Random(SEED + 2).sample(shuffled, len(shuffled) // 10)
    parts = [shuffled[n::micro_batches] for n in range(micro_batches)]
    # It has to stay out of the windows, and its caller is the one who loses nothing by it.
    ahead = sign_in(by={**ROOT, "accountId": "999999999999"}, at=FUTURE, requestID="world -1")
    where = tables(spark, folder, [], delay)
    for number, part in enumerate(parts):
        append(spark, where, [*part, ahead] if number == 0 else part, number)
        detect.run(spark, where, chosen, f"run {number}")
    return where, in_table(spark, where, worlds, chosen)


def seam_is_invisible(spark: SparkSession, worlds: Sequence[World], folder: Path) -> list[str]:
    """L7: a history that is evaluated as a batch, and what comes after it as a stream, are one."""
    chosen = [*SINGLE, *small()]
    every = together(worlds)
    old = [one for one in every if read_time(one["eventTime"]) < CUT]
    # So short that the streams begin at noon: their look-back, too, is full of events.
    where = tables(spark, folder, [old[::2], old[1::2]], delay=timedelta(seconds=10))
    where = replace(where, stream=replace(where.stream, max_history_rows=1))
    detect.run(spark, where, chosen, "going live")
    append(spark, where, [one for one in every if read_time(one["eventTime"]) >= CUT], 2)
    found = detect.run(spark, where, chosen, "live")
    assert not found.late, "the law is about what comes in time"
    return in_table(spark, where, worlds, chosen)


def ranges_add_up(spark: SparkSession, worlds: Sequence[World], folder: Path) -> list[str]:
    """L4: two ranges, cut anywhere, are one."""
    chosen = [*SINGLE, *small()]
    where = tables(spark, folder, [together(worlds)])
    backfill.run(spark, where, chosen, "later", CUT, LATE)
    backfill.run(spark, where, chosen, "earlier", EARLY, CUT)
    return in_table(spark, where, worlds, chosen)


def replay_changes_nothing(
    spark: SparkSession, worlds: Sequence[World], where: Config
) -> list[str]:
    """L3: the tables of a law above, and some of it once more: no row changes, no clock of one."""
    chosen = [*SINGLE, *small()]
    table = Table(where.tables.alerts)
    before = rows(table.read(spark))
    assert before
    backfill.run(spark, where, chosen, "again", CUT, LATE)
    after = rows(table.read(spark))
    return [f"changed: {row}" for row in sorted(set(before) ^ set(after))] + (
        [] if len(before) == len(after) else [f"{len(before)} rows became {len(after)}"]
    )
