"""Many users that fail to sign in from one address."""

from datetime import timedelta

from trailhound import (
    Column,
    Options,
    Origin,
    Outcome,
    Severity,
    calls,
    rate,
    sign_in_failed,
    source_address,
    user,
)


@rate(
    title="AWS Multiple Users Failing To Authenticate From Ip",
    severity=Severity.HIGH,
    outcome=Outcome.ANY,
    tactics=("TA0006",),
    techniques=("T1110.003", "T1110.004"),
    reads=calls("signin", "ConsoleLogin"),
    per=(source_address,),
    counts=user,
    threshold=30,
    within=timedelta(minutes=10),
    summary="{distinct_count} users failed to sign in from {entity}: {threshold} within {window}",
    false_positives=(
        "Many people behind one address: an office, a VPN, a training course.",
        "Penetration tests.",
    ),
    blind_spots=(
        "Attacks spread over many addresses, or slower than the threshold.",
        "Names that do not exist: they are masked in the records and are no user.",
        "Attempts whose passwords were right: only failures count.",
    ),
    triage=(
        "Find out whose address it is, and whether anyone signed in from it successfully.",
        "Change the passwords of those who did, and look at what they did next.",
        "Block the address where you can.",
    ),
    references=("https://attack.mitre.org/techniques/T1110/003/",),
    related=("multiple_failed_mfa_requests", "root_console_brute_force", "root_console_login"),
    origin=Origin(
        "Splunk",
        "71e1fb89-dd5f-4691-8523-575420de4630",
        "aws_multiple_users_failing_to_authenticate_from_ip.yml",
    ),
)
def multiple_users_failing_from_ip(options: Options) -> Column:
    """One password tried on many users fails only once for each: their address gives it away.

    The same goes for a list of leaked names and passwords that somebody works through.
    """
    return sign_in_failed()
