"""A network ACL, or one of its entries, deleted."""

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
    title="AWS Network Access Control List Deleted",
    severity=Severity.MEDIUM,
    outcome=Outcome.ANY,
    tactics=("TA0005",),
    techniques=("T1562.007",),
    reads=calls("ec2", "DeleteNetworkAcl", "DeleteNetworkAclEntry"),
    entity=("requestParameters.networkAclId", "userIdentity.arn"),
    summary="{actor} called {eventName} on network ACL {requestParameters.networkAclId}",
    details=lambda options: shown_parameters("ruleNumber", "egress"),
    false_positives=(
        "Network templates that are rolled out, and VPCs that are torn down.",
        "Entries that are replaced by deleting and creating them.",
    ),
    blind_spots=(
        "Entries replaced in place, or subnets moved to another ACL.",
        "Whether the deleted entry allowed or denied is not in the record.",
    ),
    triage=(
        "Find out from AWS Config what the entry did; a deleted deny opens the network.",
        "See whether the caller also opened ports (network_acl_all_ports_open).",
        "Put the entry back if nobody claims the change.",
    ),
    related=("network_acl_all_ports_open",),
    origin=Origin(
        "Splunk",
        "ada0f478-84a8-4641-a3f1-d82362d6fd75",
        "aws_network_access_control_list_deleted.yml",
    ),
)
def network_acl_deleted(options: Options) -> Column:
    """A deny that is deleted lets in what it kept out, for every machine of a subnet.

    Entries hold addresses that were blocked for a reason, and nothing breaks that would make
    anyone notice that they are gone.
    """
    return always()
