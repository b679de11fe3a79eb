"""The detections as one page of HTML that needs nothing else: to search, to read, to print.

The page's parts that never change lie in `page/`; every text of a detection is escaped here.
"""

import base64
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from html import escape
from importlib import resources
from string import Template

from trailhound.catalogue import navigator
from trailhound.catalogue.facts import catches, firing, kind, value_text
from trailhound.engine.detection import Detection, Outcome, Rate, Severity

# Services whose names say little, or differ from that of the event source.
_SERVICES = {
    "ec2": "EC2",
    "iam": "IAM",
    "kms": "KMS",
    "lambda": "Lambda",
    "rds": "RDS",
    "signin": "Console sign-in",
    "sso": "Identity Center",
    "sso-directory": "Identity Center",
}
_OUTCOMES = {
    Outcome.ANY: "Also attempts that fail, one severity lower.",
    Outcome.SUCCESS: "Only calls that work.",
}
# Parts several values in a data attribute; page/catalogue.js splits there.
_SEPARATOR = "|"


def page(detections: Sequence[Detection]) -> str:
    """Return the page of these detections, as HTML.

    It loads nothing and, by its own policy, runs no script but its own. The same detections with
    the same parameters give the same page.
    """
    # By severity, the highest first; where it is equal, as given.
    ordered = sorted(detections, key=lambda d: -list(Severity).index(d.severity))
    script = _part("catalogue.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    shown = {detection.id for detection in ordered}
    return Template(_part("catalogue.html")).substitute(
        style=_part("catalogue.css"),
        script=script,
        digest=digest,
        count=_count(ordered),
        filters=_filters(ordered),
        rows="\n".join(_row(detection) for detection in ordered),
        articles="\n".join(_article(detection, shown) for detection in ordered),
    )


def _part(name: str) -> str:
    file = resources.files("trailhound.catalogue") / "page" / name
    return file.read_text(encoding="utf-8").strip("\n")


def _count(detections: Sequence[Detection]) -> str:
    number = Counter(kind(detection) for detection in detections)
    parts = [f"{count} on {name}s" for name, count in sorted(number.items(), reverse=True)]
    return f"{len(detections)} detections on AWS CloudTrail" + (
        f": {', '.join(parts)}" if parts else ""
    )


# --- What is filtered by --------------------------------------------------------------------------


def services(detection: Detection) -> list[str]:
    """Return the AWS services whose calls a detection reads, by name."""
    sources = (source.removesuffix(".amazonaws.com") for source in detection.reads.sources)
    return sorted({_SERVICES.get(source, source) for source in sources})


def _tactics(detection: Detection) -> list[str]:
    return [_tactic(tactic) for tactic in detection.tactics]


def _tactic(tactic: str) -> str:
    return navigator.TACTICS[tactic].name if tactic in navigator.TACTICS else tactic


_FACETS: dict[str, Callable[[Detection], list[str]]] = {
    "service": services,
    "severity": lambda detection: [str(detection.severity)],
    "tactic": _tactics,
    "kind": lambda detection: [kind(detection)],
}
# The order in which values are offered; others come by name.
_ORDERS = {
    "severity": [str(severity) for severity in reversed(Severity)],
    "tactic": [tactic.name for tactic in navigator.TACTICS.values()],
}


def _filters(detections: Sequence[Detection]) -> str:
    return "\n".join(
        f'<label>{name.capitalize()} <select name="{name}"><option value="">Any</option>'
        f"{_options(name, detections)}</select></label>"
        for name in _FACETS
    )


def _options(facet: str, detections: Sequence[Detection]) -> str:
    number = Counter(value for one in detections for value in _FACETS[facet](one))
    order = _ORDERS.get(facet, [])

    def place(value: str) -> tuple[int, str]:
        return (order.index(value) if value in order else len(order), value.lower())

    return "".join(
        f'<option value="{escape(value)}">{escape(value)} ({number[value]})</option>'
        for value in sorted(number, key=place)
    )


# --- A detection ----------------------------------------------------------------------------------


def _row(detection: Detection) -> str:
    techniques = ", ".join(escape(name) for name in detection.techniques)
    return (
        f'<tr data-of="{escape(detection.id)}">'
        f'<th scope="row"><a href="#{escape(detection.id)}">{escape(detection.title)}</a></th>'
        f"<td>{_severity(detection)}</td>"
        f"<td>{escape(', '.join(services(detection)))}</td>"
        f"<td>{escape(kind(detection))}</td><td>{techniques}</td></tr>"
    )


def _severity(detection: Detection) -> str:
    severity = escape(detection.severity)
    return f'<span class="severity {severity}">{severity}</span>'


def _article(detection: Detection, shown: set[str]) -> str:
    facets = " ".join(
        f'data-{name}="{escape(_SEPARATOR.join(values(detection)))}"'
        for name, values in _FACETS.items()
    )
    name = escape(detection.id)
    return "\n".join(
        [
            f'<article id="{name}" aria-labelledby="{name}-title" {facets}>',
            f'<header><h3 id="{name}-title"><a href="#{name}">{escape(detection.title)}</a></h3>',
            f"<p>{_severity(detection)} <code>{name}</code></p></header>",
            f'<p class="catches">{escape(catches(detection))}</p>',
            f"<h4>Why it matters</h4>\n<p>{escape(detection.description)}</p>",
            f"<dl>{_details(detection)}</dl>",
            _list("Triage", map(escape, detection.triage), ordered=True),
            _list("False positives", map(escape, detection.false_positives)),
            _list("Blind spots", map(escape, detection.blind_spots)),
            _list("References", map(_reference, detection.references)),
            _list("Related", (_related(one, shown) for one in detection.related)),
            "</article>",
        ]
    )


def _details(detection: Detection) -> str:
    origin = detection.origin
    firing_text = [("Fires", escape(firing(detection)))] if isinstance(detection, Rate) else []
    rows = [
        ("Reads", f"{_codes(detection.reads.names)} of {_codes(detection.reads.sources)}"),
        ("Outcome", _OUTCOMES[detection.outcome]),
        *firing_text,
        ("Tactics", ", ".join(_attack(one, _tactic(one)) for one in detection.tactics)),
        ("Techniques", ", ".join(_attack(one, one) for one in detection.techniques)),
        ("Alert says", f"<code>{escape(detection.summary)}</code>"),
        ("Parameters", _parameters(detection)),
        ("Version", str(detection.version)),
    ]
    if origin:
        rule = f"<code>{escape(origin.rule_id)}</code> <code>{escape(origin.file)}</code>"
        rows.append(("Origin", f"{escape(origin.vendor)} {rule}"))
    return "".join(f"<div><dt>{name}</dt><dd>{said}</dd></div>" for name, said in rows)


def _parameters(detection: Detection) -> str:
    rows = "".join(
        f"<li><code>{escape(name)}: {escape(value_text(value))}</code></li>"
        for name, value in detection.parameters.items()
    )
    return f'<ul class="parameters">{rows}</ul>'


def _codes(texts: Iterable[str]) -> str:
    return ", ".join(f"<code>{escape(text)}</code>" for text in texts)


def _attack(attack_id: str, said: str) -> str:
    return f'<a href="{escape(navigator.page(attack_id))}">{escape(said)}</a>'


def _reference(address: str) -> str:
    # Nothing but the web is made a link: not javascript:, not file:.
    if not address.startswith(("https://", "http://")):
        return escape(address)
    return f'<a href="{escape(address)}">{escape(address.partition("://")[2])}</a>'


def _related(detection_id: str, shown: set[str]) -> str:
    name = escape(detection_id)
    return f'<a href="#{name}">{name}</a>' if detection_id in shown else f"{name} (switched off)"


def _list(title: str, items: Iterable[str], *, ordered: bool = False) -> str:
    rows = "".join(f"<li>{item}</li>" for item in items)
    kind_of_list = "ol" if ordered else "ul"
    return f"<h4>{title}</h4>\n<{kind_of_list}>{rows}</{kind_of_list}>" if rows else ""
