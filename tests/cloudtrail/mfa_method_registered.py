from trailhound.testing import ACCOUNT, ROOT, USER, fires, quiet, record

CREATE = {"path": "/", "virtualMFADeviceName": "phone"}

CASES = [
    fires(
        "a device made by a user",
        record("iam", "CreateVirtualMFADevice", CREATE, by=USER),
        entity=f"arn:aws:iam::{ACCOUNT}:user/bob",
        says="made the virtual MFA device phone",
    ),
    fires("a device made with a session", record("iam", "CreateVirtualMFADevice", CREATE)),
    fires(
        "a device made by root in the console",
        record(
            "iam", "CreateVirtualMFADevice", CREATE, by=ROOT, sessionCredentialFromConsole="true"
        ),
        entity=f"arn:aws:iam::{ACCOUNT}:root",
    ),
    fires(
        "a denied attempt, whose parameters CloudTrail leaves out",
        record("iam", "CreateVirtualMFADevice", by=USER, error="AccessDenied"),
        outcome="failure",
        severity="low",
        says="made the virtual MFA device unknown",
    ),
    fires("a device made by nobody known", record("iam", "CreateVirtualMFADevice", by=None)),
    quiet("a device enabled", record("iam", "EnableMFADevice", {"userName": "bob"}, by=USER)),
    quiet("a device deleted", record("iam", "DeleteVirtualMFADevice", by=USER)),
    quiet("a look at the devices", record("iam", "ListVirtualMFADevices", by=USER)),
    quiet("the same name at another service", record("sso", "CreateVirtualMFADevice", CREATE)),
    quiet("a name that only begins alike", record("iam", "CreateVirtualMFADevices", CREATE)),
]
