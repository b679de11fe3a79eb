"""The zip for spark-submit: it is all that Spark and Delta need beside them."""

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from trailhound import load
from trailhound.runtime import jars
from trailhound.runtime.session import DELTA_CATALOG, DELTA_EXTENSION
from trailhound.simulation.simulate import simulate

ROOT = Path(__file__).parents[1]
PROGRAMS = ("ingest", "detect", "backfill", "gaps", "repair", "maintain", "status")
# Runs a program with the zip as spark-submit would, then says where every module came from.
RUN = """
import json, runpy, sys
sys.path[:0] = sys.argv[1:3]
sys.argv = sys.argv[3:]
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
finally:
    files = {name: getattr(module, "__file__", None) for name, module in sys.modules.items()}
    ours = ("trailhound", "trailhound_detections", "yaml", "_yaml")
    ours += ("attr", "attrs", "cattr", "cattrs")
    found = {name: file for name, file in files.items() if name.split(".")[0] in ours}
    sys.stderr.write("\\n" + json.dumps(found))
"""


def make(archive: Path) -> Path:
    script = [sys.executable, str(ROOT / "scripts" / "dist.py"), str(archive)]
    done = subprocess.run(script, check=True, capture_output=True, text=True, timeout=60)
    assert done.stdout == f"{archive}\n"
    return archive


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("dist") / "trailhound.zip")


@pytest.fixture(scope="module")
def spark_alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of packages that holds Spark and Delta and nothing else."""
    folder = tmp_path_factory.mktemp("site")
    for package in ("pyspark", "py4j", "delta"):
        spec = importlib.util.find_spec(package)
        assert spec
        assert spec.origin
        (folder / package).symlink_to(Path(spec.origin).parent)
    return folder


def run(
    archive: Path, spark_alone: Path, program: str, *args: str
) -> subprocess.CompletedProcess[str]:
    """Run a program with the standard library, Spark, Delta and the zip: no site-packages."""
    file = str(ROOT / "jobs" / f"{program}.py")
    command = [sys.executable, "-I", "-S", "-c", RUN, str(archive), str(spark_alone), file, *args]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=120, cwd=spark_alone, check=False
    )


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_job_starts_from_the_zip(archive: Path, spark_alone: Path, program: str) -> None:
    done = run(archive, spark_alone, program, "--help")
    assert done.returncode == 0, done.stderr
    assert "--conf FILE" in done.stdout
    origins = json.loads(done.stderr.splitlines()[-1])
    assert {"trailhound.runtime.config", "yaml", "attrs", "cattrs"} <= set(origins)
    assert [name for name, file in origins.items() if not file.startswith(str(archive))] == []


def test_detections_are_discovered_and_configured_in_the_zip(
    archive: Path, spark_alone: Path
) -> None:
    code = (
        "import sys; sys.path[:0] = sys.argv[1:]; import trailhound.detect.scan; "
        "from trailhound.runtime.config import read_config; "
        "from trailhound.runtime import session; "
        "config = read_config(None, ['detections.mfa_disabled.severity=low'], {}); "
        "print(*(f'{d.id}={d.severity}' for d in config.chosen()), repr(session._quiet()))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, str(archive), str(spark_alone)],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    *shown, quiet = done.stdout.split()
    wanted = {d.id: str(d.severity) for d in load()} | {"mfa_disabled": "low"}
    assert dict(one.split("=") for one in shown) == wanted
    assert quiet == "''", "Java reads no file inside a zip"


def test_a_mistake_is_one_line_from_the_zip_too(archive: Path, spark_alone: Path) -> None:
    done = run(archive, spark_alone, "detect", "--set", "stream.triger=1 minute")
    assert done.returncode == 2
    assert "did you mean trigger?" in done.stderr.splitlines()[0]


def test_the_zip_holds_no_compiled_and_no_foreign_thing(archive: Path) -> None:
    with zipfile.ZipFile(archive) as made:
        names = made.namelist()
        assert made.testzip() is None
        assert {entry.date_time for entry in made.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    roots = {name.split("/")[0].split("-")[0] for name in names}
    bundled = {"attr", "attrs", "cattr", "cattrs", "yaml", "pyyaml", "PyYAML"}
    bundled |= {"typing_extensions", "typing_extensions.py"}
    assert roots <= {"LICENSE", "NOTICE", "trailhound"} | bundled
    suffixes = {Path(name).suffix for name in names if ".dist-info" not in name}
    assert suffixes <= {".py", ".html", ".css", ".js", ""}
    assert names == sorted(names)
    licences = [name for name in names if ".dist-info/licenses/" in name]
    assert len(licences) >= 4, "what is passed on keeps its licence"


def test_the_same_sources_give_the_same_bytes(archive: Path, tmp_path: Path) -> None:
    again = make(tmp_path / "elsewhere" / "again.zip")
    digests = {hashlib.sha256(file.read_bytes()).hexdigest() for file in (archive, again)}
    assert len(digests) == 1
    assert [file.name for file in again.parent.iterdir()] == ["again.zip"]


@pytest.mark.proof
def test_spark_submit_needs_the_zip_alone(archive: Path, spark_alone: Path, tmp_path: Path) -> None:
    """ingest and detect by spark-submit, in a Python that has no package installed."""
    # The programs lie alone: nothing of the repository can be imported but through the zip.
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("ingest", "detect"):
        shutil.copy(ROOT / "jobs" / f"{name}.py", programs)
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n')
    python.chmod(0o755)
    made = simulate(tmp_path / "s", records=1000)
    settings = {
        "spark.jars": ",".join(str(path) for path in jars.local()),
        "spark.sql.extensions": DELTA_EXTENSION,
        "spark.sql.catalog.spark_catalog": DELTA_CATALOG,
        "spark.sql.shuffle.partitions": "2",
        "spark.databricks.delta.snapshotPartitions": "2",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.ui.enabled": "false",
    }
    home = spark_alone / "pyspark"
    submit = [str(home / "bin" / "spark-submit"), "--master", "local[2]"]
    submit += ["--py-files", str(archive)]
    submit += [word for name, value in settings.items() for word in ("--conf", f"{name}={value}")]
    environment = {name: value for name, value in os.environ.items() if "PYTHON" not in name}
    environment |= {"PYTHONPATH": str(spark_alone), "PYSPARK_PYTHON": str(python)}
    environment["SPARK_HOME"] = str(home)

    figures = {}
    for name, args in (("ingest", [str(tmp_path / "s" / "AWSLogs")]), ("detect", [])):
        program = [str(programs / f"{name}.py"), *args, "--json"]
        done = subprocess.run(
            [*submit, *program],
            capture_output=True,
            text=True,
            timeout=400,
            cwd=tmp_path,
            env=environment,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        figures[name] = json.loads(done.stdout.splitlines()[-1])

    assert figures["ingest"]["events"] == 1000
    assert figures["detect"]["alerts"] == len(json.loads(made.truth.read_text())["alerts"])
