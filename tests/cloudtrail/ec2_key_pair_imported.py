from trailhound.testing import ACCOUNT, ROLE, fires, quiet, record

KEY = {"keyName": "laptop", "publicKeyMaterial": "c3NoLXJzYSBBQUFB"}

CASES = [
    fires(
        "an import",
        record("ec2", "ImportKeyPair", KEY),
        entity=f"arn:aws:sts::{ACCOUNT}:assumed-role/Admin/alice",
        says="key pair laptop in eu-west-1",
    ),
    fires(
        "a denied import, whose parameters CloudTrail leaves out",
        record("ec2", "ImportKeyPair", error="Client.UnauthorizedOperation"),
        outcome="failure",
        severity="low",
    ),
    fires(
        "a dry run, which is a failed call",
        record("ec2", "ImportKeyPair", KEY, error="Client.DryRunOperation"),
        outcome="failure",
        severity="low",
    ),
    fires("an import by nobody known", record("ec2", "ImportKeyPair", KEY, by=None)),
    quiet("a key pair that EC2 makes", record("ec2", "CreateKeyPair", {"keyName": "laptop"})),
    quiet("the call of the same name at Lightsail", record("lightsail", "ImportKeyPair", KEY)),
    quiet("a name that only begins alike", record("ec2", "ImportKeyPairs", KEY, by=ROLE)),
]
