"""Detections of one's own: folders of files in the form of ours, beside those that come with us."""

import json
import zipfile
from pathlib import Path

import pytest
from builders import events, record
from processes import trailhound
from pyspark.sql import SparkSession
from test_jobs import config, deliver

from trailhound import Detection, DetectionError, load
from trailhound.detect import backfill, scan
from trailhound.detect import stream as detect
from trailhound.errors import UserError
from trailhound.ingest import stream as ingest
from trailhound.lake.table import Table
from trailhound.ledger import gaps
from trailhound.ledger.ledger import Ledger
from trailhound.loading import shipped
from trailhound.runtime.config import Config, read_config
from trailhound.times import HIGH, LOW

MINE = '''"""A queue was deleted."""

from trailhound import Column, Options, Outcome, Severity, always, calls, single_event


@single_event(
    title="Queue Deleted",
    severity=Severity.LOW,
    tactics=("TA0040",),
    techniques=("T1485",),
    reads=calls("sqs", "DeleteQueue"),
    outcome=Outcome.SUCCESS,
    entity=("requestParameters.queueUrl",),
    summary="{actor} deleted a queue",
    false_positives=("None known.",),
    blind_spots=("None known.",),
    triage=("Ask the caller.",),
)
def queue_deleted(options: Options) -> Column:
    """Somebody may need it."""
    return always()
'''
CALL = record("sqs", "DeleteQueue", {"queueUrl": "https://queue"})


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "queue_deleted.py").write_text(MINE)
    (folder / "_words.py").write_text("raise RuntimeError('no detection')")
    return folder


def mine(rules: Path) -> list[Detection]:
    return load(["queue_deleted"], folders=[shipped(), str(rules)])


def test_a_folder_stands_beside_ours(rules: Path) -> None:
    found = {d.id for d in Config(detection_folders=(str(rules),)).chosen()}
    assert found == {*(d.id for d in load()), "queue_deleted"}


def test_every_way_of_setting_a_folder(rules: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(json.dumps({"detection_folders": [str(rules)]}))
    ways = [
        read_config(str(file), (), {}),
        read_config(None, [f"detection_folders=[{rules}]"], {}),
        read_config(None, (), {"TRAILHOUND_DETECTION_FOLDERS": f"[{rules}]"}),
        read_config(None, (), {}, folders=[str(rules)]),
    ]
    assert [one.detection_folders for one in ways] == [(str(rules),)] * 4
    assert [one.chosen(["queue_deleted"])[0].id for one in ways] == ["queue_deleted"] * 4


def test_it_has_parameters_like_ours(rules: Path) -> None:
    text = ("detections.queue_deleted.severity=high",)
    (found,) = read_config(None, text, {}, folders=[str(rules)]).chosen(["queue_deleted"])
    assert found.severity == "high"


@pytest.mark.parametrize("setting", ["rules", "{a: b}", "[3]"])
def test_what_is_no_list_of_folders_is_named(setting: str) -> None:
    with pytest.raises(UserError, match=r"detection_folders is .*, must be a list of texts"):
        read_config(None, [f"detection_folders={setting}"], {})


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nowhere: no folder of detections is there"):
        read_config(None, (), {}, folders=[str(tmp_path / "nowhere")])


def test_one_id_in_two_folders_is_refused_with_both(rules: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "queue_deleted.py").write_text(MINE)
    with pytest.raises(DetectionError) as refused:
        load(folders=[str(rules), str(other)])
    assert str(refused.value) == f"queue_deleted is in {rules} and in {other}: rename one"


def test_folders_of_one_name_are_kept_apart(rules: Path, tmp_path: Path) -> None:
    same = tmp_path / "elsewhere" / "rules"
    same.mkdir(parents=True)
    (same / "queue_deleted.py").write_text(MINE.replace("Queue Deleted", "Another"))
    titles = [load(folders=[str(folder)])[0].title for folder in (rules, same)]
    assert titles == ["Queue Deleted", "Another"]


def test_a_folder_may_lie_in_a_zip(rules: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "rules.zip", "w") as made:
        made.write(rules / "queue_deleted.py", "mine/queue_deleted.py")
    (found,) = load(folders=[f"{tmp_path}/rules.zip/mine"])
    assert (found.id, found.origin) == ("queue_deleted", None)


def test_it_is_evaluated_like_ours(spark: SparkSession, rules: Path, tmp_path: Path) -> None:
    (detection,) = mine(rules)
    (alert,) = detection.transform(events(spark, [CALL])).collect()
    assert (alert.detection_id, alert.title) == ("queue_deleted", "Queue Deleted")

    deliver(tmp_path / "in" / "a.json.gz", [CALL])
    scanned = scan.scan(spark, [str(tmp_path / "in")], [detection], as_of=HIGH)
    assert [row.alert_id for row in scanned.alerts] == [alert.alert_id]

    where = config(tmp_path)
    ingest.run(spark, where, str(tmp_path / "in"))
    assert detect.run(spark, where, [detection], "run").alerts == {"queue_deleted": 1}
    assert gaps.find(spark, where, Ledger(spark, where), [detection]) == []
    backfill.run(spark, where, [detection], "again", LOW, HIGH)
    rows = Table(where.tables.alerts).read(spark).collect()
    assert [row.alert_id for row in rows] == [alert.alert_id]


def test_the_command_line_takes_a_folder(rules: Path) -> None:
    folder = ("--detections", str(rules))
    listed = trailhound("list", "--format", "jsonl", *folder, cwd=rules.parent).finished()
    assert "queue_deleted" in {json.loads(line)["id"] for line in listed.splitlines()}
    shown = trailhound("show", "queue_deleted", *folder, cwd=rules.parent).finished()
    assert "Somebody may need it." in shown
    assert "origin" not in shown
