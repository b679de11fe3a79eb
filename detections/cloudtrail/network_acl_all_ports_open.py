"""A network ACL entry that lets every port through."""

from trailhound import (
    Column,
    Options,
    Origin,
    Outcome,
    Severity,
    calls,
    holds,
    is_any_of,
    is_false,
    is_true,
    number,
    request_parameter,
    shown_parameters,
    single_event,
)


@single_event(
    title="AWS Network Access Control List Created with All Open Ports",
    severity=Severity.HIGH,
    outcome=Outcome.ANY,
    tactics=("TA0005",),
    techniques=("T1562.007",),
    reads=calls("ec2", "CreateNetworkAclEntry", "ReplaceNetworkAclEntry"),
    options={"include_egress": False},
    entity=("requestParameters.networkAclId", "userIdentity.arn"),
    summary="{actor} opened all ports in network ACL {requestParameters.networkAclId}",
    details=lambda options: shown_parameters("cidrBlock", "ipv6CidrBlock", "egress"),
    false_positives=("Subnets that leave filtering to security groups, as the default ACL does.",),
    blind_spots=(
        "All ports opened by several entries together.",
        "Denied calls without parameters, and outbound entries unless include_egress is on.",
    ),
    triage=(
        "See which address range was let in and what runs in the ACL's subnets.",
        "Check the security groups there: only if they are open too is anything reachable.",
        "Remove the entry if nobody claims it, and look for connections since.",
    ),
    related=("network_acl_deleted",),
    origin=Origin(
        "Splunk",
        "ada0f478-84a8-4641-a3f1-d82362d6bd75",
        "aws_network_access_control_list_created_with_all_open_ports.yml",
    ),
)
def network_acl_all_ports_open(options: Options) -> Column:
    """A network ACL guards whole subnets; an entry for all ports undoes it in one call.

    What is left between the outside and the machines are their security groups.
    """
    allows = is_any_of(request_parameter("ruleAction"), "allow")
    egress, protocol = request_parameter("egress"), number(request_parameter("aclProtocol"))
    first, last = (number(request_parameter(f"portRange.{end}")) for end in ("from", "to"))
    every_port = protocol.isin(6, 17) & (first <= 1) & (last >= 65535)
    direction = is_false(egress)
    if options["include_egress"]:
        direction |= is_true(egress)
    return allows & direction & (holds(protocol == -1) | holds(every_port))
