"""One CloudTrail record as text: the field order of AWS, compact JSON.

A call is turned into a `%` template once; a record is that template filled with what varies. That
is several times faster than dumping a dictionary for every record.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

Fields = Mapping[str, object]

_READS = (
    *("Describe", "Get", "List", "Head", "BatchGet", "Lookup", "Query", "Search", "Test"),
    *("AssumeRole", "Decrypt", "Encrypt", "GenerateDataKey"),
)
_GLOBAL_SOURCES = frozenset(
    {"ce", "health", "iam", "organizations", "route53", "signin", "support"}
)
_WITHOUT_TLS = frozenset({"service", "linked", "via", "nobody", "console", "root"})
_PLACE = re.compile(r"<([a-z_]+)>")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: `identity` is JSON text of userIdentity; the rest is plain text."""

    identity: str
    arn: str
    address: str
    agent: str


@dataclass(frozen=True, slots=True)
class Call:
    """One API call with its parameters.

    Texts may hold places: `<account>`, `<region>`, `<time>`, `<arn>` (of the caller), `<tail>`
    (16 random characters), `<shared>` (a random UUID), and the resource names of `world.names`.
    `source` is the service without `.amazonaws.com`; `caller` the key of a pool of callers
    (`cast.Cast`); `weight` the share of the background; `resources` pairs of type and ARN;
    `errors` pairs of errorCode and errorMessage that `error_share` of the calls end with.
    """

    source: str
    name: str
    caller: str
    weight: float = 0.0
    request: Fields | None = None
    response: Fields | None = None
    extra: Fields | None = None
    resources: tuple[tuple[str, str], ...] = ()
    errors: tuple[tuple[str, str], ...] = ()
    error_share: float = 0.0
    data: bool = False
    event_type: str = "AwsApiCall"

    @property
    def is_global(self) -> bool:
        """Whether AWS records the call in us-east-1 whatever the caller's region."""
        return self.source in _GLOBAL_SOURCES


def template(call: Call, names: Mapping[str, str], version: str, failed: int | None = None) -> str:
    """Return the record of `call` as a `%` template for `fill`.

    `failed` is the index of the error in `call.errors`, None for a call that worked.
    """
    text = json.dumps(_fields(call, version, failed), separators=(",", ":"))
    # Two passes, because a resource name may itself hold <account> or <region>.
    text = _PLACE.sub(lambda place: names.get(place[1], place[0]), text).replace("%", "%%")
    text = text.replace('"<identity>"', "%(identity)s", 1)
    return _PLACE.sub(lambda place: f"%({place[1]})s", text)


def _fields(call: Call, version: str, failed: int | None) -> dict[str, object]:
    """Return the fields of the record in the order in which AWS writes them."""
    record: dict[str, object] = {
        "eventVersion": version,
        "userIdentity": "<identity>",
        "eventTime": "<time>",
        "eventSource": f"{call.source}.amazonaws.com",
        "eventName": call.name,
        "awsRegion": "<region>",
        "sourceIPAddress": "<address>",
        "userAgent": "[<agent>]" if call.source == "s3" and _has_tls(call) else "<agent>",
    }
    if failed is not None:
        code, message = call.errors[failed]
        # A failed sign-in has no errorCode.
        record |= {"errorCode": code} if code else {}
        record["errorMessage"] = message
    worked = failed is None or call.source == "signin"
    record["requestParameters"] = call.request
    record["responseElements"] = call.response if worked else None
    if call.extra is not None:
        record["additionalEventData"] = call.extra
    if call.event_type == "AwsApiCall":
        record["requestID"] = "<short>" if call.source == "s3" else "<request>"
    record |= {"eventID": "<event>", "readOnly": call.name.startswith(_READS)}
    if call.resources:
        record["resources"] = [
            {"accountId": "<account>", "type": kind, "ARN": arn} for kind, arn in call.resources
        ]
    record |= {
        "eventType": call.event_type,
        "managementEvent": not call.data,
        "recipientAccountId": "<account>",
    }
    return record | _last_fields(call)


def _last_fields(call: Call) -> dict[str, object]:
    record: dict[str, object] = {}
    if call.caller.startswith(("service:", "nobody:")):
        record["sharedEventID"] = "<shared>"
    if call.caller == "workload" and call.source in ("s3", "dynamodb", "secretsmanager"):
        record["vpcEndpointId"] = "<endpoint>"
    record["eventCategory"] = "Data" if call.data else "Management"
    if _has_tls(call):
        record["tlsDetails"] = {
            "tlsVersion": "TLSv1.3",
            "cipherSuite": "TLS_AES_128_GCM_SHA256",
            "clientProvidedHostHeader": _host(call),
        }
    if call.caller in ("console", "root"):
        record["sessionCredentialFromConsole"] = "true"
    return record


def _has_tls(call: Call) -> bool:
    return call.caller.partition(":")[0] not in _WITHOUT_TLS


def _host(call: Call) -> str:
    if call.source == "signin":
        return "<region>.signin.aws.amazon.com"
    return f"{call.source}{'' if call.is_global else '.<region>'}.amazonaws.com"


def fill(
    record: str, caller: Caller, account: str, region: str, time: str, bits: int
) -> tuple[str, str]:
    """Return the record's text and its eventID.

    `record` comes from `template`, `time` is ISO 8601 in UTC, `bits` are 384 random bits.
    """
    digits = f"{bits:096x}"
    event = f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:32]}"
    return record % {
        "identity": caller.identity,
        "arn": caller.arn,
        "address": caller.address,
        "agent": caller.agent,
        "account": account,
        "region": region,
        "time": time,
        "event": event,
        "request": f"{digits[32:40]}-{digits[40:44]}-4{digits[45:48]}-b{digits[49:52]}-"
        f"{digits[52:64]}",
        "shared": f"{digits[64:72]}-{digits[72:76]}-4{digits[77:80]}-8{digits[81:84]}-"
        f"{digits[84:]}",
        "short": digits[32:48].upper(),
        "tail": digits[48:64],
    }, event
