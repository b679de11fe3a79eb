"""What a test has to say even when it passes: figures that stand at the end of the run.

    report.say("law", "stream = batch = oracle: 2,400 cases, seed 7: equal")

`conftest.py` prints the lines, in the order in which they were said.
"""

_lines: list[str] = []


def say(subject: str, line: str) -> None:
    """Keep a line for the end of the run; it is printed as "subject: line"."""
    _lines.append(f"{subject}: {line}")


def said() -> tuple[str, ...]:
    """All lines so far."""
    return tuple(_lines)
