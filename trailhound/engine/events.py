"""The event contract: any raw CloudTrail record, or row of an existing table, as a canonical event.

Column names are CloudTrail's own. Open-ended objects are JSON text, since their shapes are without
number; what the contract does not name, or holds in another type, is kept in `unmapped`.
"""

from collections.abc import Mapping, Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import (
    BooleanType,
    DataType,
    LongType,
    StringType,
    StructField,
    StructType,
    TimestampNTZType,
    TimestampType,
    VariantType,
)

from trailhound.engine.payloads import IDENTITY, column_as, named, readable_time
from trailhound.engine.records import (
    BOOLEAN,
    FIELDS,
    IDENTITY_FIELDS,
    JSON,
    MAX_RECORD_CHARACTERS,
    MENDED_FIELDS,
    NUMBER_LIKE,
    READABLE_TIME,
    TEXT,
    TIMESTAMP_FIELD,
    mend,
)

ARRIVAL = ("ingestedAt", "sourceFile", "sourcePosition")
_SPARK_TYPES: dict[str, DataType] = {TEXT: StringType(), JSON: StringType()}
_SPARK_TYPES |= {BOOLEAN: BooleanType(), "timestamp": TimestampType()}

EVENTS = StructType(
    [
        StructField(name, IDENTITY if name == "userIdentity" else _SPARK_TYPES[kind])
        for name, kind in FIELDS.items()
    ]
    + [
        StructField("unmapped", StringType()),
        StructField("ingestedAt", TimestampType()),
        StructField("sourceFile", StringType()),
        StructField("sourcePosition", LongType()),
    ]
)
"""A canonical event: CloudTrail's columns in contract order, then `unmapped`, then its arrival."""

_SEPARATOR = "\u0001"
# What a JSON text cannot be told from, once it is read as a string: a number, a truth value, an
# object, a list. User agents come in square brackets by right and are looked at more closely.
_END = rf"({_SEPARATOR}|$)"
_OTHER_TYPE = (
    rf"(^|{_SEPARATOR})(true|false|-?\d+(\.\d+)?([eE][+-]?\d+)?|\{{[^{_SEPARATOR}]*){_END}"
)


def from_records(records: DataFrame) -> DataFrame:
    """Read raw CloudTrail records: one JSON text each, in column `record`.

    `records`: record string, and any columns that come along. Out: those columns without `record`,
    the canonical ones but for the arrival, and `reason` string, null for a good record. A plain
    record is read by Spark alone; only one with repeated keys or values of other types goes through
    Python.
    """
    carried = [name for name in records.columns if name != "record"]
    staged = records.select("*", _parsed("record").alias("_parsed"), _keys("record").alias("_keys"))
    staged = staged.select("*", _parsed_identity("_parsed").alias("_who"))
    staged = staged.select("*", _unmapped().alias("_rest"), _has_more().alias("_more"))
    staged = staged.select("*", _is_odd().alias("_odd"))
    mended = F.udf(mend, StringType(), useArrow=False)(F.when(F.col("_odd"), F.col("record")))
    staged = staged.withColumn("_mended", F.from_json(mended, _STAGED))
    return staged.select(
        *carried,
        *(_canonical(name, kind).alias(name) for name, kind in FIELDS.items()),
        F.when(F.col("_odd"), F.col("_mended.unmapped"))
        .otherwise(F.col("_rest"))
        .alias("unmapped"),
        _reason().alias("reason"),
    )


def from_table(
    table: DataFrame,
    *,
    arrival: str | None = None,
    now: Column | None = None,
    carried: Sequence[str] = (),
) -> DataFrame:
    """Read rows of a CloudTrail table, ours or another's, as canonical events.

    Names may be camelCase or lower case; payload columns string, struct, map or VARIANT. `arrival`
    names the column that says when a row came in; without one (nor our own `ingestedAt`) it is
    `now`. Out: the columns of EVENTS, and those of `carried` as they are.

    Raises:
        ValueError: the table lacks a column that no detection can do without, or has it in a type
            of no use.
    """
    if StructType([f for f in table.schema.fields if f.name not in carried]) == EVENTS:
        return table
    found = {name.lower(): name for name in table.columns if name not in carried}
    _require(table, found)
    arrived = found.get((arrival or "ingestedAt").lower())
    if arrival and not arrived:
        raise ValueError(f"the table has no column {arrival}, which is to say when a row came in")
    columns = {
        name: column_as(table, found.get(name.lower()), kind) for name, kind in FIELDS.items()
    }
    known = {name.lower() for name in EVENTS.names} | {(arrival or "").lower()}
    rest = [name for name in found.values() if name.lower() not in known]
    extra = F.to_json(F.struct(*(named(name) for name in rest))) if rest else F.lit(None)
    columns["unmapped"] = named(found["unmapped"]) if "unmapped" in found else extra
    columns["ingestedAt"] = (
        named(arrived) if arrived else now if now is not None else F.current_timestamp()
    )
    for name in ("sourceFile", "sourcePosition"):
        columns[name] = named(found[name.lower()]) if name.lower() in found else F.lit(None)
    chosen = [columns[f.name].cast(f.dataType).alias(f.name) for f in EVENTS.fields]
    return table.select(*chosen, *carried)


def _require(table: DataFrame, found: Mapping[str, str]) -> None:
    for needed in ("eventTime", "eventSource", "eventName"):
        if needed.lower() not in found:
            raise ValueError(
                f"the table has no column {needed}; it has {', '.join(table.columns)}; "
                "name a view in which it is called that"
            )
    kind = table.schema[found["eventtime"]].dataType
    if not isinstance(kind, StringType | TimestampType | TimestampNTZType | VariantType):
        raise ValueError(
            f"the column {found['eventtime']} is {kind.simpleString()}, neither timestamp nor "
            "text; name a view in which it is one"
        )


_STAGED = StructType([StructField(name, StringType()) for name in MENDED_FIELDS])


def _parsed(record: str) -> Column:
    schema = StructType([StructField(name, StringType()) for name in (*FIELDS, TIMESTAMP_FIELD)])
    return F.from_json(F.col(record), schema)


def _parsed_identity(parsed: str) -> Column:
    identity = F.col(f"{parsed}.userIdentity")
    return F.struct(F.from_json(identity, IDENTITY).alias("fields"), _keys(identity).alias("keys"))


def _keys(text: str | Column) -> Column:
    return F.json_object_keys(F.col(text) if isinstance(text, str) else text)


def _is_odd() -> Column:
    """Whether a record needs a closer look than Spark's reader gives: boolean, never null."""
    keys, identity_keys = F.col("_keys"), F.col("_who.keys")
    texts = [F.col(f"_parsed.{name}") for name in _plain(FIELDS) if name != "userAgent"]
    texts += [F.col(f"_who.fields.{name}") for name in _plain(IDENTITY_FIELDS)]
    objects = [F.col(f"_parsed.{n}") for n, kind in FIELDS.items() if kind == JSON]
    objects += [F.col(f"_who.fields.{n}") for n, kind in IDENTITY_FIELDS.items() if kind == JSON]
    agent = F.col("_parsed.userAgent")
    signs = [
        keys.isNull(),
        # What a VARIANT cannot hold, such as half a surrogate pair, would be lost.
        F.col("_more") & F.col("_rest").isNull(),
        F.size(keys) != F.size(F.array_distinct(keys)),
        F.col("_parsed.userIdentity").isNotNull() & identity_keys.isNull(),
        F.size(identity_keys) != F.size(F.array_distinct(identity_keys)),
        F.concat_ws(_SEPARATOR, *texts).rlike(rf"{_OTHER_TYPE}|(^|{_SEPARATOR})\["),
        agent.rlike(_OTHER_TYPE),
        agent.startswith("[") & F.json_array_length(agent).isNotNull(),
        F.concat_ws(_SEPARATOR, *objects).rlike(rf"(^|{_SEPARATOR})[^\{{\[]"),
        ~F.col("_parsed.eventTime").rlike(READABLE_TIME),
        *(~F.col(f"_parsed.{n}").isin("true", "false") for n, k in FIELDS.items() if k == BOOLEAN),
    ]
    unknown = F.lit(False)
    for sign in signs:
        unknown = unknown | F.coalesce(sign, F.lit(False))
    return unknown


def _plain(fields: Mapping[str, str]) -> list[str]:
    """The fields whose text must not look like a value of another type."""
    by_right = NUMBER_LIKE | {"sessionCredentialFromConsole"}
    return [n for n, kind in fields.items() if kind in (TEXT, "timestamp") and n not in by_right]


def _canonical(name: str, kind: str) -> Column:
    def staged(field: str) -> Column:
        return F.when(F.col("_odd"), F.col(f"_mended.`{field}`")).otherwise(
            F.col(f"_parsed.`{field}`")
        )

    if name == "userIdentity":
        mended = F.from_json(F.col("_mended.userIdentity"), IDENTITY)
        return F.when(F.col("_odd"), mended).otherwise(F.col("_who.fields"))
    if name == "eventTime":
        return F.coalesce(readable_time(staged(name)), readable_time(staged(TIMESTAMP_FIELD)))
    return staged(name).cast(_SPARK_TYPES[kind])


def _unmapped() -> Column:
    """What the contract does not name, as the text of a JSON object; null if nothing."""
    top, inner = _unknown_keys()
    rest = _without(F.col("record"), FIELDS)
    identity = F.to_variant_object(_without(F.col("_parsed.userIdentity"), IDENTITY_FIELDS))
    both = F.map_concat(rest, F.create_map(F.lit("userIdentity"), identity))
    return F.when(F.size(inner) > 0, F.to_json(both)).when(F.size(top) > 0, F.to_json(rest))


def _has_more() -> Column:
    top, inner = _unknown_keys()
    return (F.size(top) > 0) | (F.size(inner) > 0)


def _unknown_keys() -> tuple[Column, Column]:
    """The names that the contract does not have: of the record, and of its identity."""
    top = F.array_except(F.col("_keys"), _texts([*FIELDS]))
    return top, F.array_except(F.col("_who.keys"), _texts([*IDENTITY_FIELDS]))


def _without(text: Column, fields: Mapping[str, str]) -> Column:
    entries = F.from_json(text, "map<string,variant>")
    return F.map_filter(entries, lambda name, _: ~name.isin(*fields))


def _texts(values: list[str]) -> Column:
    return F.array(*map(F.lit, values))


def _reason() -> Column:
    time, other = F.col("_parsed.eventTime"), F.col(f"_parsed.`{TIMESTAMP_FIELD}`")
    unreadable = readable_time(time).isNull() & readable_time(other).isNull()
    size = F.length("record")
    too_large = F.concat(
        F.lit("record of "), size, F.lit(f" characters; the limit is {MAX_RECORD_CHARACTERS}")
    )
    mended_time = F.coalesce(
        readable_time(F.col("_mended.eventTime")),
        readable_time(F.col(f"_mended.`{TIMESTAMP_FIELD}`")),
    )
    markers = [F.col(f"_parsed.{name}") for name in ("eventVersion", "eventSource", "eventName")]
    markers += [F.col(f"_parsed.{name}") for name in ("eventType", "eventID", "eventTime")]
    return (
        F.when(size > MAX_RECORD_CHARACTERS, too_large)
        .when(F.col("_odd") & F.col("_mended.reason").isNotNull(), F.col("_mended.reason"))
        .when(F.col("_odd") & mended_time.isNotNull(), F.lit(None))
        .when(F.coalesce(*markers).isNull(), F.lit("not a CloudTrail record"))
        .when(F.col("_odd") | unreadable, F.lit("no readable eventTime"))
    )
