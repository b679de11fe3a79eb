"""Deletion protection of a database switched off."""

from trailhound import (
    Column,
    Options,
    Origin,
    Outcome,
    Severity,
    calls,
    is_false,
    request_parameter,
    shown_parameters,
    single_event,
)

NAMES = ("dBInstanceIdentifier", "dBClusterIdentifier", "globalClusterIdentifier")


@single_event(
    title="AWS RDS DB Instance or Cluster Deletion Protection Disabled",
    severity=Severity.MEDIUM,
    outcome=Outcome.SUCCESS,
    tactics=("TA0005", "TA0040"),
    techniques=("T1578.005", "T1485"),
    reads=calls("rds", "ModifyDBInstance", "ModifyDBCluster", "ModifyGlobalCluster"),
    entity=(*(f"requestParameters.{name}" for name in NAMES), "userIdentity.arn"),
    summary="{actor} switched deletion protection off by {eventName} in {awsRegion}",
    details=lambda options: shown_parameters(*NAMES),
    false_positives=(
        "The step before a planned removal.",
        "Tools that send all settings each time, also for databases that never were protected.",
    ),
    blind_spots=("Databases created or restored without protection.",),
    triage=(
        "Look for a deletion of the same database in the hours that follow.",
        "Ask the caller for the change that this belongs to.",
        "Switch the protection on again and take a snapshot until that is clear.",
    ),
    references=(
        "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBInstance.html",
        "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_DeleteInstance.html",
    ),
    related=("rds_deleted",),
    origin=Origin(
        "Elastic",
        "f6652fb5-cd8e-499c-8311-2ce2bb6cac62",
        "impact_rds_instance_cluster_deletion_protection_disabled.toml",
    ),
)
def rds_deletion_protection_disabled(options: Options) -> Column:
    """Deletion protection is the last lock on a database: it is opened only to delete it.

    Between the two calls there is often time to step in.
    """
    return is_false(request_parameter("deletionProtection"))
