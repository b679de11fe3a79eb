"""Calls that look like an attack and are none: every detection must stay quiet on them.

They make up one or two in a hundred records of the background. Comments say what keeps them quiet.
"""

from trailhound.simulation.calls import each, failed_sign_in
from trailhound.simulation.records import Call, Fields
from trailhound.simulation.world import EXTERNAL_ACCOUNTS

_WEIGHT = 0.35
_Row = tuple[str, str, str, Fields | None]
"""Source, names separated by blanks, caller, requestParameters."""


def near_misses() -> list[Call]:
    """Return the calls that come near to a detection."""
    rows = (*_identity(), *_compute(), *_keys(), *_functions(), *_databases())
    calls = [call for row in rows for call in each(*row[:3], _WEIGHT, row[3])]
    # A mistyped password: never with MFA, so that it counts for no rate of that kind.
    return [*calls, *_by_answer(), *_failed(), failed_sign_in(mfa=False, weight=1.0)]


def _identity() -> tuple[_Row, ...]:
    device = {"serialNumber": "arn:aws:iam::<account>:mfa/<user>", "userName": "<user>"}
    return (
        # A long-lived key is no session token.
        ("iam", "EnableMFADevice", "user", device),
        ("iam", "ListVirtualMFADevices ResyncMFADevice", "console", device),
        # Reading a directory changes no identity provider.
        ("sso", "ListDirectoryAssociations", "console", None),
        ("sso-directory", "DescribeDirectory", "console", {"identityStoreId": "d-9067f4e1a2"}),
    )


def _compute() -> tuple[_Row, ...]:
    entry = {
        "networkAclId": "<acl>",
        "ruleNumber": 120,
        "egress": False,
        "ruleAction": "allow",
        "icmpTypeCode": {},
        "portRange": {},
        "aclProtocol": "-1",
        "cidrBlock": "10.0.0.0/8",
    }
    some_ports = {"aclProtocol": "6", "portRange": {"from": 1024, "to": 65535}}
    statement = {
        "label": "backup",
        "aWSAccountIds": [EXTERNAL_ACCOUNTS[0]],
        "actionNames": ["SendMessage"],
    }
    return (
        # The key was made by AWS, not brought along; and Lightsail is not EC2.
        ("ec2", "CreateKeyPair DeleteKeyPair DescribeKeyPairs", "cli", {"keyName": "<user>"}),
        ("lightsail", "ImportKeyPair", "cli", {"keyPairName": "<user>"}),
        # Outgoing, denying, or not all ports.
        ("ec2", "CreateNetworkAclEntry", "user", {**entry, "egress": True}),
        ("ec2", "ReplaceNetworkAclEntry", "user", {**entry, "ruleAction": "deny"}),
        ("ec2", "CreateNetworkAclEntry", "user", {**entry, **some_ports}),
        ("ec2", "CreateNetworkAcl", "user", {"vpcId": "<vpc>"}),
        ("ec2", "DeleteSecurityGroup", "user", {"groupId": "<group>"}),
        # The same name as Lambda's call, for a queue and a topic.
        (
            "sqs",
            "AddPermission",
            "user",
            {"queueUrl": "https://sqs.<region>.amazonaws.com/<account>/<queue>", **statement},
        ),
        (
            "sns",
            "AddPermission",
            "user",
            {"topicArn": "arn:aws:sns:<region>:<account>:a", **statement},
        ),
    )


def _keys() -> tuple[_Row, ...]:
    key: Fields = {"keyId": "arn:aws:kms:<region>:<account>:key/<key>"}
    wrapping = {**key, "wrappingAlgorithm": "RSAES_OAEP_SHA_256", "wrappingKeySpec": "RSA_4096"}
    return (
        # The key stays as it is; and AWS, not a person, deletes material that has expired.
        ("kms", "DisableKeyRotation EnableKey CancelKeyDeletion", "cli", key),
        ("kms", "GetParametersForImport", "cli", wrapping),
        ("kms", "DeleteExpiredKeyMaterial", "nobody:kms", key),
    )


def _functions() -> tuple[_Row, ...]:
    function: Fields = {"functionName": "<function>"}
    allowed = {**function, "statementId": "invoke", "action": "lambda:InvokeFunction"}
    layer = {"layerName": "shared-tools", "versionNumber": 4, "statementId": "all"}
    return (
        # A service may invoke; everyone may, but only read; a layer is given away, not a function.
        ("lambda", "AddPermission20150331v2", "user", {**allowed, "principal": "s3.amazonaws.com"}),
        (
            "lambda",
            "AddPermission20150331v2",
            "user",
            {**allowed, "action": "lambda:GetFunction", "principal": "*"},
        ),
        (
            "lambda",
            "AddLayerVersionPermission20181031",
            "cli",
            {**layer, "action": "lambda:GetLayerVersion", "principal": "*"},
        ),
        # No layer is named, or all are taken away.
        ("lambda", "UpdateFunctionConfiguration20150331v2", "user", {**function, "timeout": 30}),
        ("lambda", "UpdateFunctionConfiguration20150331v2", "cli", {**function, "layers": []}),
        ("lambda", "PublishLayerVersion20181031", "cli", {"layerName": "shared-tools"}),
        # A pipeline deploys with a role.
        ("lambda", "UpdateFunctionCode20150331v2", "workload", {**function, "dryRun": False}),
    )


def _databases() -> tuple[_Row, ...]:
    instance: Fields = {"dBInstanceIdentifier": "<db>", "applyImmediately": True}
    new = {**instance, "engine": "postgres", "masterUserPassword": "HIDDEN_DUE_TO_SECURITY_REASONS"}
    shared = {"dBSnapshotIdentifier": "<db>-weekly", "attributeName": "restore"}
    return (
        # Changes of something else, or the other way round.
        ("rds", "ModifyDBInstance", "user", {**instance, "backupRetentionPeriod": 14}),
        ("rds", "ModifyDBInstance", "user", {**instance, "deletionProtection": True}),
        (
            "rds",
            "ModifyDBCluster",
            "user",
            {"dBClusterIdentifier": "<db>", "manageMasterUserPassword": False},
        ),
        (
            "rds",
            "CreateDBInstance",
            "user",
            {**new, "publiclyAccessible": False, "deletionProtection": False},
        ),
        # Backups are deleted, not databases; a copy is made by another call.
        ("rds", "DeleteDBInstanceAutomatedBackup DeleteDBSnapshot", "user", instance),
        ("rds", "DeleteDBClusterSnapshot", "user", {"dBClusterSnapshotIdentifier": "<db>-weekly"}),
        ("rds", "RestoreDBInstanceToPointInTime", "user", {"sourceDBInstanceIdentifier": "<db>"}),
        # Sharing is taken back; or the snapshot stays in its own account.
        (
            "rds",
            "ModifyDBSnapshotAttribute",
            "user",
            {**shared, "valuesToRemove": [EXTERNAL_ACCOUNTS[0]]},
        ),
        ("rds", "ModifyDBSnapshotAttribute", "user", {**shared, "valuesToAdd": ["<account>"]}),
    )


def _by_answer() -> list[Call]:
    """Return an unrelated change, whose answer repeats that the database is public."""
    state = {
        "dBInstanceIdentifier": "<db>",
        "dBInstanceStatus": "available",
        "publiclyAccessible": True,
        "deletionProtection": False,
        "pendingModifiedValues": {"masterUserPassword": "****"},
    }
    request = {"dBInstanceIdentifier": "<db>", "allocatedStorage": 200}
    return each("rds", "ModifyDBInstance", "user", _WEIGHT, request, response=state)


def _failed() -> list[Call]:
    """Return failed calls of detections that look only at calls that worked."""
    entity = (
        "NoSuchEntityException",
        "The Password Policy with domain name <account> cannot be found.",
    )
    state = ("InvalidDBInstanceState", "Cannot delete protected DB Instance")
    protected = {"dBInstanceIdentifier": "<db>"}
    policy = ("GetAccountPasswordPolicy", "linked:config")
    code = ("UpdateFunctionCode20150331v2", "user")
    return [
        *each("iam", *policy, _WEIGHT, error=entity, error_share=1.0),
        *each("rds", "DeleteDBInstance", "user", _WEIGHT, protected, error=state, error_share=1.0),
        *each("lambda", *code, _WEIGHT, error_share=1.0),
    ]
