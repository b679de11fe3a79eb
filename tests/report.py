"""What a slow proof has to say for itself: one line a fault, with its count."""

import sys


def say(group: str, line: str) -> None:
    """Print a line of a group of faults."""
    sys.stderr.write(f"{group}: {line}\n")
