from trailhound.testing import ACCOUNT, fires, quiet, record

DIRECTORY = {"directoryId": "d-1234567890"}
ASSOCIATE = {**DIRECTORY, "directoryType": "ADConnector"}
NAMES = (
    "AssociateDirectory",
    "DisassociateDirectory",
    "UpdateDirectoryAssociation",
    "CreateExternalIdPConfigurationForDirectory",
    "UpdateExternalIdPConfigurationForDirectory",
    "DeleteExternalIdPConfigurationForDirectory",
    "EnableExternalIdPConfigurationForDirectory",
    "DisableExternalIdPConfigurationForDirectory",
)

CASES = [
    *(
        fires(f"{name} at {service}", record(service, name, DIRECTORY), entity="d-1234567890")
        for name in NAMES
        for service in ("sso", "sso-directory")
    ),
    fires(
        "a summary that says what and where",
        record("sso", "AssociateDirectory", ASSOCIATE),
        says="alice called AssociateDirectory on directory d-1234567890",
    ),
    fires(
        "a denied change, whose parameters CloudTrail leaves out",
        record(
            "sso-directory", "DisableExternalIdPConfigurationForDirectory", error="AccessDenied"
        ),
        outcome="failure",
        severity="medium",
        entity=f"arn:aws:sts::{ACCOUNT}:assumed-role/Admin/alice",
        says="on directory unknown",
    ),
    fires("a change by nobody known", record("sso", "DisassociateDirectory", by=None)),
    quiet(
        "a look at the configuration",
        record("sso-directory", "ListExternalIdPConfigurationsForDirectory", DIRECTORY),
    ),
    quiet("a look at the directories", record("sso", "ListDirectoryAssociations")),
    quiet("the same name at WorkDocs", record("workdocs", "AssociateDirectory", ASSOCIATE)),
    quiet(
        "the same name at the user's portal",
        record("sso-oauth", "EnableExternalIdPConfigurationForDirectory", DIRECTORY),
    ),
    quiet("a name that only begins alike", record("sso", "AssociateDirectoryTags", ASSOCIATE)),
    quiet("a name in another case", record("sso", "associateDirectory", ASSOCIATE)),
]
