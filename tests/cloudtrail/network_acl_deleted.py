from trailhound.testing import ACCOUNT, fires, quiet, record

ENTRY = {"networkAclId": "acl-5fb85d36", "ruleNumber": 100, "egress": False}

CASES = [
    fires(
        "an inbound entry",
        record("ec2", "DeleteNetworkAclEntry", ENTRY),
        entity="acl-5fb85d36",
        says="DeleteNetworkAclEntry on network ACL acl-5fb85d36; ruleNumber 100, egress false",
    ),
    fires(
        "an outbound entry",
        record("ec2", "DeleteNetworkAclEntry", {**ENTRY, "egress": True}),
        says="egress true",
    ),
    fires(
        "a whole ACL",
        record("ec2", "DeleteNetworkAcl", {"networkAclId": "acl-5fb85d36"}),
        entity="acl-5fb85d36",
        says="called DeleteNetworkAcl on",
    ),
    fires(
        "a denied attempt, whose parameters CloudTrail leaves out",
        record("ec2", "DeleteNetworkAclEntry", error="Client.UnauthorizedOperation"),
        outcome="failure",
        severity="low",
        entity=f"arn:aws:sts::{ACCOUNT}:assumed-role/Admin/alice",
        says="network ACL unknown",
    ),
    fires(
        "a dry run, which is a failed call",
        record("ec2", "DeleteNetworkAcl", ENTRY, error="Client.DryRunOperation"),
        outcome="failure",
        severity="low",
    ),
    quiet("an entry made", record("ec2", "CreateNetworkAclEntry", ENTRY)),
    quiet("an entry replaced", record("ec2", "ReplaceNetworkAclEntry", ENTRY)),
    quiet("a subnet moved to another ACL", record("ec2", "ReplaceNetworkAclAssociation")),
    quiet("a security group", record("ec2", "DeleteSecurityGroup", {"groupId": "sg-1"})),
    quiet("a name that only begins alike", record("ec2", "DeleteNetworkAclEntries", ENTRY)),
    quiet("the same name at another service", record("networkmanager", "DeleteNetworkAcl", ENTRY)),
]
