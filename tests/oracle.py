"""What the 24 detections must raise, worked out in plain Python and without Spark.

The reference that the tests hold the real implementation against. It follows the detections'
specification sentence by sentence and prefers the obvious over the fast: every detection is a few
lines on one raw CloudTrail record, and a rate is a loop over sorted events.

    evaluate(records) -> alerts, sorted by event_time, detection_id, entity, event_ids

A record is what `json.loads` gives. A field of an unexpected type, and an empty text, is as good
as missing. Options have their defaults; only the rates can be changed.
"""

import json
import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

SEVERITIES = ("informational", "low", "medium", "high", "critical")
MASKED = "HIDDEN_DUE_TO_SECURITY_REASONS"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MAX_EVENT_IDS = 100


@dataclass(frozen=True)
class OracleAlert:
    """One expected alert."""

    detection_id: str
    outcome: str  # success or failure
    severity: str
    event_time: datetime
    entity: str | None  # the key of a rate detection; None for a single event
    account_id: str | None  # this and source_ip are those of the deciding event
    source_ip: str | None
    event_ids: tuple[str, ...]  # at most 100; events without an id are not listed
    event_count: int
    distinct_count: int
    first_event_time: datetime
    last_event_time: datetime
    period: datetime | None  # the beginning of a rate alert's period; None for a single event


@dataclass(frozen=True)
class Rate:
    """How often within how long. Fires at `threshold` or more: "more than 10" is 11."""

    threshold: int
    window: timedelta
    suppress_for: timedelta

    def __post_init__(self) -> None:
        if self.threshold < 1 or self.window <= timedelta(0):
            raise ValueError("a rate needs a threshold of at least 1 and a window above 0")
        if self.suppress_for < self.window:
            raise ValueError("suppress_for is shorter than the window")


HOUR = timedelta(hours=1)
RATES: Mapping[str, Rate] = {
    "root_console_brute_force": Rate(10, timedelta(minutes=6), HOUR),
    "multiple_failed_mfa_requests": Rate(11, timedelta(minutes=5), HOUR),
    "multiple_users_failing_from_ip": Rate(30, timedelta(minutes=10), HOUR),
}


def evaluate(
    records: Iterable[Mapping[str, Any]], *, rates: Mapping[str, Rate] = RATES
) -> list[OracleAlert]:
    """All alerts of the records. A detection that `rates` leaves out keeps its default."""
    events = distinct_events(records)
    alerts = [alert for event in events for alert in single_event_alerts(event)]
    for detection in RATE_DETECTIONS:
        alerts += rate_alerts(detection, events, {**RATES, **rates}[detection.__name__])
    return sorted(alerts, key=lambda a: (a.event_time, a.detection_id, a.entity or "", a.event_ids))


# --- Reading records ------------------------------------------------------------------------------


def text(value: object) -> str | None:
    """A text that says something."""
    return value if isinstance(value, str) and value else None


def obj(value: object) -> Mapping[str, Any]:
    """A JSON object; anything else is as an empty one."""
    return value if isinstance(value, Mapping) else {}


def is_true(value: object) -> bool:
    """JSON true, or its text."""
    return value is True or (isinstance(value, str) and value.lower() == "true")


def is_false(value: object) -> bool:
    """JSON false, or its text. Missing and null are not false."""
    return value is False or (isinstance(value, str) and value.lower() == "false")


def number(value: object) -> int | None:
    """A whole JSON number, or its text."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,18}", value):
        return int(value)
    return None


TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2}:[0-9]{2})"
    r"(?:\.([0-9]{1,9}))?(Z|[+-][0-9]{2}:?[0-9]{2})?"
)


def read_time(value: object) -> datetime | None:
    """ISO 8601 with T or a blank; without an offset it is UTC; cut to microseconds."""
    match = TIME.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    date, clock, fraction, zone = match.groups()
    micros = (fraction or "").ljust(6, "0")[:6]
    try:
        return datetime.fromisoformat(f"{date}T{clock}.{micros}{zone or 'Z'}").astimezone(UTC)
    except (ValueError, OverflowError):  # 31 February; beyond year 1 or 9999 in UTC
        return None


@dataclass(frozen=True)
class Event:
    """One event: a record with a readable time."""

    record: Mapping[str, Any]
    time: datetime

    @property
    def at(self) -> int:
        """Microseconds since the epoch: whole numbers, so that no window is off by a rounding."""
        return (self.time - EPOCH) // timedelta(microseconds=1)

    @property
    def event_id(self) -> str | None:
        return text(self.record.get("eventID"))

    @property
    def identity(self) -> tuple[str, str]:
        """What makes two records one event: the eventID, or else all of the content."""
        if self.event_id is not None:
            return ("eventID", self.event_id)
        return ("content", json.dumps(dict(self.record), sort_keys=True))

    @property
    def order(self) -> tuple[int, bool, str, tuple[str, str]]:
        """Time, then eventID; without one last in its instant."""
        return (self.at, self.event_id is None, self.event_id or "", self.identity)

    def calls(self, service: str, *names: str) -> bool:
        """Whether it is one of these calls, by eventSource and exact eventName."""
        return (
            self.record.get("eventSource") == f"{service}.amazonaws.com"
            and self.record.get("eventName") in names
        )

    def calls_lambda(self, base: str) -> bool:
        """As `calls`, for Lambda's names: base, optionally 8 digits, optionally v and digits."""
        name = text(self.record.get("eventName")) or ""
        return self.record.get("eventSource") == "lambda.amazonaws.com" and bool(
            re.fullmatch(base + r"([0-9]{8})?(v[0-9]+)?", name)
        )

    @property
    def asked(self) -> Mapping[str, Any]:
        return obj(self.record.get("requestParameters"))

    @property
    def actor(self) -> Mapping[str, Any]:
        return obj(self.record.get("userIdentity"))

    @property
    def login(self) -> object:
        """Success or Failure of a ConsoleLogin."""
        return obj(self.record.get("responseElements")).get("ConsoleLogin")

    @property
    def succeeded(self) -> bool:
        if self.calls("signin", "ConsoleLogin"):
            return self.login == "Success"
        error_code = text(self.record.get("errorCode"))
        error_message = text(self.record.get("errorMessage"))
        return error_code is None and error_message is None

    @property
    def login_failed(self) -> bool:
        return self.calls("signin", "ConsoleLogin") and self.login == "Failure"

    @property
    def is_root(self) -> bool:
        return self.actor.get("type") == "Root"

    @property
    def account(self) -> str | None:
        return text(self.actor.get("accountId")) or text(self.record.get("recipientAccountId"))

    @property
    def user(self) -> str | None:
        """Account and user name; None where either is unknown."""
        name = "<root>" if self.is_root else text(self.actor.get("userName"))
        if self.account is None or name is None or name == MASKED:
            return None
        return f"{self.account}/{name}"

    @property
    def source_ip(self) -> str | None:
        return text(self.record.get("sourceIPAddress"))


def read(record: object) -> Event | None:
    """The event of a record; None if it is no object or has no readable time."""
    fields = obj(record)
    time = read_time(fields.get("eventTime")) or read_time(fields.get("@timestamp"))
    return Event(fields, time) if time else None


def distinct_events(records: Iterable[object]) -> list[Event]:
    """Every event once. Of two contents under one eventID the first counts."""
    events: dict[tuple[str, str], Event] = {}
    for record in records:
        event = read(record)
        if event is not None:
            events.setdefault(event.identity, event)
    return list(events.values())


# --- Single-event detections ----------------------------------------------------------------------
# Each gives the severity of a successful call, or None if the event is not what it looks for.


def iam_mfa_registered_with_session_token(e: Event) -> str | None:
    session = (text(e.actor.get("accessKeyId")) or "").startswith("ASIA")
    if e.calls("iam", "CreateVirtualMFADevice", "EnableMFADevice") and session:
        return "high"
    return None


IDP_CHANGES = (
    "AssociateDirectory",
    "DisassociateDirectory",
    "UpdateDirectoryAssociation",
    "EnableExternalIdPConfigurationForDirectory",
    "DisableExternalIdPConfigurationForDirectory",
    "CreateExternalIdPConfigurationForDirectory",
    "UpdateExternalIdPConfigurationForDirectory",
    "DeleteExternalIdPConfigurationForDirectory",
)


def identity_center_idp_change(e: Event) -> str | None:
    if e.calls("sso", *IDP_CHANGES) or e.calls("sso-directory", *IDP_CHANGES):
        return "high"
    return None


def ec2_key_pair_imported(e: Event) -> str | None:
    return "medium" if e.calls("ec2", "ImportKeyPair") else None


def kms_key_disabled_or_scheduled_for_deletion(e: Event) -> str | None:
    return "medium" if e.calls("kms", "DisableKey", "ScheduleKeyDeletion") else None


def kms_imported_key_material(e: Event) -> str | None:
    return "high" if e.calls("kms", "ImportKeyMaterial", "DeleteImportedKeyMaterial") else None


def lambda_public_invocation(e: Event) -> str | None:
    principal = e.asked.get("principal")
    aws = obj(principal).get("AWS")
    anybody = principal == "*" or aws == "*" or (isinstance(aws, list) and "*" in aws)
    invoke = e.asked.get("action") in (
        "lambda:InvokeFunction",
        "lambda:InvokeFunctionUrl",
        "lambda:*",
        "*",
    )
    return "high" if e.calls_lambda("AddPermission") and anybody and invoke else None


def lambda_layer_added(e: Event) -> str | None:
    layers = e.asked.get("layers")
    given = isinstance(layers, list) and len(layers) > 0
    return "low" if e.calls_lambda("UpdateFunctionConfiguration") and given else None


def lambda_layer_attached(e: Event) -> str | None:
    return lambda_layer_added(e)


def lambda_function_code_updated(e: Event) -> str | None:
    by_iam_user = e.actor.get("type") == "IAMUser"
    return "medium" if e.calls_lambda("UpdateFunctionCode") and by_iam_user else None


def root_console_login(e: Event) -> str | None:
    return "medium" if e.calls("signin", "ConsoleLogin") and e.is_root else None


def mfa_disabled(e: Event) -> str | None:
    return "high" if e.calls("iam", "DeactivateMFADevice", "DeleteVirtualMFADevice") else None


def network_acl_all_ports_open(e: Event) -> str | None:
    protocol = number(e.asked.get("aclProtocol"))
    ports = obj(e.asked.get("portRange"))
    first, last = number(ports.get("from")), number(ports.get("to"))
    all_ports = first is not None and last is not None and first <= 1 and last >= 65535
    open_wide = protocol == -1 or (protocol in (6, 17) and all_ports)
    allow_ingress = e.asked.get("ruleAction") == "allow" and is_false(e.asked.get("egress"))
    if e.calls("ec2", "CreateNetworkAclEntry", "ReplaceNetworkAclEntry"):
        return "high" if allow_ingress and open_wide else None
    return None


def network_acl_deleted(e: Event) -> str | None:
    return "medium" if e.calls("ec2", "DeleteNetworkAclEntry", "DeleteNetworkAcl") else None


def mfa_method_registered(e: Event) -> str | None:
    return "medium" if e.calls("iam", "CreateVirtualMFADevice") else None


def password_policy_changed(e: Event) -> str | None:
    if e.calls("iam", "GetAccountPasswordPolicy"):
        return "informational"
    if e.calls("iam", "UpdateAccountPasswordPolicy", "DeleteAccountPasswordPolicy"):
        return "medium"
    return None


def rds_made_public(e: Event) -> str | None:
    calls = ("CreateDBInstance", "ModifyDBInstance", "CreateDBCluster", "ModifyDBCluster")
    if e.calls("rds", *calls) and is_true(e.asked.get("publiclyAccessible")):
        return "medium"
    return None


def rds_deleted(e: Event) -> str | None:
    calls = ("DeleteDBInstance", "DeleteDBCluster", "DeleteGlobalCluster")
    return "medium" if e.calls("rds", *calls) else None


def rds_deletion_protection_disabled(e: Event) -> str | None:
    calls = ("ModifyDBInstance", "ModifyDBCluster", "ModifyGlobalCluster")
    if e.calls("rds", *calls) and is_false(e.asked.get("deletionProtection")):
        return "medium"
    return None


def rds_master_password_modified(e: Event) -> str | None:
    changed = (
        e.asked.get("masterUserPassword") is not None  # empty counts: it is a mask
        or is_true(e.asked.get("rotateMasterUserPassword"))
        or is_true(e.asked.get("manageMasterUserPassword"))
    )
    return "medium" if e.calls("rds", "ModifyDBInstance", "ModifyDBCluster") and changed else None


def rds_restored(e: Event) -> str | None:
    calls = ("RestoreDBInstanceFromDBSnapshot", "RestoreDBInstanceFromS3")
    return "medium" if e.calls("rds", *calls) else None


def account_number(value: object) -> str | None:
    """An account as text; one that was turned into a number gets its leading zeros back."""
    digits = number(value) if isinstance(value, int | float) else None
    return text(value) if digits is None else f"{digits:012d}"


def rds_snapshot_shared(e: Event) -> str | None:
    if not e.calls("rds", "ModifyDBSnapshotAttribute", "ModifyDBClusterSnapshotAttribute"):
        return None
    if e.asked.get("attributeName") != "restore":
        return None
    added = e.asked.get("valuesToAdd")
    shared_with = {
        account_number(value) for value in (added if isinstance(added, list) else [added])
    }
    if "all" in shared_with:
        return "high"
    owner = text(e.record.get("recipientAccountId")) or text(e.actor.get("accountId"))
    others = shared_with - {owner, None}
    return "medium" if owner is not None and others else None


SUCCESS_ONLY = (
    lambda_public_invocation,
    lambda_layer_added,
    lambda_function_code_updated,
    root_console_login,
    password_policy_changed,
    rds_made_public,
    rds_deleted,
    rds_deletion_protection_disabled,
    rds_master_password_modified,
    rds_restored,
    rds_snapshot_shared,
)
ANY_OUTCOME = (
    iam_mfa_registered_with_session_token,
    identity_center_idp_change,
    ec2_key_pair_imported,
    kms_key_disabled_or_scheduled_for_deletion,
    kms_imported_key_material,
    mfa_disabled,
    network_acl_all_ports_open,
    network_acl_deleted,
    lambda_layer_attached,
    mfa_method_registered,
)


def one_step_lower(severity: str) -> str:
    return SEVERITIES[max(0, SEVERITIES.index(severity) - 1)]


def single_event_alerts(event: Event) -> Iterator[OracleAlert]:
    for detection in SUCCESS_ONLY + ANY_OUTCOME:
        severity = detection(event)
        if severity is None or (detection in SUCCESS_ONLY and not event.succeeded):
            continue
        yield OracleAlert(
            detection_id=detection.__name__,
            outcome="success" if event.succeeded else "failure",
            severity=severity if event.succeeded else one_step_lower(severity),
            event_time=event.time,
            entity=None,
            account_id=event.account,
            source_ip=event.source_ip,
            event_ids=listed_ids([event]),
            event_count=1,
            distinct_count=1,
            first_event_time=event.time,
            last_event_time=event.time,
            period=None,
        )


def listed_ids(events: Iterable[Event]) -> tuple[str, ...]:
    return tuple(e.event_id for e in events if e.event_id is not None)[:MAX_EVENT_IDS]


# --- Rate-based detections ------------------------------------------------------------------------


@dataclass(frozen=True)
class Counted:
    """What a rate detection makes of an event: under which key it counts, and as what."""

    key: str
    value: object
    event: Event


def root_console_brute_force(e: Event) -> Counted | None:
    if e.login_failed and e.is_root and e.account is not None:
        return Counted(e.account, e.identity, e)
    return None


def multiple_failed_mfa_requests(e: Event) -> Counted | None:
    mfa_used = obj(e.record.get("additionalEventData")).get("MFAUsed") == "Yes"
    if e.login_failed and mfa_used and e.user is not None:
        return Counted(e.user, e.identity, e)
    return None


def multiple_users_failing_from_ip(e: Event) -> Counted | None:
    if e.login_failed and e.user is not None and e.source_ip is not None:
        return Counted(e.source_ip, e.user, e)
    return None


RATE_DETECTIONS = (
    root_console_brute_force,
    multiple_failed_mfa_requests,
    multiple_users_failing_from_ip,
)
RATE_SEVERITY = {
    "root_console_brute_force": "high",
    "multiple_failed_mfa_requests": "medium",
    "multiple_users_failing_from_ip": "high",
}


def rate_alerts(
    detection: Callable[[Event], Counted | None], events: Iterable[Event], rate: Rate
) -> Iterator[OracleAlert]:
    by_key: defaultdict[str, list[Counted]] = defaultdict(list)
    for event in events:
        counted = detection(event)
        if counted is not None:
            by_key[counted.key].append(counted)
    for of_key in by_key.values():
        of_key.sort(key=lambda c: c.event.order)
        yield from alerts_of_key(detection.__name__, of_key, rate)


def alerts_of_key(detection_id: str, of_key: list[Counted], rate: Rate) -> Iterator[OracleAlert]:
    """At most one alert in each period; `of_key` is in order."""
    window = rate.window // timedelta(microseconds=1)
    suppress_for = rate.suppress_for // timedelta(microseconds=1)
    times = [c.event.at for c in of_key]

    def distinct(counted: list[Counted]) -> int:
        return len({c.value for c in counted})

    for number_of_period, of_period in groupby(of_key, lambda c: c.event.at // suppress_for):
        period = number_of_period * suppress_for
        for deciding in of_period:
            at = deciding.event.at
            beginning = bisect_right(times, at - window)  # the look-back is (at - window, at]
            if distinct(of_key[beginning : bisect_right(times, at)]) < rate.threshold:
                continue
            held = of_key[beginning : bisect_left(times, period + suppress_for)]
            yield OracleAlert(
                detection_id=detection_id,
                outcome="failure",
                severity=RATE_SEVERITY[detection_id],
                event_time=deciding.event.time,
                entity=deciding.key,
                account_id=deciding.event.account,
                source_ip=deciding.event.source_ip,
                event_ids=listed_ids(c.event for c in held),
                event_count=len(held),
                distinct_count=distinct(held),
                first_event_time=held[0].event.time,
                last_event_time=held[-1].event.time,
                period=EPOCH + timedelta(microseconds=period),
            )
            break
