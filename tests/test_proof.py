"""Slow proofs, on processes of their own as a user would run them."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from processes import ROOT, trailhound

from trailhound.simulation.simulate import simulate

pytestmark = pytest.mark.proof


def test_the_demo_raises_what_was_planted(tmp_path: Path) -> None:
    # The machine's time zone must not matter, and this one is as far from UTC as any.
    said = trailhound("demo", cwd=tmp_path, TZ="Pacific/Apia").finished()
    assert "24 of 24 detections fired" in said
    assert "missing: 0, wrong: 0" in said


def test_an_installed_wheel_scans_without_any_configuration(tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    subprocess.run([*pip, "wheel", "--no-deps", "-w", str(tmp_path), str(ROOT)], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    installed = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    assert (installed / "trailhound" / "conf" / "log4j2.properties").is_file()
    assert (installed / "trailhound" / "catalogue" / "page" / "catalogue.html").is_file()
    simulate(tmp_path / "s", records=1000)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    scan = ("scan", str(tmp_path / "s"), "--format", "jsonl")
    out = trailhound(*scan, cwd=elsewhere, PYTHONPATH=str(installed)).finished()
    assert {json.loads(line)["detection_id"] for line in out.splitlines()} >= {"mfa_disabled"}
    assert not list(elsewhere.iterdir())
