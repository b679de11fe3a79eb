"""A detection of one's own from the first command to its cases."""

import json
from pathlib import Path

import pytest

from trailhound.cli import main
from trailhound.loading import load


@pytest.fixture
def rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "rules"


def run(*args: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    code = main(list(args))
    out, err = capsys.readouterr()
    return code, out, err


@pytest.mark.usefixtures("spark")
@pytest.mark.parametrize("kind", [[], ["--rate"]], ids=["single", "rate"])
def test_what_new_writes_passes_its_cases(
    kind: list[str], rules: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run("new", "my_first", *kind, capsys=capsys)
    assert (code, out.splitlines()[:2]) == (0, ["rules/my_first.py", "rules/cases/my_first.py"])
    (made,) = load(folders=[str(rules)])
    assert (made.id, made.title, made.origin) == ("my_first", "My First", None)

    code, out, _ = run("test", "rules", capsys=capsys)
    assert (code, out) == (0, "my_first: 5 of 5 cases passed\n")


@pytest.mark.usefixtures("spark")
def test_a_case_that_fails_says_what_was_expected_and_what_came(
    rules: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("new", "deleted", capsys=capsys)
    run("new", "failures", "--rate", capsys=capsys)
    file = rules / "cases" / "deleted.py"
    text = file.read_text().replace('severity="low"', 'severity="high"')
    file.write_text(text.replace('quiet("another call"', 'fires("another call"'))
    file = rules / "failures.py"
    file.write_text(file.read_text().replace("threshold=5", "threshold=6"))

    code, out, _ = run("test", "rules", capsys=capsys)

    assert code == 1
    assert out.splitlines() == [
        "FAILED deleted: an attempt that was denied: severity high expected, low got",
        "FAILED deleted: another call: must fire, and is quiet",
        "FAILED failures: at the threshold: expected 012345678901/bob at 2024-03-01T12:04:00Z with "
        "5 events; got no alert",
        "FAILED failures: more of them: expected 012345678901/bob at 2024-03-01T12:04:00Z with 7 "
        "events; got 012345678901/bob at 2024-03-01T12:05:00Z with 7 events",
        "deleted: 3 of 5 cases passed",
        "failures: 3 of 5 cases passed",
    ]

    code, out, _ = run("test", "deleted", "--detections", "rules", "--json", capsys=capsys)
    said = json.loads(out)
    assert (code, said["cases"], len(said["failed"])) == (1, 5, 2)


def test_a_detection_without_cases_is_named(
    rules: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("new", "deleted", capsys=capsys)
    (rules / "cases" / "deleted.py").unlink()
    code, out, _ = run("test", "rules", capsys=capsys)
    assert (code, out) == (1, "deleted: no cases, write cases/deleted.py\n")


def test_no_file_is_written_twice(rules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("new", "deleted", capsys=capsys)
    before = (rules / "deleted.py").read_bytes()
    code, _, err = run("new", "deleted", "--rate", capsys=capsys)
    assert (code, err) == (2, "trailhound: rules/deleted.py exists already\n")
    assert (rules / "deleted.py").read_bytes() == before


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["new", "Queue-Deleted"], "'Queue-Deleted' cannot be an id"),
        (["new", "mfa_disabled"], "there is a detection mfa_disabled already"),
        (["test"], "no folder of detections"),
        (["test", "empty"], "no detection in empty"),
        (["test", "deletd", "--detections", "rules"], "did you mean deleted?"),
        (["test", "broken"], "broken: a file does not load: RuntimeError: half written"),
    ],
)
def test_a_mistake_is_one_line(
    args: list[str], says: str, rules: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("new", "deleted", capsys=capsys)
    for name in ("empty", "broken"):
        (rules.parent / name).mkdir()
    (rules.parent / "broken" / "half.py").write_text("raise RuntimeError('half written')\n")
    code, out, err = run(*args, capsys=capsys)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert says in err
