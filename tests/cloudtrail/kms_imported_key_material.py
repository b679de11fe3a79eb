from trailhound.testing import ACCOUNT, fires, quiet, record

KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"
IMPORT = {"keyId": KEY, "expirationModel": "KEY_MATERIAL_DOES_NOT_EXPIRE"}

CASES = [
    fires(
        "material imported",
        record("kms", "ImportKeyMaterial", IMPORT),
        entity=KEY,
        says=f"called ImportKeyMaterial on key {KEY} in eu-west-1",
    ),
    fires(
        "material deleted",
        record("kms", "DeleteImportedKeyMaterial", {"keyId": KEY}),
        entity=KEY,
        says="called DeleteImportedKeyMaterial",
    ),
    fires(
        "a denied import, whose parameters CloudTrail leaves out",
        record("kms", "ImportKeyMaterial", error="AccessDenied"),
        outcome="failure",
        severity="medium",
        entity=f"arn:aws:sts::{ACCOUNT}:assumed-role/Admin/alice",
    ),
    fires(
        "an import that KMS refuses",
        record("kms", "ImportKeyMaterial", IMPORT, error="IncorrectKeyMaterialException"),
        outcome="failure",
        severity="medium",
        entity=KEY,
    ),
    quiet(
        "material that ran out, which AWS deletes",
        record(
            "kms",
            "DeleteExpiredKeyMaterial",
            by={"accountId": ACCOUNT, "invokedBy": "AWS Internal"},
            eventType="AwsServiceEvent",
        ),
    ),
    quiet(
        "the preparation of an import",
        record("kms", "GetParametersForImport", {"keyId": KEY, "wrappingKeySpec": "RSA_2048"}),
    ),
    quiet("a key that KMS makes", record("kms", "CreateKey", {"origin": "AWS_KMS"})),
    quiet(
        "the same name at another service",
        record("payment-cryptography", "ImportKeyMaterial", IMPORT),
    ),
    quiet("a name that only ends alike", record("kms", "ReImportKeyMaterial", IMPORT)),
]
