"""One Spark session for the whole suite."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import report
from pyspark.sql import SparkSession
from undisturbed import Undisturbed, run_in_peace

from trailhound.runtime.session import session

REAL = Path(__file__).parents[2] / "shared" / "data" / "cloudtrail"


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    settings = {
        "spark.sql.shuffle.partitions": "2",
        "spark.default.parallelism": "2",
    }
    spark = session("trailhound-tests", master="local[2]", settings=settings)
    yield spark
    spark.stop()


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Real CloudTrail from public sources; it is not part of the repository."""
    if not REAL.is_dir():
        pytest.skip(f"no real CloudTrail at {REAL}")
    return REAL


@pytest.fixture(scope="session")
def undisturbed(
    spark: SparkSession, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Undisturbed]:
    """Ingest, detect and backfill on this machine, which no fault and no scheduler disturbed."""
    folder = tmp_path_factory.mktemp("undisturbed")
    yield run_in_peace(spark, folder)
    shutil.rmtree(folder)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what the tests had to say, also of those that passed."""
    if report.said():
        terminalreporter.section("what the tests say")
        for line in report.said():
            terminalreporter.write_line(line)
    passed, broken = (
        sum(len(terminalreporter.stats.get(name, [])) for name in names)
        for names in (("passed",), ("failed", "error"))
    )
    terminalreporter.write_line(f"{passed} passed, {broken} failed")
