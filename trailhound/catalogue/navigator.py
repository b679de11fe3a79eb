"""MITRE ATT&CK: its tactics by name, and the detections as a layer for the ATT&CK Navigator.

The layer has format 4.5, as the Navigator's own repository documents it
(layers/spec/v4.5/layerformat.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from trailhound.engine.detection import Detection, Severity

# The release whose names stand below, and which the Navigator shall show the layer on.
RELEASE = "18"

COLOURS = {
    Severity.INFORMATIONAL: "#cfd8e3",
    Severity.LOW: "#9ecae1",
    Severity.MEDIUM: "#fdd675",
    Severity.HIGH: "#fc9272",
    Severity.CRITICAL: "#de5b6b",
}


@dataclass(frozen=True)
class Tactic:
    """What a tactic is called, and the short name that the Navigator knows it by."""

    name: str

    @property
    def short(self) -> str:
        """The name in the Navigator's form: "initial-access"."""
        return self.name.lower().replace(" ", "-")


TACTICS = {
    "TA0043": Tactic("Reconnaissance"),
    "TA0042": Tactic("Resource Development"),
    "TA0001": Tactic("Initial Access"),
    "TA0002": Tactic("Execution"),
    "TA0003": Tactic("Persistence"),
    "TA0004": Tactic("Privilege Escalation"),
    "TA0005": Tactic("Defense Evasion"),
    "TA0006": Tactic("Credential Access"),
    "TA0007": Tactic("Discovery"),
    "TA0008": Tactic("Lateral Movement"),
    "TA0009": Tactic("Collection"),
    "TA0011": Tactic("Command and Control"),
    "TA0010": Tactic("Exfiltration"),
    "TA0040": Tactic("Impact"),
}


def page(attack_id: str) -> str:
    """Return the address of the page of a tactic or technique."""
    part = "tactics" if attack_id.startswith("TA") else "techniques"
    return f"https://attack.mitre.org/{part}/{attack_id.replace('.', '/')}/"


def layer(detections: Sequence[Detection]) -> dict[str, Any]:
    """Return the detections as a Navigator layer, ready for JSON.

    A technique's score is the number of its detections, its comment names them, its colour is that
    of the highest severity among them.
    """
    techniques = sorted({name for detection in detections for name in detection.techniques})
    annotated = [_technique(name, detections) for name in techniques]
    highest = max((one["score"] for one in annotated), default=1)
    return {
        "name": "trailhound",
        "versions": {"attack": RELEASE, "navigator": "4.9.0", "layer": "4.5"},
        "domain": "enterprise-attack",
        "description": (
            f"What {len(detections)} detections on AWS CloudTrail look for. Score: how many look "
            "for the technique. Colour: the highest severity among them."
        ),
        # Score first: what is covered stands at the top of its column.
        "sorting": 3,
        "layout": {"layout": "side", "showID": True, "expandedSubtechniques": "annotated"},
        "techniques": annotated,
        "gradient": {"colors": ["#ffffff", "#66b1ff"], "minValue": 0, "maxValue": highest},
        "legendItems": [{"label": str(s), "color": colour} for s, colour in COLOURS.items()],
    }


def _technique(technique: str, detections: Sequence[Detection]) -> dict[str, Any]:
    mine = [detection for detection in detections if technique in detection.techniques]
    severest = max((d.severity for d in mine), key=list(Severity).index)
    annotation = {
        "techniqueID": technique,
        "score": len(mine),
        "color": COLOURS[severest],
        "comment": "\n".join(f"{d.title} ({d.id}, {d.severity})" for d in mine),
    }
    # Detections list tactics and techniques apart. Which belong together is known where all agree
    # on one tactic; else the Navigator annotates the technique wherever it stands.
    tactics = {detection.tactics for detection in mine}
    if len(tactics) == 1:
        (agreed,) = tactics
        if len(agreed) == 1 and agreed[0] in TACTICS:
            annotation["tactic"] = TACTICS[agreed[0]].short
    return annotation
