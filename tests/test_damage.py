"""A tree of damaged files: what is whole lands and raises its alert, the rest is in quarantine."""

import contextlib
import io
import json
from argparse import ArgumentParser
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from damage import ALERT, FILES, Damage, delivered, planted
from odd_records import RECORDS, ROUNDED
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from test_jobs import config

from trailhound.cli import main
from trailhound.engine.exact_json import loads
from trailhound.engine.records import FIELDS, IDENTITY_FIELDS
from trailhound.errors import UserError
from trailhound.ingest import reader
from trailhound.ingest import stream as ingest
from trailhound.lake.table import Table
from trailhound.runtime.job import Job, common_arguments, run

CORPUS = [*FILES, *RECORDS]
NUMBER = {case.name: number for number, case in enumerate(CORPUS)}
ELSEWHERE = -1
CLOCKS = {"healthy": timedelta(days=-1), "near": timedelta(minutes=5), "far": timedelta(hours=2)}
AHEAD = ["far", *["time '9999-12-31T23:59:59Z' x"] * 2]


@dataclass(frozen=True)
class Came:
    """What came of the tree: eventIDs and reasons by case, and the counts of ingest."""

    counts: ingest.Counts
    landed: dict[int, list[str | None]]
    middle: dict[int, list[str]]  # the second event of each file, all of it as JSON
    quarantined: dict[int, list[str]]


@dataclass(frozen=True)
class Scanned:
    """What a scan of the tree printed."""

    alerts: list[dict[str, Any]]
    said: str


def folder(case: Damage) -> str:
    return f"{NUMBER[case.name]:03}"


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("damage") / "AWSLogs"
    for case in CORPUS:
        case.write(root / folder(case))
    healthy = root / "healthy"
    healthy.mkdir()
    now = datetime.now(UTC).replace(microsecond=0)
    for name, ahead in CLOCKS.items():
        (healthy / f"{name}.json").write_text(delivered(planted(name, at=now + ahead)))
    (healthy / "nowhere.json").symlink_to("no such file")
    (healthy / "itself.json").symlink_to("itself.json")
    (healthy / "empty.json.gz").mkdir()
    return root


@pytest.fixture(scope="module")
def ingested(spark: SparkSession, tree: Path) -> Came:
    where = config(tree.parent)
    gone = tree / "healthy" / "gone.json"
    gone.write_text(delivered(planted("gone")))

    choose = reader.choose

    def choose_and_lose(rows: Any) -> reader.Listing:
        found = choose(rows)
        gone.unlink(missing_ok=True)
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "choose", choose_and_lose)
        counts = ingest.run(spark, where, str(tree))
    case = F.regexp_extract("sourceFile", r"/AWSLogs/(\d*)", 1).alias("number")
    whole = F.when(F.col("sourcePosition") == 1, F.to_json(F.struct(*FIELDS, "unmapped")))
    events = Table(where.tables.events).read(spark).select(case, "eventID", whole).collect()
    bad = Table(where.tables.quarantine).read(spark).select(case, "reason").collect()
    came = Came(counts, defaultdict(list), defaultdict(list), defaultdict(list))
    for number, event_id, text in events:
        came.landed[int(number or ELSEWHERE)].append(event_id)
        came.middle[int(number or ELSEWHERE)] += [text] if text else []
    for number, reason in bad:
        came.quarantined[int(number or ELSEWHERE)].append(reason)
    return came


@pytest.fixture(scope="module")
def scanned(spark: SparkSession, tree: Path, ingested: Came) -> Scanned:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(["scan", str(tree), "--detection", ALERT, "--format", "jsonl"])
    assert code == 0
    return Scanned([json.loads(line) for line in out.getvalue().splitlines()], err.getvalue())


@pytest.mark.parametrize("case", CORPUS, ids=lambda case: case.name[:40])
def test_what_is_whole_lands_and_what_is_not_is_quarantined(ingested: Came, case: Damage) -> None:
    landed, reasons = ingested.landed[NUMBER[case.name]], ingested.quarantined[NUMBER[case.name]]
    assert Counter(landed) == Counter(case.lands)
    assert len(reasons) == len(case.quarantined), reasons[:5]
    for said, expected in zip(sorted(reasons), sorted(case.quarantined), strict=True):
        assert said.startswith(expected)


@pytest.mark.parametrize(
    "case", [c for c in RECORDS if c not in ROUNDED], ids=lambda case: case.name[:40]
)
def test_a_record_lands_alike_from_every_kind_of_file(ingested: Came, case: Damage) -> None:
    one, *others = ingested.middle[NUMBER[case.name]] or [""]
    assert [one] * len(others) == others
    assert bool(others) == (not case.quarantined)


@pytest.mark.parametrize("case", RECORDS, ids=lambda case: case.name[:40])
def test_what_the_contract_does_not_name_is_kept(ingested: Came, case: Damage) -> None:
    texts = ingested.middle[NUMBER[case.name]]
    assert bool(texts) == (not case.quarantined)
    for text in texts:
        record = loads(case.files["a.json"].decode())["Records"][1]
        kept = loads(loads(text).get("unmapped", "{}"))
        assert set(record) - set(FIELDS) <= set(kept)
        who = record["userIdentity"]
        if isinstance(who, dict):
            assert set(who) - set(IDENTITY_FIELDS) <= set(kept.get("userIdentity", {}))
        else:
            assert kept.get("userIdentity") == who


def test_the_files_beside_land_and_one_that_vanished_is_named(ingested: Came) -> None:
    assert sorted(ingested.landed[ELSEWHERE]) == sorted(CLOCKS)
    assert ingested.quarantined[ELSEWHERE] == ["cannot be read"]


def test_the_numbers_add_up(ingested: Came) -> None:
    # Spark does not list files of no bytes.
    written = [case for case in CORPUS for data in case.files.values() if data]
    counts, skipped = ingested.counts, Counter(case.skipped for case in written if case.skipped)
    assert counts.records == counts.events + counts.quarantined_records
    assert counts.events == sum(map(len, ingested.landed.values()))
    assert counts.skipped_files == skipped
    left_out = skipped["not .json, .jsonl or .ndjson"] + 1  # and a digest by its name
    assert counts.files == len(written) - left_out + len(CLOCKS) + 1


def test_every_event_raises_its_alert(ingested: Came, scanned: Scanned) -> None:
    landed = {one for ids in ingested.landed.values() for one in ids if one}
    assert {one for alert in scanned.alerts for one in alert["event_ids"] if one} == landed


def test_scan_counts_as_ingest_does(ingested: Came, scanned: Scanned) -> None:
    counts = ingested.counts
    assert f"{counts.files - 1} files, {counts.records} records, {counts.events} events" in (
        scanned.said
    )


def test_what_is_said_steers_no_terminal(scanned: Scanned) -> None:
    assert r"\x1b]0;x\x07\n.json: not valid JSON" in scanned.said
    assert [c for c in scanned.said if not (c.isprintable() or c == "\n")] == []


def test_events_dated_in_the_future_are_counted(ingested: Came, scanned: Scanned) -> None:
    assert ingested.counts.future_events == len(AHEAD)
    said = f"{len(AHEAD)} events are dated after they came in; they do not count in rates"
    assert said in ingested.counts.lines()
    assert said in scanned.said.splitlines()


def test_a_count_of_none_in_the_future_is_not_printed() -> None:
    assert not any("dated" in line for line in ingest.Counts(files=1).lines())
    assert "1 event is dated after it came in; it does not count in rates" in (
        ingest.Counts(future_events=1).lines()
    )


def test_a_result_and_an_error_steer_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    def work(job: Job) -> int:
        job.result(["all of \x1b[2J\x07"], {"file": "\x1b"})
        raise UserError("no column \x1b]0;x\x07\nand more")

    parser = ArgumentParser()
    common_arguments(parser)
    assert run(work, parser.parse_args([])) == 2
    assert run(work, parser.parse_args(["--json"])) == 2

    out, err = capsys.readouterr()
    assert [c for c in out + err if not (c.isprintable() or c == "\n")] == []
    assert (out.count("\n"), err.count("\n")) == (2, 2)
