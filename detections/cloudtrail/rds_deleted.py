"""A database deleted: instance, cluster or global cluster."""

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

NAMES = ("dBInstanceIdentifier", "dBClusterIdentifier", "globalClusterIdentifier")


@single_event(
    title="AWS RDS DB Instance or Cluster Deleted",
    severity=Severity.MEDIUM,
    outcome=Outcome.SUCCESS,
    tactics=("TA0040",),
    techniques=("T1485",),
    reads=calls("rds", "DeleteDBInstance", "DeleteDBCluster", "DeleteGlobalCluster"),
    entity=(*(f"requestParameters.{name}" for name in NAMES), "userIdentity.arn"),
    summary="{actor} deleted a database by {eventName} in {awsRegion}",
    details=lambda options: shown_parameters(
        *NAMES, "skipFinalSnapshot", "deleteAutomatedBackups", "finalDBSnapshotIdentifier"
    ),
    false_positives=("Test databases and stacks that are taken down on schedule.",),
    blind_spots=(
        "Data destroyed inside the database.",
        "Snapshots and automated backups that are deleted by themselves.",
    ),
    triage=(
        "See whether a final snapshot was made and automated backups were kept.",
        "Look for deletion protection switched off shortly before, and for more deletions.",
        "Restore from the latest backup if nobody claims the deletion.",
    ),
    references=(
        "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DeleteDBCluster.html",
        "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DeleteGlobalCluster.html",
    ),
    related=("rds_deletion_protection_disabled", "kms_key_disabled_or_scheduled_for_deletion"),
    origin=Origin(
        "Elastic",
        "9055ece6-2689-4224-a0e0-b04881e1f8ad",
        "impact_rds_instance_cluster_deletion.toml",
    ),
)
def rds_deleted(options: Options) -> Column:
    """A deleted database is an outage at once, and lost for good without a snapshot.

    Those who extort or sabotage delete the data last, after they have copied it.
    """
    return always()
