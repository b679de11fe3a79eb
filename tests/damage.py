"""Damaged and odd files, and what must come of each: made anew each time, the same each time.

A case has a folder of its own. Its records `a` and `b` are calls that must raise an alert, so that
a neighbour of the damage that is lost is an alert that is missing.
"""

import gzip
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from builders import record

NOT_JSON, NOT_UTF8 = "not valid JSON", "not valid UTF-8"
DEEP = "nested too deeply"
ALERT = "ec2_key_pair_imported"


@dataclass(frozen=True)
class Damage:
    """Files, the eventIDs of what must land of them, and how each reason in quarantine begins."""

    name: str
    files: dict[str, bytes]
    lands: list[str | None]
    quarantined: list[str] = field(default_factory=list)
    skipped: str | None = None

    def write(self, folder: Path) -> None:
        for name, data in self.files.items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)


def planted(event_id: str, **fields: Any) -> str:
    """The JSON text of a record that raises an alert."""
    made = record("ec2", "ImportKeyPair", {"keyName": "k"}, event_id=event_id, **fields)
    return json.dumps(made, separators=(",", ":"))


def damage(
    name: str,
    make: Callable[[str, str], str | bytes],
    lands: str,
    *reasons: str,
    file: str = "a.json",
    skipped: str | None = None,
) -> Damage:
    """A file made of the texts of the records a and b."""
    made = make(planted(f"{name} a"), planted(f"{name} b"))
    data = made.encode() if isinstance(made, str) else made
    return Damage(name, {file: data}, [f"{name} {x}" for x in lands], list(reasons), skipped)


def delivered(*records: str) -> str:
    return '{"Records":[' + ",".join(records) + "]}"


def lines(*records: str) -> str:
    return "".join(f"{text}\n" for text in records)


def pretty(*records: str) -> str:
    return "\n".join(json.dumps(json.loads(text), indent=2) for text in records)


def gz(text: str | bytes, level: int = 9) -> bytes:
    return gzip.compress(text.encode() if isinstance(text, str) else text, level, mtime=0)


def changed(data: bytes, place: int, value: int) -> bytes:
    altered = bytearray(data)
    altered[place] ^= value
    return bytes(altered)


def zipped(text: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(zipfile.ZipInfo("a.json"), text)
    return made.getvalue()


def in_logs(*records: str) -> str:
    """As CloudWatch Logs hands them on."""
    events = [{"id": str(n), "message": text} for n, text in enumerate(records)]
    return json.dumps({"messageType": "DATA_MESSAGE", "subscriptionFilters": ["f"]})[:-1] + (
        f', "logEvents": {json.dumps(events)}}}'
    )


def looked_up(*records: str) -> str:
    """As `aws cloudtrail lookup-events` prints them."""
    return json.dumps({"Events": [{"CloudTrailEvent": text} for text in records]})


def nested(levels: int) -> str:
    return "[" * levels + "]" * levels


PACKED = [
    damage("gzip, cut in its trailer", lambda a, b: gz(delivered(a, b))[:-4], "ab",
           "truncated gzip", file="a.json.gz"),
    damage("gzip, cut in a record", lambda a, b: gz(lines(a, b), 0)[:-100], "a",
           NOT_JSON, "truncated gzip", file="a.json.gz"),
    damage("gzip, cut in its header", lambda a, b: gz(a)[:5], "", "truncated gzip",
           file="a.json.gz"),
    damage("gzip of one byte", lambda a, b: b"\x1f", "", NOT_JSON, file="a.json.gz"),
    damage("gzip with a wrong checksum", lambda a, b: changed(gz(delivered(a, b)), -8, 1), "ab",
           "damaged gzip", file="a.json.gz"),
    damage("gzip with a wrong length", lambda a, b: changed(gz(delivered(a, b)), -1, 1), "ab",
           "damaged gzip", file="a.json.gz"),
    damage("gzip with a wrong header", lambda a, b: changed(gz(a), 2, 1), "", "damaged gzip",
           file="a.json.gz"),
    damage("gzip with bits changed inside", lambda a, b: changed(gz(lines(a, b), 0), 900, 255),
           "b", NOT_UTF8, "damaged gzip", file="a.json.gz"),
    damage("gzip, then garbage", lambda a, b: gz(delivered(a, b)) + b"garbage", "ab",
           "trailing bytes after gzip", file="a.json.gz"),
    damage("gzip, then zeros", lambda a, b: gz(delivered(a, b)) + bytes(512), "ab",
           file="a.json.gz"),
    damage("gzip in two members", lambda a, b: gz(lines(a)) + gz(lines(b)), "ab",
           file="a.json.gz"),
    damage("gzip, its second member cut", lambda a, b: gz(lines(a)) + gz(lines(b))[:-4], "ab",
           "truncated gzip", file="a.json.gz"),
    damage("gzip of gzip", lambda a, b: gz(gz(delivered(a, b))), "ab", file="a.json.gz"),
    damage("gzip without its ending", lambda a, b: gz(delivered(a, b)), "ab"),
    damage("text with the ending of gzip", lambda a, b: delivered(a, b), "ab", file="a.json.gz"),
    damage("gzip of nothing", lambda a, b: gz(""), "", file="a.json.gz", skipped="empty file"),
    damage("zip", lambda a, b: zipped(a), "", NOT_JSON, file="a.json.gz"),
    damage("Parquet", lambda a, b: b"PAR1" + bytes(range(256)) + b"PAR1", "", NOT_JSON,
           file="a.json.gz"),
]  # fmt: skip

ENCODED = [
    damage("UTF-16 with a mark", lambda a, b: delivered(a, b).encode("utf-16"), "ab"),
    damage("UTF-16 without", lambda a, b: delivered(a, b).encode("utf-16-le"), "ab"),
    damage("UTF-16, the other way", lambda a, b: lines(a, b).encode("utf-16-be"), "ab"),
    damage("UTF-16, cut in a letter", lambda a, b: lines(a, b).encode("utf-16")[:-101], "a",
           NOT_JSON),
    damage("UTF-32", lambda a, b: delivered(a, b).encode("utf-32"), "ab"),
    damage("UTF-8 with a mark", lambda a, b: b"\xef\xbb\xbf" + delivered(a, b).encode(), "ab"),
    damage("a mark alone", lambda a, b: b"\xef\xbb\xbf", "", skipped="empty file"),
    damage("Latin-1", lambda a, b: delivered(a.replace('"k"', '"\xe9"'), b).encode("latin-1"), "b",
           NOT_UTF8),
    damage("UTF-8, broken in a line", lambda a, b: a.encode()[:-2] + b"\xc3\x28\"}\n" + b.encode(),
           "b", NOT_UTF8),
    damage("zeros between the lines", lambda a, b: f"{a}\n{chr(0) * 100}\n{b}", "ab", NOT_JSON),
    damage("nothing but zeros", lambda a, b: bytes(4096), "", NOT_JSON),
    damage("a zero in a text", lambda a, b: delivered(a.replace('"k"', '"k\0"'), b), "b", NOT_JSON),
    damage("CRLF", lambda a, b: lines(a, b).replace("\n", "\r\n"), "ab"),
]  # fmt: skip

WRITTEN = [
    damage("empty", lambda a, b: "", "", skipped="empty file"),
    damage("blank", lambda a, b: " \n\t\r\n", "", skipped="empty file"),
    damage("half a record at the end", lambda a, b: delivered(a, b)[:-60], "a", NOT_JSON),
    damage("half a record in the middle", lambda a, b: lines(a, a[:99], b), "ab", NOT_JSON),
    damage("half a record in a list", lambda a, b: delivered(a, a[:99], b), "ab", NOT_JSON),
    damage("a list that does not end", lambda a, b: delivered(a, b)[:-2], "ab",
           "ends in the middle of a list of records"),
    damage("garbage in a list", lambda a, b: delivered(a, '{"eventName":[{]}', b), "ab", NOT_JSON),
    damage("two lists of one name", lambda a, b: f'{delivered(a)[:-1]},"Records":[{b}]}}', "a"),
    damage("marks between documents", lambda a, b: f"\ufeff{a}\n\ufeff{b}\n", "ab"),
    damage("two documents in a line", lambda a, b: delivered(a) + delivered(b), "ab"),
    damage("documents over many lines", lambda a, b: pretty(a, b), "ab"),
    damage("a comma too many", lambda a, b: delivered(a, b, ""), "ab"),
    damage("comments", lambda a, b: lines(a, "// no JSON", b), "ab", NOT_JSON),
    damage("a comment in a list", lambda a, b: delivered(a, f"/* no */{b}"), "a", NOT_JSON),
    damage("single quotes", lambda a, b: lines(a, "{'eventName': 'x'}", b), "ab", NOT_JSON),
    damage("text after the end", lambda a, b: delivered(a, b) + " and so on", "ab", NOT_JSON),
    damage("Records is null", lambda a, b: '{"Records":null}', "", "not a CloudTrail record"),
    damage("Records is an object", lambda a, b: '{"Records":{}}', "", "not a CloudTrail record"),
    damage("no Records", lambda a, b: '{"Records":[]}', "", skipped="empty file"),
    damage("all but records", lambda a, b: delivered(a, "null", "5", '"x"', "[]", b), "ab",
           NOT_JSON, *["not a JSON object"] * 3),
    damage("records as texts", lambda a, b: delivered(json.dumps(a), json.dumps(b)), "ab"),
    damage("texts in a list of its own", lambda a, b: pretty(delivered(json.dumps(a), b)), "ab"),
    damage("a name that steers a terminal", lambda a, b: "{", "", NOT_JSON,
           file="\x1b]0;x\x07\n.json"),
    # Hadoop cannot open it on a local disk.
    damage("a name with colons", lambda a, b: delivered(a, b), "", "cannot be read",
           file="12:00.json"),
    damage("lists of lists", lambda a, b: f"[[{a}],[[{b}]],[]]", "ab"),
    damage("lists 100,000 deep", lambda a, b: lines(a, nested(100_000), b), "ab", DEEP),
    damage("envelopes 800 deep", lambda a, b: '{"CloudTrailEvent":' * 800 + a + "}" * 800, "",
           DEEP),
    damage("a log of another kind", lambda a, b: lines(a, *["{x"] * 2000, b), "ab",
           *[NOT_JSON] * 2000),
    damage("a line of 5 MB", lambda a, b: lines(a, a.replace('"k"', f'"{"k" * 5_000_000}"'), b),
           "ab", "record of 500"),
    damage("a text of 20 MB",
           lambda a, b: delivered(a, a.replace('"k"', f'"{"k" * 20_000_000}"'), b),
           "ab", "record of 200"),
    damage("a digest by its shape", lambda a, b: '{"digestStartTime":"x","logFiles":[]}', "",
           skipped="digest file"),
    damage("a digest by its name", lambda a, b: a, "", skipped="digest file",
           file="1_CloudTrail-Digest_eu.json.gz"),
    damage("CloudWatch Logs, cut", lambda a, b: in_logs(a, b, a)[:-40], "ab", NOT_JSON),
    damage("CloudWatch Logs, one of no use", lambda a, b: in_logs(a, "{", b), "ab", "message in"),
    damage("lookup-events, cut", lambda a, b: looked_up(a, b, a)[:-40], "ab", NOT_JSON),
    damage("lookup-events, one too deep", lambda a, b: looked_up(a, nested(5000), b), "ab", DEEP),
    damage("a file of another name", lambda a, b: a, "", file="a.txt",
           skipped="not .json, .jsonl or .ndjson"),
]  # fmt: skip

NAMES = [
    "a b.json", "100%.json", "a%20b.json", "a+b.json", "*.json", "?.json", "[ab].json",
    "{a,b}.json", "back\\slash.json", "#.json", "$HOME.json", "~.json", "-rf.json",
    "';--.json", "\u96ea\u00e9.json", "two\nlines.json", "\x1b[31mred\x07.json",
    "a.json.gz/b.json", f"{'n' * 200}.json",
]  # fmt: skip
"""Names that are taken for patterns, options, addresses or orders to a terminal."""

NAMED = [damage(f"named {n!r}", lambda a, b: delivered(a, b), "ab", file=n) for n in NAMES]
TINY = Damage(
    "300 files of one byte", {f"{n}.json": b"x" for n in range(300)}, [], [NOT_JSON] * 300
)
FILES = [*PACKED, *ENCODED, *WRITTEN, *NAMED, TINY]
