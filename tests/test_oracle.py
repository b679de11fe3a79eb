"""The oracle itself: small cases whose answer can be seen by counting."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from oracle import EPOCH, HOUR, RATES, SEVERITIES, OracleAlert, Rate, evaluate, read_time

Record = dict[str, Any]
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
ACCOUNT = "111122223333"
OTHER = "444455556666"
ROOT_WINDOW = RATES["root_console_brute_force"].window


def seconds(time: datetime | None) -> int:
    assert time is not None
    return (time - EPOCH) // SECOND


def at(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def call(service: str, name: str, asked: object = None, **fields: Any) -> Record:
    """A successful call by an IAM user; `fields` replace what is there."""
    return {
        "eventID": f"{service}-{name}",
        "eventTime": at(NOON),
        "eventSource": f"{service}.amazonaws.com",
        "eventName": name,
        "requestParameters": asked,
        "sourceIPAddress": "192.0.2.1",
        "userIdentity": {"type": "IAMUser", "accountId": ACCOUNT, "userName": "alice"},
        "recipientAccountId": ACCOUNT,
    } | fields


def login(event_id: str | None, time: datetime, *, user: str = "Root", **fields: Any) -> Record:
    """A failed sign-in, by the root user if no name is given."""
    who = {"type": "Root"} if user == "Root" else {"type": "IAMUser", "userName": user}
    defaults = {
        "eventID": event_id,
        "eventTime": at(time),
        "userIdentity": who | {"accountId": ACCOUNT},
        "responseElements": {"ConsoleLogin": "Failure"},
        "errorMessage": "Failed authentication",
        "additionalEventData": {"MFAUsed": "No"},
    }
    return call("signin", "ConsoleLogin", **(defaults | fields))


def logins(
    count: int, start: datetime, *, apart: timedelta = SECOND, prefix: str = "e"
) -> list[Record]:
    return [login(f"{prefix}{n:04}", start + n * apart) for n in range(count)]


def ids(records: list[Record]) -> list[str]:
    return [alert.detection_id for alert in evaluate(records)]


def the_alert(records: list[Record], **rates: Rate) -> OracleAlert:
    (alert,) = evaluate(records, rates=rates)
    return alert


# --- Rates: the window ----------------------------------------------------------------------------


def test_ten_root_failures_alert_and_nine_do_not() -> None:
    assert evaluate(logins(9, NOON)) == []
    assert the_alert(logins(10, NOON)) == OracleAlert(
        detection_id="root_console_brute_force",
        outcome="failure",
        severity="high",
        event_time=NOON + 9 * SECOND,
        entity=ACCOUNT,
        account_id=ACCOUNT,
        source_ip="192.0.2.1",
        event_ids=tuple(f"e{n:04}" for n in range(10)),
        event_count=10,
        distinct_count=10,
        first_event_time=NOON,
        last_event_time=NOON + 9 * SECOND,
        period=NOON,
    )


def test_events_exactly_one_window_apart_are_not_within_it() -> None:
    nine = logins(9, NOON)
    assert evaluate([*nine, login("last", NOON + ROOT_WINDOW)]) == []
    assert ids([*nine, login("last", NOON + ROOT_WINDOW - MICROSECOND)]) == [
        "root_console_brute_force"
    ]


def test_an_event_before_the_look_back_is_not_held() -> None:
    burst = logins(10, NOON + ROOT_WINDOW, apart=timedelta(0))
    assert the_alert([login("at its edge", NOON), *burst]).first_event_time == NOON + ROOT_WINDOW
    assert the_alert([login("inside", NOON + MICROSECOND), *burst]).event_count == 11


def test_a_burst_over_a_clock_bucket_is_one_burst() -> None:
    alert = the_alert(logins(10, NOON + 6 * MINUTE - 5 * SECOND))
    assert alert.event_time == NOON + 6 * MINUTE + 4 * SECOND


def test_all_events_of_one_instant_count_together() -> None:
    alert = the_alert(logins(10, NOON, apart=timedelta(0))[::-1])
    assert alert.event_time == alert.first_event_time == NOON
    assert alert.event_ids[0] == "e0000"


def test_the_deciding_event_is_the_smallest_id_of_its_instant() -> None:
    nine = logins(9, NOON)
    instant = NOON + MINUTE
    third = login(None, instant, sourceIPAddress="192.0.2.103")
    second = login("b", instant, sourceIPAddress="192.0.2.102")
    first = login("a", instant, sourceIPAddress="192.0.2.101")
    assert the_alert([third, second, first, *nine]).source_ip == "192.0.2.101"
    assert the_alert([third, second, *nine]).source_ip == "192.0.2.102"
    assert the_alert([third, *nine]).source_ip == "192.0.2.103"


# --- Rates: periods -------------------------------------------------------------------------------


def test_a_burst_that_crosses_a_period_after_the_threshold_alerts_in_both() -> None:
    first, second = evaluate(logins(12, NOON - 10 * SECOND))
    assert (first.period, first.event_time) == (NOON - HOUR, NOON - SECOND)
    assert (first.event_count, first.last_event_time) == (10, NOON - SECOND)
    assert (second.period, second.event_time) == (NOON, NOON)
    assert (second.event_count, second.first_event_time) == (12, NOON - 10 * SECOND)


def test_a_burst_that_reaches_the_threshold_only_in_the_next_period_alerts_there() -> None:
    alert = the_alert(logins(10, NOON - 9 * SECOND))  # the tenth is at noon, the period's beginning
    assert alert.period == alert.event_time == NOON
    assert alert.event_count == 10


def test_a_long_attack_alerts_once_in_each_period() -> None:
    alerts = evaluate(logins(300, NOON, apart=30 * SECOND))  # two and a half hours, 12 a window
    assert [a.period for a in alerts] == [NOON, NOON + HOUR, NOON + 2 * HOUR]
    assert [a.event_time for a in alerts] == [
        NOON + 270 * SECOND,
        NOON + HOUR,
        NOON + 2 * HOUR,
    ]
    assert [a.event_count for a in alerts] == [120, 131, 71]  # 11 of them from the look-back
    assert [len(a.event_ids) for a in alerts] == [100, 100, 71]
    assert alerts[1].event_ids[0] == "e0109"


def test_a_later_burst_of_the_period_is_part_of_its_alert() -> None:
    alert = the_alert([*logins(10, NOON), *logins(3, NOON + 40 * MINUTE, prefix="later")])
    assert alert.event_count == 13
    assert alert.last_event_time == NOON + 40 * MINUTE + 2 * SECOND


def test_periods_are_aligned_to_the_epoch_and_before_it() -> None:
    alert = the_alert(logins(10, datetime(1969, 12, 31, 23, 30, tzinfo=UTC)))
    assert alert.period == datetime(1969, 12, 31, 23, tzinfo=UTC)


# --- Rates: repeats and order ---------------------------------------------------------------------


def test_repeats_do_not_count() -> None:
    nine = logins(9, NOON)
    assert evaluate(nine * 5) == []
    assert the_alert([*nine, login("last", NOON)] * 5).event_count == 10


def test_records_without_an_id_are_one_event_where_their_content_is_equal() -> None:
    unnamed = [login(None, NOON + n * SECOND) for n in range(9)]
    reordered = [dict(reversed(record.items())) for record in unnamed]
    assert evaluate([*unnamed, *reordered]) == []
    alert = the_alert([*unnamed, login("", NOON + MINUTE), login("e1", NOON)])
    assert (alert.event_count, alert.event_ids) == (11, ("e1",))


def test_order_does_not_matter() -> None:
    records = logins(40, NOON - 20 * SECOND)
    assert evaluate(records[::-1]) == evaluate(records)
    assert evaluate(records[1::2] + records[::2]) == evaluate(records)


def test_random_cases_agree_with_the_rule_read_literally() -> None:
    """Look-backs, periods and held events by comparing every pair of times."""
    random = Random(24)
    for _ in range(300):
        threshold, window, suppress_for = random.randint(1, 5), random.randint(1, 9), 10
        times = [random.randrange(60) for _ in range(random.randint(0, 25))]
        expected = []
        for period in range(0, 60, suppress_for):
            reached = [
                t
                for t in times
                if period <= t < period + suppress_for
                and sum(t - window < other <= t for other in times) >= threshold
            ]
            if reached:
                begin, end = min(reached) - window, period + suppress_for
                held = [t for t in times if begin < t < end]
                expected.append((period, min(reached), len(held), min(held), max(held)))

        records = [login(f"e{n}", EPOCH + t * SECOND) for n, t in enumerate(times)]
        rate = Rate(threshold, window * SECOND, suppress_for * SECOND)
        assert [
            (
                seconds(alert.period),
                seconds(alert.event_time),
                alert.event_count,
                seconds(alert.first_event_time),
                seconds(alert.last_event_time),
            )
            for alert in evaluate(records, rates={"root_console_brute_force": rate})
        ] == expected


# --- Rates: what counts, and under which key ------------------------------------------------------


def test_more_than_ten_failed_mfa_requests_of_one_user() -> None:
    def records(count: int, **fields: Any) -> list[Record]:
        mfa = {"additionalEventData": {"MFAUsed": "Yes"}} | fields
        return [login(f"e{n}", NOON + n * SECOND, user="alice", **mfa) for n in range(count)]

    assert evaluate(records(10)) == []
    alert = the_alert(records(11))
    assert (alert.detection_id, alert.severity) == ("multiple_failed_mfa_requests", "medium")
    assert alert.entity == f"{ACCOUNT}/alice"
    assert evaluate(records(11, additionalEventData={"MFAUsed": "yes"})) == []
    assert evaluate(records(11, responseElements={"ConsoleLogin": "Success"})) == []
    assert evaluate(records(11, responseElements=None)) == []


def test_thirty_distinct_users_of_one_address() -> None:
    users = [login(f"e{n:02}", NOON + n * SECOND, user=f"user{n}") for n in range(29)]
    again = [login(f"again{n:02}", NOON + n * SECOND, user=f"user{n}") for n in range(29)]
    masked = login("masked", NOON, user="HIDDEN_DUE_TO_SECURITY_REASONS")
    elsewhere = login("elsewhere", NOON, sourceIPAddress="192.0.2.99")
    nowhere = login("nowhere", NOON, sourceIPAddress=None)
    assert evaluate([*users, *again, masked, elsewhere, nowhere]) == []

    alert = the_alert([*users, *again, login("root", NOON + MINUTE)])
    assert (alert.detection_id, alert.severity) == ("multiple_users_failing_from_ip", "high")
    assert alert.entity == alert.source_ip == "192.0.2.1"
    assert (alert.event_count, alert.distinct_count) == (59, 30)


def test_one_name_in_two_accounts_is_two_users() -> None:
    users = [login(f"e{n:02}", NOON, user=f"user{n}") for n in range(29)]
    namesake = {"type": "IAMUser", "userName": "user0", "accountId": OTHER}
    assert the_alert([*users, login("other", NOON, userIdentity=namesake)]).distinct_count == 30


def test_the_account_may_come_from_the_recipient_and_without_one_nothing_counts() -> None:
    records = logins(10, NOON)
    for record in records:
        record["userIdentity"] = {"type": "Root"}
    assert the_alert(records).entity == ACCOUNT
    for record in records:
        del record["recipientAccountId"]
    assert evaluate(records) == []


def test_the_rate_is_a_parameter() -> None:
    rate = Rate(threshold=3, window=MINUTE, suppress_for=2 * MINUTE)
    alert = the_alert(logins(3, NOON + 3 * MINUTE), root_console_brute_force=rate)
    assert alert.period == NOON + 2 * MINUTE
    with pytest.raises(ValueError, match="shorter than the window"):
        Rate(threshold=3, window=MINUTE, suppress_for=MINUTE - SECOND)


# --- Single events: one firing and one quiet example each -----------------------------------------

INVOKE = {"action": "lambda:InvokeFunction"}
SHARE = {"attributeName": "restore"}
OPEN = {"ruleAction": "allow", "egress": False, "aclProtocol": "-1"}
TCP = OPEN | {"aclProtocol": "6"}
STS = {"userIdentity": {"type": "AssumedRole", "accessKeyId": "ASIAX"}}
ROOT = {"userIdentity": {"type": "Root"}, "responseElements": {"ConsoleLogin": "Success"}}
IDP = "UpdateExternalIdPConfigurationForDirectory"


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (call("iam", "EnableMFADevice", **STS), {"iam_mfa_registered_with_session_token": "high"}),
        (
            call("iam", "CreateVirtualMFADevice", **STS),
            {"iam_mfa_registered_with_session_token": "high", "mfa_method_registered": "medium"},
        ),
        (call("iam", "EnableMFADevice"), {}),
        (call("iam", "DeactivateMFADevice"), {"mfa_disabled": "high"}),
        (call("sso", IDP), {"identity_center_idp_change": "high"}),
        (call("sso-directory", "AssociateDirectory"), {"identity_center_idp_change": "high"}),
        (call("ds", "AssociateDirectory"), {}),
        (call("ec2", "ImportKeyPair"), {"ec2_key_pair_imported": "medium"}),
        (call("lightsail", "ImportKeyPair"), {}),
        (call("kms", "DisableKey"), {"kms_key_disabled_or_scheduled_for_deletion": "medium"}),
        (call("kms", "DisableKeyRotation"), {}),
        (call("kms", "ImportKeyMaterial"), {"kms_imported_key_material": "high"}),
        (call("kms", "DeleteExpiredKeyMaterial"), {}),
        (
            call("lambda", "AddPermission20150331v2", INVOKE | {"principal": "*"}),
            {"lambda_public_invocation": "high"},
        ),
        (
            call("lambda", "AddPermission", INVOKE | {"principal": {"AWS": ["*"]}}),
            {"lambda_public_invocation": "high"},
        ),
        (call("lambda", "AddPermission", INVOKE | {"principal": ["*"]}), {}),
        (call("lambda", "AddPermission2015v2", INVOKE | {"principal": "*"}), {}),
        (call("lambda", "AddPermission", {"principal": "*", "action": "lambda:GetFunction"}), {}),
        (
            call("lambda", "UpdateFunctionConfiguration20150331v2", {"layers": ["arn"]}),
            {"lambda_layer_added": "low", "lambda_layer_attached": "low"},
        ),
        (call("lambda", "UpdateFunctionConfiguration", {"layers": []}), {}),
        (call("lambda", "UpdateFunctionCodev2"), {"lambda_function_code_updated": "medium"}),
        (call("lambda", "UpdateFunctionCodev2", **STS), {}),
        (call("signin", "ConsoleLogin", **ROOT), {"root_console_login": "medium"}),
        (call("signin", "ConsoleLogin", **(ROOT | {"responseElements": None})), {}),
        (call("ec2", "CreateNetworkAclEntry", OPEN), {"network_acl_all_ports_open": "high"}),
        (
            call("ec2", "ReplaceNetworkAclEntry", TCP | {"portRange": {"from": "0", "to": 65535}}),
            {"network_acl_all_ports_open": "high"},
        ),
        (call("ec2", "CreateNetworkAclEntry", TCP | {"portRange": {"from": 2, "to": 65535}}), {}),
        (call("ec2", "CreateNetworkAclEntry", OPEN | {"egress": True}), {}),
        (call("ec2", "CreateNetworkAclEntry", OPEN | {"egress": None}), {}),
        (call("ec2", "DeleteNetworkAcl"), {"network_acl_deleted": "medium"}),
        (call("iam", "GetAccountPasswordPolicy"), {"password_policy_changed": "informational"}),
        (call("iam", "DeleteAccountPasswordPolicy"), {"password_policy_changed": "medium"}),
        (
            call("rds", "CreateDBCluster", {"publiclyAccessible": "true"}),
            {"rds_made_public": "medium"},
        ),
        (call("rds", "CreateDBInstance", {"publiclyAccessible": 1}), {}),
        (call("rds", "DeleteGlobalCluster"), {"rds_deleted": "medium"}),
        (call("rds", "DeleteDBClusterSnapshot"), {}),
        (
            call("rds", "ModifyGlobalCluster", {"deletionProtection": False}),
            {"rds_deletion_protection_disabled": "medium"},
        ),
        (call("rds", "ModifyDBInstance", {"deletionProtection": None}), {}),
        (
            call("rds", "ModifyDBInstance", {"masterUserPassword": ""}),
            {"rds_master_password_modified": "medium"},
        ),
        (call("rds", "ModifyDBInstance", {"masterUserPassword": None}), {}),
        (call("rds", "RestoreDBInstanceFromS3"), {"rds_restored": "medium"}),
        (call("rds", "RestoreDBClusterFromS3"), {}),
        (
            call("rds", "ModifyDBSnapshotAttribute", SHARE | {"valuesToAdd": [OTHER, "all"]}),
            {"rds_snapshot_shared": "high"},
        ),
        (
            call("rds", "ModifyDBClusterSnapshotAttribute", SHARE | {"valuesToAdd": OTHER}),
            {"rds_snapshot_shared": "medium"},
        ),
        (call("rds", "ModifyDBSnapshotAttribute", SHARE | {"valuesToAdd": [ACCOUNT]}), {}),
        (call("rds", "ModifyDBSnapshotAttribute", SHARE | {"valuesToRemove": [OTHER]}), {}),
    ],
    ids=lambda value: value.get("eventName", ""),
)
def test_single_events(record: Record, expected: dict[str, str]) -> None:
    assert {alert.detection_id: alert.severity for alert in evaluate([record])} == expected


def test_a_failed_call_is_one_step_lower_or_quiet() -> None:
    denied = {"errorCode": "AccessDenied"}
    (alert,) = evaluate([call("iam", "DeactivateMFADevice", **denied)])
    assert (alert.outcome, alert.severity) == ("failure", "medium")
    (alert,) = evaluate([call("lambda", "UpdateFunctionConfiguration", {"layers": [1]}, **denied)])
    assert (alert.detection_id, alert.severity) == ("lambda_layer_attached", "informational")
    assert evaluate([call("rds", "DeleteDBInstance", **denied)]) == []


def test_null_and_empty_errors_are_none_and_a_message_alone_is_one() -> None:
    delete = ("rds", "DeleteDBCluster")
    assert ids([call(*delete, errorCode=None, errorMessage="")]) == ["rds_deleted"]
    assert ids([call(*delete, errorMessage="Failed")]) == []


def test_a_repeat_of_a_single_event_alerts_once() -> None:
    record = call("ec2", "ImportKeyPair")
    assert len(evaluate([record, dict(record)])) == 1
    assert len(evaluate([record | {"eventID": None}, record | {"eventID": ""}])) == 2
    assert len(evaluate([record | {"eventID": None}, record | {"eventID": None}])) == 1


@pytest.mark.parametrize("junk", [None, "", "x", 7, 1.5, True, [], ["x"], {}, {"x": {}}])
@pytest.mark.parametrize(
    "field", ["eventSource", "eventName", "eventTime", "requestParameters", "userIdentity"]
)
def test_wrong_types_never_raise_and_never_match(field: str, junk: object) -> None:
    asked = INVOKE | {"principal": "*", "layers": ["arn"]}
    record = call("lambda", "AddPermission", asked, responseElements=junk) | {field: junk}
    assert ids([record]) == (["lambda_public_invocation"] if field == "userIdentity" else [])
    assert evaluate([login("e1", NOON) | {field: junk}]) == []
    assert evaluate([junk]) == []  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-03-02T12:00:00Z", NOON),
        ("2026-03-02T12:00:00.000001Z", NOON + MICROSECOND),
        ("2026-03-02T12:00:00.0000019Z", NOON + MICROSECOND),
        ("2026-03-02 12:00:00", NOON),
        ("2026-03-02 12:00:00.250", NOON + timedelta(milliseconds=250)),
        ("2026-03-02T23:00:00+11:00", NOON),
        ("2026-03-02T07:00:00-0500", NOON),
        ("2026-02-30T12:00:00Z", None),
        ("0001-01-01T00:00:00+01:00", None),
        ("yesterday", None),
        (1772452800, None),
    ],
)
def test_times(written: object, expected: datetime | None) -> None:
    assert read_time(written) == expected


def test_a_record_without_event_time_may_have_a_timestamp() -> None:
    record = call("ec2", "ImportKeyPair", eventTime=None)
    assert evaluate([record]) == []
    assert the_alert([record | {"@timestamp": "2026-03-02T12:00:00.000Z"}]).event_time == NOON


def test_alerts_are_sorted_and_their_severities_known() -> None:
    alerts = evaluate([call("iam", "CreateVirtualMFADevice", **STS), *logins(10, NOON - MINUTE)])
    assert [a.detection_id for a in alerts] == [
        "root_console_brute_force",
        "iam_mfa_registered_with_session_token",
        "mfa_method_registered",
    ]
    assert {a.severity for a in alerts} <= set(SEVERITIES)
