"""What the command line says about detections, and how it simulates."""

import json
from pathlib import Path

import pytest

from trailhound import load
from trailhound.cli import main


def run(*args: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    code = main(list(args))
    out, err = capsys.readouterr()
    return code, out, err


def test_list_shows_every_detection(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run("list", capsys=capsys)
    assert code == 0
    assert all(detection.id in out for detection in load())


def test_list_as_data_has_what_show_tells(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run("list", "--format", "jsonl", capsys=capsys)
    facts = {one["id"]: one for one in map(json.loads, out.splitlines())}
    assert (code, len(facts)) == (0, 24)
    assert facts["root_console_brute_force"]["parameters"]["window"] == "6 minutes"


@pytest.mark.parametrize("detection", load(), ids=lambda d: d.id)
def test_show_tells_an_analyst_what_there_is_to_know(
    detection: object, capsys: pytest.CaptureFixture[str]
) -> None:
    (one,) = load([detection.id])  # type: ignore[attr-defined]
    code, out, _ = run("show", one.id, capsys=capsys)
    said = "".join(out.split())
    assert code == 0
    texts = [one.title, one.description, *one.triage, *one.false_positives, *one.blind_spots]
    for text in [*texts, *one.techniques, *one.parameters]:
        assert "".join(text.split()) in said


def test_show_of_an_unknown_detection_names_the_nearest(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out, err = run("show", "rds_delete", capsys=capsys)
    assert (code, out) == (2, "")
    assert err == "trailhound: no detection rds_delete; did you mean rds_deleted?\n"


def test_simulate_says_what_it_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run("simulate", str(tmp_path / "s"), "--records", "2000", capsys=capsys)
    assert code == 0
    assert "2000 records" in out
    assert (tmp_path / "s" / "truth.json").is_file()

    code, out, err = run("simulate", str(tmp_path / "s"), capsys=capsys)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "exists already" in err


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["detect", "--set", "tables.events=no/such"], "no Delta table at no/such"),
        (["backfill", "--from", "2024-03-02", "--to", "2024-03-01"], "must be before"),
        (["backfill", "--from", "soon", "--to", "2024-03-01"], "'soon' is no time"),
        (["ingest", "no/such"], "no such file or folder: no/such"),
        (["simulate", "x", "--records", "5"], "records is 5"),
    ],
)
@pytest.mark.usefixtures("spark")
def test_what_the_user_can_mend_is_one_line_and_exit_code_2(
    args: list[str],
    says: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = run(*args, capsys=capsys)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert says in err
    assert not list(tmp_path.iterdir())


def test_without_a_command_it_says_which_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    said = capsys.readouterr()
    assert "raw files to alerts, without any table" in said.out
    assert said.err == ""


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["detct"], "did you mean detect?"),
        (["zzz"], "'zzz' is none of"),
        (["detect", "--detecton", "mfa_disabled"], "did you mean --detection?"),
        (["backfill", "--form=2024-03-01"], "did you mean --from?"),
        (["status", "now"], "trailhound status knows no now"),
        (["list", "--format", "json"], "did you mean jsonl?"),
        (["scan"], "the following arguments are required: PATH"),
    ],
)
def test_a_mistyped_word_names_the_nearest(
    words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    said = capsys.readouterr()
    assert ended.value.code == 2
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
    assert says in said.err
    assert "--help`" in said.err
