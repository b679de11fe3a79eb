"""What a scan costs: the pre-filter reaches the reader, and many detections share one scan."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from builders import events, record
from pyspark.sql import DataFrame, SparkSession

from trailhound import SingleEvent, alerts, from_table, load
from trailhound.engine.evaluate import matching, single_alerts

SINGLE = [d for d in load() if isinstance(d, SingleEvent)]


@pytest.fixture(autouse=True)
def whole_plans(spark: SparkSession) -> Iterator[None]:
    """Plans are printed without being cut."""
    name = "spark.sql.maxMetadataStringLength"
    before = spark.conf.get(name)
    spark.conf.set(name, "1000000")
    yield
    spark.conf.set(name, str(before))


@pytest.fixture(scope="module")
def path(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = str(tmp_path_factory.mktemp("plan") / "events")
    rows = events(spark, [record("ec2", "ImportKeyPair"), record("s3", "GetObject")])
    rows.write.format("delta").save(path)
    lower = rows.toDF(*(name.lower() for name in rows.columns))
    lower.write.format("delta").save(f"{path}-lower")
    return path


def scans(frame: DataFrame) -> list[str]:
    """The file scans of a plan, with what each pushes down."""
    plan = frame._jdf.queryExecution().executedPlan().toString()
    return re.findall(r"FileScan parquet.*", plan)


def pushed(scan: str) -> str:
    found = re.search(r"PushedFilters: \[(.*?)\], ReadSchema", scan)
    assert found
    return found[1]


@pytest.mark.parametrize("suffix", ["", "-lower"])
def test_the_pre_filter_on_source_and_name_reaches_parquet(
    spark: SparkSession, path: str, suffix: str
) -> None:
    table = from_table(spark.read.format("delta").load(path + suffix))
    (scan,) = scans(matching(table, SINGLE))
    filters = pushed(scan).lower()
    for detection in SINGLE:
        for name in detection.reads.names:
            assert name.lower() in filters
        for source in detection.reads.sources:
            assert source in filters
    assert "eventname" in filters
    assert "stringstartswith(eventname,addpermission)" in filters


def test_all_single_event_detections_cost_one_scan(spark: SparkSession, path: str) -> None:
    table = spark.read.format("delta").load(path)
    found = single_alerts(matching(table, SINGLE), SINGLE)
    assert len(scans(found)) == 1
    assert found.count() == 1


def test_ten_times_the_detections_still_cost_one_scan(spark: SparkSession, path: str) -> None:
    table = spark.read.format("delta").load(path)
    many = [replace(d, id=f"{d.id}_{copy}") for copy in range(10) for d in SINGLE]
    found = matching(table, many)
    assert len(scans(found)) == 1
    (row,) = found.collect()
    assert len(row.matched) == 10


def test_one_detection_reads_no_more_than_its_own_calls(spark: SparkSession, path: str) -> None:
    table = spark.read.format("delta").load(path)
    (detection,) = load(["ec2_key_pair_imported"])
    (scan,) = scans(matching(table, [detection]))
    assert "In(eventName" not in pushed(scan)
    assert "EqualTo(eventName,ImportKeyPair)" in pushed(scan)
    assert detection.transform(table).columns == alerts(table, [detection]).columns
