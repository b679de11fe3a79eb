"""What a file holds, in any envelope, whole or damaged."""

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest
from builders import record
from hypothesis import given
from hypothesis import strategies as st

from trailhound.engine.exact_json import DECODER
from trailhound.ingest import json_text
from trailhound.ingest.envelopes import Item, split

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


def in_list(key: str, texts: list[str]) -> str:
    return f'{{"first": ["x"], "{key}": [{", ".join(texts)}]}}'


WRITERS: dict[str, Callable[[list[str]], str]] = {
    "delivered": lambda texts: '{"Records":[' + ",".join(texts) + "]}",
    "delivered, pretty-printed": lambda texts: json.dumps(
        {"Records": [json.loads(t) for t in texts]}, indent=2
    ),
    "with another key first": lambda texts: in_list("Records", texts),
    "bare array": lambda texts: "[" + ",\n".join(texts) + "]",
    "bare array over lines": lambda texts: "[\n" + ",\n".join(texts) + "\n]",
    "lines": "\n".join,
    "lines with commas": ",\n".join,
    "pretty-printed": lambda texts: "\n".join(json.dumps(json.loads(t), indent=1) for t in texts),
    "EventBridge": lambda texts: "\n".join(f'{{"source": "x", "detail": {t}}}' for t in texts),
    "CloudWatch Logs": lambda texts: in_list(
        "logEvents", [json.dumps({"id": "1", "message": t}) for t in texts]
    ),
    "lookup-events": lambda texts: in_list(
        "Events", [json.dumps({"CloudTrailEvent": t}) for t in texts]
    ),
}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)
RECORDS = st.lists(VALUES.map(lambda value: {**ONE, "requestParameters": value}), max_size=4)


@given(data=st.binary(max_size=400))
def test_no_bytes_make_it_raise(data: bytes) -> None:
    assert split(data)
    assert split(gzip.compress(data)[:-1])


@given(data=st.text('{}[]",:\\ \n0eE-u', max_size=200))
def test_nothing_that_looks_like_json_makes_it_raise(data: str) -> None:
    assert split(data.encode())


@pytest.mark.parametrize("name", WRITERS)
@given(made=RECORDS, place=st.floats(0, 1))
def test_a_cut_costs_only_the_record_it_goes_through(
    name: str, made: list[Any], place: float
) -> None:
    written = [WRITERS[name]([json.dumps(r) for r in made[:n]]) for n in range(len(made) + 1)]
    assert records(written[-1].encode()) == made
    cut = int(place * len(written[-1]))

    found = records(written[-1][:cut].encode())

    # All that end before the cut; and a list of n ends with at most two brackets.
    whole = sum(cut >= len(text.rstrip("]}")) + 2 for text in written[1:])
    assert found == made[: len(found)]
    assert len(found) >= whole


@given(made=RECORDS, place=st.floats(0.1, 1), level=st.sampled_from([0, 9]))
def test_a_gzip_that_is_cut_keeps_what_is_before(made: list[Any], place: float, level: int) -> None:
    packed = gzip.compress("\n".join(json.dumps(r) for r in made).encode(), level)
    cut = packed[: int(place * len(packed))]
    found = records(cut)
    assert found == made[: len(found)]
    assert (found == made) or problems(cut)


@pytest.mark.parametrize(
    "number", ["-0", "1e400", "1.10", "0.12345678901234567890123", "9" * 5000, "1E+2"]
)
def test_a_number_stays_as_it_is_written(number: str) -> None:
    data = f'{{"Records": [{{"eventName": "x", "n": [{number}]}}]}}'.encode()
    assert split(data) == [Item(record=f'{{"eventName":"x","n":[{number}]}}')]


def test_what_is_lone_of_a_surrogate_pair_is_no_damage() -> None:
    data = b'[{"eventName": "\\udc80\\ud800"}]'
    assert split(data) == [Item(record='{"eventName":"\\udc80\\ud800"}')]


ENDLESS = {
    "lines that begin like records": b'\n{"eventName":1,}',
    "lines that begin like lists": b"\n[INFO] x",
    "brackets that never close": b'{"Records":[\n',
    "lists in lists": b',{"eventName":[',
    "empty lines": b"\n",
    "gaps": b" \n ,{",
}


@pytest.mark.parametrize("start", ["", '{"Records":[x'])
@pytest.mark.parametrize("name", ENDLESS)
def test_the_decoder_sees_no_part_of_a_damaged_file_often(
    name: str, start: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = 0

    class Counting:
        def raw_decode(self, text: str) -> Any:
            nonlocal seen
            seen += len(text)
            return DECODER.raw_decode(text)

    monkeypatch.setattr(json_text, "DECODER", Counting())
    data = start.encode() + ENDLESS[name] * 20_000
    split(data)
    # The deepest nesting is what may be read again; to the end each time would be five times that.
    assert seen < 2000 * len(data)
