"""What tests make: records as cases do, and canonical events of them."""

from pyspark.sql import DataFrame, SparkSession

from trailhound.testing import ACCOUNT, NOON, ROLE, ROOT, USER, Record, check, record, sign_in
from trailhound.testing.records import time_text

__all__ = [
    "ACCOUNT",
    "ARRIVED",
    "NOON",
    "ROLE",
    "ROOT",
    "USER",
    "Record",
    "events",
    "record",
    "sign_in",
    "time_text",
]

ARRIVED = "2030-01-01 00:00:00"


def events(spark: SparkSession, records: list[Record], arrived: str = ARRIVED) -> DataFrame:
    """Canonical events of raw records that came in long after they happened."""
    return check.events(spark, records, arrived)
