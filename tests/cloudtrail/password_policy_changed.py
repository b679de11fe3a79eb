from trailhound.testing import ACCOUNT, USER, fires, quiet, record

POLICY = {
    "minimumPasswordLength": 6,
    "requireSymbols": False,
    "requireNumbers": False,
    "requireUppercaseCharacters": False,
    "requireLowercaseCharacters": False,
    "allowUsersToChangePassword": True,
    "hardExpiry": False,
}
EVEN_FAILED = {"outcome": "any"}

CASES = [
    fires(
        "a change",
        record("iam", "UpdateAccountPasswordPolicy", POLICY),
        entity=f"arn:aws:sts::{ACCOUNT}:assumed-role/Admin/alice",
        says=f"UpdateAccountPasswordPolicy in account {ACCOUNT}; minimumPasswordLength 6",
    ),
    fires("a deletion", record("iam", "DeleteAccountPasswordPolicy", by=USER)),
    fires(
        "a read, which only informs",
        record("iam", "GetAccountPasswordPolicy", by=USER, readOnly=True),
        severity="informational",
        entity=f"arn:aws:iam::{ACCOUNT}:user/bob",
    ),
    fires(
        "a read, where the severity is set",
        record("iam", "GetAccountPasswordPolicy"),
        severity="high",
        options={"severity": "high"},
    ),
    fires(
        "a denied change, if asked for",
        record("iam", "UpdateAccountPasswordPolicy", error="AccessDenied"),
        outcome="failure",
        severity="low",
        options=EVEN_FAILED,
    ),
    fires(
        "a denied read, if asked for: the lowest severity stays",
        record("iam", "GetAccountPasswordPolicy", error="AccessDenied"),
        outcome="failure",
        severity="informational",
        options=EVEN_FAILED,
    ),
    fires("errors that say nothing", record("iam", "DeleteAccountPasswordPolicy", errorCode="")),
    quiet("a denied change", record("iam", "UpdateAccountPasswordPolicy", error="AccessDenied")),
    quiet("a denied deletion", record("iam", "DeleteAccountPasswordPolicy", error="AccessDenied")),
    quiet(
        "a read where there is no policy",
        record("iam", "GetAccountPasswordPolicy", error="NoSuchEntityException"),
    ),
    quiet("a user's own password", record("iam", "ChangePassword", by=USER)),
    quiet("a summary of the account", record("iam", "GetAccountSummary", by=USER)),
    quiet(
        "the same name at another service",
        record("cognito-idp", "UpdateAccountPasswordPolicy", POLICY),
    ),
    quiet("a name that only begins alike", record("iam", "GetAccountPasswordPolicyV2")),
]
