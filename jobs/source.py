"""The configured CloudTrail table, ours or another's, as canonical events."""

from collections.abc import Sequence

from pyspark.sql import DataFrame

from detections import from_table
from jobs.config import Config
from jobs.errors import UserError


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
