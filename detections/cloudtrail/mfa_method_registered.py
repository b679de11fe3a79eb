"""A new virtual MFA device."""

from trailhound import Column, Options, Origin, Outcome, Severity, always, calls, single_event


@single_event(
    title="AWS New MFA Method Registered For User",
    severity=Severity.MEDIUM,
    outcome=Outcome.ANY,
    tactics=("TA0003", "TA0006"),
    techniques=("T1556.006",),
    reads=calls("iam", "CreateVirtualMFADevice"),
    entity=("userIdentity.arn",),
    summary="{actor} made the virtual MFA device {requestParameters.virtualMFADeviceName}",
    false_positives=("New users, and users with a new phone.",),
    blind_spots=(
        "Hardware tokens and passkeys, which are enabled without being created.",
        "The record names the device, not the user it is for: EnableMFADevice does.",
    ),
    triage=(
        "Find the EnableMFADevice that follows, and ask its user whether the device is theirs.",
        "See whether the user's former device was removed around that time (mfa_disabled).",
        "If it is not theirs, remove the device and change the user's password and keys.",
    ),
    references=(
        "https://aws.amazon.com/blogs/security/you-can-now-assign-multiple-mfa-devices-in-iam/",
        "https://attack.mitre.org/techniques/T1556/",
    ),
    related=("iam_mfa_registered_with_session_token", "mfa_disabled"),
    origin=Origin(
        "Splunk",
        "4e3c26f2-4fb9-4bd7-ab46-1b76ffa2a23b",
        "aws_new_mfa_method_registered_for_user.yml",
    ),
)
def mfa_method_registered(options: Options) -> Column:
    """A user can have several second factors, and any one of them opens the account.

    An attacker who adds a device to a user that was taken over passes every MFA check from then on,
    while the owner's device works as before.
    """
    return always()
