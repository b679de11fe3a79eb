"""Attacks of a single call, what each must raise, and attempts that must raise nothing."""

from collections.abc import Mapping
from dataclasses import dataclass

from trailhound.simulation.calls import denied
from trailhound.simulation.records import Call, Fields
from trailhound.simulation.world import EXTERNAL_ACCOUNTS

_HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
_PUBLIC = {"cidrBlock": "0.0.0.0/0"}


@dataclass(frozen=True)
class Attack:
    """A call, and the severity of each detection that must fire on it. None: it stays quiet."""

    call: Call
    fires: Mapping[str, str]

    @property
    def failed(self) -> bool:
        """Whether the call ends with its error."""
        return bool(self.call.errors)


def attacks() -> list[Attack]:
    """Return one round: every single-event detection is fired, most of them in several ways."""
    return [
        *_multi_factor(),
        *_sign_in(),
        *_identity_provider(),
        *_password_policy(),
        *_keys(),
        *_network(),
        *_functions(),
        *_databases(),
        *_database_settings(),
        *_snapshots(),
    ]


def _attack(
    source: str, name: str, by: str, request: Fields | None, /, failed: str = "", **fires: str
) -> Attack:
    """Return an attack; `failed` is an errorCode, or "denied", or empty for a call that worked."""
    error = denied(source) if failed == "denied" else (failed, "The request was not carried out")
    return Attack(Call(source, name, by, request=request, errors=(error,) if failed else ()), fires)


def _multi_factor() -> list[Attack]:
    device = {"path": "/", "virtualMFADeviceName": "<user>-phone"}
    enabled = {"userName": "<user>", "serialNumber": "arn:aws:iam::<account>:mfa/<user>-phone"}
    off = {"userName": "<user>", "serialNumber": "arn:aws:iam::<account>:mfa/<user>"}
    create, enable = "CreateVirtualMFADevice", "EnableMFADevice"
    session = "iam_mfa_registered_with_session_token"
    both = {session: "high", "mfa_method_registered": "medium"}
    lowered = {session: "medium", "mfa_method_registered": "low"}
    return [
        _attack("iam", create, "console", device, **both),
        _attack("iam", create, "root", device, **both),
        _attack("iam", create, "cli", None, failed="denied", **lowered),
        _attack("iam", create, "user", device, mfa_method_registered="medium"),
        _attack("iam", enable, "cli", enabled, **{session: "high"}),
        _attack("iam", "DeactivateMFADevice", "user", off, mfa_disabled="high"),
        _attack("iam", "DeactivateMFADevice", "cli", None, failed="denied", mfa_disabled="medium"),
        _attack("iam", "DeleteVirtualMFADevice", "root", off, mfa_disabled="high"),
    ]


def _sign_in() -> list[Attack]:
    home = "https://console.aws.amazon.com/console/home"
    return [
        Attack(
            Call(
                "signin",
                "ConsoleLogin",
                "root_login",
                response={"ConsoleLogin": "Success"},
                extra={"LoginTo": home, "MobileVersion": "No", "MFAUsed": mfa},
                event_type="AwsConsoleSignIn",
            ),
            {"root_console_login": "medium"},
        )
        for mfa in ("Yes", "No")
    ]


def _identity_provider() -> list[Attack]:
    directory = {"directoryId": "d-9067f4e1a2"}
    of_directory = "ExternalIdPConfigurationForDirectory"
    found = [
        _attack(source, name, "console", directory, identity_center_idp_change="high")
        for source, name in (
            ("sso", "AssociateDirectory"),
            ("sso", "DisassociateDirectory"),
            ("sso", "UpdateDirectoryAssociation"),
            ("sso", f"Disable{of_directory}"),
            ("sso-directory", f"Enable{of_directory}"),
            ("sso-directory", f"Create{of_directory}"),
            ("sso-directory", f"Update{of_directory}"),
        )
    ]
    refused = {"failed": "denied", "identity_center_idp_change": "medium"}
    return [*found, _attack("sso-directory", f"Delete{of_directory}", "cli", None, **refused)]


def _password_policy() -> list[Attack]:
    weak = {"minimumPasswordLength": 6, "requireSymbols": False, "requireNumbers": False}
    update, delete = "UpdateAccountPasswordPolicy", "DeleteAccountPasswordPolicy"
    return [
        _attack("iam", update, "root", weak, password_policy_changed="medium"),
        _attack("iam", delete, "cli", None, password_policy_changed="medium"),
        _attack(
            "iam",
            "GetAccountPasswordPolicy",
            "user",
            None,
            password_policy_changed="informational",
        ),
        _attack("iam", update, "user", None, failed="denied"),
    ]


def _keys() -> list[Attack]:
    key = {"keyId": "arn:aws:kms:<region>:<account>:key/<key>"}
    week = {**key, "pendingWindowInDays": 7}
    mine = {**key, "expirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}
    disabled = "kms_key_disabled_or_scheduled_for_deletion"
    dry_run = "Client.DryRunOperation"
    pair = {"keyName": "support", "publicKeyMaterial": "c3NoLXJzYSBFWEFNUExF"}
    expired = "ExpiredImportTokenException"
    return [
        _attack("ec2", "ImportKeyPair", "cli", pair, ec2_key_pair_imported="medium"),
        _attack("ec2", "ImportKeyPair", "user", pair, failed=dry_run, ec2_key_pair_imported="low"),
        _attack("kms", "DisableKey", "user", key, **{disabled: "medium"}),
        _attack("kms", "ScheduleKeyDeletion", "cli", week, **{disabled: "medium"}),
        _attack("kms", "ScheduleKeyDeletion", "user", None, failed="denied", **{disabled: "low"}),
        _attack("kms", "ImportKeyMaterial", "cli", mine, kms_imported_key_material="high"),
        _attack("kms", "DeleteImportedKeyMaterial", "user", key, kms_imported_key_material="high"),
        _attack(
            "kms",
            "ImportKeyMaterial",
            "user",
            mine,
            failed=expired,
            kms_imported_key_material="medium",
        ),
    ]


def _network() -> list[Attack]:
    entry = {"networkAclId": "<acl>", "ruleNumber": 1, "egress": False, "ruleAction": "allow"}
    anything = {**entry, "aclProtocol": "-1", "portRange": {}, **_PUBLIC}
    tcp = {**entry, "aclProtocol": "6", "portRange": {"from": 0, "to": 65535}, **_PUBLIC}
    ports = {"from": 1, "to": 65535}
    udp = {**entry, "aclProtocol": "17", "portRange": ports, "ipv6CidrBlock": "::/0"}
    rule = {"networkAclId": "<acl>", "ruleNumber": 100}
    create, replace = "CreateNetworkAclEntry", "ReplaceNetworkAclEntry"
    opened = {"network_acl_all_ports_open": "high"}
    denied_open = {"failed": "denied", "network_acl_all_ports_open": "medium"}
    gone, denied_gone = {"network_acl_deleted": "medium"}, {"network_acl_deleted": "low"}
    return [
        _attack("ec2", create, "user", anything, **opened),
        _attack("ec2", replace, "cli", tcp, **opened),
        _attack("ec2", create, "cli", udp, **opened),
        _attack("ec2", create, "user", anything, **denied_open),
        _attack("ec2", "DeleteNetworkAclEntry", "user", {**rule, "egress": True}, **gone),
        _attack("ec2", "DeleteNetworkAclEntry", "user", rule, failed="denied", **denied_gone),
        _attack("ec2", "DeleteNetworkAcl", "cli", {"networkAclId": "<acl>"}, **gone),
    ]


def _functions() -> list[Attack]:
    function = {"functionName": "<function>"}
    anyone = {**function, "statementId": "open", "principal": "*"}
    invoke = {**anyone, "action": "lambda:InvokeFunction"}
    url = {**anyone, "action": "lambda:InvokeFunctionUrl", "functionUrlAuthType": "NONE"}
    layer = {**function, "layers": ["arn:aws:lambda:<region>:111122223333:layer:helper:3"]}
    allow, code = "AddPermission20150331v2", "UpdateFunctionCode20150331v2"
    configure = "UpdateFunctionConfiguration20150331v2"
    public = {"lambda_public_invocation": "high"}
    layers = {"lambda_layer_added": "low", "lambda_layer_attached": "low"}
    busy = {"failed": "ResourceConflictException", "lambda_layer_attached": "informational"}
    updated = {"lambda_function_code_updated": "medium"}
    return [
        _attack("lambda", allow, "user", invoke, **public),
        _attack("lambda", allow, "cli", {**url, "principal": {"AWS": "*"}}, **public),
        _attack("lambda", allow, "user", invoke, failed="ResourceConflictException"),
        _attack("lambda", configure, "user", layer, **layers),
        # Only one of the two detections of layers looks at failed calls.
        _attack("lambda", configure, "cli", layer, **busy),
        _attack("lambda", code, "user", {**function, "publish": True, "dryRun": False}, **updated),
        _attack("lambda", code, "user", {**function, "dryRun": True}, **updated),
        _attack("lambda", code, "user", function, failed="ResourceConflictException"),
    ]


def _databases() -> list[Attack]:
    instance, cluster = {"dBInstanceIdentifier": "<db>"}, {"dBClusterIdentifier": "<db>"}
    gone, back = {"rds_deleted": "medium"}, {"rds_restored": "medium"}
    copy = {**instance, "dBSnapshotIdentifier": "<db>-weekly", "publiclyAccessible": True}
    bucket = {**instance, "s3BucketName": "<bucket>", "sourceEngine": "mysql"}
    everywhere = {"globalClusterIdentifier": "<db>"}
    return [
        _attack("rds", "DeleteDBInstance", "cli", {**instance, "skipFinalSnapshot": True}, **gone),
        _attack("rds", "DeleteDBCluster", "user", {**cluster, "skipFinalSnapshot": True}, **gone),
        _attack("rds", "DeleteGlobalCluster", "user", everywhere, **gone),
        _attack("rds", "DeleteDBCluster", "user", cluster, failed="InvalidDBClusterStateFault"),
        _attack("rds", "RestoreDBInstanceFromDBSnapshot", "cli", copy, **back),
        _attack("rds", "RestoreDBInstanceFromS3", "user", bucket, **back),
        _attack("rds", "RestoreDBInstanceFromS3", "user", bucket, failed="S3AccessDenied"),
    ]


def _database_settings() -> list[Attack]:
    instance, cluster = {"dBInstanceIdentifier": "<db>"}, {"dBClusterIdentifier": "<db>"}
    open_wide = {**instance, "publiclyAccessible": True}
    created = {**open_wide, "engine": "mysql", "masterUserPassword": _HIDDEN}
    unprotected = {"deletionProtection": False}
    password = {"masterUserPassword": _HIDDEN}
    all_of_it = {**open_wide, **unprotected, **password, "applyImmediately": True}
    modify, modify_cluster = "ModifyDBInstance", "ModifyDBCluster"
    public = {"rds_made_public": "medium"}
    unsafe = {"rds_deletion_protection_disabled": "medium"}
    changed = {"rds_master_password_modified": "medium"}
    rotated = {**cluster, "rotateMasterUserPassword": True}
    return [
        _attack("rds", modify, "cli", open_wide, **public),
        _attack("rds", "CreateDBInstance", "user", created, **public),
        _attack("rds", modify, "cli", all_of_it, **public, **unsafe, **changed),
        _attack("rds", modify, "user", all_of_it, failed="InvalidDBInstanceState"),
        _attack("rds", modify_cluster, "user", {**cluster, **unprotected}, **unsafe),
        _attack("rds", "ModifyGlobalCluster", "cli", {"deletionProtection": "false"}, **unsafe),
        _attack("rds", modify, "user", {**instance, **password}, **changed),
        _attack("rds", modify_cluster, "cli", rotated, **changed),
        _attack("rds", modify, "cli", {**instance, "manageMasterUserPassword": True}, **changed),
    ]


def _snapshots() -> list[Attack]:
    restore = {"attributeName": "restore"}
    snapshot = {"dBSnapshotIdentifier": "<db>-weekly", **restore}
    cluster = {"dBClusterSnapshotIdentifier": "<db>-weekly", **restore}
    share, share_cluster = "ModifyDBSnapshotAttribute", "ModifyDBClusterSnapshotAttribute"
    strangers = {"valuesToAdd": ["<account>", EXTERNAL_ACCOUNTS[0]]}
    everyone = {"valuesToAdd": ["all"]}
    refused = "SnapshotNotFoundFault"
    return [
        _attack("rds", share, "user", {**snapshot, **strangers}, rds_snapshot_shared="medium"),
        _attack("rds", share, "cli", {**snapshot, **everyone}, rds_snapshot_shared="high"),
        _attack("rds", share_cluster, "user", {**cluster, **everyone}, rds_snapshot_shared="high"),
        _attack("rds", share, "user", {**snapshot, **everyone}, failed=refused),
    ]
