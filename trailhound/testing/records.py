"""Full CloudTrail records in which only what a case is about needs to be said."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

ACCOUNT = "012345678901"
NOON = datetime(2024, 3, 1, 12, 0, tzinfo=UTC)

Record = dict[str, Any]

ROLE = {
    "type": "AssumedRole",
    "principalId": "AROAEXAMPLE:alice",
    "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/Admin/alice",
    "accountId": ACCOUNT,
    "accessKeyId": "ASIAEXAMPLEEXAMPLE00",
    "sessionContext": {
        "sessionIssuer": {
            "type": "Role",
            "principalId": "AROAEXAMPLE",
            "arn": f"arn:aws:iam::{ACCOUNT}:role/Admin",
            "accountId": ACCOUNT,
            "userName": "Admin",
        },
        "attributes": {"creationDate": "2024-03-01T11:00:00Z", "mfaAuthenticated": "false"},
    },
}
USER = {
    "type": "IAMUser",
    "principalId": "AIDAEXAMPLE",
    "arn": f"arn:aws:iam::{ACCOUNT}:user/bob",
    "accountId": ACCOUNT,
    "accessKeyId": "AKIAEXAMPLEEXAMPLE00",
    "userName": "bob",
}
ROOT = {
    "type": "Root",
    "principalId": ACCOUNT,
    "arn": f"arn:aws:iam::{ACCOUNT}:root",
    "accountId": ACCOUNT,
}


def record(
    service: str,
    name: str,
    request: Any = None,
    *,
    by: Record | None = ROLE,
    error: str | None = None,
    at: datetime = NOON,
    event_id: str | None = "made from the rest",
    **fields: Any,
) -> Record:
    """Return a call of an AWS API as CloudTrail records it; `fields` replace what it holds.

    `by` is the userIdentity, `error` an errorCode, `at` the eventTime. The eventID is made from the
    rest, so that two records that differ are two events.
    """
    made = {
        "eventVersion": "1.09",
        "userIdentity": by,
        "eventTime": time_text(at),
        "eventSource": f"{service}.amazonaws.com",
        "eventName": name,
        "awsRegion": "eu-west-1",
        "sourceIPAddress": "203.0.113.7",
        "userAgent": "aws-cli/2.15.0 Python/3.11.6 Linux/6.1 exe/x86_64",
        "requestParameters": request,
        "responseElements": None,
        "requestID": str(uuid5(UUID(int=0), name)),
        "eventID": event_id,
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
    }
    if error:
        made |= {"errorCode": error, "errorMessage": f"{error}: not allowed"}
    made |= fields
    if event_id == "made from the rest":
        made["eventID"] = str(uuid5(UUID(int=1), json.dumps(made, sort_keys=True)))
    return made


def sign_in(
    answer: str = "Failure",
    *,
    by: Record | None = None,
    mfa: str = "No",
    after: float = 0,
    at: datetime = NOON,
    **fields: Any,
) -> Record:
    """Return a console sign-in, `after` seconds from `at`; `answer` is Failure or Success."""
    # A sign-in that fails carries no arn.
    identity = dict(by if by is not None else ROOT)
    if answer == "Failure":
        identity.pop("arn", None)
    made: Record = {
        "responseElements": {"ConsoleLogin": answer},
        "additionalEventData": {
            "LoginTo": "https://console.aws.amazon.com/console/home",
            "MobileVersion": "No",
            "MFAUsed": mfa,
        },
        "eventType": "AwsConsoleSignIn",
    }
    if answer == "Failure":
        made["errorMessage"] = "Failed authentication"
    when = at + timedelta(seconds=after)
    return record("signin", "ConsoleLogin", by=identity, at=when, **(made | fields))


def time_text(time: datetime) -> str:
    """Return a time as CloudTrail writes it; fractions only where there are any."""
    text = time.strftime("%Y-%m-%dT%H:%M:%S")
    return text + (f".{time.microsecond:06d}Z" if time.microsecond else "Z")
