from typing import Any

from trailhound.testing import Record, fires, quiet, record


def modify(public: Any, name: str = "ModifyDBInstance", **fields: Any) -> Record:
    request = {"dBInstanceIdentifier": "orders", "publiclyAccessible": public}
    return record("rds", name, request, **fields)


def cluster(name: str) -> Record:
    request = {"dBClusterIdentifier": "shop", "engine": "mysql", "publiclyAccessible": True}
    return record("rds", name, request)


CASES = [
    fires(
        "an instance changed",
        modify(True),
        entity="orders",
        says="made a database public by ModifyDBInstance in eu-west-1; dBInstanceIdentifier orders",
    ),
    fires("an instance created", modify(True, "CreateDBInstance")),
    fires("a cluster created", cluster("CreateDBCluster"), entity="shop"),
    fires("a cluster changed", cluster("ModifyDBCluster"), says="; dBClusterIdentifier shop"),
    fires("true as text", modify("true")),
    fires("true as text in capitals", modify("True")),
    fires("nobody known", modify(True, by=None), says="unknown caller made"),
    fires(
        "a failed call, where failures are asked for",
        modify(True, error="InvalidDBInstanceState"),
        outcome="failure",
        severity="low",
        options={"outcome": "any"},
    ),
    quiet("a failed call", modify(True, error="InvalidDBInstanceState")),
    quiet("an error that has only a message", modify(True, errorMessage="No such instance")),
    quiet(
        "a denied call without parameters", record("rds", "ModifyDBInstance", error="AccessDenied")
    ),
    quiet("no parameters", record("rds", "ModifyDBInstance")),
    quiet("an instance made private", modify(False)),
    quiet("false as text", modify("false")),
    quiet("null", modify(None)),
    quiet(
        "another change, whose answer repeats that it is public",
        record(
            *("rds", "ModifyDBInstance", {"dBInstanceIdentifier": "orders", "multiAZ": True}),
            responseElements={"dBInstanceIdentifier": "orders", "publiclyAccessible": True},
        ),
    ),
    quiet("a restore", modify(True, "RestoreDBInstanceFromDBSnapshot")),
    quiet("a read replica", modify(True, "CreateDBInstanceReadReplica")),
    quiet(
        "a replication instance", record("dms", "ModifyDBInstance", {"publiclyAccessible": True})
    ),
]
