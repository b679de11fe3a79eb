from typing import Any

from trailhound.testing import Record, fires, quiet, record

MASK = "****"


def modify(name: str = "ModifyDBInstance", *, error: str | None = None, **asked: Any) -> Record:
    request = {"dBInstanceIdentifier": "orders", "applyImmediately": True, **asked}
    return record("rds", name, request, error=error)


CASES = [
    fires(
        "a new password, masked",
        modify(masterUserPassword=MASK),
        entity="orders",
        says="changed the master password by ModifyDBInstance in eu-west-1; "
        "dBInstanceIdentifier orders",
    ),
    fires("the other mask", modify(masterUserPassword="HIDDEN_DUE_TO_SECURITY_REASONS")),
    fires("a mask that is empty", modify(masterUserPassword="")),
    fires(
        "a cluster",
        record(
            *("rds", "ModifyDBCluster"),
            {"dBClusterIdentifier": "shop", "masterUserPassword": MASK},
        ),
        entity="shop",
    ),
    fires(
        "a rotation",
        modify(rotateMasterUserPassword=True),
        says="rotateMasterUserPassword true",
    ),
    fires("a rotation as text", modify(rotateMasterUserPassword="true")),
    fires("the password given to Secrets Manager", modify(manageMasterUserPassword=True)),
    fires("the same as text", modify("ModifyDBCluster", manageMasterUserPassword="true")),
    fires(
        "a password of one's own again",
        modify(manageMasterUserPassword=False, masterUserPassword=MASK),
        says="manageMasterUserPassword false",
    ),
    fires(
        "a failed call, where failures are asked for",
        modify(masterUserPassword=MASK, error="InvalidDBInstanceState"),
        outcome="failure",
        severity="low",
        options={"outcome": "any"},
    ),
    quiet("a failed call", modify(masterUserPassword=MASK, error="InvalidDBInstanceState")),
    quiet(
        "a denied call without parameters", record("rds", "ModifyDBInstance", error="AccessDenied")
    ),
    quiet("no parameters", record("rds", "ModifyDBInstance")),
    quiet("another change", modify(allocatedStorage=100)),
    quiet("null", modify(masterUserPassword=None, rotateMasterUserPassword=None)),
    quiet("no rotation", modify(rotateMasterUserPassword=False)),
    quiet("no longer in Secrets Manager", modify(manageMasterUserPassword="false")),
    quiet("the key that encrypts the secret", modify(masterUserSecretKmsKeyId="alias/db")),
    quiet(
        "another change, whose answer has a password pending",
        record(
            *("rds", "ModifyDBInstance", {"dBInstanceIdentifier": "orders", "multiAZ": True}),
            responseElements={"pendingModifiedValues": {"masterUserPassword": MASK}},
        ),
    ),
    quiet("a new instance", modify("CreateDBInstance", masterUserPassword=MASK)),
    quiet("a name that only begins alike", modify("ModifyDBInstances", masterUserPassword=MASK)),
    quiet("another service", record("docdb", "ModifyDBCluster", {"masterUserPassword": MASK})),
]
