"""A database restored from a snapshot or from S3."""

from trailhound import (
    Column,
    Options,
    Origin,
    Outcome,
    Severity,
    always,
    calls,
    shown_parameters,
    single_event,
)


@single_event(
    title="AWS RDS DB Instance Restored",
    severity=Severity.MEDIUM,
    outcome=Outcome.SUCCESS,
    tactics=("TA0005", "TA0009"),
    techniques=("T1578.002", "T1578.004", "T1074.002"),
    reads=calls("rds", "RestoreDBInstanceFromDBSnapshot", "RestoreDBInstanceFromS3"),
    entity=("requestParameters.dBInstanceIdentifier", "userIdentity.arn"),
    summary="{actor} restored {requestParameters.dBInstanceIdentifier} in {awsRegion}",
    details=lambda options: shown_parameters(
        "dBSnapshotIdentifier", "s3BucketName", "s3Prefix", "publiclyAccessible"
    ),
    false_positives=("Restore drills, copies for test environments, recovery after a fault.",),
    blind_spots=(
        "Restores to a point in time, and those of clusters, are other calls.",
        "A snapshot that is shared and restored in another account.",
    ),
    triage=(
        "Find out who owns the snapshot, and what data it holds.",
        "Look for a new master password, security group or public address on the copy.",
        "Delete the copy if nobody claims it, with a snapshot kept as evidence.",
    ),
    references=(
        "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_RestoreDBInstanceFromDBSnapshot.html",
        "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_RestoreDBInstanceFromS3.html",
    ),
    related=("rds_snapshot_shared", "rds_made_public", "rds_master_password_modified"),
    origin=Origin(
        "Elastic",
        "bf1073bf-ce26-4607-b405-ba1ed8e9e204",
        "defense_evasion_rds_instance_restored.toml",
    ),
)
def rds_restored(options: Options) -> Column:
    """A restored copy holds all the data, but none of the controls around the original.

    An attacker sets a password of their own on it and reads at leisure, off the watched database.
    """
    return always()
