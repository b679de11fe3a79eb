"""JSON that comes out as it went in: first of repeated keys, every number as it was written."""

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

# Above this, Python refuses to make a whole number of digits.
_MOST_DIGITS = 1000
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class Number:
    """A number that Python would round, or write in another way: its own text."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        return self.text


def first_of_each(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Return the object of the pairs; with duplicate keys the first counts."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        found.setdefault(key, value)
    return found


def _exactly(kind: Callable[[str], int | float]) -> Callable[[str], int | float | Number]:
    def read(text: str) -> int | float | Number:
        if len(text) > _MOST_DIGITS:
            return Number(text)
        value = kind(text)
        return value if repr(value) == text else Number(text)

    return read


# NaN and Infinity are no JSON, but a record that holds them is better kept, with them as texts.
DECODER = json.JSONDecoder(
    object_pairs_hook=first_of_each,
    parse_int=_exactly(int),
    parse_float=_exactly(float),
    parse_constant=str,
)


def loads(text: str) -> Any:
    """Return the value of a JSON text.

    Raises:
        json.JSONDecodeError: it is none.
        RecursionError: it is nested too deeply.
        TypeError: it is no text at all.
    """
    return DECODER.decode(text)


def dumps(value: Any) -> str:
    """Return what `loads` has read as compact JSON text; what is lone of a surrogate pair stays so.

    Raises:
        RecursionError: it is nested too deeply.
    """
    try:
        return _compact(value)
    except TypeError:  # it holds a Number
        return _written(value)


def escaped(text: str) -> str:
    """Return a JSON text that any encoding can carry: lone surrogates as their escapes."""
    if text.isascii():
        return text
    return _LONE_SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _written(value: Any) -> str:
    if isinstance(value, Number):
        return value.text
    parts = []
    # Loops, as a comprehension would go twice as deep into Python's stack.
    if isinstance(value, dict):
        for key, inner in value.items():
            parts.append(f"{_compact(key)}:{_written(inner)}")
        return "{" + ",".join(parts) + "}"
    if isinstance(value, list):
        for inner in value:
            parts.append(_written(inner))
        return "[" + ",".join(parts) + "]"
    return _compact(value)


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
