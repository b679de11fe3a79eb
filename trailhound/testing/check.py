"""Runs the cases of detections, and says which fail: what was expected, and what came."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from trailhound.engine.detection import Detection
from trailhound.engine.evaluate import alerts
from trailhound.engine.events import EVENTS, from_records
from trailhound.testing.cases import Case, Expected, RateCase
from trailhound.testing.records import Record, time_text
from trailhound.times import collected


@dataclass(frozen=True)
class Result:
    """One case of a detection, and what is wrong with it: nothing if it passes."""

    detection: str
    case: str
    wrong: str = ""


def check(
    spark: SparkSession, detection: Detection, cases: Sequence[Case | RateCase]
) -> list[Result]:
    """Return the result of every case, in their order; those on single events in one Spark job."""
    single = [case for case in cases if isinstance(case, Case)]
    found = _single(spark, detection, single) if single else {}
    for case in cases:
        if isinstance(case, RateCase):
            found[case.name] = _rate(spark, detection, case)
    return [Result(detection.id, case.name, found[case.name]) for case in cases]


def _single(spark: SparkSession, detection: Detection, cases: Sequence[Case]) -> dict[str, str]:
    variants = [_configured(detection, case) for case in cases]
    records = [{**case.record, "eventID": case.name} for case in cases]
    found = alerts(events(spark, records), {one.id: one for one in variants}.values())
    raised = {(row.detection_id, row.event_ids[0]): row for row in collected(found)}
    return {
        case.name: _differs(detection, case, raised.get((one.id, case.name)))
        for case, one in zip(cases, variants, strict=True)
    }


def _configured(detection: Detection, case: Case | RateCase) -> Detection:
    """The detection with the options of a case, under an id that stands for both."""
    configured = detection.configured(**case.options)
    return replace(configured, id=f"{detection.id}_{configured.config_hash}")


def _differs(detection: Detection, case: Case, alert: Row | None) -> str:
    if alert is None:
        return "must fire, and is quiet" if case.fires else ""
    if not case.fires:
        return f"must be quiet, and fires: {alert.summary}"
    severity = case.severity or detection.severity.value
    wanted = {"outcome": case.outcome, "severity": severity}
    wanted |= {"entity": case.entity} if case.entity else {}
    wrong = [f"{n} {v} expected, {alert[n]} got" for n, v in wanted.items() if alert[n] != v]
    if case.says not in alert.summary:
        wrong.append(f"{case.says!r} expected in the summary, {alert.summary!r} got")
    return "; ".join(wrong)


def _rate(spark: SparkSession, detection: Detection, case: RateCase) -> str:
    configured = detection.configured(**case.options)
    rows = collected(alerts(events(spark, case.records), [configured]))
    got = sorted(_shown(_fact(row, case.alerts)) for row in rows)
    wanted = sorted(map(_shown, case.alerts))
    return "" if got == wanted else f"expected {_all(wanted)}; got {_all(got)}"


def _fact(row: Row, wanted: Iterable[Expected]) -> Expected:
    """An alert as far as the case looks at it."""
    looks = any(one.distinct_count is not None for one in wanted)
    distinct = row.distinct_count if looks else None
    return Expected(row.entity, row.event_time, row.event_count, distinct)


def _shown(alert: Expected) -> str:
    said = f"{alert.entity} at {time_text(alert.event_time)} with {alert.event_count} events"
    return said if alert.distinct_count is None else f"{said}, {alert.distinct_count} distinct"


def _all(alerts: Sequence[str]) -> str:
    return " and ".join(alerts) or "no alert"


def events(spark: SparkSession, records: Sequence[Record], arrived: str | None = None) -> DataFrame:
    """Return canonical events of raw records, through the real reader.

    `arrived` is when they came in; None: without clocks to be wrong.
    """
    texts = [(json.dumps(record),) for record in records]
    read = from_records(spark.createDataFrame(texts, "record string"))
    arrival = {
        "ingestedAt": F.lit(arrived).cast("timestamp"),
        "sourceFile": F.lit("case.json"),
        "sourcePosition": F.lit(0).cast("long"),
    }
    return read.filter("reason IS NULL").withColumns(arrival).select(*EVENTS.names)
