"""Many detections over events: one pass for single events, exact windows for rates.

The same functions serve a batch and a stream; none of them reads a clock.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from functools import reduce
from operator import and_, or_

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from trailhound.engine import windows
from trailhound.engine.alerts import (
    ALERTS,
    actor,
    actor_columns,
    alert_id,
    conform,
    content_id,
    event_id,
    evidence,
    field_value,
    filled,
    first_known,
    time_text,
)
from trailhound.engine.conditions import holds, is_call, may_be_call, succeeded
from trailhound.engine.detection import (
    Detection,
    Outcome,
    Rate,
    Severity,
    SingleEvent,
    duration_text,
)

CLOCK_SKEW = timedelta(minutes=15)
# More conditions than this in one expression make Spark's planning grow faster than the rules.
_CHUNK = 100


def candidates(events: DataFrame, detections: Iterable[Detection]) -> DataFrame:
    """Return the events whose source and name some detection reads, or may read.

    In and out: canonical events. The condition is one that Parquet and Delta can skip files by.
    """
    conditions = [may_be_call(which) for which in dict.fromkeys(d.reads for d in detections)]
    return events.filter(reduce(or_, conditions, F.lit(False)))


def matching(events: DataFrame, detections: Iterable[Detection]) -> DataFrame:
    """Return the events that any detection's condition holds for, in one scan.

    In: canonical events. Out: the same columns, and `matched` array<string>, the detections' ids.
    """
    chosen = list(detections)
    ids = [F.when(_matches(d), F.lit(d.id)) for d in chosen]
    chunks = [F.array(*ids[start : start + _CHUNK]) for start in range(0, len(ids), _CHUNK)]
    matched = F.array_compact(F.concat(*chunks) if len(chunks) > 1 else chunks[0])
    rows = candidates(events, chosen).withColumn("matched", matched)
    return rows.filter(F.size("matched") > 0)


def alerts(
    events: DataFrame, detections: Iterable[Detection], *, skew: timedelta = CLOCK_SKEW
) -> DataFrame:
    """Return every alert of the detections on a batch of events.

    In: canonical events. Out: the columns of ALERTS, each alert_id once.
    """
    chosen = list(detections)
    return alerts_of(matching(events, chosen), chosen, skew=skew)


def alerts_of(
    matched: DataFrame, detections: Sequence[Detection], *, skew: timedelta = CLOCK_SKEW
) -> DataFrame:
    """Return every alert of the detections on events that `matching` has chosen."""
    singles = [d for d in detections if isinstance(d, SingleEvent)]
    parts = [single_alerts(matched, singles)] if singles else []
    for detection in detections:
        if isinstance(detection, Rate):
            counted = counted_events(matched, detection, skew=skew)
            parts.append(rate_alerts(windows.reached(counted, detection), counted, detection))
    return reduce(DataFrame.unionByName, parts)


def single_alerts(matched: DataFrame, detections: Sequence[SingleEvent]) -> DataFrame:
    """Return an alert for each distinct event and single-event detection.

    In: the rows of `matching`. Out: the columns of ALERTS, each alert_id once.
    """
    # A repeat has the same content, so it is no matter which of them stays.
    return single_alert_rows(matched, detections).dropDuplicates(["alert_id"])


def single_alert_rows(matched: DataFrame, detections: Sequence[SingleEvent]) -> DataFrame:
    """Return an alert for each event and single-event detection, so one more for a repeat.

    In: the rows of `matching`, as a batch or a stream. Out: the columns of ALERTS.
    """
    rows = matched.withColumn("evidence", evidence())
    rows = rows.withColumn("detection_id", F.explode("matched"))
    rows = rows.filter(F.col("detection_id").isin(*(d.id for d in detections)))
    rows = rows.withColumns(
        {
            "own": F.element_at(_metadata(detections), F.col("detection_id")),
            "is_success": succeeded(),
        }
    )
    severity = F.coalesce(_by_detection(detections, _severity), F.col("own.severity"))
    steps = [F.when(severity == s.value, F.lit(s.lowered().value)) for s in Severity]
    identity = F.coalesce(event_id(), content_id(F.col("evidence")))
    columns = {
        "alert_id": alert_id(F.col("detection_id"), identity),
        "detection_id": F.col("detection_id"),
        "severity": F.when(F.col("is_success"), severity).otherwise(F.coalesce(*steps)),
        "outcome": F.when(F.col("is_success"), "success").otherwise("failure"),
        "summary": _by_detection(detections, _summary),
        "entity": F.coalesce(_by_detection(detections, _entity), actor()),
        **actor_columns(),
        **{name: F.col(f"own.{name}") for name in _METADATA if name != "severity"},
        **dict.fromkeys(("event_time", "first_event_time", "last_event_time"), F.col("eventTime")),
        "event_count": F.lit(1),
        "event_ids": F.array_compact(F.array(event_id())),
    }
    columns |= {name: F.lit(None) for name in ALERTS.names if name not in columns}
    return rows.select(*conform([columns[name] for name in ALERTS.names]))


def counted_events(
    events: DataFrame, detection: Rate, *, skew: timedelta = CLOCK_SKEW
) -> DataFrame:
    """Return the events that a rate detection counts.

    In: canonical events, or the rows of `matching`. Out: the same columns, `key` array<string>,
    `value`, `event_id` and `content` string. Events without a key are left out, and
    so are those dated later than they came in by more than `skew`: one wrong clock must not move
    the watermark past the events of everyone else.
    """
    if "matched" in events.columns:
        rows = events.filter(F.array_contains("matched", detection.id))
    else:
        rows = candidates(events, [detection]).filter(_matches(detection))
    on_time = F.col("ingestedAt").isNull() | ~is_future(skew)
    rows = rows.filter(on_time).withColumn("event_id", event_id())
    rows = rows.withColumn("content", content_id(evidence()))
    value = detection.counts() if detection.counts else F.coalesce("event_id", "content")
    parts = [part() for part in detection.per]
    rows = rows.withColumn("key", F.array(*parts)).withColumn("value", value)
    known = reduce(and_, (part.isNotNull() for part in parts))
    return rows.filter(known & F.col("value").isNotNull())


def is_future(skew: timedelta = CLOCK_SKEW) -> Column:
    """Whether an event is dated later than it came in, by more than the skew: boolean."""
    return F.col("eventTime") > F.col("ingestedAt") + F.expr(
        f"INTERVAL '{skew // timedelta(microseconds=1) / 1e6:.6f}' SECOND"
    )


def rate_alerts(reached: DataFrame, counted: DataFrame, detection: Rate) -> DataFrame:
    """Return an alert for each key and period that reached the threshold.

    `reached`: the rows of `windows.reached`; `counted`: the events to take the deciding one from,
    as `counted_events` gives them. Out: the columns of ALERTS, each alert_id once.
    """
    facts = counted.withColumns(
        {"deciding_key": F.col("key"), "deciding_id": F.coalesce("event_id", "content")}
    ).drop("key", "value", "event_id", "content")
    same = (
        (F.col("key") == F.col("deciding_key"))
        & (F.col("event_time") == F.col("eventTime"))
        & (F.col("deciding_event") == F.col("deciding_id"))
    )
    # Repeats of the deciding event are equal, so it is no matter which of them stays.
    rows = facts.join(reached, same).dropDuplicates(["key", "period_start"])
    rows = rows.withColumn("evidence", evidence())
    entity = F.array_join("key", "/")
    rows = rows.withColumn("own", F.element_at(_metadata([detection]), detection.id))
    columns = {
        **actor_columns(),
        **{name: F.col(f"own.{name}") for name in _METADATA},
        "detection_id": F.lit(detection.id),
        "alert_id": alert_id(
            F.lit(detection.id), F.to_json("key"), time_text(F.col("period_start"))
        ),
        "entity": entity,
        "outcome": F.lit("failure"),
        "threshold": F.lit(detection.threshold),
        "window": F.lit(duration_text(detection.within)),
        "summary": filled(
            detection.summary,
            {
                "entity": entity,
                "event_count": F.col("event_count"),
                "distinct_count": F.col("distinct_count"),
                "threshold": F.lit(detection.threshold),
                "window": F.lit(duration_text(detection.within)),
            },
        ),
    }
    for name in ALERTS.names:
        columns.setdefault(name, F.col(name))
    return rows.select(*conform([columns[name] for name in ALERTS.names]))


_METADATA = ("title", "detection_version", "config_hash", "tactics", "techniques", "severity")


def _matches(detection: Detection) -> Column:
    condition = is_call(detection.reads) & holds(detection.condition(detection.options))
    return condition & succeeded() if detection.outcome is Outcome.SUCCESS else condition


def _metadata(detections: Sequence[Detection]) -> Column:
    """What is the same for all alerts of a detection: map from its id to a struct, one literal."""
    facts = {
        d.id: {
            "title": d.title,
            "detection_version": d.version,
            "config_hash": d.config_hash,
            "tactics": d.tactics,
            "techniques": d.techniques,
            "severity": d.severity.value,
        }
        for d in detections
    }
    entry = StructType([ALERTS[name] for name in _METADATA])
    schema = f"map<string,{entry.simpleString()}>"
    return F.from_json(F.lit(json.dumps(facts)), schema)


def _by_detection(
    detections: Sequence[SingleEvent], column: Callable[[SingleEvent], Column | None]
) -> Column:
    """The column of whichever detection raised the alert; null where it has none."""
    chosen: Column = F.lit(None).cast("string")
    for detection in reversed(detections):
        value = column(detection)
        if value is not None:
            is_own = F.col("detection_id") == detection.id
            chosen = F.when(is_own, value).otherwise(chosen)
    return chosen


def _severity(detection: SingleEvent) -> Column | None:
    by_event = detection.severity_by_event
    return by_event(detection.options) if by_event else None


def _summary(detection: SingleEvent) -> Column:
    summary = filled(detection.summary, {"actor": actor()})
    if not detection.details:
        return summary
    details = F.concat(F.lit("; "), detection.details(detection.options))
    return F.concat(summary, F.coalesce(details, F.lit("")))


def _entity(detection: SingleEvent) -> Column:
    return first_known([field_value(path) for path in detection.entity])
