"""One raw record in plain Python: the fields of the contract, and the mending of odd records."""

import json
import re
from typing import Any

from trailhound.engine.exact_json import Number, dumps, escaped, loads

TEXT, JSON, BOOLEAN = "text", "json", "boolean"

FIELDS = {
    "eventVersion": TEXT,
    "userIdentity": "identity",
    "eventTime": "timestamp",
    "eventSource": TEXT,
    "eventName": TEXT,
    "awsRegion": TEXT,
    "sourceIPAddress": TEXT,
    "userAgent": TEXT,
    "errorCode": TEXT,
    "errorMessage": TEXT,
    "requestParameters": JSON,
    "responseElements": JSON,
    "additionalEventData": JSON,
    "requestID": TEXT,
    "eventID": TEXT,
    "readOnly": BOOLEAN,
    "resources": JSON,
    "eventType": TEXT,
    "apiVersion": TEXT,
    "managementEvent": BOOLEAN,
    "recipientAccountId": TEXT,
    "serviceEventDetails": JSON,
    "sharedEventID": TEXT,
    "vpcEndpointId": TEXT,
    "vpcEndpointAccountId": TEXT,
    "eventCategory": TEXT,
    "addendum": JSON,
    "edgeDeviceDetails": JSON,
    "insightDetails": JSON,
    "eventContext": JSON,
    "sessionCredentialFromConsole": TEXT,
    "tlsDetails": JSON,
}
"""The fields of a CloudTrail record in contract order, and what each holds.

Source: AWS CloudTrail User Guide, "CloudTrail record contents".
"""

IDENTITY_FIELDS = {
    "type": TEXT,
    "principalId": TEXT,
    "arn": TEXT,
    "accountId": TEXT,
    "accessKeyId": TEXT,
    "userName": TEXT,
    "invokedBy": TEXT,
    "identityProvider": TEXT,
    "credentialId": TEXT,
    "sessionContext": JSON,
    "onBehalfOf": JSON,
    "inScopeOf": JSON,
}
"""The fields of `userIdentity`. Source: "CloudTrail userIdentity element"."""

TIMESTAMP_FIELD = "@timestamp"
READABLE_TIME = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(\.\d{1,9})? ?(Z|[+-]\d{2}:?\d{2})?$"
MENDED_FIELDS = (*FIELDS, TIMESTAMP_FIELD, "unmapped", "reason")
MAX_RECORD_CHARACTERS = 4 * 1024 * 1024


def mend(record: str | None) -> str | None:
    """Return a record as a JSON object of texts, one for each field of the contract; null for null.

    Objects are JSON text themselves. What is of another type, or not in the contract, stands in
    `unmapped`, JSON text too. A record that cannot be mended is `{"reason": ...}`.
    """
    if record is None:
        return None
    if len(record) > MAX_RECORD_CHARACTERS:
        return json.dumps({"reason": "too large"})
    try:
        raw = loads(record)
    except RecursionError:
        return json.dumps({"reason": "nested too deeply"})
    except ValueError as error:
        return json.dumps({"reason": f"not valid JSON: {error}"})
    if not isinstance(raw, dict):
        return json.dumps({"reason": "not a JSON object"})
    try:
        return json.dumps(_sorted_out(raw))
    except RecursionError:
        return json.dumps({"reason": "nested too deeply"})


def _sorted_out(raw: dict[str, Any]) -> dict[str, str]:
    kept, rest = _split(raw, FIELDS)
    identity = raw.get("userIdentity")
    if isinstance(identity, dict):
        known, unknown = _split(identity, IDENTITY_FIELDS)
        kept["userIdentity"] = _text(known)
        if unknown:
            rest["userIdentity"] = unknown
    if "eventTime" in kept and not re.match(READABLE_TIME, kept["eventTime"], re.ASCII):
        rest["eventTime"] = kept.pop("eventTime")
    if isinstance(raw.get(TIMESTAMP_FIELD), str):
        kept[TIMESTAMP_FIELD] = raw[TIMESTAMP_FIELD]
    if rest:
        kept["unmapped"] = _text(rest)
    return kept


def _split(raw: dict[str, Any], fields: dict[str, str]) -> tuple[dict[str, str], dict[str, Any]]:
    kept: dict[str, str] = {}
    rest: dict[str, Any] = {}
    for name, value in raw.items():
        typed = _typed(name, value, fields.get(name))
        if typed is not None:
            kept[name] = typed
        elif value is not None and not (fields.get(name) == "identity" and isinstance(value, dict)):
            rest[name] = value
    return kept, rest


NUMBER_LIKE = frozenset(
    {"eventVersion", "apiVersion", "recipientAccountId", "vpcEndpointAccountId", "accountId"}
    | {"principalId"}
)
"""Text that looks like a number by right: there a JSON number is taken as its text."""


def _typed(name: str, value: Any, kind: str | None) -> str | None:
    is_number = isinstance(value, int | float | Number) and not isinstance(value, bool)
    if kind in (TEXT, "timestamp") and isinstance(value, str):
        return value
    if kind == TEXT and name in NUMBER_LIKE and is_number:
        return str(value)
    if name == "sessionCredentialFromConsole" and isinstance(value, bool):
        return str(value).lower()
    if kind == BOOLEAN and str(value).lower() in ("true", "false"):
        return str(value).lower()
    if kind == JSON and isinstance(value, dict | list):
        return _text(value)
    return None


def _text(value: Any) -> str:
    # Spark's reader then need not look inside, where it has limits of its own.
    return escaped(dumps(value))
