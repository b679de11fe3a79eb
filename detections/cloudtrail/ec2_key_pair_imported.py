"""Import of an SSH key pair into EC2."""

from trailhound import Column, Options, Origin, Outcome, Severity, always, calls, single_event


@single_event(
    title="AWS Key Pair Import Activity",
    severity=Severity.MEDIUM,
    outcome=Outcome.ANY,
    tactics=("TA0001", "TA0003"),
    techniques=("T1078",),
    reads=calls("ec2", "ImportKeyPair"),
    entity=("userIdentity.arn",),
    summary="{actor} imported key pair {requestParameters.keyName} in {awsRegion}",
    false_positives=("Image pipelines and configuration tools that bring their own public key.",),
    blind_spots=("Keys put on a machine by user data or by Instance Connect leave no such call.",),
    triage=(
        "Ask whether the caller normally manages key pairs, and from that address.",
        "Look for RunInstances that name the key, and for sign-ins to those machines.",
        "Delete the key pair if nobody claims it.",
    ),
    references=("https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ImportKeyPair.html",),
    origin=Origin(
        "Sigma", "92f84194-8d9a-4ee0-8699-c30bfac59780", "aws_ec2_import_key_pair_activity.yml"
    ),
)
def ec2_key_pair_imported(options: Options) -> Column:
    """Whoever imports a public key can log in to every machine that is started with it.

    Unlike a created key, its private half never passed through AWS: it is the attacker's own.
    """
    return always()
