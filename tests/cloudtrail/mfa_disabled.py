from trailhound.testing import ACCOUNT, fires, quiet, record

SERIAL = f"arn:aws:iam::{ACCOUNT}:mfa/phone"
DEVICE = {"userName": "bob", "serialNumber": SERIAL}

CASES = [
    fires(
        "a device deactivated",
        record("iam", "DeactivateMFADevice", DEVICE),
        entity="bob",
        says=f"called DeactivateMFADevice on MFA device {SERIAL}",
    ),
    fires(
        "a virtual device deleted",
        record("iam", "DeleteVirtualMFADevice", {"serialNumber": SERIAL}),
        entity=SERIAL,
    ),
    fires(
        "a denied attempt, whose parameters CloudTrail leaves out",
        record("iam", "DeactivateMFADevice", error="AccessDenied"),
        outcome="failure",
        severity="medium",
        entity=f"arn:aws:sts::{ACCOUNT}:assumed-role/Admin/alice",
        says="on MFA device unknown",
    ),
    fires(
        "a deletion of what does not exist",
        record(
            "iam",
            "DeleteVirtualMFADevice",
            {"serialNumber": SERIAL},
            error="NoSuchEntityException",
        ),
        outcome="failure",
        severity="medium",
    ),
    fires("a device deactivated by nobody known", record("iam", "DeactivateMFADevice", by=None)),
    quiet("a device enabled", record("iam", "EnableMFADevice", DEVICE)),
    quiet("a device made", record("iam", "CreateVirtualMFADevice", {"path": "/"})),
    quiet("a device in step again", record("iam", "ResyncMFADevice", DEVICE)),
    quiet(
        "the same name at another service",
        record("sso-directory", "DeactivateMFADevice", DEVICE),
    ),
    quiet(
        "a name that only begins alike",
        record("iam", "DeleteVirtualMFADevices", {"serialNumber": SERIAL}),
    ),
]
