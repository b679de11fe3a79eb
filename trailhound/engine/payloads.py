"""Columns of any type as the contract wants them: times, identities, payloads."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import (
    ArrayType,
    DataType,
    MapType,
    StringType,
    StructField,
    StructType,
    TimestampType,
    VariantType,
)

from trailhound.engine.records import IDENTITY_FIELDS, JSON, READABLE_TIME

IDENTITY = StructType([StructField(name, StringType()) for name in IDENTITY_FIELDS])

_YEARS_1_TO_9999 = (-62_135_596_800_000_000, 253_402_300_799_999_999)


def readable_time(text: Column) -> Column:
    """Return the timestamp that a text names, UTC where it names no zone; null if none."""
    zoned = text.rlike(r"(Z|[+-]\d{2}:?\d{2})$")
    in_utc = F.when(zoned, text).otherwise(F.concat(text, F.lit("Z")))
    time = in_utc.try_cast("timestamp")
    # Years that neither Python nor the statistics of a table can tell are no time of an event.
    return F.when(text.rlike(READABLE_TIME) & F.unix_micros(time).between(*_YEARS_1_TO_9999), time)


def named(name: str) -> Column:
    """Return the column of that very name, whatever is in it."""
    return F.col("`" + name.replace("`", "``") + "`")


def column_as(table: DataFrame, name: str | None, kind: str) -> Column:
    """Return a table's column as the kind of field that `records` says; null for None.

    Out: a timestamp, a struct of type IDENTITY, or string: a text, or a payload as JSON.
    """
    if name is None:
        return F.lit(None)
    have, column = table.schema[name].dataType, named(name)
    if kind == "timestamp":
        return column if isinstance(have, TimestampType) else readable_time(column.cast("string"))
    if kind == "identity":
        return _identity_from(have, column)
    return _as_text(have, column) if kind == JSON else column.cast("string")


def _identity_from(have: DataType, column: Column) -> Column:
    """`userIdentity` of any payload type as the struct of the contract; nothing of it is lost."""
    if isinstance(have, StructType):
        found = {inner.name.lower(): inner for inner in have.fields}
        fields = [_identity_field(column, found.get(f.lower())).alias(f) for f in IDENTITY_FIELDS]
        return F.when(column.isNotNull(), F.struct(*fields))
    return F.from_json(_as_text(have, column), IDENTITY)


def _identity_field(identity: Column, field: StructField | None) -> Column:
    if field is None:
        return F.lit(None).cast("string")
    return _as_text(field.dataType, identity[field.name])


def _as_text(have: DataType, value: Column) -> Column:
    is_open = isinstance(have, StructType | MapType | ArrayType | VariantType)
    return F.to_json(value) if is_open else value.cast("string")
