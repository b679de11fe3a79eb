import json

from trailhound.testing import ACCOUNT, fires, quiet, record

ALL = {
    "networkAclId": "acl-5fb85d36",
    "ruleNumber": 100,
    "egress": False,
    "ruleAction": "allow",
    "icmpTypeCode": {},
    "portRange": {},
    "aclProtocol": "-1",
    "cidrBlock": "0.0.0.0/0",
}
BOTH = {"include_egress": True}


def entry(name="CreateNetworkAclEntry", error=None, **asked):
    return record("ec2", name, {**ALL, **asked}, error=error)


def without(*names):
    asked = {name: value for name, value in ALL.items() if name not in names}
    return record("ec2", "CreateNetworkAclEntry", asked)


def ports(first, last):
    return {"from": first, "to": last}


CASES = [
    fires(
        "every protocol",
        entry(),
        entity="acl-5fb85d36",
        says="opened all ports in network ACL acl-5fb85d36; cidrBlock 0.0.0.0/0",
    ),
    fires("every protocol, in place of another entry", entry("ReplaceNetworkAclEntry")),
    fires("every protocol as a number", entry(aclProtocol=-1)),
    fires("every protocol, no ports said", without("portRange", "icmpTypeCode")),
    fires(
        "every IPv6 address",
        record(
            "ec2",
            "CreateNetworkAclEntry",
            {name: value for name, value in ALL.items() if name != "cidrBlock"}
            | {"ipv6CidrBlock": "::/0"},
        ),
        says="; ipv6CidrBlock ::/0",
    ),
    fires("one private address", entry(cidrBlock="10.0.0.1/32"), says="; cidrBlock 10.0.0.1/32"),
    fires("TCP, from port 0", entry(aclProtocol="6", portRange=ports(0, 65535))),
    fires("TCP, from port 1", entry(aclProtocol="6", portRange=ports(1, 65535))),
    fires("UDP", entry(aclProtocol="17", portRange=ports(0, 65535))),
    fires("TCP as a number, ports as texts", entry(aclProtocol=6, portRange=ports("1", "65535"))),
    fires(
        "ports inside a text",
        entry(aclProtocol="17", portRange=json.dumps(ports(0, 65535))),
    ),
    fires("inbound as a text", entry(egress="false")),
    fires(
        "a dry run, which is a failed call",
        entry(error="Client.DryRunOperation"),
        outcome="failure",
        severity="medium",
    ),
    fires(
        "a denied attempt that shows its parameters",
        entry(error="Client.UnauthorizedOperation"),
        outcome="failure",
        severity="medium",
    ),
    fires("outbound, if asked for", entry(egress=True), options=BOTH, says="egress true"),
    fires("outbound as a text, if asked for", entry(egress="true"), options=BOTH),
    fires("inbound, if outbound is asked for too", entry(), options=BOTH, says="egress false"),
    quiet("outbound", entry(egress=True)),
    quiet("outbound as a text", entry(egress="true")),
    quiet("no direction", without("egress")),
    quiet("no direction, if outbound is asked for too", without("egress"), options=BOTH),
    quiet("direction null", entry(egress=None)),
    quiet("a deny", entry(ruleAction="deny")),
    quiet("no action", without("ruleAction")),
    quiet("no protocol", without("aclProtocol")),
    quiet("one port", entry(aclProtocol="6", portRange=ports(443, 443))),
    quiet("from port 2", entry(aclProtocol="6", portRange=ports(2, 65535))),
    quiet("up to port 65534", entry(aclProtocol="17", portRange=ports(0, 65534))),
    quiet("TCP without ports", entry(aclProtocol="6")),
    quiet("TCP with half a range", entry(aclProtocol="6", portRange={"from": 0})),
    quiet("ICMP", entry(aclProtocol="1", portRange=ports(0, 65535))),
    quiet("a protocol that only ends alike", entry(aclProtocol="16", portRange=ports(0, 65535))),
    quiet(
        "a denied attempt, whose parameters CloudTrail leaves out",
        record("ec2", "CreateNetworkAclEntry", error="Client.UnauthorizedOperation"),
    ),
    quiet("a new ACL, which denies all", record("ec2", "CreateNetworkAcl", {"vpcId": "vpc-1"})),
    quiet("a deleted entry", entry("DeleteNetworkAclEntry")),
    quiet(
        "a security group",
        record("ec2", "AuthorizeSecurityGroupIngress", {**ALL, "groupId": "sg-1"}),
    ),
    quiet(
        "the same name at another service",
        record("networkmanager", "CreateNetworkAclEntry", ALL, recipientAccountId=ACCOUNT),
    ),
]
