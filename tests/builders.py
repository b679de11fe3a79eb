"""What tests make: records as cases do, and canonical events of them."""

import json

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from trailhound import from_records
from trailhound.engine.events import EVENTS
from trailhound.testing import ACCOUNT, NOON, ROLE, ROOT, USER, Record, record, sign_in
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
    """Canonical events of raw records, through the real reader."""
    texts = [(json.dumps(r),) for r in records]
    read = from_records(spark.createDataFrame(texts, "record string"))
    arrival = {
        "ingestedAt": F.lit(arrived).cast("timestamp"),
        "sourceFile": F.lit("case.json"),
        "sourcePosition": F.lit(0).cast("long"),
    }
    return read.filter("reason IS NULL").withColumns(arrival).select(*EVENTS.names)
