from trailhound.testing import ACCOUNT, fires, quiet, record

KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"

CASES = [
    fires(
        "a key disabled",
        record("kms", "DisableKey", {"keyId": KEY}),
        entity=KEY,
        says=f"called DisableKey on key {KEY} in eu-west-1",
    ),
    fires(
        "a deletion scheduled",
        record("kms", "ScheduleKeyDeletion", {"keyId": KEY, "pendingWindowInDays": 7}),
        entity=KEY,
        says="; pendingWindowInDays 7",
    ),
    fires(
        "a denied deletion, whose parameters CloudTrail leaves out",
        record("kms", "ScheduleKeyDeletion", error="AccessDenied"),
        outcome="failure",
        severity="low",
        entity=f"arn:aws:sts::{ACCOUNT}:assumed-role/Admin/alice",
    ),
    fires(
        "a dry run, which is a failed call",
        record("kms", "DisableKey", {"keyId": KEY, "dryRun": True}, error="DryRunOperation"),
        outcome="failure",
        severity="low",
    ),
    fires("a key disabled by nobody known", record("kms", "DisableKey", {"keyId": KEY}, by=None)),
    quiet("rotation switched off", record("kms", "DisableKeyRotation", {"keyId": KEY})),
    quiet("a key enabled", record("kms", "EnableKey", {"keyId": KEY})),
    quiet("a deletion called off", record("kms", "CancelKeyDeletion", {"keyId": KEY})),
    quiet("the deletion itself, by AWS", record("kms", "DeleteKey", by=None)),
    quiet("the same name at another service", record("apigateway", "DisableKey", {"keyId": KEY})),
]
