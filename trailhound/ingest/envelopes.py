"""What a file of CloudTrail holds: any envelope, whole or damaged, as its records' JSON texts.

Plain Python over bytes: Spark reads the usual file (one line of `{"Records": [...]}`) by itself,
and sends here only what is something else.
"""

import json
import re
import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple

from trailhound.engine.exact_json import dumps, escaped, loads
from trailhound.ingest.json_text import BLANK, Text

MAX_TEXT_BYTES = 1024 * 1024 * 1024
_DIGEST_MARKS = ("digestStartTime", "digestS3Bucket")
_RECORD_MARKS = ("eventVersion", "eventName", "eventTime", "eventSource")
_LISTS = ("Records", "logEvents", "Events")
_ENVELOPE_MARKS = (*_LISTS, "detail", "CloudTrailEvent")
_ANY_RECORD = re.compile(f'"(?:{"|".join(_RECORD_MARKS)}|CloudTrailEvent|message)"')
_NEXT_ELEMENT = re.compile(r",\s*(?=\{)")
_UNPAIRED = re.compile("[\udc80-\udcff]")
_STEP = 65536
# A file may be compressed once more on its way; there are some that never come to an end.
_MOST_GZIPS = 3


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
    items = list(_documents(Text(content))) if content.strip(BLANK) else []
    if not items and not problems:
        items = [Item(skipped="empty file")]
    is_utf8 = _UNPAIRED.search(content) is None
    return [_checked(item, is_utf8) for item in items] + [Item(problem=said) for said in problems]


def _text(data: bytes) -> tuple[str, list[str]]:
    """The text of a file, gunzipped where it is gzip, and what is wrong with its bytes."""
    problems: list[str] = []
    for _ in range(_MOST_GZIPS):
        if problems or not data.startswith(b"\x1f\x8b"):
            break
        data, problem = _gunzip(data)
        problems = [problem] if problem else []
    encoding = json.detect_encoding(data)
    if encoding.startswith("utf-8"):
        # Bytes that are no UTF-8 stay visible, so that only the records that hold them are bad.
        return data.decode(encoding, "surrogateescape"), problems
    return data.decode(encoding, "replace"), problems


def _gunzip(data: bytes) -> tuple[bytes, str | None]:
    parts: list[bytes] = []
    size = 0
    while data:
        member = zlib.decompressobj(wbits=31)
        for start in range(0, len(data), _STEP):
            step = data[start : start + _STEP]
            before = member.copy()
            try:
                parts.append(member.decompress(step))
            except zlib.error:
                return b"".join([*parts, *_up_to_damage(before, step)]), "damaged gzip"
            size += len(parts[-1])
            if size > MAX_TEXT_BYTES:
                return b"".join(parts), f"more than {MAX_TEXT_BYTES} bytes when decompressed"
            if member.eof:
                rest = member.unused_data + data[start + _STEP :]
                break
        else:
            return b"".join(parts), "truncated gzip"
        data = rest.lstrip(b"\0")
        if data and not data.startswith(b"\x1f\x8b"):
            return b"".join(parts), "trailing bytes after gzip"
    return b"".join(parts), None


def _up_to_damage(member: Any, step: bytes) -> Iterator[bytes]:
    """What a step of a gzip gives before its damage: an error takes all that its call had read."""
    for position in range(len(step)):
        try:
            yield member.decompress(step[position : position + 1])
        except zlib.error:
            return


def _documents(text: Text) -> Iterator[Item]:
    """The items of one JSON document after another: NDJSON, pretty-printed, concatenated."""
    position = text.after_blank(0)
    while position < len(text):
        try:
            document, end = text.value(position)
        except (ValueError, RecursionError) as error:
            following = text.next_document(position)
            is_one_of_many = following is not None and (
                not text.goes_on(position, following) and _is_document(text, following)
            )
            if not is_one_of_many:
                found = text.list_in(position, _LISTS)
                if found:
                    yield from _elements(text, *found)
                    return
            yield Item(problem=_described(text, position, error))
            position = len(text) if following is None else following
            continue
        raw = text.text[position:end] if isinstance(document, dict) else None
        yield from _records(document, raw)
        position = text.after_comma(end)


def _elements(text: Text, key: str | None, position: int) -> Iterator[Item]:
    """The elements of a list that is damaged somewhere: what can be read on both sides."""
    position = text.after_blank(position)
    while position < len(text) and text.text[position] != "]":
        try:
            element, end = text.value(position)
        except (ValueError, RecursionError) as error:
            yield Item(problem=_described(text, position, error))
            position = _next_record(text, position + 1)
            if position == len(text):
                return
            continue
        if key in (None, "Records"):
            yield from _records(element, text.text[position:end])
        else:
            yield from _records({key: [element]}, None)
        position = text.after_comma(end)
    if position >= len(text):
        yield Item(problem="ends in the middle of a list of records")
    elif text.text[position + 1 :].strip(f"{BLANK}}}"):
        yield Item(problem="text after the end of the list of records")


def _next_record(text: Text, position: int) -> int:
    """Where the next element begins that reads as a record; the end of the text if none does."""
    while _ANY_RECORD.search(text.text, position):
        comma = _NEXT_ELEMENT.search(text.text, position)
        if comma is None:
            break
        try:
            element, position = text.value(comma.end())
        except (ValueError, RecursionError):
            position = comma.end()
            continue
        # Objects inside the damaged record read as well, but are no records.
        if any(mark in element for mark in (*_RECORD_MARKS, *_ENVELOPE_MARKS, "message")):
            return comma.end()
    return len(text)


def _is_document(text: Text, position: int) -> bool:
    """Whether a whole record or envelope begins here: then the damage is one line of several."""
    document = text.value_or_none(position)
    if not isinstance(document, dict):
        return False
    return any(mark in document for mark in (*_RECORD_MARKS, *_ENVELOPE_MARKS))


def _records(document: Any, raw: str | None) -> list[Item]:
    """The items inside a document, `raw` its own text: all of them or none."""
    try:
        return list(_unwrapped(document, raw))
    except RecursionError:
        return [Item(problem="nested too deeply")]


def _unwrapped(document: Any, raw: str | None) -> Iterator[Item]:
    """The records inside a document; `raw` is its own text."""
    if isinstance(document, list):
        for element in document:
            yield from _unwrapped(element, None)
    elif not isinstance(document, dict):
        yield _item(document)
    elif isinstance(document.get("Records"), list):
        for element in document["Records"]:
            yield _item(element)
    elif isinstance(document.get("logEvents"), list):
        for event in document["logEvents"]:
            yield from _inside(event.get("message") if isinstance(event, dict) else event)
    elif isinstance(document.get("Events"), list) and "eventName" not in document:
        for event in document["Events"]:
            yield from _unwrapped(event, None)
    elif "CloudTrailEvent" in document:
        yield from _inside(document["CloudTrailEvent"])
    elif isinstance(document.get("detail"), dict) and "eventName" not in document:
        yield _item(document["detail"])
    elif any(mark in document for mark in _DIGEST_MARKS) and "eventName" not in document:
        yield Item(skipped="digest file")
    else:
        yield Item(record=raw) if raw is not None else _item(document)


def _inside(text: Any) -> Iterator[Item]:
    """The records in a JSON text that an envelope carries as a string."""
    if isinstance(text, dict):
        yield from _unwrapped(text, None)
        return
    try:
        document = loads(text)
    except RecursionError:
        yield Item(problem="nested too deeply")
    except (ValueError, TypeError) as error:
        yield Item(problem=f"message in the envelope is not valid JSON: {error}")
    else:
        yield from _unwrapped(document, text)


def _item(record: Any) -> Item:
    if isinstance(record, str):
        return Item(record=record)  # as Spark gives the texts in a list
    try:
        return Item(record=dumps(record))
    except RecursionError:
        return Item(problem="nested too deeply")


def _checked(item: Item, is_utf8: bool) -> Item:
    if item.record is None:
        return item
    if not is_utf8 and _UNPAIRED.search(item.record):
        return Item(problem="not valid UTF-8")
    return Item(record=escaped(item.record))


def _described(text: Text, position: int, error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    message = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
    return f"not valid JSON: {message}, in what begins on line {text.line(position)}"
