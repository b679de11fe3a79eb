"""A database that can be reached from the internet."""

from trailhound import (
    Column,
    Options,
    Origin,
    Outcome,
    Severity,
    calls,
    is_true,
    request_parameter,
    shown_parameters,
    single_event,
)

NAMES = ("dBInstanceIdentifier", "dBClusterIdentifier")


@single_event(
    title="AWS RDS DB Instance Made Public",
    severity=Severity.MEDIUM,
    outcome=Outcome.SUCCESS,
    tactics=("TA0003",),
    techniques=("T1556.009", "T1133"),
    reads=calls(
        "rds", "CreateDBInstance", "ModifyDBInstance", "CreateDBCluster", "ModifyDBCluster"
    ),
    entity=(*(f"requestParameters.{name}" for name in NAMES), "userIdentity.arn"),
    summary="{actor} made a database public by {eventName} in {awsRegion}",
    details=lambda options: shown_parameters(*NAMES, "dBSubnetGroupName"),
    false_positives=("Test databases without data; databases behind a strict security group.",),
    blind_spots=(
        "Databases that become public by the default of their subnets: the call does not say so.",
        "Restores and read replicas that ask for a public address.",
    ),
    triage=(
        "Check its security groups: from where can the port be reached?",
        "Look for sign-ins to the database from foreign addresses in its own log.",
        "Set publiclyAccessible to false again, then see what else the caller changed.",
    ),
    references=(
        "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBInstance.html",
        "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.DBInstance.Modifying.html",
    ),
    related=("rds_master_password_modified", "rds_snapshot_shared", "rds_restored"),
    origin=Origin(
        "Elastic",
        "9efb3f79-b77b-466a-9fa0-3645d22d1e7f",
        "persistence_rds_instance_made_public.toml",
    ),
)
def rds_made_public(options: Options) -> Column:
    """A database with a public address can be read from anywhere, without a way into the network.

    Together with a new password it is a simple way to carry data out and to keep access.
    """
    return is_true(request_parameter("publiclyAccessible"))
