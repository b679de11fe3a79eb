"""Everyday calls on access: temporary credentials, keys, identities."""

import json

from trailhound.simulation.calls import Resources, Row, each
from trailhound.simulation.records import Call, Fields

_TOKEN = "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmx"
_ROLE_ARN = "arn:aws:iam::<account>:role/<role>"
_ROLE: Resources = (("AWS::IAM::Role", _ROLE_ARN),)
_KEY: Resources = (("AWS::KMS::Key", "arn:aws:kms:<region>:<account>:key/<key>"),)


def access_calls() -> list[Call]:
    """Return the calls; with `resource_calls`, their weights add up to about 1000."""
    return [*_security_token_service(), *_key_management(), *_identity()]


def _security_token_service() -> list[Call]:
    verbs = ("Create", "Delete", "Describe", "Modify")
    nouns = ["Addresses", "InternetGateway", "NetworkInterface", "RouteTables", "SecurityGroup"]
    nouns += ["Subnets", "Tags", "VpcAttribute", "Vpcs"]
    request = {"roleArn": _ROLE_ARN, "roleSessionName": "<role>", "durationSeconds": 3600}
    response = {
        "credentials": {
            "accessKeyId": "ASIA<short>",
            "sessionToken": _TOKEN,
            "expiration": "Mar 31, 2024, 11:59:59 PM",
        },
        "assumedRoleUser": {
            "assumedRoleId": "AROAEXAMPLE3XJZPD7QRT:<role>",
            "arn": "arn:aws:sts::<account>:assumed-role/<role>/<role>",
        },
    }
    allowed = [f"ec2:{verb}{noun}" for verb in verbs for noun in nouns]
    policy = {"Statement": [{"Effect": "Allow", "Action": allowed, "Resource": ["*"]}]}
    with_policy = {**request, "policy": json.dumps(policy, indent=2)}
    assumed = [
        ("AssumeRole", "service:lambda", 50.0, 0.0),
        ("AssumeRole", "service:ec2", 30.0, 0.0),
        ("AssumeRole", "service:ecs-tasks", 25.0, 0.0),
        ("AssumeRole", "service:config", 12.0, 0.0),
        ("AssumeRole", "service:states", 8.0, 0.0),
        ("AssumeRole", "workload", 6.0, 0.04),
        ("AssumeRole", "external", 5.0, 0.04),
        ("AssumeRoleWithWebIdentity", "web", 9.0, 0.02),
        ("AssumeRoleWithSAML", "saml", 2.0, 0.0),
    ]
    calls = [
        *each("sts", "GetCallerIdentity", "user", 6),
        *each("sts", "GetCallerIdentity", "workload", 4),
        *each("sts", "AssumeRole", "service:rds", 16, with_policy, response=response),
    ]
    for name, caller, weight, share in assumed:
        calls += each(
            "sts",
            name,
            caller,
            weight,
            request,
            response=response,
            resources=_ROLE,
            error_share=share,
        )
    return calls


def _key_management() -> list[Call]:
    kind = {"encryptionAlgorithm": "SYMMETRIC_DEFAULT"}
    secret = "arn:aws:secretsmanager:<region>:<account>:secret:<secret>"
    of_secret = {"encryptionContext": {"SecretARN": secret, "SecretVersionId": "<shared>"}, **kind}
    parameter = "arn:aws:ssm:<region>:<account>:parameter<parameter>"
    of_parameter = {"encryptionContext": {"PARAMETER_ARN": parameter}, **kind}
    of_bucket = {
        "keyId": "arn:aws:kms:<region>:<account>:key/<key>",
        "encryptionContext": {"aws:s3:arn": "arn:aws:s3:::<bucket>"},
        "keySpec": "AES_256",
    }
    table = {"aws:dynamodb:tableName": "<table>", "aws:dynamodb:subscriberId": "<account>"}
    of_table = {"encryptionContext": table, **kind}
    used: list[tuple[str, str, float, Fields, float]] = [
        ("Decrypt", "via:secretsmanager", 45, of_secret, 0.0),
        ("GenerateDataKey", "via:secretsmanager", 15, of_secret, 0.0),
        ("Decrypt", "via:ssm", 40, of_parameter, 0.03),
        ("Decrypt GenerateDataKey", "via:s3", 65, of_bucket, 0.01),
        ("GenerateDataKey", "service:logs", 20, of_bucket, 0.0),
        ("Decrypt", "service:dynamodb", 25, of_table, 0.0),
        ("DescribeKey ListAliases GetKeyPolicy", "user", 6, {"keyId": "<key>"}, 0.0),
    ]
    return [
        call
        for listed, caller, weight, request, share in used
        for call in each("kms", listed, caller, weight, request, resources=_KEY, error_share=share)
    ]


def _identity() -> list[Call]:
    of_role = "GetRole ListAttachedRolePolicies ListRolePolicies GetRolePolicy"
    role, user = {"roleName": "<role>"}, {"userName": "<user>"}
    missing = ("NoSuchEntityException", "The role policy with name default cannot be found.")
    asked: tuple[Row, ...] = (
        ("iam", of_role, "linked:config", 30, role),
        ("iam", "GetUser ListAccessKeys ListMFADevices", "linked:config", 8, user),
        ("iam", "GetAccountSummary ListAccountAliases ListUsers", "console", 4, None),
        ("iam", "GetAccountSummary ListMFADevices", "root", 0.4, None),
        (
            "health",
            "DescribeEventAggregates",
            "console",
            4,
            {"aggregateField": "eventTypeCategory"},
        ),
        ("ce", "GetCostAndUsage", "root", 0.3, None),
        ("sso", "ListInstances ListPermissionSets", "cli", 1, None),
        ("sso", "ListApplications", "directory", 1, None),
    )
    calls = [call for row in asked for call in each(*row)]
    calls += each("iam", of_role, "user", 16, role, error=missing, error_share=0.1)
    signed_in = {"LoginTo": "https://console.aws.amazon.com/console/home", "MobileVersion": "No"}
    return [
        *calls,
        Call(
            "signin",
            "ConsoleLogin",
            "login",
            1.5,
            response={"ConsoleLogin": "Success"},
            extra={**signed_in, "MFAUsed": "Yes"},
            event_type="AwsConsoleSignIn",
        ),
    ]
