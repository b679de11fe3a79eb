"""The password policy of an account read, changed or deleted."""

from trailhound import (
    Column,
    Options,
    Origin,
    Outcome,
    Severity,
    always,
    calls,
    event,
    is_any_of,
    shown_parameters,
    single_event,
    text_when,
)


def only_read(options: Options) -> Column:
    """Return the severity of a call that changes nothing."""
    is_get = is_any_of(event("eventName"), "GetAccountPasswordPolicy")
    return text_when(is_get, Severity.INFORMATIONAL)


@single_event(
    title="AWS Password Policy Changes",
    severity=Severity.MEDIUM,
    severity_by_event=only_read,
    outcome=Outcome.SUCCESS,
    tactics=("TA0007",),
    techniques=("T1201",),
    reads=calls(
        "iam",
        "UpdateAccountPasswordPolicy",
        "GetAccountPasswordPolicy",
        "DeleteAccountPasswordPolicy",
    ),
    entity=("userIdentity.arn",),
    summary="{actor} called {eventName} in account {recipientAccountId}",
    details=lambda options: shown_parameters("minimumPasswordLength", "passwordReusePrevention"),
    false_positives=("Audit tools and the console, which read the policy often.",),
    blind_spots=("Denied calls, unless outcome is set to any.", "Policies outside IAM."),
    triage=(
        "For a change, compare the new policy with the one your organisation requires.",
        "For a read, see whether the caller goes on to list users, roles and policies.",
        "Put the old policy back if nobody claims the change.",
    ),
    related=("mfa_disabled", "identity_center_idp_change"),
    origin=Origin(
        "Splunk", "aee4a575-7064-4e60-b511-246f9baf9895", "aws_password_policy_changes.yml"
    ),
)
def password_policy_changed(options: Options) -> Column:
    """Reading the policy tells how to guess passwords; weakening it makes them easy to guess.

    The policy holds for every IAM user of the account, and it is changed once in years.
    """
    return always()
