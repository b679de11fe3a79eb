"""The master password of a database changed."""

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
MANAGED = ("rotateMasterUserPassword", "manageMasterUserPassword")


@single_event(
    title="AWS RDS DB Instance or Cluster Password Modified",
    severity=Severity.MEDIUM,
    outcome=Outcome.SUCCESS,
    tactics=("TA0003", "TA0004"),
    techniques=("T1098.001",),
    reads=calls("rds", "ModifyDBInstance", "ModifyDBCluster"),
    entity=(*(f"requestParameters.{name}" for name in NAMES), "userIdentity.arn"),
    summary="{actor} changed the master password by {eventName} in {awsRegion}",
    details=lambda options: shown_parameters(*NAMES, *MANAGED),
    false_positives=("Rotation on schedule; a lost password; a move to Secrets Manager.",),
    blind_spots=(
        "Passwords changed inside the database (ALTER USER).",
        "Rotation that Secrets Manager does by itself.",
    ),
    triage=(
        "Ask the database's owner; a change nobody knows of locks applications out as well.",
        "Look for a public address, a new security group or a restore near in time.",
        "Change the password again and end open sessions in the database.",
    ),
    references=(
        "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBInstance.html",
        "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.DBInstance.Modifying.html",
    ),
    related=("rds_made_public", "rds_restored"),
    origin=Origin(
        "Elastic",
        "f2015527-7c46-4bb9-80db-051657ddfb69",
        "persistence_rds_db_instance_password_modified.toml",
    ),
)
def rds_master_password_modified(options: Options) -> Column:
    """Whoever sets the master password of a database can read and change all that is in it.

    The right to modify an instance is thereby a right to its data, which IAM does not show.
    """
    given = request_parameter("masterUserPassword").isNotNull()
    rotated, managed = (is_true(request_parameter(name)) for name in MANAGED)
    return given | rotated | managed
