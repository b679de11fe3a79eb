"""The notebooks as they are stored, and that they run on the tables of a demo."""

import json
import re
import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import report
from processes import ROOT, python
from settings import SHORT_LIVED
from undisturbed import Undisturbed

FOLDER = ROOT / "notebooks"
FILES = sorted(FOLDER.glob("*.ipynb"))
every_notebook = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
# Of a machine: folders from the root, homes, temporary files, addresses of objects in memory.
OF_A_MACHINE = re.compile(
    r"(?<![\w.:/<])/(?:home|root|tmp|work|usr|var|Users|mnt|opt)/|0x[0-9a-f]{8}"
)


def cells(file: Path, kind: str) -> list[dict[str, Any]]:
    found = json.loads(file.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in found if cell["cell_type"] == kind]


def outputs(file: Path) -> list[dict[str, Any]]:
    return [output for cell in cells(file, "code") for output in cell["outputs"]]


def texts(output: dict[str, Any]) -> str:
    """What an output says; pictures say nothing."""
    data = {k: v for k, v in output.get("data", {}).items() if not k.startswith("image/")}
    return json.dumps([data, output.get("text")])


def test_there_are_three() -> None:
    assert [file.stem for file in FILES] == ["1_explore", "2_hunt_then_write", "3_tune"]


@every_notebook
def test_cells_were_run_in_order_and_none_again(file: Path) -> None:
    numbers = [cell["execution_count"] for cell in cells(file, "code")]
    assert numbers == list(range(1, len(numbers) + 1))


@every_notebook
def test_outputs_are_stored_without_errors_and_noise(file: Path) -> None:
    kinds = {output["output_type"] for output in outputs(file)}
    assert kinds
    assert kinds <= {"execute_result", "stream", "display_data"}
    assert {output.get("name", "stdout") for output in outputs(file)} == {"stdout"}


@every_notebook
def test_nothing_stored_is_of_one_machine_or_one_run(file: Path) -> None:
    said = " ".join(texts(output) for output in outputs(file))
    assert not OF_A_MACHINE.search(said), OF_A_MACHINE.search(said)
    notebook = json.loads(file.read_text(encoding="utf-8"))
    assert set(notebook["metadata"]) == {"kernelspec", "language_info"}
    assert not any(cell["metadata"] for cell in notebook["cells"])


@every_notebook
def test_tables_are_named_once_at_the_top(file: Path) -> None:
    sources = ["".join(cell["source"]) for cell in cells(file, "code")]
    assert sources[0].startswith('TABLES = "../data/demo"')
    assert not any("TABLES =" in source for source in sources[1:])
    assert "make demo" in "".join(cells(file, "markdown")[0]["source"])


@every_notebook
def test_code_and_prose_take_turns(file: Path) -> None:
    notebook = json.loads(file.read_text(encoding="utf-8"))
    kinds = [cell["cell_type"] for cell in notebook["cells"]]
    assert kinds[0] == kinds[-1] == "markdown"
    assert ("markdown", "markdown") not in pairwise(kinds)


@every_notebook
def test_links_lead_somewhere(file: Path) -> None:
    prose = "\n".join("".join(cell["source"]) for cell in cells(file, "markdown"))
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", prose):
        assert (FOLDER / target).exists(), target


@pytest.mark.proof
def test_they_run_on_tables_and_find_the_alerts_that_are_there(
    undisturbed: Undisturbed, tmp_path: Path
) -> None:
    """One of them evaluates all events again, and holds what it finds against the alerts table."""
    shutil.copytree(undisturbed.folder / "detect" / "data", tmp_path / "data" / "demo")
    shutil.copytree(FOLDER, tmp_path / "notebooks")
    (tmp_path / "tests").symlink_to(ROOT / "tests")
    nbmake = ("-m", "pytest", "-q", "--nbmake", "--nbmake-timeout=600")
    runs = [
        python(*nbmake, f"notebooks/{file.name}", cwd=tmp_path, JDK_JAVA_OPTIONS=SHORT_LIVED)
        for file in FILES
    ]
    for run in runs:
        assert "1 passed" in run.finished()
    report.say("notebooks", f"{len(runs)} run; all events evaluated again, the same alerts")
