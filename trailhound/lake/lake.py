"""The configured CloudTrail table, ours or another's, as canonical events."""

from collections.abc import Sequence
from functools import reduce
from operator import or_

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from trailhound.engine.events import from_table
from trailhound.errors import UserError
from trailhound.runtime.config import Config
from trailhound.times import Span, literal


def canonical(table: DataFrame, config: Config, *, carried: Sequence[str] = ()) -> DataFrame:
    """Return the rows of the configured CloudTrail table as canonical events.

    Out: the columns of EVENTS, and those of `carried` as they are.

    Raises:
        UserError: the table lacks a column that no detection can do without.
    """
    try:
        return from_table(table, arrival=config.stream.arrival, carried=carried)
    except ValueError as error:
        raise UserError(f"{config.tables.events}: {error}") from error


def within(column: str, spans: Sequence[Span]) -> Column:
    """Return whether a time lies in any of the spans: a condition that skips files."""
    time = F.col(column)
    return reduce(
        or_,
        ((time >= literal(start)) & (time < literal(end)) for start, end in spans),
        F.lit(False),
    )
