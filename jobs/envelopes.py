"""What a file of CloudTrail holds: any envelope, whole or damaged, as its records' JSON texts.

Plain Python over bytes: Spark reads the usual file (one line of `{"Records": [...]}`) by itself,
and sends here only what is something else.
"""

import codecs
import json
import re
import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple

from detections.records import first_of_each

MAX_TEXT_BYTES = 1024 * 1024 * 1024
_DIGEST_MARKS = ("digestStartTime", "digestS3Bucket")
_RECORD_MARKS = ("eventVersion", "eventName", "eventTime", "eventSource")
_BYTE_ORDER_MARKS = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_ARRAY = re.compile(r'\s*(?:\{\s*"Records"\s*:\s*)?\[')
_NEXT_ELEMENT = re.compile(r",\s*(?=\{)")
_NEXT_DOCUMENT = re.compile(r"\n\s*(?=[{\[])")
_BLANK = re.compile(r"\s*")
_COMMA = re.compile(r"\s*,?\s*")
_DECODER = json.JSONDecoder(object_pairs_hook=first_of_each)


class Item(NamedTuple):
    """One thing in a file: a record's JSON text, or a problem, or the reason to skip it."""

    record: str | None = None
    problem: str | None = None
    skipped: str | None = None


def split(data: bytes | bytearray | None) -> list[Item] | None:
    """Return what a file's bytes hold, in order; None for None. Never raises on any bytes."""
    if data is None:
        return None
    content, problems = _text(bytes(data))
    items = list(_documents(content)) if content.strip() else []
    if not items and not problems:
        items = [Item(skipped="empty file")]
    return [_checked(item) for item in items] + [Item(problem=problem) for problem in problems]


def _text(data: bytes) -> tuple[str, list[str]]:
    """The text of a file, gunzipped where it is gzip, and what is wrong with its bytes."""
    problems = []
    if data.startswith(b"\x1f\x8b"):
        data, problem = _gunzip(data)
        problems = [problem] if problem else []
    for mark, encoding in _BYTE_ORDER_MARKS.items():
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace"), problems
    # Bytes that are no UTF-8 stay visible, so that only the records that hold them are bad.
    return data.removeprefix(codecs.BOM_UTF8).decode("utf-8", "surrogateescape"), problems


def _gunzip(data: bytes) -> tuple[bytes, str | None]:
    parts: list[bytes] = []
    size = 0
    while data:
        member = zlib.decompressobj(wbits=31)
        try:
            # In steps, so that what comes before the damage is kept.
            for start in range(0, len(data), 65536):
                parts.append(member.decompress(data[start : start + 65536]))
                size += len(parts[-1])
                if size > MAX_TEXT_BYTES:
                    return b"".join(parts), f"more than {MAX_TEXT_BYTES} bytes when decompressed"
                if member.eof:
                    rest = member.unused_data + data[start + 65536 :]
                    break
            else:
                return b"".join(parts), "truncated gzip"
        except zlib.error:
            return b"".join(parts), "damaged gzip"
        data = rest.lstrip(b"\0")
        if data and not data.startswith(b"\x1f\x8b"):
            return b"".join(parts), "trailing bytes after gzip"
    return b"".join(parts), None


def _documents(text: str) -> Iterator[Item]:
    """The items of one JSON document after another: NDJSON, pretty-printed, concatenated."""
    position = _skip(_BLANK, text, 0)
    while position < len(text):
        try:
            document, end = _DECODER.raw_decode(text, position)
        except (ValueError, RecursionError) as error:
            line_end = text.find("\n", position)
            following = _NEXT_DOCUMENT.search(text, position)
            array = _ARRAY.match(text, position)
            if array and not (following and _is_document(text, following.end())):
                yield from _elements(text, array.end())
                return
            yield Item(problem=_described(text, position, error))
            position = following.end() if following and line_end >= 0 else len(text)
            continue
        raw = text[position:end] if isinstance(document, dict) else None
        yield from _unwrapped(document, raw)
        position = _skip(_BLANK, text, end)


def _elements(text: str, position: int) -> Iterator[Item]:
    """The elements of an array that is damaged somewhere: what can be read on both sides."""
    position = _skip(_BLANK, text, position)
    while position < len(text) and text[position] != "]":
        try:
            element, end = _DECODER.raw_decode(text, position)
        except (ValueError, RecursionError) as error:
            yield Item(problem=_described(text, position, error))
            position = _next_record(text, position + 1)
            if position == len(text):
                return
            continue
        yield from _unwrapped(element, text[position:end])
        position = _skip(_COMMA, text, end)
    if position >= len(text):
        yield Item(problem="ends in the middle of a list of records")
    elif text[position + 1 :].strip(" \r\n\t}"):
        yield Item(problem="text after the end of the list of records")


def _next_record(text: str, position: int) -> int:
    """Where the next element begins that reads as a record; the end of the text if none does."""
    for comma in _NEXT_ELEMENT.finditer(text, position):
        try:
            element, _ = _DECODER.raw_decode(text, comma.end())
        except (ValueError, RecursionError):
            continue
        # Objects inside the damaged record read as well, but are no records.
        if any(mark in element for mark in _RECORD_MARKS):
            return comma.end()
    return len(text)


def _is_document(text: str, position: int) -> bool:
    """Whether a whole record or envelope begins here: then the damage is one line of several."""
    try:
        document, _ = _DECODER.raw_decode(text, position)
    except (ValueError, RecursionError):
        return False
    if not isinstance(document, dict) or text[position - 1] not in "\n":
        return False
    return any(mark in document for mark in (*_RECORD_MARKS, "Records", "detail", "logEvents"))


def _unwrapped(document: Any, raw: str | None) -> Iterator[Item]:
    """The records inside a document; `raw` is its own text."""
    if isinstance(document, list):
        for element in document:
            yield from _unwrapped(element, None)
    elif not isinstance(document, dict):
        yield Item(record=_dumped(document))
    elif isinstance(document.get("Records"), list):
        for element in document["Records"]:
            yield Item(record=_dumped(element))
    elif isinstance(document.get("logEvents"), list):
        for event in document["logEvents"]:
            yield from _inside(event.get("message") if isinstance(event, dict) else event)
    elif isinstance(document.get("Events"), list) and "eventName" not in document:
        for event in document["Events"]:
            yield from _unwrapped(event, None)
    elif "CloudTrailEvent" in document:
        yield from _inside(document["CloudTrailEvent"])
    elif isinstance(document.get("detail"), dict) and "eventName" not in document:
        yield Item(record=_dumped(document["detail"]))
    elif any(mark in document for mark in _DIGEST_MARKS) and "eventName" not in document:
        yield Item(skipped="digest file")
    else:
        yield Item(record=raw if raw is not None else _dumped(document))


def _inside(text: Any) -> Iterator[Item]:
    """The records in a JSON text that an envelope carries as a string."""
    if isinstance(text, dict):
        yield from _unwrapped(text, None)
        return
    try:
        yield from _unwrapped(json.loads(text, object_pairs_hook=first_of_each), text)
    except (ValueError, RecursionError, TypeError) as error:
        yield Item(problem=f"message in the envelope is not valid JSON: {error}")


def _dumped(value: Any) -> str:
    try:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    except RecursionError:
        return "nested too deeply"  # no JSON, so that the record is quarantined


def _checked(item: Item) -> Item:
    if item.record and any("\udc80" <= char <= "\udcff" for char in item.record):
        return Item(problem="not valid UTF-8")
    return item


def _described(text: str, position: int, error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    line = text.count("\n", 0, position) + 1
    message = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
    return f"not valid JSON: {message}, in what begins on line {line}"


def _skip(pattern: re.Pattern[str], text: str, position: int) -> int:
    match = pattern.match(text, position)
    return match.end() if match else position
