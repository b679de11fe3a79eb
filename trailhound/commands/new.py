"""`trailhound new`: a detection of one's own to begin with, and its cases."""

import argparse
import re
from pathlib import Path
from string import Template

from trailhound.errors import UserError
from trailhound.runtime.job import Job

_SINGLE = Template(
    '''"""What happens here, in a few words."""

from trailhound import Column, Options, Outcome, Severity, calls, request_parameter, single_event


@single_event(
    title="$title",
    severity=Severity.MEDIUM,
    outcome=Outcome.ANY,  # SUCCESS: only calls that worked
    tactics=("TA0040",),
    techniques=("T1485",),
    reads=calls("sqs", "DeleteQueue"),
    entity=("requestParameters.queueUrl", "userIdentity.arn"),
    summary="{actor} deleted {requestParameters.queueUrl}",
    false_positives=("Who does this with good reason?",),
    blind_spots=("How could it be done unseen?",),
    triage=("What does an analyst do first?",),
)
def $id(options: Options) -> Column:
    """Why it matters, for whoever opens the alert."""
    return ~request_parameter("queueUrl").endswith("-test")
'''
)
_SINGLE_CASES = """from trailhound.testing import fires, quiet, record

QUEUE = {"queueUrl": "https://sqs.eu-west-1.amazonaws.com/012345678901/orders"}
TEST = {"queueUrl": "https://sqs.eu-west-1.amazonaws.com/012345678901/orders-test"}
DENIED = record("sqs", "DeleteQueue", QUEUE, error="AccessDenied")

CASES = [
    fires("a queue deleted", record("sqs", "DeleteQueue", QUEUE), entity=QUEUE["queueUrl"]),
    fires("an attempt that was denied", DENIED, outcome="failure", severity="low"),
    quiet("a queue for tests", record("sqs", "DeleteQueue", TEST)),
    quiet("another call", record("sqs", "CreateQueue", QUEUE)),
    quiet("another service", record("other", "DeleteQueue", QUEUE)),
]
"""
_RATE = Template(
    '''"""What happens here too often, in a few words."""

from datetime import timedelta

from trailhound import Column, Options, Outcome, Severity, calls, rate, sign_in_failed, user


@rate(
    title="$title",
    severity=Severity.MEDIUM,
    outcome=Outcome.ANY,
    tactics=("TA0006",),
    techniques=("T1110",),
    reads=calls("signin", "ConsoleLogin"),
    per=(user,),
    threshold=5,
    within=timedelta(minutes=10),
    summary="{event_count} failed sign-ins of {entity}: {threshold} within {window}",
    false_positives=("Who does this with good reason?",),
    blind_spots=("How could it be done unseen?",),
    triage=("What does an analyst do first?",),
)
def $id(options: Options) -> Column:
    """Why it matters, for whoever opens the alert."""
    return sign_in_failed()
'''
)
_RATE_CASES = '''from datetime import timedelta

from trailhound.testing import ACCOUNT, NOON, USER, Expected, RateCase, sign_in


def failures(number, every):
    """So many failed sign-ins of a user, so many seconds apart."""
    return [sign_in(by=USER, after=n * every) for n in range(number)]


def alert(after, count):
    return Expected(f"{ACCOUNT}/bob", NOON + timedelta(seconds=after), count)


CASES = [
    RateCase("at the threshold", failures(5, 60), [alert(240, 5)]),
    RateCase("more of them", failures(7, 60), [alert(240, 7)]),
    RateCase("repeats count once", failures(4, 60) * 2),
    RateCase("one under", failures(4, 60)),
    RateCase("too far apart", failures(5, 150)),
]
'''


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes on the command line."""
    parser.add_argument("id", metavar="ID", help="what happened, such as queue_deleted")
    parser.add_argument("--rate", action="store_true", help="count events within a time")
    parser.add_argument("--dir", default="rules", metavar="DIR", help="where to (default: rules)")


def main(job: Job) -> int:
    """Write a detection and its cases, which pass; a file that is there is never touched.

    Raises:
        UserError: the id is none, or has a file already.
    """
    name, folder = job.args.id, Path(job.args.dir)
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise UserError(f"{name!r} cannot be an id: small letters, digits and _, such as a_b")
    if name in {d.id for d in job.config.every()}:
        raise UserError(f"there is a detection {name} already: `trailhound show {name}`")
    template, cases = (_RATE, _RATE_CASES) if job.args.rate else (_SINGLE, _SINGLE_CASES)
    title = name.replace("_", " ").title()
    texts = {
        folder / f"{name}.py": template.substitute(id=name, title=title),
        folder / "cases" / f"{name}.py": cases,
    }
    for file in texts:
        if file.exists():
            raise UserError(f"{file} exists already")
    try:
        for file, text in texts.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"cannot write {folder}: {error.strerror}") from error
    lines = [*map(str, texts), f"now change both, and run `trailhound test {folder}`"]
    job.result(lines, {"files": [str(file) for file in texts]})
    return 0
