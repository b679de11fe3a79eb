"""Records that are odd in one thing, between two that are not, as files that say the same."""

import json
from typing import Any

from builders import USER
from damage import DEEP, NOT_JSON, Damage, delivered, lines, nested, planted

from trailhound.engine.records import MAX_RECORD_CHARACTERS

NO_TIME = "no readable eventTime"
HERE = "\N{BULLET}"


def odd(
    name: str, reason: str | None = None, *, json_text: str | None = None, **fields: Any
) -> Damage:
    """A record with these fields, of which `json_text` stands where one says HERE.

    As CloudTrail delivers it, which Spark reads by itself; and a line of its own among lines.
    """
    a, x, b = (planted(f"{name} {letter}") for letter in "axb")
    text = json.dumps({**json.loads(x), **fields}, separators=(",", ":"), ensure_ascii=False)
    if json_text is not None:
        text = text.replace(f'"{HERE}"', json_text)
    event_id = fields.get("eventID", f"{name} x")
    odd_one = event_id if isinstance(event_id, str) else None
    landed = [f"{name} a", f"{name} b", *([] if reason else [odd_one])]
    files = {"a.json": delivered(a, text, b), "b.ndjson": lines(a, text, b)}
    return Damage(
        name,
        {file: made.encode() for file, made in files.items()},
        landed * 2,
        [reason] * 2 if reason else [],
    )


def padded(characters: int) -> dict[str, Any]:
    """What makes the record of this name as long as that."""
    return {"requestParameters": {"k": "x" * (characters - len(planted("the longest x")) + 4)}}


TIMES = [
    *(odd(f"time {value!r}", NO_TIME, eventTime=value) for value in (
        1709294400, 1709294400000, "1709294400", "", {"a": 1}, [], None, True, "yesterday",
        "2024-03-01", "0000-01-01T00:00:00Z", "10000-01-01T00:00:00Z", "2024-02-31T00:00:00Z",
        "2016-12-31T23:59:60Z", "2024-03-01T25:00:00Z", "9999-12-31T23:59:59-14:00",
        "0001-01-01T00:00:00+14:00", "2024-03-01T12:00:00.0123456789Z", "-2024-03-01T12:00:00Z",
        "2024-03-01T12:00:00z", "2024-03-01T12:00:00 Paris",
        "\u0662\u0660\u0662\u0664-03-01T12:00:00Z",
    )),
    *(odd(f"time {value!r}", eventTime=value) for value in (
        "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2024-03-01 12:00:00.5+0100",
    )),
]  # fmt: skip

IDENTIFIERS = [
    odd(f"eventID {value!r}", eventID=value)
    for value in (None, "", 5, [], "../../x", "'; DROP TABLE alerts; --", "\x1b[2J\x07\r", "a\0b")
] + [odd("eventID of 1 MB", eventID="i" * 1_000_000)]

OTHER_TYPES = [
    *(odd(f"userIdentity {value!r}", userIdentity=value)
      for value in ("root", [], [USER], 7, True, None, {}, "")),
    *(odd(f"requestParameters {value!r}", requestParameters=value)
      for value in ("x", 5, [1], True, "", {"": {"": ""}})),
    *(odd(f"readOnly {value!r}", readOnly=value) for value in ("maybe", 1, [], "TRUE")),
    odd("a new field", newField={"a": [1, "x"]}),
    odd("a new field of the identity", userIdentity={**USER, "newName": {"a": 1}}),
    odd("a field of another type", awsRegion={"name": "eu-west-1"}),
    odd("fields with odd names", **{"": 1, "a.b": 2, "`": 3, "eventname": 4, "a\nb": 5, "'": 6}),
    odd("3,000 new fields", **{f"field{n}": n for n in range(3000)}),
]  # fmt: skip

NUMBERS = [
    odd(f"the number {text[:20]}", json_text=text, requestParameters={"n": HERE}, extra=HERE)
    for text in (
        "123456789012345678901234567890", "-0", "1e400", "-1E+400", "1.10", "9" * 5000,
        "NaN", "Infinity", "-Infinity",
    )
]  # fmt: skip
# Spark keeps 64 bits of a fraction, and not the same ones of it everywhere.
ROUNDED = [
    odd(f"the fraction {text}", json_text=text, requestParameters={"n": HERE}, extra=HERE)
    for text in ("1e-400", "0.1234567890123456789012345678901")
]

TEXTS = [
    odd("a high surrogate alone", json_text=r'"\ud800"', requestParameters={"k": HERE}, new=HERE),
    odd("a surrogate among new fields", json_text=r'"\udfff"', new={"k": [HERE]}, other=1),
    odd("a surrogate in a new field of the identity", json_text=r'{"type":"Root","new":"\ud800"}',
        userIdentity=HERE, other=1),
    odd("a low surrogate alone", json_text=r'"\udc80"', sourceIPAddress=HERE),
    odd("surrogates the wrong way", json_text=r'"\udc00\ud800"', userIdentity={"userName": HERE}),
    odd("a pair of surrogates", json_text=r'"\ud83d\ude00"', requestParameters={"k": HERE}),
    odd("a zero, escaped", userIdentity={**USER, "userName": "a\0b"}),
    odd("control characters", userAgent="\x1b[31m\x07\x01true\x01", awsRegion="\x1b]0;x\x07"),
    odd("letters that turn the line", sourceIPAddress="\u202e1.2.3.4\u2028"),
]  # fmt: skip

SHAPES = [
    odd("a repeated key", json_text='"x","awsRegion":"y"', awsRegion=HERE),
    odd("a repeated key of the identity", json_text='{"type":"Root","type":"IAMUser"}',
        userIdentity=HERE),
    odd("a repeated time", NO_TIME, json_text='"?","eventTime":"2024-03-01T12:00:00Z"',
        eventTime=HERE),
    odd("500 levels", json_text=nested(500), requestParameters={"k": HERE}),
    odd("1,000 levels", DEEP, json_text=nested(1000), requestParameters={"k": HERE}),
    odd("10,000 levels", DEEP, json_text=nested(10_000), requestParameters={"k": HERE}),
    odd("the longest", **padded(MAX_RECORD_CHARACTERS - 3)),
    odd("a raw tab", NOT_JSON, json_text='"a\tb"', userAgent=HERE),
]  # fmt: skip

RECORDS = [*TIMES, *IDENTIFIERS, *OTHER_TYPES, *NUMBERS, *ROUNDED, *TEXTS, *SHAPES]
