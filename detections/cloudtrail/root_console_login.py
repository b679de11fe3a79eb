"""A console sign-in of a root user."""

from trailhound import Column, Options, Origin, Outcome, Severity, calls, is_root, single_event


@single_event(
    title="AWS Management Console Root Login",
    severity=Severity.MEDIUM,
    outcome=Outcome.SUCCESS,
    tactics=("TA0001",),
    techniques=("T1078.004",),
    reads=calls("signin", "ConsoleLogin"),
    entity=("userIdentity.arn", "userIdentity.accountId", "recipientAccountId"),
    summary="{actor} signed in to the console; MFA used: {additionalEventData.MFAUsed}",
    false_positives=("The few tasks that only root can do, such as closing an account.",),
    blind_spots=(
        "Root access keys, which need no console.",
        "Sessions of root that another account opens with AssumeRoot.",
    ),
    triage=(
        "Ask whoever keeps the root credentials whether and why they used them.",
        "Look for failed sign-ins before (root_console_brute_force) and every root call after.",
        "If nobody did: change the password, remove access keys and unknown MFA devices.",
    ),
    references=("https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-user.html",),
    related=("root_console_brute_force", "mfa_disabled"),
    origin=Origin(
        "Elastic", "e2a67480-3b79-403d-96e3-fdd2992c50ef", "initial_access_console_login_root.toml"
    ),
)
def root_console_login(options: Options) -> Column:
    """Root can do everything in its account, and no policy of the account holds it back.

    It is meant to stay locked away, so each of its sign-ins is worth a question; one without MFA
    is worth it at once.
    """
    return is_root()
