"""A change of where IAM Identity Center takes its identities from."""

from trailhound import Column, Options, Origin, Outcome, Severity, always, calls, single_event


@single_event(
    title="AWS Identity Center Identity Provider Change",
    severity=Severity.HIGH,
    outcome=Outcome.ANY,
    tactics=("TA0003", "TA0006"),
    techniques=("T1556",),
    reads=calls(
        ("sso", "sso-directory"),
        "AssociateDirectory",
        "DisassociateDirectory",
        "UpdateDirectoryAssociation",
        "CreateExternalIdPConfigurationForDirectory",
        "UpdateExternalIdPConfigurationForDirectory",
        "DeleteExternalIdPConfigurationForDirectory",
        "EnableExternalIdPConfigurationForDirectory",
        "DisableExternalIdPConfigurationForDirectory",
    ),
    entity=("requestParameters.directoryId", "userIdentity.arn"),
    summary="{actor} called {eventName} on directory {requestParameters.directoryId}",
    false_positives=("A planned move to another identity provider, or its yearly upkeep.",),
    blind_spots=(
        "Changes inside the identity provider itself.",
        "A certificate added to the provider in place (ImportExternalIdPCertificate).",
    ),
    triage=(
        "Check the change against the plan of whoever runs the identity provider.",
        "Compare the configured provider with the one that should be there.",
        "List the sign-ins and role sessions through Identity Center since the change.",
    ),
    references=(
        "https://docs.aws.amazon.com/singlesignon/latest/userguide/app-enablement.html",
        "https://docs.aws.amazon.com/singlesignon/latest/userguide/sso-info-in-cloudtrail.html",
    ),
    related=("mfa_disabled", "password_policy_changed"),
    origin=Origin("Sigma", "d3adb3ef-b7e7-4003-9092-1924c797db35", "aws_sso_idp_change.yml"),
)
def identity_center_idp_change(options: Options) -> Column:
    """Identity Center lets in whomever its identity provider vouches for, into every account.

    An attacker who puts a provider of their own in its place can be any user of the organisation,
    and one who removes it locks everybody out.
    """
    return always()
