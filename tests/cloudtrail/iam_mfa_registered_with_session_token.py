from trailhound.testing import ACCOUNT, ROLE, ROOT, USER, fires, quiet, record

CREATE = {"path": "/", "virtualMFADeviceName": "phone"}
ENABLE = {"userName": "bob", "serialNumber": f"arn:aws:iam::{ACCOUNT}:mfa/phone"}
SESSION = {**USER, "accessKeyId": "ASIAEXAMPLEEXAMPLE01"}
CONSOLE = {"sessionCredentialFromConsole": "true"}

CASES = [
    fires(
        "a device made with a role's session",
        record("iam", "CreateVirtualMFADevice", CREATE),
        entity=f"arn:aws:sts::{ACCOUNT}:assumed-role/Admin/alice",
        says="called CreateVirtualMFADevice with the session key ASIAEXAMPLEEXAMPLE00",
    ),
    fires(
        "a device enabled with a user's session token",
        record("iam", "EnableMFADevice", ENABLE, by=SESSION),
        entity=f"arn:aws:iam::{ACCOUNT}:user/bob",
    ),
    fires(
        "a denied attempt, whose parameters CloudTrail leaves out",
        record("iam", "CreateVirtualMFADevice", error="AccessDenied"),
        outcome="failure",
        severity="medium",
    ),
    fires(
        "a failed attempt that has only a message",
        record("iam", "EnableMFADevice", ENABLE, by=SESSION, errorMessage="Invalid code"),
        outcome="failure",
        severity="medium",
    ),
    fires(
        "root in the console",
        record(
            "iam",
            "CreateVirtualMFADevice",
            CREATE,
            by={**ROOT, "accessKeyId": "ASIAEXAMPLEEXAMPLE02"},
            **CONSOLE,
        ),
        entity=f"arn:aws:iam::{ACCOUNT}:root",
    ),
    fires(
        "a session that is not of the console, when those are left out",
        record("iam", "EnableMFADevice", ENABLE, by=SESSION),
        options={"include_console_sessions": False},
    ),
    fires(
        "a session said not to be of the console, when those are left out",
        record("iam", "EnableMFADevice", ENABLE, by=SESSION, sessionCredentialFromConsole="false"),
        options={"include_console_sessions": False},
    ),
    quiet(
        "a console session, when those are left out",
        record("iam", "EnableMFADevice", ENABLE, by=SESSION, **CONSOLE),
        options={"include_console_sessions": False},
    ),
    quiet(
        "a console session marked by a boolean, when those are left out",
        record("iam", "EnableMFADevice", ENABLE, by=SESSION, sessionCredentialFromConsole=True),
        options={"include_console_sessions": False},
    ),
    quiet("a device made with a long-lived key", record("iam", "CreateVirtualMFADevice", by=USER)),
    quiet("a device enabled with a long-lived key", record("iam", "EnableMFADevice", by=USER)),
    quiet(
        "no key at all",
        record("iam", "CreateVirtualMFADevice", CREATE, by=ROOT),
    ),
    quiet(
        "a key that holds ASIA only further on",
        record(
            "iam", "EnableMFADevice", ENABLE, by={**USER, "accessKeyId": "AKIAASIAEXAMPLE00000"}
        ),
    ),
    quiet("nobody known", record("iam", "CreateVirtualMFADevice", CREATE, by=None)),
    quiet(
        "only a service known",
        record("iam", "EnableMFADevice", by={"accountId": ACCOUNT, "invokedBy": "AWS Internal"}),
    ),
    quiet("a look at the devices", record("iam", "ListVirtualMFADevices", by=ROLE)),
    quiet("a device in step again", record("iam", "ResyncMFADevice", ENABLE, by=SESSION)),
    quiet("the same name at another service", record("sso", "EnableMFADevice", ENABLE, by=SESSION)),
    quiet("a name that only begins alike", record("iam", "EnableMFADevices", ENABLE, by=SESSION)),
]
