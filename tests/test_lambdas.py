"""No lambda works out anew, for each element, what is the same for all of them.

Spark evaluates what stands in a lambda once an element, also where it was written as a column of
an earlier `withColumn`: the optimizer folds the two. A sort in there makes a walk quadratic, and
anybody can send the events that it then walks over.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from builders import events, sign_in
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from test_detections import RATES

from trailhound import Rate, load
from trailhound.engine.evaluate import counted_events, matching
from trailhound.engine.tuning import peaks
from trailhound.engine.windows import reached

# What takes time in proportion to an array, or to a text.
WALKS = {
    *("SortArray", "ArraySort", "ArrayDistinct", "ArrayCompact", "Flatten", "Slice"),
    *("ArrayTransform", "ArrayFilter", "ArrayAggregate", "ArrayExists", "MapFilter", "ZipWith"),
    *("JsonToStructs", "StructsToJson", "ParseJson", "GetJsonObject"),
}


@dataclass(frozen=True)
class Node:
    """A part of an expression; `variable` is the number of a lambda's variable."""

    kind: str
    children: tuple["Node", ...]
    variable: int | None

    def below(self) -> Iterator["Node"]:
        yield self
        for child in self.children:
            yield from child.below()


def tree(parts: Iterator[dict[str, Any]]) -> Node:
    """The expression that Spark's JSON lists from the root on, each node before its children."""
    part = next(parts)
    kind = part["class"].rpartition(".")[2]
    variable = part["exprId"]["id"] if kind == "NamedLambdaVariable" else None
    return Node(kind, tuple(tree(parts) for _ in range(part["num-children"])), variable)


def expressions(plan: Any) -> Iterator[Node]:
    found, children = plan.expressions(), plan.children()
    for number in range(found.size()):
        yield tree(iter(json.loads(found.apply(number).toJSON())))
    for number in range(children.size()):
        yield from expressions(children.apply(number))


def repeated(frame: DataFrame) -> list[Node]:
    """What the optimized plan works out once an element although it is the same for all."""
    plan = frame._jdf.queryExecution().optimizedPlan()
    return [
        part
        for expression in expressions(plan)
        for node in expression.below()
        if node.kind == "LambdaFunction"
        for part in invariant(node)
    ]


def arguments(node: Node) -> set[int | None]:
    """The variables that lambdas in an expression bring along."""
    lambdas = (one for one in node.below() if one.kind == "LambdaFunction")
    return {argument.variable for one in lambdas for argument in one.children[1:]}


def invariant(node: Node) -> list[Node]:
    """The walks in a lambda, and in those inside it, that need none of its variables."""
    own = arguments(node)
    return [
        part
        for part in node.children[0].below()
        if part.kind in WALKS
        and not own & ({one.variable for one in part.below()} - arguments(part))
    ]


@pytest.fixture(scope="module")
def rows(spark: SparkSession) -> DataFrame:
    # Cut off from the plan of reading records, which is long.
    return events(spark, [sign_in(after=n) for n in range(3)]).localCheckpoint()


def test_a_sort_that_is_folded_into_a_walk_is_seen(spark: SparkSession) -> None:
    numbers = spark.range(9).groupBy().agg(F.collect_set("id").alias("numbers"))
    ordered = numbers.withColumn("ordered", F.sort_array("numbers"))
    walk = F.transform("numbers", lambda n: F.array_position("ordered", n))
    assert {node.kind for node in repeated(ordered.select(walk))} == {"SortArray"}
    again = F.transform("numbers", lambda n: F.size(F.filter("numbers", lambda m: m > 0)) + n)
    assert {node.kind for node in repeated(numbers.select(again))} == {"ArrayFilter"}
    once = F.transform(
        F.array(F.sort_array("numbers")),
        lambda o: F.transform("numbers", lambda n: F.array_position(o, n)),
    )
    assert not repeated(numbers.select(once))


@pytest.mark.parametrize("detection", RATES, ids=lambda d: d.id)
def test_windows_sort_once(rows: DataFrame, detection: Rate) -> None:
    assert not repeated(reached(counted_events(rows, detection), detection))
    assert not repeated(peaks(rows, detection))


def test_conditions_repeat_no_work_in_a_lambda(rows: DataFrame) -> None:
    assert not repeated(matching(rows, load()))
