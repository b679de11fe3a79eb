"""Every detection against its twin file: all single-event cases in one Spark job."""

import importlib
import json
from dataclasses import replace
from typing import Any

import pytest
from builders import ACCOUNT, Record, events
from pyspark.sql import Row, SparkSession

from trailhound import Detection, Rate, SingleEvent, alerts, load
from trailhound.testing import Case, Expected, RateCase

DETECTIONS = load()
SINGLE = [d for d in DETECTIONS if isinstance(d, SingleEvent)]
RATES = [d for d in DETECTIONS if isinstance(d, Rate)]


def twin(detection: Detection) -> Any:
    return importlib.import_module(f"cloudtrail.{detection.id}").CASES


SINGLE_CASES = [(d, case) for d in SINGLE for case in twin(d)]
RATE_CASES = [(d, case) for d in RATES for case in twin(d)]


def labels(cases: list[tuple[Detection, Any]]) -> list[str]:
    return [f"{detection.id}: {case.name}" for detection, case in cases]


def variant(detection: Detection, options: Any, variants: dict[str, Detection]) -> str:
    """The id under which a detection with these options runs; with none, its own."""
    configured = detection.configured(**options) if options else detection
    name = f"{detection.id}#{configured.config_hash}" if options else detection.id
    variants[name] = replace(configured, id=name)
    return name


@pytest.fixture(scope="module")
def raised(spark: SparkSession) -> dict[tuple[str, str], Row]:
    """The alerts of all cases, by detection and the name of the case (their eventID)."""
    variants: dict[str, Detection] = {d.id: d for d in SINGLE}
    records = []
    for label, (detection, case) in zip(labels(SINGLE_CASES), SINGLE_CASES, strict=True):
        variant(detection, case.options, variants)
        records.append({**case.record, "eventID": label})
    rows = alerts(events(spark, records), list(variants.values())).collect()
    return {(row.detection_id, row.event_ids[0]): row for row in rows}


@pytest.mark.parametrize(("detection", "case"), SINGLE_CASES, ids=labels(SINGLE_CASES))
def test_single_event_case(
    raised: dict[tuple[str, str], Row], detection: SingleEvent, case: Case
) -> None:
    name = variant(detection, case.options, {})
    alert = raised.get((name, f"{detection.id}: {case.name}"))
    assert (alert is not None) == case.fires
    if alert:
        assert alert.outcome == case.outcome
        assert alert.severity == (case.severity or detection.severity.value)
        assert case.says in alert.summary
        assert alert.entity == case.entity if case.entity else alert.entity
        assert (alert.event_count, alert.title) == (1, detection.title)
        assert json.loads(alert.evidence)["eventName"] == case.record["eventName"]


@pytest.mark.parametrize("detection", DETECTIONS, ids=lambda d: d.id)
def test_has_cases_both_ways(detection: Detection) -> None:
    cases = twin(detection)
    if isinstance(detection, SingleEvent):
        assert sum(case.fires for case in cases) >= 3
        assert sum(not case.fires for case in cases) >= 3
    else:
        assert sum(bool(case.alerts) for case in cases) >= 3
        assert sum(not case.alerts for case in cases) >= 1
    assert len({case.name for case in cases}) == len(cases)


def in_own_world(case: RateCase, number: int) -> list[Record]:
    """The records of a case under accounts and addresses of its own, so that cases can share."""
    records: list[Record] = json.loads(in_world(json.dumps(case.records), number))
    for one in records:
        if one.get("eventID"):
            one["eventID"] = f"{number}:{one['eventID']}"
    return records


def in_world(text: str, number: int) -> str:
    """The text with other addresses and accounts; a case may use ACCOUNT with other last digits."""
    accounts, addresses = world(number)
    return text.replace(ACCOUNT[:9], accounts).replace("203.0.113.", addresses)


def world(number: int) -> tuple[str, str]:
    """How the accounts and the addresses of a case begin."""
    return f"{number:09d}", f"203.{number}.113."


@pytest.fixture(scope="module")
def raised_rates(spark: SparkSession) -> list[Row]:
    variants: dict[str, Detection] = {d.id: d for d in RATES}
    records = []
    for number, (detection, case) in enumerate(RATE_CASES):
        variant(detection, case.options, variants)
        records += in_own_world(case, number)
    return alerts(events(spark, records), list(variants.values())).collect()


@pytest.mark.parametrize("number", range(len(RATE_CASES)), ids=labels(RATE_CASES))
def test_rate_case(raised_rates: list[Row], number: int) -> None:
    detection, case = RATE_CASES[number]
    name = variant(detection, case.options, {})
    wanted = [
        replace(
            e,
            entity=in_world(e.entity, number),
            listed=min(e.event_count, 100) if e.listed is None else e.listed,
        )
        for e in case.alerts
    ]
    looks_at_distinct = all(e.distinct_count is not None for e in case.alerts)
    found = [
        Expected(
            a.entity,
            a.event_time.astimezone(tz=wanted[0].event_time.tzinfo) if wanted else a.event_time,
            a.event_count,
            a.distinct_count if looks_at_distinct else None,
            len(a.event_ids),
        )
        for a in raised_rates
        if a.detection_id == name and belongs(a.entity, number)
    ]
    assert sorted(found, key=str) == sorted(wanted, key=str)
    for alert in raised_rates:
        if alert.detection_id == name and belongs(alert.entity, number):
            assert (alert.outcome, alert.severity) == ("failure", detection.severity.value)


def belongs(entity: str, number: int) -> bool:
    return entity.startswith(world(number))
