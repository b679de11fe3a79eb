"""The simulator: what it writes, and that its truth is what the specification says."""

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

import oracle
import pytest

from trailhound.simulation.background import Background
from trailhound.simulation.callers import Account
from trailhound.simulation.simulate import MINIMUM_RECORDS, START, Simulation, simulate

NAME = re.compile(
    r"AWSLogs/(?P<account>\d{12})/CloudTrail/(?P<region>[a-z]+-[a-z]+-\d)/"
    r"(?P<day>\d{4}/\d{2}/\d{2})/"
    r"(?P=account)_CloudTrail_(?P=region)_(?P<time>\d{8}T\d{4}Z)_[A-Za-z0-9]{16}\.json\.gz"
)
DETECTIONS = {d.__name__ for d in oracle.SUCCESS_ONLY + oracle.ANY_OUTCOME + oracle.RATE_DETECTIONS}


@dataclass(frozen=True)
class Written:
    simulation: Simulation
    folder: Path
    files: dict[str, list[dict[str, Any]]]  # name below the folder -> its records

    @property
    def records(self) -> list[dict[str, Any]]:
        return [record for records in self.files.values() for record in records]

    @property
    def truth(self) -> dict[str, Any]:
        return json.loads(self.simulation.truth.read_text())


def write(folder: Path, **numbers: int) -> Written:
    simulation = simulate(folder, **numbers)
    files = {
        path.relative_to(folder).as_posix(): json.loads(gzip.decompress(path.read_bytes()))
        for path in sorted(folder.rglob("*.json.gz"))
    }
    return Written(simulation, folder, {name: file["Records"] for name, file in files.items()})


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    return write(tmp_path_factory.mktemp("simulated"), records=20_000, days=2, accounts=4)


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def size(record: dict[str, Any]) -> int:
    return len(json.dumps(record, separators=(",", ":")))


def event_time(record: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(record["eventTime"])


def lateness(written: Written) -> Iterator[timedelta]:
    """For each record, how long after it its file came."""
    for name, records in written.files.items():
        match = NAME.fullmatch(name)
        assert match
        delivered = datetime.strptime(match["time"], "%Y%m%dT%H%M%z")
        yield from (delivered - event_time(record) for record in records)


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        simulate(tmp_path / name, records=2_000, seed=seed)

    assert bytes_of(tmp_path / "a") == bytes_of(tmp_path / "b")
    assert not bytes_of(tmp_path / "a").keys() & bytes_of(tmp_path / "c").keys() - {"truth.json"}


def test_files_lie_as_cloudtrail_puts_them(written: Written) -> None:
    for name, records in written.files.items():
        match = NAME.fullmatch(name)
        assert match, name
        assert match["day"].replace("/", "") == match["time"][:8]
        assert {record["recipientAccountId"] for record in records} == {match["account"]}
        assert {record["awsRegion"] for record in records} == {match["region"]}


def test_a_file_is_one_line_of_compact_json(written: Written) -> None:
    name, records = max(written.files.items(), key=lambda item: len(item[1]))
    data = (written.folder / name).read_bytes()

    assert data[4:8] == bytes(4), "the time in the head of a gzip file"
    assert gzip.decompress(data).decode() == json.dumps({"Records": records}, separators=(",", ":"))


def test_counts_add_up(written: Written) -> None:
    simulation, truth = written.simulation, written.truth
    alerts = Counter(alert["detection_id"] for alert in truth["alerts"])

    assert simulation.records == len(written.records) == truth["records"] == 20_000
    assert simulation.files == len(written.files)
    assert simulation.alerts == alerts
    assert 0 < simulation.attacks <= sum(alerts.values())
    assert len({record["recipientAccountId"] for record in written.records}) == 4
    assert any(record["recipientAccountId"].startswith("0") for record in written.records)


def test_every_detection_is_in_the_truth(written: Written) -> None:
    assert len(DETECTIONS) == 24
    assert {alert["detection_id"] for alert in written.truth["alerts"]} == DETECTIONS


def test_truth_is_sorted_and_names_written_events(written: Written) -> None:
    truth = written.truth
    order = [(alert["event_time"], alert["detection_id"]) for alert in truth["alerts"]]
    listed = {event for alert in truth["alerts"] for event in alert["event_ids"]}

    assert order == sorted(order)
    assert listed <= {record["eventID"] for record in written.records}
    assert (truth["start"], truth["end"]) == ("2024-03-01T00:00:00Z", "2024-03-03T00:00:00Z")


@pytest.mark.parametrize("seed", [7, 20])
def test_truth_is_what_the_specification_says(tmp_path: Path, seed: int) -> None:
    written = write(tmp_path, records=20_000, days=2, seed=seed)

    expected = [
        {
            "detection_id": alert.detection_id,
            **({"entity": alert.entity} if alert.entity else {}),
            "outcome": alert.outcome,
            "severity": alert.severity,
            "event_time": f"{alert.event_time:%Y-%m-%dT%H:%M:%SZ}",
            "event_ids": list(alert.event_ids),
            "event_count": alert.event_count,
        }
        for alert in oracle.evaluate(written.records)
    ]

    def in_order(alerts: list[dict[str, Any]]) -> list[str]:
        return sorted(json.dumps(alert, sort_keys=True) for alert in alerts)

    assert in_order(written.truth["alerts"]) == in_order(expected)


def test_background_never_alerts_however_dense() -> None:
    accounts = [Account(Random(number), f"{number:012d}", number) for number in (1, 2)]
    background = Background(Random(5), accounts)

    records = [
        json.loads(record)
        for account in accounts
        for record in background.records(account.id, "us-east-1", START, 300, 20_000)
    ]

    assert oracle.evaluate(records) == []
    near = {"ImportKeyPair", "AddPermission", "CreateKeyPair", "DeleteExpiredKeyMaterial"}
    assert near <= {record["eventName"] for record in records}
    assert any(record["responseElements"] == {"ConsoleLogin": "Failure"} for record in records)


def test_one_in_a_hundred_records_comes_again_in_another_file(written: Written) -> None:
    places: dict[str, list[tuple[str, str]]] = {}
    for name, records in written.files.items():
        for record in records:
            places.setdefault(record["eventID"], []).append((json.dumps(record), name))
    repeated = [found for found in places.values() if len(found) > 1]

    assert 0.008 <= (len(written.records) - len(places)) / len(written.records) <= 0.012
    assert all(len({text for text, _ in found}) == 1 for found in repeated)
    assert all(len({name for _, name in found}) == len(found) for found in repeated)


def test_records_are_as_large_as_real_ones(written: Written) -> None:
    sizes = sorted(size(record) for record in written.records)

    assert 1_000 < median(sizes) < 1_700
    assert 1_900 < sizes[len(sizes) * 99 // 100] < 3_000
    assert 5_000 < sizes[-1] < 66_000


def test_files_are_small_and_some_are_not(written: Written) -> None:
    sizes = [len(records) for records in written.files.values()]

    assert min(sizes) == 1
    assert 2 <= median(sizes) <= 8
    assert 200 < max(sizes) < 700


def test_delivery_is_late_and_out_of_order(written: Written) -> None:
    found = sorted(lateness(written))
    hours = [late for late in found if late > timedelta(minutes=105)]
    unordered = [
        records
        for records in written.files.values()
        if records != sorted(records, key=event_time) and len(records) > 2
    ]

    assert found[0] >= timedelta(minutes=5)
    assert found[len(found) // 2] <= timedelta(minutes=15)
    assert 0 < len(hours) < len(found) / 20
    assert unordered


def test_traffic_is_mixed_as_in_real_trails(written: Written) -> None:
    records = written.records
    types = {record["userIdentity"].get("type") for record in records}
    by_service = sum(
        record["sourceIPAddress"] == "AWS Internal"
        or record["sourceIPAddress"].endswith(".amazonaws.com")
        for record in records
    )
    failed = sum("errorMessage" in record for record in records)
    times = [event_time(record) for record in records]

    assert types >= {"AWSService", "AssumedRole", "IAMUser", "Root", "WebIdentityUser", None}
    assert types >= {"AWSAccount", "SAMLUser"}
    assert 0.6 < by_service / len(records) < 0.8
    assert 0.01 < failed / len(records) < 0.15
    assert datetime(2024, 3, 1, tzinfo=UTC) <= min(times)
    assert max(times) < datetime(2024, 3, 3, tzinfo=UTC)


def test_attacks_grow_with_the_days(tmp_path: Path) -> None:
    one = simulate(tmp_path / "one", records=6_000, days=1)
    more = simulate(tmp_path / "more", records=6_000, days=3)

    assert one.attacks < more.attacks <= 3 * one.attacks


def test_progress_counts_to_the_end(tmp_path: Path) -> None:
    seen: list[int] = []

    simulation = simulate(tmp_path, records=MINIMUM_RECORDS, accounts=2, progress=seen.append)

    assert seen == sorted(seen)
    assert seen[-1] == simulation.records == MINIMUM_RECORDS


@pytest.mark.parametrize(
    ("name", "number", "least"),
    [("records", 999, 1_000), ("days", 0, 1), ("accounts", 1, 2), ("seed", -1, 0)],
)
def test_refuses_numbers_out_of_range(tmp_path: Path, name: str, number: int, least: int) -> None:
    with pytest.raises(
        ValueError, match=f"^{name} is {number}: it must be from {least} to [0-9]+$"
    ):
        simulate(tmp_path, **{name: number})  # type: ignore[arg-type]

    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("found", ["AWSLogs", "truth.json"])
def test_refuses_a_folder_that_holds_a_simulation(tmp_path: Path, found: str) -> None:
    (tmp_path / found).mkdir()

    with pytest.raises(ValueError, match="exists already: name another folder") as refused:
        simulate(tmp_path)

    assert "\n" not in str(refused.value)
