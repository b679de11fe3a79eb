"""`trailhound test`: the cases of one's own detections."""

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from trailhound.engine.detection import Detection, DetectionError
from trailhound.errors import UserError
from trailhound.loading import cases, load
from trailhound.runtime.job import Job
from trailhound.testing.cases import Case, RateCase
from trailhound.testing.check import Result, check
from trailhound.texts import counted, one_line


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes on the command line."""
    parser.add_argument(
        "what",
        nargs="*",
        metavar="DIR | ID",
        help="folders of detections, or ids of these (default: all of detection_folders)",
    )


def main(job: Job) -> int:
    """Run the cases and say which fail; 1 if any does, or a detection has none.

    Raises:
        UserError: there is nothing to test, or a file does not load.
    """
    named = [one for one in job.args.what if Path(one).is_dir()]
    ids = [one for one in job.args.what if one not in named]
    folders = [*job.config.detection_folders, *named]
    if not folders:
        raise UserError(
            "no folder of detections to test: name one, such as `trailhound test rules`"
        )
    results: list[Result] = []
    without: list[str] = []
    for detection in _asked(folders, ids):
        found = _cases(folders, detection)
        results += check(job.spark, detection, found)
        without += [] if found else [detection.id]
    failed = [one for one in results if one.wrong]
    job.result(
        _lines(results, without),
        {
            "cases": len(results),
            "failed": [vars(one) for one in failed],
            "without_cases": without,
        },
    )
    return 1 if failed or without else 0


def _asked(folders: Sequence[str], ids: Sequence[str]) -> list[Detection]:
    try:
        found = load(ids or None, folders=folders)
    except DetectionError as error:
        raise UserError(str(error)) from error
    except Exception as error:
        said = f"{type(error).__name__}: {one_line(error)}"
        raise UserError(f"{', '.join(folders)}: a file does not load: {said}") from error
    if not found:
        raise UserError(f"no detection in {', '.join(folders)}")
    return found


def _cases(folders: Sequence[str], detection: Detection) -> list[Case | RateCase]:
    try:
        return cases(detection.id, folders)
    except Exception as error:
        said = f"{type(error).__name__}: {one_line(error)}"
        raise UserError(f"cases/{detection.id}.py: {said}") from error


def _lines(results: Sequence[Result], without: Sequence[str]) -> list[str]:
    lines = [f"FAILED {one.detection}: {one.case}: {one.wrong}" for one in results if one.wrong]
    passed = Counter(one.detection for one in results if not one.wrong)
    for name, number in Counter(one.detection for one in results).items():
        lines.append(f"{name}: {passed[name]} of {counted(number, 'case')} passed")
    return lines + [f"{name}: no cases, write cases/{name}.py" for name in without]
