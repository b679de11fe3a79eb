"""Many sign-ins of one user that fail although MFA was used."""

from datetime import timedelta

from trailhound import (
    Column,
    Options,
    Origin,
    Outcome,
    Severity,
    account,
    calls,
    is_any_of,
    json_value,
    rate,
    sign_in_failed,
    user_name,
)


@rate(
    title="AWS Multiple Failed MFA Requests For User",
    severity=Severity.MEDIUM,
    outcome=Outcome.ANY,
    tactics=("TA0006",),
    techniques=("T1621",),
    reads=calls("signin", "ConsoleLogin"),
    per=(account, user_name),
    threshold=11,
    within=timedelta(minutes=5),
    summary="{event_count} failed MFA sign-ins of {entity}: {threshold} within {window}",
    false_positives=("A user whose device has the wrong time, or who picks the wrong device.",),
    blind_spots=(
        "Attempts slower than the threshold.",
        "Users whose name the record masks or leaves out.",
        "Sign-ins through IAM Identity Center, whose MFA is not in these records.",
    ),
    triage=(
        "Ask the user whether the attempts were theirs.",
        "See whether a sign-in succeeded afterwards, and from where.",
        "If they were not: the password is known to someone else; change it and end the sessions.",
    ),
    references=(
        "https://attack.mitre.org/techniques/T1621/",
        "https://aws.amazon.com/what-is/mfa/",
    ),
    related=("multiple_users_failing_from_ip", "mfa_disabled", "root_console_brute_force"),
    origin=Origin(
        "Splunk",
        "1fece617-e614-4329-9e61-3ba228c0f353",
        "aws_multiple_failed_mfa_requests_for_user.yml",
    ),
)
def multiple_failed_mfa_requests(options: Options) -> Column:
    """Whoever comes as far as the second factor usually has the password already.

    A run of failures there is somebody who guesses codes, or talks their owner into giving them.
    """
    return sign_in_failed() & is_any_of(json_value("additionalEventData", "MFAUsed"), "Yes")
