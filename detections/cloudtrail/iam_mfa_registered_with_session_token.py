"""An MFA device made or enabled with temporary credentials."""

from trailhound import (
    Column,
    Options,
    Origin,
    Outcome,
    Severity,
    calls,
    event,
    holds,
    is_true,
    single_event,
)


@single_event(
    title="AWS IAM Virtual MFA Device Registration Attempt with Session Token",
    severity=Severity.HIGH,
    outcome=Outcome.ANY,
    tactics=("TA0001", "TA0003", "TA0006"),
    techniques=("T1098.005", "T1556.006", "T1078.004"),
    reads=calls("iam", "CreateVirtualMFADevice", "EnableMFADevice"),
    options={"include_console_sessions": True},
    exempting=("sessionCredentialFromConsole",),
    entity=("userIdentity.arn",),
    summary="{actor} called {eventName} with the session key {userIdentity.accessKeyId}",
    false_positives=(
        "Users who set up their MFA in the console: every console session has such a key "
        "(include_console_sessions turns them off).",
        "Onboarding tools that work with an assumed role.",
    ),
    blind_spots=(
        "Devices registered with a long-lived key, or through IAM Identity Center.",
        "With include_console_sessions off: a stolen console session.",
    ),
    triage=(
        "Find where the session came from: the AssumeRole, GetSessionToken or sign-in before it.",
        "Ask the owner of the identity whether the device is theirs.",
        "If not, remove the device, revoke the session and change the credentials behind it.",
    ),
    related=("mfa_method_registered", "mfa_disabled"),
    origin=Origin(
        "Elastic",
        "e4feea34-3b62-4c83-b77f-018fbef48c00",
        "persistence_aws_attempt_to_register_virtual_mfa_device.toml",
    ),
)
def iam_mfa_registered_with_session_token(options: Options) -> Column:
    """A stolen session ends within hours; a device of the thief's own outlives it.

    Whoever holds temporary credentials and registers a second factor turns a short visit into a
    lasting one, and may lock the owner out.
    """
    is_session = holds(event("userIdentity.accessKeyId").startswith("ASIA"))
    if options["include_console_sessions"]:
        return is_session
    return is_session & ~is_true(event("sessionCredentialFromConsole"))
