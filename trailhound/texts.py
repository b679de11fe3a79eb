"""Texts that came from outside, made fit for a terminal; numbers, errors and hints in words."""

import difflib
from collections.abc import Iterable


def printable(text: str) -> str:
    """Return a text without what would steer a terminal: control characters are shown escaped."""
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text
    )


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """Return a number of things, such as 1 alert and 2 alerts."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def size(number: float) -> str:
    """Return a number of bytes as people write it, such as 1.4 MiB."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if number < 1024:
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1024
    return f"{number:.1f} TiB"


def one_line(error: BaseException) -> str:
    """Return what an error says, in one line of at most 300 characters."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__)[:300]


def nearest(word: str, words: Iterable[str], otherwise: str, *, cutoff: float = 0.4) -> str:
    """Return "did you mean W?" of the word most like it, or `otherwise` where none is like it."""
    near = difflib.get_close_matches(word, list(words), n=1, cutoff=cutoff)
    return f"did you mean {near[0]}?" if near else otherwise
