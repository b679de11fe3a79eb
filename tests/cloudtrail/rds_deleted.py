from typing import Any

from trailhound.testing import ACCOUNT, Record, fires, quiet, record

INSTANCE = {
    "dBInstanceIdentifier": "orders",
    "skipFinalSnapshot": True,
    "deleteAutomatedBackups": True,
}
CLUSTER = {
    "dBClusterIdentifier": "shop",
    "skipFinalSnapshot": False,
    "finalDBSnapshotIdentifier": "shop-last",
}


def delete(name: str = "DeleteDBInstance", request: Any = INSTANCE, **fields: Any) -> Record:
    return record("rds", name, request, **fields)


CASES = [
    fires(
        "an instance",
        delete(),
        entity="orders",
        says="deleted a database by DeleteDBInstance in eu-west-1; "
        "dBInstanceIdentifier orders, skipFinalSnapshot true, deleteAutomatedBackups true",
    ),
    fires(
        "a cluster",
        delete("DeleteDBCluster", CLUSTER),
        entity="shop",
        says="finalDBSnapshotIdentifier shop-last",
    ),
    fires(
        "a global cluster",
        delete("DeleteGlobalCluster", {"globalClusterIdentifier": "world"}),
        entity="world",
        says="; globalClusterIdentifier world",
    ),
    fires(
        "no parameters",
        delete(request=None),
        entity=f"arn:aws:sts::{ACCOUNT}:assumed-role/Admin/alice",
    ),
    fires("errors that are null", delete(errorCode=None, errorMessage=None)),
    fires("errors that are empty", delete(errorCode="", errorMessage="")),
    fires("nobody known", delete(by=None), says="unknown caller deleted"),
    fires(
        "a failed call, where failures are asked for",
        delete(error="InvalidDBInstanceState"),
        outcome="failure",
        severity="low",
        options={"outcome": "any"},
    ),
    quiet("a failed call", delete(error="InvalidDBInstanceState")),
    quiet("an error that has only a message", delete(errorMessage="Cannot delete")),
    quiet("an error that has only a code", delete(errorCode="AccessDenied")),
    quiet("backups of an instance", delete("DeleteDBInstanceAutomatedBackup")),
    quiet("backups of a cluster", delete("DeleteDBClusterAutomatedBackup", CLUSTER)),
    quiet("a snapshot of a cluster", delete("DeleteDBClusterSnapshot", CLUSTER)),
    quiet("a snapshot", delete("DeleteDBSnapshot")),
    quiet("an endpoint of a cluster", delete("DeleteDBClusterEndpoint", CLUSTER)),
    quiet("a cluster stopped", delete("StopDBCluster", CLUSTER)),
    quiet("another service", record("elasticache", "DeleteGlobalCluster", INSTANCE)),
]
