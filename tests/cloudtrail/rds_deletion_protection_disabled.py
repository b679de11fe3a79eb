from typing import Any

from trailhound.testing import Record, fires, quiet, record

NAMES = {
    "ModifyDBInstance": "dBInstanceIdentifier",
    "ModifyDBCluster": "dBClusterIdentifier",
    "ModifyGlobalCluster": "globalClusterIdentifier",
}


def modify(protected: Any, name: str = "ModifyDBInstance", **fields: Any) -> Record:
    request = {NAMES.get(name, "dBInstanceIdentifier"): "orders", "deletionProtection": protected}
    return record("rds", name, request, **fields)


CASES = [
    fires(
        "an instance",
        modify(False),
        entity="orders",
        says="switched deletion protection off by ModifyDBInstance in eu-west-1; "
        "dBInstanceIdentifier orders",
    ),
    fires("a cluster", modify(False, "ModifyDBCluster"), says="dBClusterIdentifier orders"),
    fires("a global cluster", modify(False, "ModifyGlobalCluster"), entity="orders"),
    fires("false as text", modify("false")),
    fires("false as text in capitals", modify("False")),
    fires("nobody known", modify(False, by=None), says="unknown caller switched"),
    fires(
        "a failed call, where failures are asked for",
        modify(False, error="InvalidDBInstanceState"),
        outcome="failure",
        severity="low",
        options={"outcome": "any"},
    ),
    quiet("a failed call", modify(False, error="InvalidDBInstanceState")),
    quiet(
        "a denied call without parameters", record("rds", "ModifyDBInstance", error="AccessDenied")
    ),
    quiet("no parameters", record("rds", "ModifyDBCluster")),
    quiet("protection switched on", modify(True)),
    quiet("true as text", modify("true")),
    quiet("null, which is not false", modify(None)),
    quiet("an empty text, which is not false", modify("")),
    quiet(
        "another change, whose answer repeats that it is not protected",
        record(
            *("rds", "ModifyDBInstance", {"dBInstanceIdentifier": "orders", "multiAZ": True}),
            responseElements={"dBInstanceIdentifier": "orders", "deletionProtection": False},
        ),
    ),
    quiet("a new instance", modify(False, "CreateDBInstance")),
    quiet("a name that only begins alike", modify(False, "ModifyDBClusterEndpoint")),
    quiet("another service", record("neptune", "ModifyDBCluster", {"deletionProtection": False})),
]
