"""The alert contract: its columns, its deterministic identity, its evidence."""

import string
from functools import reduce

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql.types import (
    ArrayType,
    IntegerType,
    LongType,
    StringType,
    StructField,
    StructType,
    TimestampType,
)

from trailhound.engine.conditions import account, source_address, user_name
from trailhound.engine.events import EVENTS
from trailhound.engine.records import FIELDS, IDENTITY_FIELDS, JSON

MAX_EVENT_IDS = 100

_TYPES = {
    "version": IntegerType(),
    "time": TimestampType(),
    "count": LongType(),
    "threshold": LongType(),
    "texts": ArrayType(StringType()),
}
_COLUMNS = {
    "alert_id": "text",
    "detection_id": "text",
    "detection_version": "version",
    "config_hash": "text",
    "title": "text",
    "summary": "text",
    "severity": "text",
    "outcome": "text",
    "tactics": "texts",
    "techniques": "texts",
    "entity": "text",
    "account_id": "text",
    "region": "text",
    "actor_arn": "text",
    "actor_type": "text",
    "actor_name": "text",
    "source_ip": "text",
    "user_agent": "text",
    "event_source": "text",
    "event_name": "text",
    "event_time": "time",
    "first_event_time": "time",
    "last_event_time": "time",
    "event_count": "count",
    "distinct_count": "count",
    "threshold": "threshold",
    "window": "text",
    "event_ids": "texts",
    "evidence": "text",
}
ALERTS = StructType(
    [StructField(name, _TYPES.get(kind, StringType())) for name, kind in _COLUMNS.items()]
)
"""An alert as detections raise it; the writer adds created_at, updated_at and run_id."""


def conform(alerts: list[Column]) -> list[Column]:
    """Return the columns, in contract order, cast to the contract's types."""
    return [column.cast(f.dataType).alias(f.name) for column, f in zip(alerts, ALERTS, strict=True)]


def alert_id(*facts: Column) -> Column:
    """Return the identity of an alert: SHA-256, in hex, of its facts; nothing random or timed."""
    # JSON keeps ("a", "bc") and ("ab", "c") apart.
    return F.sha2(F.to_json(F.array(*facts)), 256)


def event_id() -> Column:
    """Return eventID: string, null where it is missing or empty."""
    return F.nullif(F.col("eventID"), F.lit(""))


def content_id(evidence: Column) -> Column:
    """Return what stands for a missing eventID: a digest of the evidence; null if there is one."""
    return F.when(event_id().isNull(), F.sha2(evidence, 256))


def actor_columns() -> dict[str, Column]:
    """Return the alert columns that come from one event, by name; `evidence` must be a column."""
    issuer = F.get_json_object(F.col("userIdentity.sessionContext"), "$.sessionIssuer.userName")
    return {
        "account_id": account(),
        "region": F.col("awsRegion"),
        "actor_arn": F.col("userIdentity.arn"),
        "actor_type": F.col("userIdentity.type"),
        "actor_name": F.coalesce(user_name(), issuer, F.col("userIdentity.invokedBy")),
        "source_ip": source_address(),
        "user_agent": F.col("userAgent"),
        "event_source": F.col("eventSource"),
        "event_name": F.col("eventName"),
        "evidence": F.col("evidence"),
    }


def evidence() -> Column:
    """Return the event as one JSON object: canonical columns in contract order, nulls left out.

    Never where the event came from or when it came in, so that repeats have equal evidence.
    """
    columns = [_shown(F.col(name), kind).alias(name) for name, kind in FIELDS.items()]
    columns.append(_shown(F.col("unmapped"), JSON).alias("unmapped"))
    return F.to_json(F.struct(*columns))


def time_text(time: Column) -> Column:
    """Return a timestamp as ISO 8601 in UTC with Z, with as many digits as it needs: string."""
    options = {"timeZone": "UTC", "timestampFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'"}
    quoted = F.to_json(F.struct(time.alias("t")), options)
    text = F.regexp_extract(quoted, r'^\{"t":"(.*)"\}$', 1)
    return F.when(time.isNotNull(), F.regexp_replace(text, r"(\.0+|0+)Z$", "Z"))


def _shown(value: Column, kind: str) -> Column:
    """A column as it stands in the evidence: JSON text as what it says, times in UTC."""
    if kind == "identity":
        inner = [_shown(value[name], k).alias(name) for name, k in IDENTITY_FIELDS.items()]
        return F.when(value.isNotNull(), F.struct(*inner))
    if kind == JSON:
        return F.coalesce(F.try_parse_json(value), value.cast("variant"))
    return time_text(value) if kind == "timestamp" else value


def filled(template: str, values: dict[str, Column]) -> Column:
    """Return a summary template filled from the event: string, never null.

    A field is one of `values`, a column of the event, or a path into one ("userIdentity.arn",
    "requestParameters.keyId"); what is missing reads "unknown".
    """
    parts: list[Column] = []
    for text, field, _, _ in string.Formatter().parse(template):
        if text:
            parts.append(F.lit(text))
        if field:
            value = values[field] if field in values else field_value(field)
            parts.append(F.coalesce(value.cast("string"), F.lit("unknown")))
    return F.concat(*parts)


def field_value(path: str) -> Column:
    """Return the column, or the value inside a JSON column, that a dotted path names: string."""
    column, _, inner = path.partition(".")
    if column not in EVENTS.names:
        raise ValueError(f"no column {column} in the event contract")
    if inner and FIELDS.get(column) == JSON:
        return F.get_json_object(F.col(column), f"$.{inner}")
    if inner and inner not in IDENTITY_FIELDS:
        raise ValueError(f"no field {inner} in {column}")
    return F.col(path).cast("string")


def first_known(columns: list[Column]) -> Column:
    """Return the first of the string columns that is neither null nor empty."""
    return reduce(lambda a, b: F.coalesce(a, b), [F.nullif(c, F.lit("")) for c in columns])


def actor() -> Column:
    """Return who did it, as an analyst would say it: string, never null."""
    arn, kind = F.col("userIdentity.arn"), F.col("userIdentity.type")
    invoked_by = F.col("userIdentity.invokedBy")
    return F.coalesce(first_known([arn, user_name(), invoked_by, kind]), F.lit("unknown caller"))
