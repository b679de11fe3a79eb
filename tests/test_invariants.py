"""What holds for every detection, whoever wrote it, and for the package they live in."""

import ast
import importlib
import re
import string
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from builders import events, record
from pyspark.sql import SparkSession

import trailhound
from trailhound import Detection, Rate, SingleEvent, load
from trailhound.engine.alerts import field_value, filled
from trailhound.loading import shipped
from trailhound.testing import Case, RateCase

TITLES = {
    "ec2_key_pair_imported": "AWS Key Pair Import Activity",
    "iam_mfa_registered_with_session_token": (
        "AWS IAM Virtual MFA Device Registration Attempt with Session Token"
    ),
    "identity_center_idp_change": "AWS Identity Center Identity Provider Change",
    "kms_imported_key_material": "AWS KMS Imported Key Material Usage",
    "kms_key_disabled_or_scheduled_for_deletion": (
        "AWS KMS Customer Managed Key Disabled or Scheduled for Deletion"
    ),
    "lambda_function_code_updated": "AWS Lambda UpdateFunctionCode",
    "lambda_layer_added": "AWS Lambda Layer Added to Existing Function",
    "lambda_layer_attached": "AWS New Lambda Layer Attached",
    "lambda_public_invocation": "AWS Lambda Function Policy Updated to Allow Public Invocation",
    "mfa_disabled": "AWS Multi-Factor Authentication Disabled",
    "mfa_method_registered": "AWS New MFA Method Registered For User",
    "multiple_failed_mfa_requests": "AWS Multiple Failed MFA Requests For User",
    "multiple_users_failing_from_ip": "AWS Multiple Users Failing To Authenticate From Ip",
    "network_acl_all_ports_open": "AWS Network Access Control List Created with All Open Ports",
    "network_acl_deleted": "AWS Network Access Control List Deleted",
    "password_policy_changed": "AWS Password Policy Changes",
    "rds_deleted": "AWS RDS DB Instance or Cluster Deleted",
    "rds_deletion_protection_disabled": (
        "AWS RDS DB Instance or Cluster Deletion Protection Disabled"
    ),
    "rds_made_public": "AWS RDS DB Instance Made Public",
    "rds_master_password_modified": "AWS RDS DB Instance or Cluster Password Modified",
    "rds_restored": "AWS RDS DB Instance Restored",
    "rds_snapshot_shared": "AWS RDS DB Snapshot Shared with Another Account",
    "root_console_brute_force": "AWS Management Console Brute Force of Root User Identity",
    "root_console_login": "AWS Management Console Root Login",
}
CONTENT = Path(shipped())
ENGINE = Path(trailhound.__file__).parent / "engine"
TWINS = Path(__file__).parent / "cloudtrail"
MAX_LINES = 65
RATE_FIELDS = {"entity", "event_count", "distinct_count", "threshold", "window"}

DETECTIONS = load()
every_detection = pytest.mark.parametrize("detection", DETECTIONS, ids=lambda d: d.id)
every_rate = pytest.mark.parametrize(
    "detection", [d for d in DETECTIONS if isinstance(d, Rate)], ids=lambda d: d.id
)
every_file = pytest.mark.parametrize(
    "file",
    sorted([*CONTENT.rglob("*.py"), *ENGINE.rglob("*.py")]),
    ids=lambda file: "/".join(file.parts[-2:]),
)


def source(detection: Detection) -> Path:
    return CONTENT / f"{detection.id}.py"


def cases(detection: Detection) -> list[Any]:
    found: list[Any] = importlib.import_module(f"cloudtrail.{detection.id}").CASES
    return found


def fires(case: Case | RateCase) -> bool:
    return case.fires if isinstance(case, Case) else bool(case.alerts)


def firing_records(detection: Detection) -> list[dict[str, Any]]:
    firing = [case for case in cases(detection) if fires(case)]
    return [r for case in firing for r in (getattr(case, "records", None) or [case.record])]


def template_fields(detection: Detection) -> list[str]:
    return [name for _, name, _, _ in string.Formatter().parse(detection.summary) if name]


# --- Names ----------------------------------------------------------------------------------------


def test_the_detections_are_those_of_the_law() -> None:
    assert {d.id: d.title for d in DETECTIONS} == TITLES
    assert len(set(TITLES.values())) == len(TITLES) == 24


@every_detection
def test_file_function_and_id_have_one_name(detection: Detection) -> None:
    tree = ast.parse(source(detection).read_text())
    declared = [
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
        for decorator in node.decorator_list
        if ast.unparse(decorator).startswith(("single_event(", "rate("))
    ]
    assert declared == [detection.id]


# --- Metadata -------------------------------------------------------------------------------------


@every_detection
def test_attack_ids_are_well_formed(detection: Detection) -> None:
    assert detection.tactics
    assert detection.techniques
    assert all(re.fullmatch(r"TA\d{4}", tactic) for tactic in detection.tactics)
    assert all(re.fullmatch(r"T\d{4}(\.\d{3})?", one) for one in detection.techniques)
    for names in (detection.tactics, detection.techniques):
        assert len(set(names)) == len(names)


@every_detection
def test_related_detections_exist(detection: Detection) -> None:
    assert set(detection.related) <= set(TITLES) - {detection.id}
    assert len(set(detection.related)) == len(detection.related)


@every_detection
def test_texts_are_sentences(detection: Detection) -> None:
    lists = (detection.false_positives, detection.blind_spots, detection.triage)
    # A text in parentheses without a comma is a str, not a tuple of one.
    assert all(isinstance(texts, tuple) and texts for texts in lists)
    for text in (detection.description, *(text for texts in lists for text in texts)):
        assert len(text.split()) >= 2, text
        assert text[0].isupper(), text
        assert text.endswith((".", "?")), text
        assert text == " ".join(text.split()), text


@every_detection
def test_summary_is_one_line_about_the_event(detection: Detection) -> None:
    assert template_fields(detection)
    assert detection.summary == " ".join(detection.summary.split())
    assert not detection.summary.endswith(".")


@every_rate
def test_summary_of_a_rate_shows_what_was_counted(detection: Rate) -> None:
    shown = set(template_fields(detection))
    assert shown <= RATE_FIELDS
    # Written as text, they would drift from what is in force.
    assert {"entity", "threshold", "window"} <= shown


@every_detection
def test_references_are_web_addresses(detection: Detection) -> None:
    assert isinstance(detection.references, tuple)
    assert all(re.fullmatch(r"https://[^\s/]+\.[^\s]+", url) for url in detection.references)
    assert len(set(detection.references)) == len(detection.references)


@every_detection
def test_origin_is_a_public_rule(detection: Detection) -> None:
    assert detection.origin.vendor in {"Elastic", "Sigma", "Splunk"}
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", detection.origin.rule_id)
    assert re.fullmatch(r"[a-z0-9_]+\.(toml|yml)", detection.origin.file)


def test_no_two_detections_have_one_origin() -> None:
    assert len({d.origin.rule_id for d in DETECTIONS}) == len(DETECTIONS)
    assert len({d.origin.file for d in DETECTIONS}) == len(DETECTIONS)


@every_detection
def test_version_counts_from_one(detection: Detection) -> None:
    assert detection.version >= 1


@every_rate
def test_look_back_fits_into_a_period(detection: Rate) -> None:
    assert detection.within <= detection.suppress_for


# --- Twin files -----------------------------------------------------------------------------------


def test_every_detection_has_a_twin_and_every_twin_a_detection() -> None:
    assert {file.stem for file in TWINS.glob("*.py")} - {"__init__"} == set(TITLES)


@every_detection
def test_twin_has_cases_both_ways(detection: Detection) -> None:
    assert {fires(case) for case in cases(detection)} == {True, False}


@every_detection
def test_twin_fires_on_every_call_that_the_detection_reads(detection: Detection) -> None:
    records = firing_records(detection)
    for name in detection.reads.names:
        assert any(r["eventName"].startswith(name) for r in records), name
    for service in detection.reads.sources:
        assert any(r["eventSource"] == service for r in records), service


@every_detection
def test_twin_sets_every_option(detection: Detection) -> None:
    for name, default in detection.options.items():
        values = [case.options.get(name, default) for case in cases(detection)]
        assert any(value != default for value in values), name


@every_detection
def test_paths_into_payloads_are_those_of_real_calls(detection: Detection) -> None:
    """A misspelt path reads "unknown" for ever, and nothing else would tell."""
    entity = detection.entity if isinstance(detection, SingleEvent) else ()
    for path in (*template_fields(detection), *entity):
        column, _, inner = path.partition(".")
        if column in ("requestParameters", "additionalEventData", "responseElements"):
            payloads = [r.get(column) or {} for r in firing_records(detection)]
            assert any(inner.split(".")[0] in payload for payload in payloads), path


# --- Files ----------------------------------------------------------------------------------------

MODULES = {
    "collections.abc",
    "dataclasses",
    "datetime",
    "difflib",
    "enum",
    "functools",
    "hashlib",
    "importlib",
    "json",
    "operator",
    "pkgutil",
    "pyspark.sql",
    "pyspark.sql.types",
    "re",
    "string",
    "typing",
}
BUILTINS = {"open", "print", "input", "eval", "exec", "SparkSession"}
"""Names that reach out of a pure function."""
METHODS = {
    *("read", "readStream", "load", "table", "sql", "sparkSession", "catalog"),
    *("write", "writeStream", "writeTo", "save", "saveAsTable", "insertInto", "foreachBatch"),
    *("collect", "toPandas", "show", "foreach", "checkpoint", "persist", "cache"),
    *("read_text", "write_text", "now", "utcnow", "today"),
}
"""Attributes by which Spark, pathlib or a clock is reached."""


def imported(tree: ast.AST) -> list[str]:
    """Every module that is imported, anywhere in the file; a relative one with its dots."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.append("." * node.level + (node.module or ""))
    return found


def names_used(tree: ast.AST) -> set[str]:
    """Names that are read and names that are imported."""
    read = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return read | {node.name for node in ast.walk(tree) if isinstance(node, ast.alias)}


@every_detection
def test_file_is_short(detection: Detection) -> None:
    assert len(source(detection).read_text().splitlines()) <= MAX_LINES


@every_detection
def test_file_uses_the_public_face_alone(detection: Detection) -> None:
    tree = ast.parse(source(detection).read_text())
    assert set(imported(tree)) <= {"trailhound", "datetime"}
    from_face = [
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "trailhound"
        for alias in node.names
    ]
    assert set(from_face) <= set(trailhound.__all__)


@every_file
def test_package_is_pure(file: Path) -> None:
    tree = ast.parse(file.read_text())
    foreign = {m for m in imported(tree) if m.split(".")[0] != "trailhound"}
    assert foreign <= MODULES
    assert not names_used(tree) & BUILTINS
    attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not attributes & METHODS


def test_public_names_are_exact() -> None:
    public = {
        name
        for name, value in vars(trailhound).items()
        if not name.startswith("_") and not isinstance(value, ModuleType)
    }
    assert trailhound.__all__ == sorted(public)


# --- With Spark -----------------------------------------------------------------------------------


def test_summaries_and_entities_name_columns_that_exist(spark: SparkSession) -> None:
    for detection in DETECTIONS:
        if isinstance(detection, SingleEvent):
            filled(detection.summary, {"actor": field_value("userIdentity.arn")})
            assert detection.entity
            for path in detection.entity:
                field_value(path)


NEW = '''"""A made-up call."""

from trailhound import Column, Options, Origin, Outcome, Severity, always, calls, single_event


@single_event(
    title="Made Up",
    severity=Severity.LOW,
    outcome=Outcome.ANY,
    tactics=("TA0003",),
    techniques=("T1078",),
    reads=calls("made-up", "DoSomething"),
    entity=("userIdentity.arn",),
    summary="{actor} did something",
    false_positives=("None known.",),
    blind_spots=("None known.",),
    triage=("Ask the caller.",),
    origin=Origin("Nobody", "none", "none.yml"),
)
def made_up_call(options: Options) -> Column:
    """It stands for the next detection that somebody writes."""
    return always()
'''


def test_a_new_file_is_all_it_takes(spark: SparkSession, tmp_path: Path) -> None:
    (tmp_path / "made_up_call.py").write_text(NEW)
    found = {d.id: d for d in load(folders=[shipped(), str(tmp_path)])}
    assert set(found) == {*TITLES, "made_up_call"}

    calls_made = [record("made-up", "DoSomething"), record("made-up", "DoNothing")]
    (alert,) = found["made_up_call"].transform(events(spark, calls_made)).collect()

    assert (alert.detection_id, alert.title, alert.severity) == ("made_up_call", "Made Up", "low")
    assert alert.summary.endswith("alice did something")
