"""What notebooks ask and show."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from builders import NOON, ROLE, events, record, sign_in
from pyspark.sql import DataFrame, SparkSession

from trailhound import Severity, load
from trailhound.engine.evaluate import alerts as alerts_of
from trailhound.errors import UserError
from trailhound.lake.table import Table, create_alerts
from trailhound.notebook.explore import by_severity, events_of, over_time, tables, timeline
from trailhound.notebook.html import table
from trailhound.notebook.plots import COLOURS, bars, dots, heat, lanes

CHOSEN = load(["mfa_disabled", "root_console_brute_force", "ec2_key_pair_imported"])
DENIED = record("iam", "DeactivateMFADevice", error="AccessDenied")
RECORDS = [
    record("iam", "DeactivateMFADevice", {"userName": "bob"}),
    record("iam", "DeactivateMFADevice", {"userName": "bob"}),
    DENIED,
    record("iam", "ListUsers", at=NOON + timedelta(minutes=70), event_id=None),
    record("iam", "ListRoles", at=NOON + timedelta(minutes=71), event_id=None),
    record("ec2", "ImportKeyPair", {"keyName": "<b>"}, at=NOON + timedelta(hours=2)),
    *(sign_in(after=20 * number) for number in range(10)),
]


@pytest.fixture(scope="module")
def seen(spark: SparkSession) -> DataFrame:
    return events(spark, RECORDS).localCheckpoint()


@pytest.fixture(scope="module")
def raised(seen: DataFrame) -> DataFrame:
    return alerts_of(seen, CHOSEN).localCheckpoint()


def test_alerts_by_the_hour(raised: DataFrame) -> None:
    rows = over_time(raised, timedelta(hours=1)).collect()
    counts = {(row.detection_id, row.severity): row.alerts for row in rows}
    assert counts == {
        ("mfa_disabled", "high"): 1,
        ("mfa_disabled", "medium"): 1,
        ("root_console_brute_force", "high"): 1,
        ("ec2_key_pair_imported", "medium"): 1,
    }
    assert len({row.start for row in rows}) == 2


def test_the_events_behind_an_alert_come_once(seen: DataFrame, raised: DataFrame) -> None:
    one = raised.filter("detection_id = 'mfa_disabled' AND outcome = 'success'")
    assert [row.eventID for row in events_of(seen, one).collect()] == [RECORDS[0]["eventID"]]
    many = raised.filter("detection_id = 'root_console_brute_force'")
    assert events_of(seen, many).columns == seen.columns
    assert events_of(seen, many).count() == 10


def test_a_timeline_holds_what_alerted_and_what_did_not(seen: DataFrame, raised: DataFrame) -> None:
    rows = timeline(seen, raised, str(ROLE["arn"])).orderBy("eventTime", "severity").collect()
    assert [(row.eventName, row.outcome, row.severity, row.detections) for row in rows] == [
        ("DeactivateMFADevice", "success", "high", ["mfa_disabled"]),
        ("DeactivateMFADevice", "failure", "medium", ["mfa_disabled"]),
        ("ListUsers", "success", None, []),
        ("ListRoles", "success", None, []),
        ("ImportKeyPair", "success", "medium", ["ec2_key_pair_imported"]),
    ]


def test_severities_sort_from_the_highest(raised: DataFrame) -> None:
    ordered = raised.orderBy(by_severity()).select("severity").collect()
    assert [row.severity for row in ordered] == ["high", "high", "medium", "medium"]


def test_a_table_is_html_with_nothing_unescaped(spark: SparkSession) -> None:
    rows = [("<b>", 1, datetime(2024, 3, 1, tzinfo=UTC), ["a", "b"]), (None, 2, None, None)]
    kinds = "name string, number int, time timestamp, list array<string>"
    made = table(spark.createDataFrame([*rows, *rows], kinds), limit=3)._repr_html_()
    assert "&lt;b&gt;" in made
    assert "<b>" not in made
    assert "2024-03-01T00:00:00Z" in made
    assert "a, b" in made
    assert "<p>1 more</p>" in made
    assert "None" not in made


def test_plots_are_pictures(spark: SparkSession, seen: DataFrame, raised: DataFrame) -> None:
    grid = spark.createDataFrame(
        [("1 minute", 3, 0), ("1 minute", 4, 0), ("5 minutes", 3, 2), ("5 minutes", 4, 1)],
        "window string, threshold int, alerts int",
    )
    made = (
        bars(over_time(raised, timedelta(hours=1))),
        dots(raised),
        lanes(timeline(seen, raised, str(ROLE["arn"]))),
        heat(grid, threshold=4, window="5 minutes"),
    )
    for plot in made:
        assert plot._repr_png_().startswith(b"\x89PNG")
    assert dots(raised)._repr_png_() == dots(raised)._repr_png_()
    labels = [text.get_text() for text in made[1].figure.axes[0].get_yticklabels()]
    assert labels == sorted((d.id for d in CHOSEN), reverse=True)
    assert [t.get_text() for t in made[3].figure.axes[0].texts] == ["0", "0", "2", "1"]


def test_every_severity_has_a_colour() -> None:
    assert list(COLOURS) == [s.value for s in Severity]


def test_tables_that_are_not_there_are_named_with_the_remedy(
    spark: SparkSession, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match="make demo"):
        tables(str(tmp_path))


def test_tables_of_a_folder_are_read(spark: SparkSession, seen: DataFrame, tmp_path: Path) -> None:
    seen.write.format("delta").save(str(tmp_path / "events"))
    create_alerts(spark, Table(str(tmp_path / "alerts")))
    found, alerts = tables(str(tmp_path))
    assert found.columns == seen.columns
    assert found.count() == len(RECORDS)
    assert alerts.count() == 0
