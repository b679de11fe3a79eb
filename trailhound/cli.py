"""The command line: `trailhound`."""

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, NoReturn

from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from trailhound.commands import demo, new
from trailhound.commands import list as listing
from trailhound.commands import status as status_command
from trailhound.commands import test as test_command
from trailhound.detect import backfill, repair, scan
from trailhound.detect import stream as detect
from trailhound.engine.detection import Severity
from trailhound.errors import UserError
from trailhound.ingest import reader
from trailhound.ingest import stream as ingest
from trailhound.ledger import gaps
from trailhound.ops import maintain, status, status_tables, status_text
from trailhound.runtime import job, log
from trailhound.runtime.job import SOME_FAILED, Job
from trailhound.simulation.simulate import simulate
from trailhound.terminal import severity_text, table
from trailhound.texts import counted, nearest, printable

Main = Callable[[Job], int]


def main(argv: list[str] | None = None) -> int:
    """Run the command line and return its exit code: 0 done, 2 for what the user can mend."""
    parser = _parser()
    args, unknown = parser.parse_known_args(argv)
    if "main" not in args:
        parser.print_help()
        return 0
    if unknown:
        args.parser.refuse(unknown[0])
    try:
        return job.run(args.main, args)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader of a pipe had enough; say no more to it.
        sys.stdout = None
        return 0


class _Parser(argparse.ArgumentParser):
    """Says in one line what is wrong, and the nearest word that is right."""

    def error(self, message: str) -> NoReturn:
        """Refuse the command line."""
        wrong = re.search(r"invalid choice: '(.*)' \(choose from (.*)\)", message)
        if wrong:
            word, words = wrong.groups()
            message = _with_hint(f"{word!r} is none of {words}", word, words.split(", "))
        self.exit(2, f"trailhound: {message}; see `{self.prog} --help`\n")

    def refuse(self, word: str) -> NoReturn:
        """Refuse a word that the command does not know."""
        self.error(_with_hint(f"{self.prog} knows no {word}", word, self._option_string_actions))


def _with_hint(said: str, word: str, words: Iterable[str]) -> str:
    known = [one.strip("'") for one in words]
    hint = nearest(word.partition("=")[0], known, "", cutoff=0.6)
    return f"{said}; {hint}" if hint else said


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="trailhound", description="Detections for AWS CloudTrail on Spark and Delta."
    )
    parser.add_argument("--version", action="version", version=version("trailhound"))
    commands = parser.add_subparsers(metavar="COMMAND")

    def command(name: str, main: Main, about: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=about, description=about)
        added.set_defaults(main=main, job=name, parser=added)
        return added

    _scan_arguments(command("scan", _scan, "raw files to alerts, without any table"))
    ingest.arguments(command("ingest", _working(ingest.main), "raw files into the events table"))
    detect.arguments(command("detect", _working(detect.main), "events table to alerts table"))
    backfill.arguments(
        command("backfill", _working(backfill.main), "alerts of a time range, as a batch")
    )
    gaps.arguments(command("gaps", _working(gaps.main), "what was never evaluated"))
    repair.arguments(command("repair", _working(repair.main), "evaluate what came late"))
    status_command.arguments(command("status", _status, "tables, queries, last runs, detections"))
    maintain.arguments(command("maintain", _working(maintain.main), "compact and clean the tables"))
    _simulate_arguments(command("simulate", _simulate, "CloudTrail with planted attacks"))
    demo.arguments(command("demo", _demo, "simulate, ingest, detect, and check the alerts"))
    new.arguments(command("new", new.main, "a detection of your own, and its cases"))
    test_command.arguments(
        command("test", _working(test_command.main), "the cases of your own detections")
    )
    listing.list_arguments(command("list", listing.list_detections, "the detections"))
    listing.show_arguments(
        command("show", listing.show, "one detection: what it catches, what to do")
    )
    for added in commands.choices.values():
        job.common_arguments(added)
    return parser


def _working(main: Main) -> Main:
    """Show on a terminal that work goes on."""

    def run(job: Job) -> int:
        with _progress("working"):
            return main(job)

    return run


def _progress(text: str) -> AbstractContextManager[Any]:
    console = Console(stderr=True)
    return console.status(text) if console.is_terminal else nullcontext()


def _scan_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="+", metavar="PATH", help="files or folders")
    parser.add_argument("--format", choices=("table", "jsonl"), default="table")
    parser.add_argument("--detection", metavar="ID", action="append", help="only this one")
    parser.add_argument(
        "--as-of",
        metavar="TIME",
        help="events dated later than this, by more than the clock skew, do not count in rates "
        "(default: now)",
    )


def _scan(job: Job) -> int:
    detections = job.config.chosen(job.args.detection)
    as_of = backfill.point_in_time(job.args.as_of) if job.args.as_of else datetime.now(UTC)
    with _progress("reading"):
        found = scan.scan(
            job.spark, job.args.paths, detections, as_of=as_of, skew=job.config.stream.clock_skew
        )
        rows = [row.asDict() for row in found.alerts] if job.args.format == "table" else None
    if rows is None:
        for row in found.alerts:
            sys.stdout.write(json.dumps(row.asDict()) + "\n")
    else:
        _print_alerts(rows)
    sys.stdout.flush()
    _report(found)
    failed = {**job.config.broken(), **found.failures}
    for name, reason in sorted(failed.items()):
        if log.is_on():
            log.error("detection failed", detection=name, reason=reason)
        else:
            log.say(f"failed: {name}: {reason}")
    return SOME_FAILED if failed else 0


def _report(found: scan.Scan) -> None:
    """What was read, and what could not be, on stderr."""
    read = {"file": found.files, "record": found.records, "event": found.events}
    lines = [", ".join(counted(number, noun) for noun, number in read.items())]
    lines += reader.about_future(found.future_events)
    lines += [f"skipped {number}: {reason}" for reason, number in sorted(found.skipped.items())]
    if found.problems:
        lines.append(f"could not be read ({counted(found.quarantined, 'record')}):")
        lines += [
            f"  {file}: {reason}" + (f" ({number} times)" if number > 1 else "")
            for file, reason, number in found.problems
        ]
    for line in lines:
        log.say(line)


def _print_alerts(rows: list[dict[str, Any]]) -> None:
    console = Console()
    if rows:
        shown = table("time (UTC)", "severity", "alert", "entity", "events")
        for row in rows:
            severity = severity_text(row["severity"])
            time = row["event_time"].removesuffix("Z").replace("T", " ")
            said = Text(printable(row["summary"]))
            entity = Text(printable(row["entity"] or ""))
            shown.add_row(time, severity, said, entity, str(row["event_count"]))
        console.print(shown)
    console.print(summary_table(Counter((r["detection_id"], r["severity"]) for r in rows)))


def summary_table(counts: Counter[tuple[str, str]]) -> Table:
    """Return alerts by detection and severity, the severest first."""
    rows = table("severity", "detection", "alerts")
    order = list(Severity)
    for (detection, severity), number in sorted(
        counts.items(), key=lambda item: (-order.index(Severity(item[0][1])), item[0][0])
    ):
        rows.add_row(severity_text(severity), detection, str(number))
    rows.add_section()
    rows.add_row("", "all", str(counts.total()))
    return rows


def _status(job: Job) -> int:
    if job.args.json:
        return status_command.main(job)
    with _progress("looking"):
        found = status.status(job.spark, job.config)
    console = Console()
    if found.is_fresh:
        console.print(status_text.FRESH, highlight=False, soft_wrap=True)
        return 0
    for shown in status_tables.tables(found):
        console.print(shown)
        console.print()
    for line in status_text.closing(found):
        console.print(Text(printable(line)), soft_wrap=True)
    return 0


def _simulate_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("out", metavar="FOLDER", help="gets AWSLogs/ and truth.json")
    parser.add_argument("--records", type=int, default=10_000)
    parser.add_argument("--days", type=int, default=1)
    parser.add_argument("--accounts", type=int, default=3)
    parser.add_argument("--seed", type=int, default=7, help="the same seed gives the same bytes")


def _simulate(job: Job) -> int:
    args = job.args
    size = {"records": args.records, "days": args.days, "accounts": args.accounts}
    try:
        with _counted("simulating", args.records) as progress:
            made = simulate(Path(args.out), **size, seed=args.seed, progress=progress)
    except (ValueError, OSError) as error:
        raise UserError(str(error)) from error
    files, attacks = counted(made.files, "file"), counted(made.attacks, "attack")
    alerts = counted(sum(made.alerts.values()), "alert")
    lines = [
        f"{files} with {counted(made.records, 'record')} in {args.out}/AWSLogs",
        f"{attacks} planted, {alerts} to be raised: {made.truth}",
    ]
    job.result(lines, {**vars(made), "alerts": dict(made.alerts)})
    return 0


@contextmanager
def _counted(text: str, total: int) -> Iterator[Callable[[int], None] | None]:
    """A progress bar on a terminal; nothing elsewhere."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    with Progress(console=console, transient=True) as bar:
        task = bar.add_task(text, total=total)
        yield lambda done: bar.update(task, completed=done)


def _demo(job: Job) -> int:
    with _progress("simulating, ingesting, detecting"):
        shown = demo.run(job)
    console = Console()
    rows = table("detection", "planted", "alerts", "")
    for detection, planted, raised in shown.rows:
        right = Text("ok", "green") if planted == raised else Text("wrong", "bold red")
        rows.add_row(detection, str(planted), str(raised), right)
    console.print(rows)
    for line in shown.lines:
        console.print(line, highlight=False, soft_wrap=True)
    return 0 if shown.is_right else 1


if __name__ == "__main__":
    sys.exit(main())
