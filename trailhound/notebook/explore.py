"""Questions about events and alerts, as a notebook asks them: DataFrames in and out."""

from datetime import timedelta

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from trailhound.engine.conditions import succeeded
from trailhound.engine.detection import Severity, microseconds
from trailhound.engine.events import from_table
from trailhound.errors import UserError
from trailhound.lake.table import Table
from trailhound.runtime.session import session


def tables(place: str) -> tuple[DataFrame, DataFrame]:
    """Return canonical events and the alerts, from the tables `events` and `alerts` of a place.

    `place` is a folder (with a slash in it), or a schema of the catalog such as "lake.security". A
    session that is running is used, otherwise one is started.

    Raises:
        UserError: there are no such tables.
    """
    spark = session("trailhound-notebook")
    mark = "/" if Table(place).is_path else "."
    found = [Table(f"{place}{mark}{name}") for name in ("events", "alerts")]
    for table in found:
        if not table.exists(spark):
            raise UserError(
                f"no table {table.name}: name your own, or run `make demo` to have some to look at"
            )
    events, alerts = (table.read(spark) for table in found)
    return from_table(events), alerts


def over_time(alerts: DataFrame, every: timedelta) -> DataFrame:
    """Return how many alerts there are in each stretch of time.

    In: alerts. Out: start timestamp, detection_id, severity string, alerts long; stretches are
    `every` long, counted from 1970-01-01 UTC, and those without alerts are left out.
    """
    start = F.window("event_time", f"{microseconds(every)} microseconds")["start"]
    grouped = alerts.groupBy(start.alias("start"), "detection_id", "severity")
    return grouped.agg(F.count("*").alias("alerts"))


def events_of(events: DataFrame, alerts: DataFrame) -> DataFrame:
    """Return the events behind alerts: those that `event_ids` lists, each once.

    In: canonical events, and alerts. Out: the columns of the events. An alert lists at most 100,
    and none that has no eventID; what such an event said is the alert's `evidence`.
    """
    listed = alerts.select(F.explode("event_ids").alias("eventID")).distinct()
    found = events.join(F.broadcast(listed), "eventID", "left_semi")
    return found.dropDuplicates(["eventID"]).select(*events.columns)


def timeline(events: DataFrame, alerts: DataFrame, actor: str) -> DataFrame:
    """Return all that one caller did, and which of it raised alerts.

    In: canonical events, alerts, and the caller's ARN (`actor_arn` of an alert). Out: eventTime,
    eventSource, eventName, awsRegion, sourceIPAddress, outcome string (success, failure), eventID,
    severity string (the highest of its alerts, null without) and detections array<string>; each
    event once. Of an alert with more than 100 events only those that it lists are known as its own.
    """
    own = events.filter(F.col("userIdentity.arn") == actor)
    # Without an eventID what happened at one time under one name counts as one.
    own = own.dropDuplicates(["eventID", "eventTime", "eventSource", "eventName"])
    own = own.withColumn("outcome", F.when(succeeded(), "success").otherwise("failure"))
    raised = alerts.select(
        F.explode("event_ids").alias("eventID"), "detection_id", _rank().alias("rank"), "severity"
    )
    raised = raised.groupBy("eventID").agg(
        F.max_by("severity", "rank").alias("severity"),
        F.sort_array(F.collect_set("detection_id")).alias("detections"),
    )
    return own.join(raised, "eventID", "left").select(
        *("eventTime", "eventSource", "eventName", "awsRegion", "sourceIPAddress", "outcome"),
        *("eventID", "severity"),
        F.coalesce("detections", F.array().cast("array<string>")).alias("detections"),
    )


def by_severity() -> Column:
    """Return what sorts alerts, and timelines, from the highest severity to the lowest: int."""
    return F.coalesce(_rank(), F.lit(0)).desc()


def _rank() -> Column:
    return F.array_position(F.array(*(F.lit(s.value) for s in Severity)), F.col("severity"))
