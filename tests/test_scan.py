"""`trailhound scan` as people and scripts run it, on real CloudTrail and on damage."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from builders import record
from pyspark.sql import SparkSession

from trailhound.cli import main

FACTS = json.loads((Path(__file__).parent / "real_alerts.json").read_text())
CONTRACT = {"alert_id", "detection_id", "title", "severity", "outcome", "event_time", "entity"}
CONTRACT |= {"account_id", "source_ip", "event_ids", "event_count"}

pytestmark = pytest.mark.usefixtures("spark")


@pytest.fixture(scope="module")
def real(spark: SparkSession, real_data: Path) -> tuple[list[dict[str, Any]], str]:
    """What a scan of all the real data prints on stdout and stderr."""
    import contextlib
    import io

    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        assert main(["scan", str(real_data), "--format", "jsonl"]) == 0
    return [json.loads(line) for line in out.getvalue().splitlines()], err.getvalue()


def test_real_alerts_are_those_that_were_checked_by_eye(
    real: tuple[list[dict[str, Any]], str],
) -> None:
    found = [
        (a["detection_id"], a["event_time"], a["outcome"], a["severity"], a["event_ids"])
        for a in real[0]
    ]
    wanted = [
        (f["detection_id"], f["event_time"], f["outcome"], f["severity"], [f["eventID"]])
        for f in FACTS
    ]
    assert sorted(found) == sorted(wanted)


def test_alerts_keep_the_contract(real: tuple[list[dict[str, Any]], str]) -> None:
    alerts = real[0]
    assert all(set(alert) >= CONTRACT for alert in alerts)
    assert alerts == sorted(alerts, key=lambda a: (a["event_time"], a["alert_id"]))
    for alert in alerts:
        assert json.loads(alert["evidence"])["eventID"] == alert["event_ids"][0]
        assert alert["entity"]


def test_what_cannot_be_read_is_listed_and_hides_nothing(
    real: tuple[list[dict[str, Any]], str],
) -> None:
    said = real[1]
    assert "128 files, 8138 records, 8086 events" in said
    assert "samples-large.json: not valid JSON" in said
    assert "samples.json: not a CloudTrail record (50 times)" in said
    assert said.count("no readable eventTime") == 2
    assert said.count("opensearch-catalog") == 2


def run(*args: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[Any], str]:
    code = main(["scan", *args, "--format", "jsonl"])
    out, err = capsys.readouterr()
    return code, [json.loads(line) for line in out.splitlines()], err


def test_damaged_files_beside_good_ones(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = record("ec2", "ImportKeyPair", {"keyName": "k"})
    acl = record("ec2", "DeleteNetworkAcl", {"networkAclId": "acl-1"})
    mfa = record("iam", "DeactivateMFADevice", {"userName": "bob"})
    delivered = json.dumps({"Records": [key]}, separators=(",", ":")).encode()
    (tmp_path / "a b[1]+#.json.gz").write_bytes(gzip.compress(delivered))
    lines = (json.dumps(acl) + "\n" + json.dumps(mfa) + "\n").encode()
    (tmp_path / "cut.ndjson.gz").write_bytes(gzip.compress(lines)[:-5])
    (tmp_path / "plain.json.gz").write_bytes(json.dumps([mfa]).encode())
    (tmp_path / "empty.json").write_bytes(b"\n")
    (tmp_path / "readme.txt").write_text("no CloudTrail")
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "1_CloudTrail-Digest_eu.json.gz").write_bytes(b"x")

    code, alerts, said = run(str(tmp_path), capsys=capsys)

    assert code == 0
    assert sorted(a["detection_id"] for a in alerts) == [
        "ec2_key_pair_imported",
        "mfa_disabled",
        "network_acl_deleted",
    ]
    assert "4 files, 4 records, 4 events" in said
    assert "cut.ndjson.gz: truncated gzip" in said
    assert "skipped 1: digest file" in said
    assert "skipped 1: empty file" in said
    assert "skipped 1: not .json, .jsonl or .ndjson" in said


def test_no_alert_is_no_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.json").write_text(json.dumps([record("ec2", "RunInstances")]))
    assert run(str(tmp_path), capsys=capsys)[:2] == (0, [])


def test_one_file_of_any_name_and_one_detection(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    both = [record("iam", "CreateVirtualMFADevice")]
    (tmp_path / "export.txt").write_text(json.dumps(both))
    only = ("--detection", "mfa_method_registered")
    code, alerts, _ = run(str(tmp_path / "export.txt"), *only, capsys=capsys)
    assert (code, [a["detection_id"] for a in alerts]) == (0, ["mfa_method_registered"])


def test_the_table_shows_control_characters_without_obeying_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evil = record("ec2", "ImportKeyPair", {"keyName": "\x1b[31mred\x07[bold]x[/bold]"})
    (tmp_path / "a.json").write_text(json.dumps([evil]))
    assert main(["scan", str(tmp_path)]) == 0
    out, _ = capsys.readouterr()
    assert "\x1b" not in out
    assert "\x07" not in out
    assert "[bold]" in "".join(out.split())


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["no/such/folder"], "trailhound: no such file or folder: no/such/folder"),
        ([".", "--detection", "mfa_disable"], "did you mean mfa_disabled?"),
        ([".", "--conf", "no.yaml"], "cannot read no.yaml"),
        ([".", "--set", "stream.clock_skw=1 hour"], "did you mean clock_skew?"),
        ([".", "--as-of", "yesterday"], "'yesterday' is no time"),
    ],
)
def test_what_the_user_can_mend_is_one_line_and_exit_code_2(
    args: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["scan", *args]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert says in err
