"""A field that is missing or null never raises, and never makes a quiet case fire.

Every field of every case is taken away in turn, whole objects too: those of single events in one
Spark job, those of rates in another.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import reduce
from itertools import count

import pytest
from builders import Record, events
from pyspark.sql import DataFrame, SparkSession
from test_detections import RATE_CASES, RATES, SINGLE, SINGLE_CASES, belongs, in_own_world, variant

from trailhound import Detection, alerts
from trailhound.testing import RateCase

pytestmark = pytest.mark.proof

Path = tuple[str, ...]

# Without its error a failed call is one that worked.
ERRORS = ("errorCode", "errorMessage")
# What tells events apart, and what the keys of rates are made of.
IDENTITY = ("eventID", "userIdentity", "userIdentity.accountId", "recipientAccountId")
# Where one of these is gone, the other still tells which variant an alert is of.
MARKS = ("eventID", "requestID")


@dataclass(frozen=True)
class Variant:
    """A case without a field, and what must come of it; by default no more than that it runs."""

    number: int
    detection_id: str
    runs_as: str  # the id of the detection with the options of the case
    title: str
    records: list[Record] = field(repr=False)
    must_fire: bool = False
    must_not_fire: bool = False


def paths(record: Record, prefix: Path = ()) -> Iterator[Path]:
    """Every field of a record, outer ones first."""
    for name, value in record.items():
        yield (*prefix, name)
        if isinstance(value, dict):
            yield from paths(value, (*prefix, name))


def without(record: Record, path: Path, *, null: bool) -> Record:
    """The record with the field missing or null; one that has no such field as it is."""
    name, *inner = path
    if name not in record or (inner and not isinstance(record[name], dict)):
        return record
    if inner:
        return record | {name: without(record[name], tuple(inner), null=null)}
    return {key: record[key] for key in record if key != name} | ({name: None} if null else {})


def ways(*records: Record) -> Iterator[tuple[Path, bool, str]]:
    """Every field of any of the records, to be made missing and to be made null; with a title."""
    for path in dict.fromkeys(path for record in records for path in paths(record)):
        for null in (False, True):
            yield path, null, f"{'.'.join(path)} {'null' if null else 'missing'}"


def single_variants(configured: dict[str, Detection]) -> Iterator[Variant]:
    numbers = count()
    for detection, case in SINGLE_CASES:
        runs_as = variant(detection, case.options, configured)
        exempt = (*ERRORS, *detection.exempting)
        for path, null, title in ways(case.record | dict.fromkeys(MARKS)):
            number = next(numbers)
            marked = case.record | dict.fromkeys(MARKS, f"variant {number}")
            yield Variant(
                number,
                detection.id,
                runs_as,
                f"{case.name}: {title}",
                [without(marked, path, null=null)],
                must_fire=case.fires and path[0] in MARKS,
                must_not_fire=not case.fires and ".".join(path) not in exempt,
            )


def rate_variants(configured: dict[str, Detection]) -> Iterator[Variant]:
    numbers = count()
    for detection, case in RATE_CASES:
        runs_as = variant(detection, case.options, configured)
        for path, null, title in ways(*case.records):
            for among, records in rate_records(case, path, null).items():
                number = next(numbers)
                yield Variant(
                    number,
                    detection.id,
                    runs_as,
                    f"{case.name}: {title} in {among}",
                    in_own_world(replace(case, records=records), number),
                    must_fire=bool(case.alerts) and path == ("requestID",),
                    must_not_fire=not case.alerts and ".".join(path) not in IDENTITY,
                )


def rate_records(case: RateCase, path: Path, null: bool) -> dict[str, list[Record]]:
    """The case without the field, in all records and in one."""
    everywhere = [without(record, path, null=null) for record in case.records]
    if not case.alerts:
        return {"all": everywhere, "one": [everywhere[0], *case.records[1:]]}
    if path == ("requestID",):
        return {"all": everywhere}
    # It may fire or not: one record of each shape shows whether it raises.
    return {"one of each": list({tuple(paths(record)): record for record in everywhere}.values())}


@dataclass(frozen=True)
class Result:
    """Variants, and the numbers of those that their own detection fired on."""

    variants: list[Variant] = field(repr=False)
    fired: set[int] = field(repr=False)

    def mistakes(self, detection: Detection) -> list[str]:
        own = [v for v in self.variants if v.detection_id == detection.id]
        fires = [f"fires: {v.title}" for v in own if v.must_not_fire and v.number in self.fired]
        quiet = [f"quiet: {v.title}" for v in own if v.must_fire and v.number not in self.fired]
        assert own
        return fires + quiet


@pytest.fixture(scope="module")
def single(spark: SparkSession) -> Result:
    configured: dict[str, Detection] = {d.id: d for d in SINGLE}
    variants = list(single_variants(configured))
    read = events(spark, [record for v in variants for record in v.records])
    rows = alerts(read, list(configured.values())).select("detection_id", "evidence").collect()
    found = set()
    for row in rows:
        event = json.loads(row.evidence)
        found.add((row.detection_id, event.get("eventID") or event["requestID"]))
    fired = {v.number for v in variants if (v.runs_as, f"variant {v.number}") in found}
    return Result(variants, fired)


@pytest.fixture(scope="module")
def rates(spark: SparkSession) -> Result:
    configured: dict[str, Detection] = {d.id: d for d in RATES}
    variants = list(rate_variants(configured))
    # Each is given its own records alone, to save time.
    parts = [
        alerts(events(spark, [r for v in variants if v.runs_as == name for r in v.records]), [d])
        for name, d in configured.items()
    ]
    rows = reduce(DataFrame.union, parts).select("detection_id", "entity").collect()
    found = {(row.detection_id, row.entity) for row in rows}
    fired = {
        v.number
        for v in variants
        if any(by == v.runs_as and belongs(entity, v.number) for by, entity in found)
    }
    return Result(variants, fired)


@pytest.mark.parametrize("detection", SINGLE, ids=lambda d: d.id)
def test_single_event(single: Result, detection: Detection) -> None:
    assert single.mistakes(detection) == []


@pytest.mark.parametrize("detection", RATES, ids=lambda d: d.id)
def test_rate(rates: Result, detection: Detection) -> None:
    assert rates.mistakes(detection) == []
