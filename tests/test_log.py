"""A run that logs: JSON on stderr, the result on stdout, nothing secret."""

import json
from pathlib import Path

import pytest
from builders import record
from test_jobs import deliver

from trailhound.cli import main


@pytest.mark.usefixtures("spark")
def test_a_run_logs_what_it_does_and_tells_no_value(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    deliver(tmp_path / "logs" / "a.json.gz", [record("ec2", "RunInstances")])
    where = [f"tables.{name}={tmp_path}/{name}" for name in ("events", "quarantine")]
    where += [f"stream.checkpoints={tmp_path}/c", "spark.settings={a.key: hunter2}"]
    told = [word for one in where for word in ("--set", one)]
    code = main(
        ["ingest", f"{tmp_path}/logs", "--json", "--log-format", "json", "--run-id", "dag:1", *told]
    )

    out, err = capsys.readouterr()
    said = [json.loads(line) for line in err.splitlines() if line.startswith("{")]
    result = json.loads(out)
    assert [one["message"] for one in said] == ["started", "batch committed", "ended"]
    assert {(one["job"], one["run_id"]) for one in said} == {("ingest", result["run_id"])}
    assert result["run_id"].startswith("dag:1.")
    assert said[0]["flags"][-1] == "spark.settings"
    assert (said[1]["query"], said[1]["batch"], said[1]["rows"]) == ("ingest", 0, 1)
    assert (said[2]["exit_code"], said[2]["figures"]["events"]) == (code, 1)
    assert "hunter2" not in err


def test_a_mistake_is_an_error_in_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--log-format", "json", "--set", "no.such=1"]) == 2
    _, failed, ended = map(json.loads, capsys.readouterr().err.splitlines())
    assert (failed["level"], ended["exit_code"]) == ("error", 2)
    assert "no" in failed["message"]


@pytest.mark.parametrize("given", ["", "a b", "x" * 201, "a\nb", "a/b"])
def test_a_run_id_is_a_token(given: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--run-id", given]) == 2
    assert capsys.readouterr().err.count("\n") == 1
