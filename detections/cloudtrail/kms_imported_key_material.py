"""Key material brought into KMS from outside, or taken away again."""

from trailhound import Column, Options, Origin, Outcome, Severity, always, calls, single_event


@single_event(
    title="AWS KMS Imported Key Material Usage",
    severity=Severity.HIGH,
    outcome=Outcome.ANY,
    tactics=("TA0040", "TA0042"),
    techniques=("T1486", "T1608.003"),
    reads=calls("kms", "ImportKeyMaterial", "DeleteImportedKeyMaterial"),
    entity=("requestParameters.keyId", "userIdentity.arn"),
    summary="{actor} called {eventName} on key {requestParameters.keyId} in {awsRegion}",
    false_positives=("Organisations that must make their keys themselves, when they rotate them.",),
    blind_spots=(
        "Material that was imported with an expiry date and runs out.",
        "Keys in an external or CloudHSM key store, which need no import.",
        "Data encrypted with a key of another account.",
    ),
    triage=(
        "Ask whether anyone here imports key material at all.",
        "Look for what was encrypted with the key since: buckets, snapshots, volumes, databases.",
        "After a deletion, have the owner import the same material again.",
    ),
    references=(
        "https://docs.aws.amazon.com/kms/latest/developerguide/ct-importkeymaterial.html",
        "https://docs.aws.amazon.com/kms/latest/developerguide/ct-deleteimportedkeymaterial.html",
    ),
    related=("kms_key_disabled_or_scheduled_for_deletion",),
    origin=Origin(
        "Sigma", "1279262f-1464-422f-ac0d-5b545320c526", "aws_kms_import_key_material.yml"
    ),
)
def kms_imported_key_material(options: Options) -> Column:
    """Ransom in the cloud needs a key that the victim does not have: this is how one is made.

    Whoever encrypts with imported material can delete it from KMS at once, without the waiting
    time of a key deletion, and keeps the only copy.
    """
    return always()
