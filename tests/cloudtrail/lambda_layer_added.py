from typing import Any

from trailhound.testing import Record, fires, quiet, record

LAYER = "arn:aws:lambda:eu-west-1:210987654321:layer:helper:3"
NAME = "UpdateFunctionConfiguration20150331v2"


def update(layers: Any, name: str = NAME, **fields: Any) -> Record:
    return record("lambda", name, {"functionName": "orders", "layers": layers}, **fields)


CASES = [
    fires(
        "one layer",
        update([LAYER]),
        entity="orders",
        says=f'layers ["{LAYER}"] on orders',
    ),
    fires("several layers", update([LAYER, LAYER.replace("helper", "agent")])),
    fires("a list that a pipeline made text", update(f'["{LAYER}"]')),
    fires("the name without a date", update([LAYER], "UpdateFunctionConfiguration")),
    fires("the name with a date only", update([LAYER], "UpdateFunctionConfiguration20150331")),
    fires("nobody known", update([LAYER], by=None), says="unknown caller"),
    fires(
        "a failed call, where failures are asked for",
        update([LAYER], error="ResourceConflictException"),
        outcome="failure",
        severity="informational",
        options={"outcome": "any"},
    ),
    quiet("a failed call", update([LAYER], error="ResourceConflictException")),
    quiet("a denied call without parameters", record("lambda", NAME, error="AccessDenied")),
    quiet("no parameters", record("lambda", NAME)),
    quiet("all layers taken away", update([])),
    quiet("an empty list as text", update("[]")),
    quiet("layers null", update(None)),
    quiet("layers an empty text", update("")),
    quiet("another setting", record("lambda", NAME, {"functionName": "orders", "timeout": 30})),
    quiet(
        "the answer repeats the layers of before",
        record(
            *("lambda", NAME, {"functionName": "orders", "timeout": 30}),
            responseElements={"layers": [{"arn": LAYER, "codeSize": 1024}]},
        ),
    ),
    quiet("a new function", update([LAYER], "CreateFunction20150331")),
    quiet("new code", update([LAYER], "UpdateFunctionCode20150331v2")),
    quiet("a name that only begins alike", update([LAYER], "UpdateFunctionConfigurations")),
    quiet("something after the version", update([LAYER], f"{NAME}beta")),
    quiet("another service", record("serverlessrepo", NAME, {"layers": [LAYER]})),
]
