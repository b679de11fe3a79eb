"""Many failed console sign-ins of a root user."""

from datetime import timedelta

from trailhound import (
    Column,
    Options,
    Origin,
    Outcome,
    Severity,
    account,
    calls,
    is_root,
    rate,
    sign_in_failed,
)


@rate(
    title="AWS Management Console Brute Force of Root User Identity",
    severity=Severity.HIGH,
    outcome=Outcome.ANY,
    tactics=("TA0006",),
    techniques=("T1110.001",),
    reads=calls("signin", "ConsoleLogin"),
    per=(account,),
    threshold=10,
    within=timedelta(minutes=6),
    summary="{event_count} failed root sign-ins to account {entity}: {threshold} within {window}",
    false_positives=("An owner who tries to remember the password.",),
    blind_spots=(
        "Guesses slower than the threshold.",
        "Sign-ins with a wrong e-mail address are recorded without an account.",
    ),
    triage=(
        "See whether a root sign-in succeeded afterwards (root_console_login).",
        "Ask the account's owner whether the attempts were theirs.",
        "Change the password and check that MFA is on for root.",
    ),
    references=("https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-user.html",),
    related=("root_console_login", "multiple_failed_mfa_requests"),
    origin=Origin(
        "Elastic",
        "4d50a94f-2844-43fa-8395-6afbd5e1c5ef",
        "credential_access_root_console_failure_brute_force.toml",
    ),
)
def root_console_brute_force(options: Options) -> Column:
    """Root can do everything in its account and cannot be limited: its password is worth guessing.

    Failed root sign-ins are rare in a well-kept account, a run of them is an attack or an owner
    who has lost the password.
    """
    return is_root() & sign_in_failed()
