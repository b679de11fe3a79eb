"""Texts that came from outside, made fit for a terminal."""


def printable(text: str) -> str:
    """Return a text without what would steer a terminal: control characters are shown escaped."""
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text
    )
