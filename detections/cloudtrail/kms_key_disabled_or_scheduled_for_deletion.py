"""A KMS key taken out of use, for now or for good."""

from trailhound import (
    Column,
    Options,
    Origin,
    Outcome,
    Severity,
    always,
    calls,
    shown_parameters,
    single_event,
)


@single_event(
    title="AWS KMS Customer Managed Key Disabled or Scheduled for Deletion",
    severity=Severity.MEDIUM,
    outcome=Outcome.ANY,
    tactics=("TA0040",),
    techniques=("T1485", "T1485.001"),
    reads=calls("kms", "DisableKey", "ScheduleKeyDeletion"),
    entity=("requestParameters.keyId", "userIdentity.arn"),
    summary="{actor} called {eventName} on key {requestParameters.keyId} in {awsRegion}",
    details=lambda options: shown_parameters("pendingWindowInDays"),
    false_positives=("Old keys that are retired on purpose, and test stacks that are torn down.",),
    blind_spots=(
        "Imported key material that is deleted (kms_imported_key_material).",
        "A key policy or grant that is changed so that nobody can use the key.",
    ),
    triage=(
        "Find out what is encrypted with the key, and whether anything still decrypts with it.",
        "Ask the key's owner whether it was to go.",
        "Enable the key again or cancel its deletion: before the waiting time is over nothing is "
        "lost.",
    ),
    references=(
        "https://docs.aws.amazon.com/cli/latest/reference/kms/disable-key.html",
        "https://docs.aws.amazon.com/cli/latest/reference/kms/schedule-key-deletion.html",
    ),
    related=("kms_imported_key_material", "rds_deleted"),
    origin=Origin(
        "Elastic",
        "6951f15e-533c-4a60-8014-a3c3ab851a1b",
        "impact_kms_cmk_disabled_or_scheduled_for_deletion.toml",
    ),
)
def kms_key_disabled_or_scheduled_for_deletion(options: Options) -> Column:
    """Data whose key is gone is gone, without anyone touching the data.

    A disabled key fails whatever asks for it next; a deleted one cannot be brought back, not even
    by AWS.
    """
    return always()
