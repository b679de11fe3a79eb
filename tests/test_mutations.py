"""Each law has been seen to fail: the engine with one mistake in it must break the law named."""

from pathlib import Path

import mutations
import pytest
import report
from laws import World, draw_worlds
from mutations import MUTATIONS, Mutation
from pyspark.sql import SparkSession

pytestmark = pytest.mark.proof


@pytest.fixture(scope="module")
def worlds() -> list[World]:
    return draw_worlds(150)


def test_every_law_has_a_mutation() -> None:
    laws = {mutation.law for mutation in MUTATIONS}
    named = ("batch", "stream", "replay", "ranges", "unrelated", "stricter", "late", "seam")
    assert laws == {getattr(mutations, name) for name in named}


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda m: m.name)
def test_the_law_notices(
    spark: SparkSession, worlds: list[World], tmp_path: Path, mutation: Mutation
) -> None:
    with mutation.made():
        breaches = mutation.law(spark, worlds, tmp_path)
    assert breaches, f"{mutation.law.__name__} still holds"
    noticed = f"{mutation.name}: {len(breaches)} breaches of '{mutation.law.__name__}'"
    report.say("mutation", f"{noticed} in {len(worlds)} cases")
