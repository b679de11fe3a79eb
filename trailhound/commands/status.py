"""How it is going: the tables, the queries, the last runs, the detections. Nothing is written."""

import argparse
from dataclasses import asdict

from trailhound.ops import status_text
from trailhound.ops.status import status
from trailhound.runtime.job import Job


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the job takes on the command line: nothing of its own."""


def main(job: Job) -> int:
    """Print how it is going as plain lines, or as one JSON object."""
    found = status(job.spark, job.config)
    job.result(status_text.lines(found), asdict(found))
    return 0
