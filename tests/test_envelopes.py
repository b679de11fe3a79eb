"""What a file holds, in any envelope, whole or damaged."""

import gzip
import json
from typing import Any

import pytest
from builders import record

from jobs.envelopes import Item, split

ONE, TWO, THREE = (record("ec2", name) for name in ("RunInstances", "StopInstances", "CreateVpc"))


def text(value: Any, **how: Any) -> bytes:
    return json.dumps(value, **how).encode()


def records(data: bytes) -> list[Any]:
    return [json.loads(item.record) for item in split(data) or [] if item.record is not None]


def problems(data: bytes) -> list[str]:
    return [item.problem for item in split(data) or [] if item.problem is not None]


ENVELOPES = {
    "delivered": text({"Records": [ONE, TWO]}),
    "pretty-printed": text({"Records": [ONE, TWO]}, indent=2),
    "bare array": text([ONE, TWO]),
    "NDJSON": text(ONE) + b"\n" + text(TWO) + b"\n",
    "NDJSON with blank lines and CRLF": text(ONE) + b"\r\n\r\n" + text(TWO) + b"\r\n",
    "pretty-printed, one after another": text(ONE, indent=1) + b"\n" + text(TWO, indent=1),
    "concatenated on one line": text({"Records": [ONE]}) + text({"Records": [TWO]}),
    "EventBridge": text({"detail-type": "AWS API Call via CloudTrail", "detail": ONE})
    + b"\n"
    + text({"source": "aws.ec2", "detail": TWO}),
    "CloudWatch Logs subscription": text(
        {
            "messageType": "DATA_MESSAGE",
            "logEvents": [{"message": json.dumps(r)} for r in (ONE, TWO)],
        }
    ),
    "lookup-events": text({"Events": [{"CloudTrailEvent": json.dumps(r)} for r in (ONE, TWO)]}),
    "lookup-events, one a line": b"\n".join(
        text({"EventName": "x", "CloudTrailEvent": json.dumps(r)}) for r in (ONE, TWO)
    ),
    "gzip by its bytes": gzip.compress(text({"Records": [ONE, TWO]})),
    "gzip in two members": gzip.compress(text(ONE)) + gzip.compress(b"\n" + text(TWO)),
    "UTF-8 with a byte order mark": b"\xef\xbb\xbf" + text([ONE, TWO]),
    "UTF-16": json.dumps([ONE, TWO]).encode("utf-16"),
}


@pytest.mark.parametrize("name", ENVELOPES)
def test_every_envelope_gives_its_records_in_order(name: str) -> None:
    assert records(ENVELOPES[name]) == [ONE, TWO]
    assert problems(ENVELOPES[name]) == []


def test_a_bare_object_is_one_record_with_its_own_text() -> None:
    data = b'{"eventName": "a",  "eventName": "b"}'
    assert split(data) == [Item(record=data.decode())]


@pytest.mark.parametrize("data", [b"", b" \n ", b"\xef\xbb\xbf", gzip.compress(b"")])
def test_a_file_without_anything_is_skipped(data: bytes) -> None:
    assert split(data) == [Item(skipped="empty file")]


def test_no_records_is_no_problem() -> None:
    assert split(b'{"Records": []}') == [Item(skipped="empty file")]


def test_a_digest_is_skipped_by_its_shape() -> None:
    digest = {"awsAccountId": "1", "digestStartTime": "2024-03-01T00:00:00Z", "logFiles": []}
    assert split(text(digest)) == [Item(skipped="digest file")]


def test_an_insight_record_is_kept() -> None:
    insight = {"eventVersion": "1.08", "eventType": "AwsCloudTrailInsight", "insightDetails": {}}
    assert records(text({"Records": [insight]})) == [insight]


DAMAGED = {
    "a line of NDJSON": text(ONE) + b'\n{"eventName": \n' + text(TWO),
    "the last line of NDJSON": text(ONE) + b"\n" + text(TWO) + b"\n" + text(THREE)[:50],
    "a record of a file": text({"Records": [ONE, THREE, TWO]}).replace(b'"CreateVpc"', b"Create"),
    "the end of a file": text({"Records": [ONE, TWO, THREE]})[:-40],
    "a truncated gzip": gzip.compress(text(ONE) + b"\n" + text(TWO) + b"\n", mtime=0)[:-6],
    "text after the end": text({"Records": [ONE, TWO]}) + b" and so on",
    "bytes that are no UTF-8": text(ONE) + b'\n{"eventName": "\xff"}\n' + text(TWO),
    "a message that is no JSON": text(
        {
            "logEvents": [
                {"message": json.dumps(ONE)},
                {"message": "{"},
                {"message": json.dumps(TWO)},
            ]
        }
    ),
    "deep nesting": text(ONE) + b"\n" + b"[" * 100_000 + b"\n" + text(TWO),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damage_costs_no_neighbour_and_is_reported_once(name: str) -> None:
    assert records(DAMAGED[name]) == [ONE, TWO]
    assert len(problems(DAMAGED[name])) == 1


def test_nested_objects_of_a_damaged_record_are_no_records() -> None:
    inner = {"a": [{"b": 1}, {"c": 2}]}
    data = text({"Records": [ONE, {**THREE, "requestParameters": inner}, TWO]})
    data = data.replace(b'"eventName": "CreateVpc"', b'"eventName": ')
    assert records(data) == [ONE, TWO]


@pytest.mark.parametrize(
    "data", [b"\x00" * 50, b"\x1f\x8b", b"\x1f\x8bgarbage", b"not JSON", b"}{"]
)
def test_garbage_is_a_problem_and_nothing_else(data: bytes) -> None:
    assert records(data) == []
    assert len(problems(data)) == 1


def test_nothing_is_asked_of_a_file_that_spark_reads_itself() -> None:
    assert split(None) is None
