"""A database snapshot shared with another account, or with everyone."""

from trailhound import (
    Column,
    Options,
    Origin,
    Outcome,
    Severity,
    calls,
    is_any_of,
    listed,
    lists_any_of,
    lists_foreign_account,
    request_parameter,
    shown_parameters,
    single_event,
    text_when,
)

NAMES = ("dBSnapshotIdentifier", "dBClusterSnapshotIdentifier")


def _shared_with() -> Column:
    return listed(request_parameter("valuesToAdd"))


@single_event(
    title="AWS RDS DB Snapshot Shared with Another Account",
    severity=Severity.MEDIUM,
    severity_by_event=lambda _: text_when(lists_any_of(_shared_with(), "all"), Severity.HIGH),
    outcome=Outcome.SUCCESS,
    tactics=("TA0010",),
    techniques=("T1537",),
    reads=calls("rds", "ModifyDBSnapshotAttribute", "ModifyDBClusterSnapshotAttribute"),
    entity=(*(f"requestParameters.{name}" for name in NAMES), "userIdentity.arn"),
    summary="{actor} shared a snapshot with {requestParameters.valuesToAdd}",
    details=lambda options: shown_parameters(*NAMES),
    options={"trusted_accounts": ()},
    exempting=("userIdentity", "userIdentity.accountId", "recipientAccountId"),
    false_positives=("Copies to a backup or test account: name it in trusted_accounts.",),
    blind_spots=("Exports to S3, and copies made by other backup services.",),
    triage=(
        "Find out whose the other account is (all: everyone), and what data the snapshot holds.",
        "Take the sharing back; a copy that was made meanwhile stays with its maker.",
    ),
    references=(
        "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBSnapshotAttribute.html",
        "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ShareSnapshot.html",
    ),
    related=("rds_restored", "rds_made_public"),
    origin=Origin(
        "Elastic",
        "4577ef08-61d1-4458-909f-25a4b10c87fe",
        "exfiltration_rds_snapshot_shared_with_another_account.toml",
    ),
)
def rds_snapshot_shared(options: Options) -> Column:
    """A shared snapshot is the whole database, restored where its owner sees and controls nothing.

    It takes one call, moves no traffic through the network and is free.
    """
    with_everyone = lists_any_of(_shared_with(), "all")
    with_another = lists_foreign_account(_shared_with(), *options["trusted_accounts"])
    to_restore = is_any_of(request_parameter("attributeName"), "restore")
    return to_restore & (with_everyone | with_another)
