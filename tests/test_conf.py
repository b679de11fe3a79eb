"""Configuration, and that the documents and conf/ say what is there."""

import argparse
import re
import shlex
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from builders import events
from pyspark.sql import SparkSession

from trailhound import Detection, alerts, load
from trailhound.cli import _parser
from trailhound.engine.alerts import MAX_EVENT_IDS
from trailhound.engine.events import EVENTS
from trailhound.engine.records import IDENTITY_FIELDS, MAX_RECORD_CHARACTERS
from trailhound.errors import UserError
from trailhound.ingest import reader
from trailhound.ingest.stream import RECORD_START
from trailhound.lake.table import ALERTS_TABLE, QUARANTINE
from trailhound.ledger.health import HEALTH
from trailhound.ledger.ledger import COVERAGE, UNCOUNTED
from trailhound.runtime import jars, session
from trailhound.runtime.config import Config, Spark, Stream, Tables, keys, read_config
from trailhound.testing import Case

HOME = Path(__file__).parents[1]
CONF = HOME / "conf"
PAGES = sorted(str(file.relative_to(HOME)) for file in (HOME / "docs").rglob("*.md"))
DOCUMENTS = ("README.md", "CONTRIBUTING.md", *PAGES)
TOP = {key.split(".")[0] for key in keys()}


def config(
    text: str | None = None, settings: tuple[str, ...] = (), *, folder: Path, **environment: str
) -> Config:
    """The configuration of a file with this text, of settings, and of this environment alone."""
    file = folder / "mine.yaml"
    if text is not None:
        file.write_text(text)
    return read_config(str(file) if text is not None else None, settings, environment)


# --- Where a value comes from ---------------------------------------------------------------------


def test_nothing_set_is_the_defaults(tmp_path: Path) -> None:
    assert config(folder=tmp_path) == config("", folder=tmp_path) == Config()
    assert config("tables:\nstream:\n", folder=tmp_path) == Config()


def test_file_yields_to_environment_and_environment_to_flag(tmp_path: Path) -> None:
    text = "stream: {trigger: 1 second, clock_skew: 2 seconds, watermark_delay: 3 seconds}"
    found = config(
        text,
        ("stream.trigger=3 minutes",),
        folder=tmp_path,
        TRAILHOUND_STREAM__TRIGGER="2 minutes",
        TRAILHOUND_STREAM__CLOCK_SKEW="2 minutes",
    ).stream
    assert found == Stream(
        trigger=timedelta(minutes=3),
        clock_skew=timedelta(minutes=2),
        watermark_delay=timedelta(seconds=3),
    )


def test_of_two_flags_the_last_counts(tmp_path: Path) -> None:
    found = config(settings=("tables.alerts=a/b", "tables.alerts=c/d"), folder=tmp_path)
    assert found.tables == Tables(alerts="c/d")


def test_the_environment_names_a_file_and_a_flag_names_another(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.yaml").write_text(f"tables: {{alerts: {name}/alerts}}")
    environment = {"TRAILHOUND_CONF": str(tmp_path / "one.yaml")}
    assert read_config(None, (), environment).tables.alerts == "one/alerts"
    assert read_config(str(tmp_path / "two.yaml"), (), environment).tables.alerts == "two/alerts"


def test_foreign_environment_is_not_looked_at(tmp_path: Path) -> None:
    found = config(folder=tmp_path, HOME="x", TRAILHOUND_JARS="jars", TRAIL="y")
    assert found == Config()


@pytest.mark.parametrize(
    ("setting", "wanted"),
    [
        ("stream.max_files_per_batch=7", Config(stream=Stream(max_files_per_batch=7))),
        ("stream.arrival=ingest_time", Config(stream=Stream(arrival="ingest_time"))),
        ("stream.arrival=null", Config()),
        ("tables.events=cat.schema.events", Config(tables=Tables(events="cat.schema.events"))),
        ("spark.master=local[1]", Config(spark=Spark(master="local[1]"))),
        ('spark.settings={a.b: "4"}', Config(spark=Spark(settings={"a.b": "4"}))),
    ],
)
def test_a_setting_is_read_as_yaml(setting: str, wanted: Config, tmp_path: Path) -> None:
    assert config(settings=(setting,), folder=tmp_path) == wanted


# --- Detections -----------------------------------------------------------------------------------


def parameters(found: Config, detection_id: str) -> dict[str, Any]:
    (detection,) = found.chosen([detection_id])
    return detection.parameters


def test_a_detection_is_configured_from_all_places(tmp_path: Path) -> None:
    rate = "root_console_brute_force"
    found = config(
        f"detections: {{{rate}: {{threshold: 3, window: 2 minutes, severity: low}}}}",
        (f"detections.{rate}.suppress_for=30 minutes",),
        folder=tmp_path,
        TRAILHOUND_DETECTIONS__ROOT_CONSOLE_BRUTE_FORCE__THRESHOLD="4",
    )
    assert parameters(found, rate) == {
        "severity": "low",
        "outcome": "any",
        "threshold": 4,
        "window": "2 minutes",
        "suppress_for": "30 minutes",
    }


def test_options_are_settings(tmp_path: Path) -> None:
    text = 'detections: {rds_snapshot_shared: {trusted_accounts: ["012345678901"]}}'
    found = parameters(config(text, folder=tmp_path), "rds_snapshot_shared")
    assert found["trusted_accounts"] == ("012345678901",)


def test_what_is_switched_off_does_not_run_unless_asked_for(tmp_path: Path) -> None:
    found = config("detections: {mfa_disabled: {enabled: false}}", folder=tmp_path)
    assert {d.id for d in load()} - {d.id for d in found.chosen()} == {"mfa_disabled"}
    assert [d.id for d in found.chosen(["mfa_disabled"])] == ["mfa_disabled"]


# --- Mistakes -------------------------------------------------------------------------------------

RATE = "detections: {root_console_brute_force: {%s}}"
IN_A_FILE = [
    ("tabels: {}", ["unknown key tabels", "did you mean tables?"]),
    ("tables: {alert: a/b}", ["unknown key tables.alert", "did you mean alerts?"]),
    ("tables: {zzz: a/b}", ["unknown key tables.zzz", "valid keys: events, quarantine, alerts"]),
    ("zzz: 1", ["unknown key zzz", "tables, stream, spark, detections, detection_folders"]),
    ("stream: {max_files: 5}", ["unknown key stream.max_files", "max_files_per_batch?"]),
    ("tables: data", ["tables", "must hold keys"]),
    ("- tables", ["must be a mapping of keys"]),
    ("tables: {alerts: 3}", ["tables.alerts is 3", "must be text"]),
    ("stream: {arrival: 3}", ["stream.arrival is 3", "must be text"]),
    ("stream: {trigger: 2h}", ["stream.trigger is '2h'", "such as 6 minutes or 1 hour"]),
    ("stream: {trigger: 10}", ["stream.trigger is 10", "must be a duration"]),
    ("stream: {state_partitions: 0}", ["stream.state_partitions is 0", "must be 1 or more"]),
    ("stream: {state_partitions: many}", ["stream.state_partitions", "must be a whole number"]),
    ("stream: {state_partitions: 1.5}", ["stream.state_partitions", "must be a whole number"]),
    ("stream: {state_partitions: true}", ["stream.state_partitions", "must be a whole number"]),
    ("spark: {settings: {a.b: 4}}", ["spark.settings.a.b must be text"]),
    ("spark: {settings: x}", ["spark.settings", "must hold keys"]),
    ("detections: {mfa_disable: {}}", ["mfa_disable", "did you mean mfa_disabled?"]),
    ("detections: {mfa_disabled: low}", ["mfa_disabled", "must hold keys"]),
    ("detections: {mfa_disabled: {enabled: 'no'}}", ["enabled is 'no'", "true or false"]),
    ("detections: {mfa_disabled: {severty: low}}", ["severty", "did you mean severity?"]),
    ("detections: {mfa_disabled: {severity: bad}}", ["severity is 'bad'", "medium, high"]),
    ("detections: {mfa_disabled: {outcome: bad}}", ["outcome is 'bad'", "success, any"]),
    ("detections: {mfa_disabled: {threshold: 3}}", ["threshold", "severity, outcome"]),
    (RATE % "treshold: 3", ["treshold", "did you mean threshold?"]),
    (RATE % "threshold: 0", ["threshold is 0", "must be 1 or more"]),
    (RATE % "threshold: many", ["threshold is 'many'", "must be a whole number"]),
    (RATE % "window: 6", ["window is 6", "must be a duration"]),
    (RATE % "window: 2 hours", ["suppress_for (1 hour) is shorter than the window (2 hours)"]),
    (
        "detections: {rds_snapshot_shared: {trusted_accounts: [123456789012]}}",
        ["trusted_accounts is [123456789012]", "list of quoted texts"],
    ),
    (
        "detections: {lambda_function_code_updated: {only_cli: 'yes'}}",
        ["only_cli is 'yes'", "true or false"],
    ),
    ("tables: {alerts: [", ["line 1", "not valid YAML"]),
    ("tables: {alerts: data/events}", ["tables.events and tables.alerts are both data/events"]),
    ("tables: {alerts: ./data/health}", ["tables.alerts and tables.health are both"]),
    ("tables: {alerts: ' '}", ["tables.alerts is empty"]),
    ("stream: {checkpoints: ''}", ["stream.checkpoints is empty"]),
    ("stream: {watermark_delay: 0 seconds}", ["stream.watermark_delay is 0"]),
]


@pytest.mark.parametrize(("text", "says"), IN_A_FILE)
def test_a_mistake_in_a_file_is_one_line_with_its_place(
    text: str, says: list[str], tmp_path: Path
) -> None:
    with pytest.raises(UserError) as error:
        config(text, folder=tmp_path)
    said = str(error.value)
    assert said.startswith(str(tmp_path / "mine.yaml"))
    assert "\n" not in said
    for part in says:
        assert part in said


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("tables.alerts", ["--set tables.alerts", "must be KEY=VALUE"]),
        ("tables.alert=a/b", ["--set tables.alert=a/b", "did you mean alerts?"]),
        ("tables=x", ["--set tables=x", "must hold keys"]),
        ("stream.trigger=[1", ["--set stream.trigger=[1", "not a valid value"]),
        ("detections.mfa_disable.severity=low", ["did you mean mfa_disabled?"]),
    ],
)
def test_a_mistake_in_a_flag_is_one_line(setting: str, says: list[str], tmp_path: Path) -> None:
    with pytest.raises(UserError) as error:
        config(settings=(setting,), folder=tmp_path)
    assert "\n" not in str(error.value)
    for part in says:
        assert part in str(error.value)


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"TRAILHOUND_STREAM__TRIGER": "1 hour"}, ["TRAILHOUND_STREAM__TRIGER", "trigger?"]),
        ({"TRAILHOUND_STREAM_TRIGGER": "1 hour"}, ["TRAILHOUND_STREAM_TRIGGER", "stream?"]),
        ({"TRAILHOUND_STREAM__TRIGGER": "2h"}, ["TRAILHOUND_STREAM__TRIGGER", "a duration"]),
        ({"TRAILHOUND_CONF": "no/such.yaml"}, ["cannot read no/such.yaml"]),
    ],
)
def test_a_mistake_in_the_environment_is_one_line(
    environment: Mapping[str, str], says: list[str], tmp_path: Path
) -> None:
    with pytest.raises(UserError) as error:
        config(folder=tmp_path, **environment)
    assert "\n" not in str(error.value)
    for part in says:
        assert part in str(error.value)


SECRET = "hunter2-hunter2"


@pytest.mark.parametrize(
    "settings",
    [
        (f"spark.settings.fs.s3a.secret.key={SECRET}",),
        (f"spark.settings={{a.b: [{SECRET}]}}",),
        (f"spark.settings={SECRET}",),
        (f"spark.settings=[{SECRET}",),
        (f"spark.setting={SECRET}",),
        (f"spark={SECRET}",),
        (f"spark.master={{a: {SECRET}}}",),
    ],
)
def test_no_error_shows_a_value_of_spark(settings: tuple[str, ...], tmp_path: Path) -> None:
    with pytest.raises(UserError) as by_flag:
        config(settings=settings, folder=tmp_path)
    name, _, value = settings[0].partition("=")
    variable = f"TRAILHOUND_{name.upper().replace('.', '__')}"
    with pytest.raises(UserError) as by_environment:
        config(folder=tmp_path, **{variable: value})
    for error in (by_flag, by_environment):
        assert SECRET not in str(error.value)
        assert "spark" in str(error.value).lower()


def test_the_home_folder_is_meant_by_its_sign(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    found = config("tables: {alerts: ~/a}\nstream: {checkpoints: ~/c}", folder=tmp_path)
    assert found.tables.alerts == f"{tmp_path}/a"
    assert found.stream.checkpoints == f"{tmp_path}/c"
    assert found.tables.events == Config().tables.events


# --- conf/ ----------------------------------------------------------------------------------------


def dotted(raw: Mapping[str, Any], prefix: str = "") -> list[str]:
    """The keys of a file as `keys` gives them; an empty mapping is a value."""
    found = []
    for name, value in raw.items():
        inner = dotted(value, f"{prefix}{name}.") if isinstance(value, dict) else []
        found += inner or [f"{prefix}{name}"]
    return found


def test_local_yaml_is_the_defaults_and_names_every_key() -> None:
    file = CONF / "local.yaml"
    assert read_config(str(file), (), {}) == Config()
    assert dotted(yaml.safe_load(file.read_text())) == keys()


def test_cluster_yaml_is_a_deployment_that_works() -> None:
    found = read_config(str(CONF / "cluster.yaml"), (), {})
    assert found != Config()
    assert found.chosen()
    assert found.spark == Spark(), "spark-submit takes no notice of it"


def properties() -> dict[str, str]:
    lines = (CONF / "spark-defaults.conf").read_text().splitlines()
    pairs = [line.split(maxsplit=1) for line in lines if line and not line.startswith("#")]
    assert all(len(pair) == 2 for pair in pairs)
    return {name: value.strip() for name, value in pairs}


def test_spark_defaults_are_those_of_a_local_session() -> None:
    found = properties()
    assert found.pop("spark.jars.packages").split(",") == list(jars.PINNED)
    assert found.pop("spark.jars.excludes") == jars.SHIPPED_WITH_SPARK
    assert found.pop("spark.sql.extensions") == session.DELTA_EXTENSION
    assert found.pop("spark.sql.catalog.spark_catalog") == session.DELTA_CATALOG
    # As many tasks as a laptop needs are too few for a cluster.
    assert found.pop("spark.sql.sources.parallelPartitionDiscovery.parallelism") == "200"
    assert found
    assert found.items() <= session._LOCAL.items()


# --- Documents ------------------------------------------------------------------------------------


def document(name: str) -> str:
    return (HOME / name).read_text()


def everything() -> str:
    """What the README and the pages behind it say."""
    return "\n".join(document(name) for name in ("README.md", *PAGES))


def blocks(name: str, language: str) -> list[str]:
    """The code blocks of a document, without their indentation."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```$", document(name), re.S | re.M)
    return [re.sub(rf"^{indent}", "", text, flags=re.M) for indent, text in found]


COMMANDS = [
    line
    for name in DOCUMENTS
    for block in blocks(name, "sh")
    for line in block.splitlines()
    if line.startswith("trailhound ") and "--help" not in line
]


def subcommands() -> dict[str, argparse.ArgumentParser]:
    (action,) = [a for a in _parser()._actions if isinstance(a, argparse._SubParsersAction)]
    return action.choices


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_in_the_documents_is_one(line: str) -> None:
    words = shlex.split(line.split(" > ")[0], comments=True)
    args = _parser().parse_args(words[1:])
    # The id of the example is nobody's yet.
    known = [d.id for d in load()] + ["cloudtrail_logging_stopped"]
    assert set(getattr(args, "detection", None) or []) <= set(known)
    assert read_config(args.conf, args.set or (), {})


def test_the_readme_is_two_screens_and_leads_to_every_page() -> None:
    said = document("README.md")
    assert len(said.splitlines()) <= 150
    assert [page for page in PAGES if f"]({page}" not in said] == []


def test_the_documents_show_every_command() -> None:
    said = everything()
    for name in subcommands():
        assert f"trailhound {name}" in said or f"make {name}" in said, name


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_flag_in_the_documents_exists(name: str) -> None:
    ours = {flag for sub in subcommands().values() for flag in sub._option_string_actions}
    others = {"--properties-file", "--py-files", "--conn-type", "--conn-host"}  # Spark's, Airflow's
    said = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", document(name)))
    assert said <= ours | others


def test_the_documents_explain_every_key_with_its_default() -> None:
    rows = [line.split("|")[1:-1] for line in everything().splitlines() if line[:2] == "| "]
    explained = {key: row for row in rows for key in re.findall(r"`([\w.]+)`", row[0])}
    assert set(keys()) <= set(explained)
    defaults = yaml.safe_load((CONF / "local.yaml").read_text())
    for section in ("stream", "spark"):
        for key, value in defaults[section].items():
            shown = explained[f"{section}.{key}"][1].strip()
            assert shown == (f"`{value}`" if value not in (None, {}) else "none"), key


def test_every_key_in_the_documents_exists() -> None:
    said = re.findall(rf"`((?:{'|'.join(TOP)})\.[\w.]+)`", everything())
    assert said
    assert set(said) <= set(keys())


def test_the_documents_name_every_option() -> None:
    said = everything()
    for detection in load():
        for option in detection.options:
            assert f"`{option}` of {detection.id}" in said


@pytest.mark.parametrize("text", [text for name in DOCUMENTS for text in blocks(name, "yaml")])
def test_examples_of_configuration_are_valid(text: str, tmp_path: Path) -> None:
    assert config(text, folder=tmp_path) != Config()


@pytest.mark.parametrize("table", [EVENTS, ALERTS_TABLE, QUARANTINE, COVERAGE, UNCOUNTED, HEALTH])
def test_the_documents_explain_every_column(table: Any) -> None:
    said = everything()
    assert [name for name in table.names if f"`{name}`" not in said] == []
    assert all(name in said for name in IDENTITY_FIELDS)


def test_the_limits_in_the_documents_are_those_in_force() -> None:
    said = " ".join(everything().split())
    assert f"longer than {MAX_RECORD_CHARACTERS:,} characters" in said
    assert f"larger than {reader.MAX_FILE_BYTES // 2**20} MiB" in said
    assert f"at most {MAX_EVENT_IDS}" in said
    assert f"its first {RECORD_START} characters" in said
    assert f"{len(load())} detections" in said


def test_links_lead_somewhere() -> None:
    for name in (*DOCUMENTS, "CHANGELOG.md"):
        for target, anchor in re.findall(r"\]\(([^)#:]*)(?:#([^)]*))?\)", document(name)):
            file = (HOME / name).parent / target if target else HOME / name
            assert file.exists(), target
            heads = re.findall(r"^#+ (.*)$", file.read_text(), re.M) if anchor else []
            ids = [re.sub(r"[^\w -]", "", head).lower().replace(" ", "-") for head in heads]
            assert not anchor or anchor in ids, anchor


def test_the_example_detection_passes_the_example_twin(spark: SparkSession) -> None:
    examples = [
        b
        for b in blocks("docs/guides/write-a-detection.md", "python")
        if "@single_event" in b or "CASES" in b
    ]
    module: dict[str, Any] = {}
    for example in examples:
        exec(compile(example, "write-a-detection.md", "exec"), module)
    detection, cases = module["cloudtrail_logging_stopped"], module["CASES"]
    assert isinstance(detection, Detection)
    assert sum(case.fires for case in cases) >= 3 <= sum(not case.fires for case in cases)

    records = [{**case.record, "eventID": case.name} for case in cases]
    raised = {
        row.event_ids[0]: row for row in alerts(events(spark, records), [detection]).collect()
    }

    for case in cases:
        assert isinstance(case, Case)
        assert (case.name in raised) == case.fires, case.name
        if case.fires:
            severity = case.severity or detection.severity.value
            assert (raised[case.name].outcome, raised[case.name].severity) == (
                case.outcome,
                severity,
            )


def test_notice_names_the_origin_of_every_detection() -> None:
    rows = [line.split() for line in document("NOTICE").splitlines()]
    for detection in load():
        assert detection.origin
        assert [detection.id, detection.origin.vendor, detection.origin.rule_id] in rows
