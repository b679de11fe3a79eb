from typing import Any

from trailhound.testing import ACCOUNT, Record, fires, quiet, record

SNAPSHOT = {
    "dBInstanceIdentifier": "orders-copy",
    "dBSnapshotIdentifier": "rds:orders-2024-02-29-04-10",
    "publiclyAccessible": True,
}
S3 = {
    "dBInstanceIdentifier": "orders-copy",
    "s3BucketName": "dumps",
    "s3Prefix": "orders",
    "engine": "mysql",
    "masterUserPassword": "****",
}


def restore(
    name: str = "RestoreDBInstanceFromDBSnapshot", request: Any = SNAPSHOT, **fields: Any
) -> Record:
    return record("rds", name, request, **fields)


CASES = [
    fires(
        "from a snapshot",
        restore(),
        entity="orders-copy",
        says="restored orders-copy in eu-west-1; "
        "dBSnapshotIdentifier rds:orders-2024-02-29-04-10, publiclyAccessible true",
    ),
    fires(
        "from S3",
        restore("RestoreDBInstanceFromS3", S3),
        entity="orders-copy",
        says="; s3BucketName dumps, s3Prefix orders",
    ),
    fires(
        "no parameters",
        restore(request=None),
        entity=f"arn:aws:sts::{ACCOUNT}:assumed-role/Admin/alice",
        says="restored unknown",
    ),
    fires("nobody known", restore(by=None), says="unknown caller restored"),
    fires(
        "a failed call, where failures are asked for",
        restore(error="DBSnapshotNotFound"),
        outcome="failure",
        severity="low",
        options={"outcome": "any"},
    ),
    quiet("a failed call", restore(error="DBSnapshotNotFound")),
    quiet("an error that has only a message", restore(errorMessage="No such snapshot")),
    quiet("a denied call", restore(request=None, error="AccessDenied")),
    quiet("to a point in time", restore("RestoreDBInstanceToPointInTime")),
    quiet("a cluster from a snapshot", restore("RestoreDBClusterFromSnapshot")),
    quiet("a cluster from S3", restore("RestoreDBClusterFromS3", S3)),
    quiet("a name that only begins alike", restore("RestoreDBInstanceFromDBSnapshots")),
    quiet("another service", record("redshift", "RestoreDBInstanceFromS3", S3)),
]
