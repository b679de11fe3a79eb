"""An MFA device taken from a user, or deleted."""

from trailhound import Column, Options, Origin, Outcome, Severity, always, calls, single_event


@single_event(
    title="AWS Multi-Factor Authentication Disabled",
    severity=Severity.HIGH,
    outcome=Outcome.ANY,
    tactics=("TA0003", "TA0005", "TA0006"),
    techniques=("T1556.006", "T1621"),
    reads=calls("iam", "DeactivateMFADevice", "DeleteVirtualMFADevice"),
    entity=("requestParameters.userName", "requestParameters.serialNumber", "userIdentity.arn"),
    summary="{actor} called {eventName} on MFA device {requestParameters.serialNumber}",
    false_positives=(
        "A user with a new phone, who removes the old device just before or after.",
        "Administrators who take leavers' devices away.",
        "A half-finished registration: its unused device is deleted.",
    ),
    blind_spots=(
        "Devices in IAM Identity Center or at an external identity provider.",
        "A policy that no longer asks for MFA.",
    ),
    triage=(
        "Ask the user whose device it was, over another channel than their mailbox.",
        "See whether another device follows, whose it is (mfa_method_registered), and who signs in "
        "without one.",
        "If nobody asked for it, disable the user's password and keys until MFA is back.",
    ),
    references=(
        "https://attack.mitre.org/techniques/T1621/",
        "https://aws.amazon.com/what-is/mfa/",
    ),
    related=("mfa_method_registered", "multiple_failed_mfa_requests"),
    origin=Origin(
        "Splunk",
        "374832b1-3603-420c-b456-b373e24d34c0",
        "aws_multi_factor_authentication_disabled.yml",
    ),
)
def mfa_disabled(options: Options) -> Column:
    """Without the second factor a stolen password is enough.

    Attackers who already are inside remove it to come back more easily, or to put a device of
    their own in its place.
    """
    return always()
