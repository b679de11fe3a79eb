"""The catalogue of the detections: a page of HTML, and a layer for the ATT&CK Navigator."""

import base64
import hashlib
import json
import re
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType

import pytest

from trailhound import Calls, Detection, Origin, Severity, load
from trailhound.catalogue import navigator
from trailhound.catalogue import page as catalogue
from trailhound.cli import main

VOID = {"meta", "input", "br"}
FACETS = ("service", "severity", "tactic", "kind")
HOSTILE = "</p></script><script>alert(1)</script> \"x\" 'y' & $count <img src=//x onerror=z>"

DETECTIONS = load()
every_detection = pytest.mark.parametrize("detection", DETECTIONS, ids=lambda d: d.id)


class Page(HTMLParser):
    """A page as a browser reads it; fails where elements are not closed in order."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: dict[str, str] = {}
        self._open: list[tuple[str, dict[str, str]]] = []
        self.feed(source)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = (tag, {name: value or "" for name, value in attrs})
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        for tag, attributes in self._open:
            key = attributes.get("id", tag)
            self.texts[key] = self.texts.get(key, "") + data

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]


def page(detections: Sequence[Detection]) -> Page:
    return Page(catalogue.page(detections))


HTML = catalogue.page(DETECTIONS)
PAGE = Page(HTML)


@pytest.fixture
def hostile(monkeypatch: pytest.MonkeyPatch) -> Detection:
    """A detection all whose texts try to break out of the page."""
    (detection,) = load(["rds_snapshot_shared"])
    # The line on what it catches is the first of the file that the condition comes from.
    file = ModuleType("hostile", HOSTILE)
    exec("def condition(options): ...", vars(file))
    monkeypatch.setitem(sys.modules, file.__name__, file)
    lists = ("tactics", "techniques", "false_positives", "blind_spots", "triage", "related")
    return replace(
        detection,
        **dict.fromkeys(("id", "title", "description", "summary"), HOSTILE),
        **dict.fromkeys(lists, (HOSTILE,)),
        references=(HOSTILE, f"https://{HOSTILE}", "javascript:alert(1)"),
        origin=Origin(HOSTILE, HOSTILE, HOSTILE),
        reads=Calls((HOSTILE,), (HOSTILE,)),
        options={HOSTILE: (HOSTILE,)},
        condition=file.condition,
    )


# --- The page -------------------------------------------------------------------------------------


@every_detection
def test_a_section_tells_all_there_is_to_know(detection: Detection) -> None:
    said = PAGE.texts[detection.id]
    lists = (*detection.triage, *detection.false_positives, *detection.blind_spots)
    assert detection.origin
    origin = (detection.origin.vendor, detection.origin.rule_id, detection.origin.file)
    texts = [detection.title, detection.description, detection.summary, *lists, *origin]
    reads = (*detection.reads.names, *detection.reads.sources)
    texts += [*reads, *detection.techniques, *detection.related, *detection.parameters]
    texts += [address.removeprefix("https://") for address in detection.references]
    assert [text for text in texts if text not in said] == []


def test_sections_stand_from_the_highest_severity_to_the_lowest() -> None:
    order = [list(Severity).index(Severity(a["data-severity"])) for a in PAGE.all("article")]
    assert len(order) == len(DETECTIONS)
    assert order == sorted(order, reverse=True)


def test_the_overview_leads_to_every_section() -> None:
    rows = [row["data-of"] for row in PAGE.all("tr") if "data-of" in row]
    assert rows == [article["id"] for article in PAGE.all("article")]


def test_links_within_the_page_lead_somewhere_and_ids_are_unique() -> None:
    ids = [attributes["id"] for _, attributes in PAGE.elements if "id" in attributes]
    inner = {a["href"][1:] for a in PAGE.all("a") if a["href"].startswith("#")}
    named = {a["aria-labelledby"] for _, a in PAGE.elements if "aria-labelledby" in a}
    assert len(ids) == len(set(ids))
    assert {d.id for d in DETECTIONS} <= inner
    assert inner | named <= set(ids)


def test_filters_offer_what_the_sections_carry_with_the_right_numbers() -> None:
    offered = Counter()
    for value, number in re.findall(r'<option value="([^"]+)">[^<]* \((\d+)\)<', HTML):
        offered[value] += int(number)
    values = [a[f"data-{facet}"] for a in PAGE.all("article") for facet in FACETS]
    assert offered == Counter(one for value in values for one in value.split("|"))
    assert [select["name"] for select in PAGE.all("select")] == list(FACETS)


def test_the_page_needs_nothing_from_outside() -> None:
    loads = {"src", "srcset", "data", "action", "poster", "background", "style"}
    for tag, attributes in PAGE.elements:
        assert tag not in {"link", "img", "iframe", "object", "base"}
        assert not loads & set(attributes)
        assert not [name for name in attributes if name.startswith("on")]
    assert not re.search(r"url\(|@import|fetch\(|XMLHttpRequest|import\(", HTML)
    assert all(re.match(r"#|https://", a["href"]) for a in PAGE.all("a"))


def test_only_the_script_of_the_page_may_run() -> None:
    (policy,) = [m["content"] for m in PAGE.all("meta") if "http-equiv" in m]
    digest = hashlib.sha256(PAGE.texts["script"].encode()).digest()
    assert f"script-src 'sha256-{base64.b64encode(digest).decode()}'" in policy
    assert policy.startswith("default-src 'none'")


def test_without_a_script_everything_is_there_and_no_dead_control() -> None:
    hidden = [(tag, a.get("id")) for tag, a in PAGE.elements if "hidden" in a]
    assert hidden == [("form", "filters"), ("p", "nothing")]


def test_every_control_has_a_label() -> None:
    controls = re.findall(r"<label[^>]*>[^<]+<(?:select|input)", HTML)
    assert len(controls) == len(PAGE.all("select")) + len(PAGE.all("input")) == 5


def test_texts_cannot_break_out_of_the_page(hostile: Detection) -> None:
    found = page([hostile])
    (article,) = found.all("article")
    usual = page(load(["rds_snapshot_shared"]))
    assert {(tag, *attributes) for tag, attributes in found.elements} == {
        (tag, *attributes) for tag, attributes in usual.elements
    }
    assert len(found.all("script")) == 1
    assert (article["id"], article["data-service"]) == (HOSTILE, HOSTILE)
    # Each text once or more, as it is: escaped once, not twice, and no part of the template.
    assert found.texts[HOSTILE].count(HOSTILE) >= 17
    assert "javascript:alert(1)" in found.texts[HOSTILE]
    assert all(re.match(r"#|https://", a["href"]) for a in found.all("a"))


def test_a_related_detection_that_is_off_is_no_link() -> None:
    found = page(load(["rds_snapshot_shared"]))
    assert "rds_restored (switched off)" in found.texts["rds_snapshot_shared"]
    assert "#rds_restored" not in {a["href"] for a in found.all("a")}


def test_a_page_of_no_detections_is_a_page() -> None:
    assert page([]).all("article") == []


# --- The layer ------------------------------------------------------------------------------------

# layers/spec/v4.5/layerformat.md of the Navigator: which properties there are, (required, type).
LAYER = {
    "name": (True, str),
    "domain": (True, str),
    "versions": (False, dict),
    "description": (False, str),
    "sorting": (False, int),
    "layout": (False, dict),
    "techniques": (False, list),
    "gradient": (False, dict),
    "legendItems": (False, list),
}
VERSIONS = {"attack": (False, str), "navigator": (True, str), "layer": (True, str)}
TECHNIQUE = {
    "techniqueID": (True, str),
    "tactic": (False, str),
    "score": (False, int),
    "color": (False, str),
    "comment": (False, str),
}
GRADIENT = {"colors": (True, list), "minValue": (True, int), "maxValue": (True, int)}
LEGEND = {"label": (True, str), "color": (True, str)}


def check(found: dict[str, object], properties: dict[str, tuple[bool, type]]) -> None:
    assert {name for name, (required, _) in properties.items() if required} <= set(found)
    for name, value in found.items():
        assert isinstance(value, properties[name][1]), name


def test_the_layer_has_the_documented_form() -> None:
    layer = navigator.layer(DETECTIONS)
    check(layer, LAYER)
    check(layer["versions"], VERSIONS)
    check(layer["gradient"], GRADIENT)
    for item in layer["legendItems"]:
        check(item, LEGEND)
    for technique in layer["techniques"]:
        check(technique, TECHNIQUE)
        assert re.fullmatch(r"#[0-9a-f]{6}", technique["color"])
    assert (layer["versions"]["layer"], layer["domain"]) == ("4.5", "enterprise-attack")
    assert layer["gradient"]["minValue"] < layer["gradient"]["maxValue"]


def test_the_layer_counts_every_technique_of_every_detection() -> None:
    scores = {one["techniqueID"]: one["score"] for one in navigator.layer(DETECTIONS)["techniques"]}
    assert scores == Counter(name for d in DETECTIONS for name in d.techniques)


def test_a_technique_names_its_detections_and_has_the_colour_of_the_severest() -> None:
    low, high = load(["lambda_layer_attached", "root_console_brute_force"])
    both = [replace(one, techniques=("T1648",), tactics=("TA0002",)) for one in (low, high)]
    assert navigator.layer(both)["techniques"] == [
        {
            "techniqueID": "T1648",
            "score": 2,
            "color": navigator.COLOURS[Severity.HIGH],
            "comment": f"{low.title} ({low.id}, low)\n{high.title} ({high.id}, high)",
            "tactic": "execution",
        }
    ]


def test_a_tactic_is_given_only_where_all_detections_agree_on_one() -> None:
    one, other = load(["lambda_layer_attached", "root_console_brute_force"])
    apart = [replace(one, techniques=("T1648",)), replace(other, techniques=("T1648",))]
    assert "tactic" not in navigator.layer(apart)["techniques"][0]
    several = replace(one, tactics=("TA0002", "TA0003"))
    assert "tactic" not in navigator.layer([several])["techniques"][0]


def test_the_tactics_of_all_detections_have_names() -> None:
    assert {tactic for d in DETECTIONS for tactic in d.tactics} <= set(navigator.TACTICS)


def test_a_layer_of_no_detections_is_a_layer() -> None:
    check(navigator.layer([]), LAYER)


# --- The command ----------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["table", "jsonl", "html", "navigator"])
def test_a_file_gets_what_stdout_would(
    form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["list", "--format", form]) == 0
    shown = capsys.readouterr().out
    file = tmp_path / "made"
    assert main(["list", "--format", form, "-o", str(file)]) == 0
    assert capsys.readouterr().out == f"24 detections in {file}\n"
    assert file.read_text(encoding="utf-8") == shown


def test_the_page_shows_what_is_on_with_the_parameters_in_force(
    capsys: pytest.CaptureFixture[str],
) -> None:
    off = "detections.mfa_disabled.enabled=false"
    changed = "detections.root_console_brute_force.threshold=3"
    assert main(["list", "--format", "html", "--set", off, "--set", changed]) == 0
    found = Page(capsys.readouterr().out)
    assert "mfa_disabled" not in found.texts
    assert "threshold: 3" in found.texts["root_console_brute_force"]


def test_the_navigator_layer_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--format", "navigator"]) == 0
    assert json.loads(capsys.readouterr().out) == navigator.layer(DETECTIONS)


def test_a_file_that_cannot_be_written_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "no" / "such" / "catalogue.html"
    assert main(["list", "--format", "html", "-o", str(file)]) == 2
    out, err = capsys.readouterr()
    assert (out, err) == ("", f"trailhound: cannot write {file}: No such file or directory\n")
