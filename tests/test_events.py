"""Raw records and foreign tables as canonical events."""

import json
from typing import Any

import pytest
from builders import ACCOUNT, NOON, ROLE, USER, Record, record
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from trailhound import alerts, from_records, from_table, load
from trailhound.engine.events import EVENTS

PLAIN = record("ec2", "RunInstances", {"instanceType": "t3.micro", "count": 2})


def changed(**fields: Any) -> str:
    return json.dumps({**PLAIN, **fields})


# name -> record text, what the columns must hold, what `unmapped` must hold
READ: dict[str, tuple[str, dict[str, Any], Any]] = {
    "plain": (changed(), {"eventName": "RunInstances", "readOnly": False}, None),
    "nulls": (changed(errorCode=None, requestParameters=None), {"errorCode": None}, None),
    "a new field": (changed(newField={"a": [1, "x"]}), {}, {"newField": {"a": [1, "x"]}}),
    "a new field of the identity": (
        changed(userIdentity={**USER, "newName": "n"}),
        {"userIdentity.userName": "bob"},
        {"userIdentity": {"newName": "n"}},
    ),
    "new fields in both": (
        changed(userIdentity={**USER, "newName": 1}, other=True),
        {},
        {"userIdentity": {"newName": 1}, "other": True},
    ),
    "a number for a text": (changed(eventName=5), {"eventName": None}, {"eventName": 5}),
    "a truth value for a text": (changed(errorCode=True), {"errorCode": None}, {"errorCode": True}),
    "an object for a text": (changed(awsRegion={}), {"awsRegion": None}, {"awsRegion": {}}),
    "a list for a text": (changed(userAgent=[1]), {"userAgent": None}, {"userAgent": [1]}),
    "a text for an object": (
        changed(requestParameters="x"),
        {"requestParameters": None},
        {"requestParameters": "x"},
    ),
    "a text for the identity": (
        changed(userIdentity="root"),
        {"userIdentity.type": None},
        {"userIdentity": "root"},
    ),
    "an object inside the identity": (
        changed(userIdentity={**USER, "arn": {"a": 1}}),
        {"userIdentity.arn": None, "userIdentity.userName": "bob"},
        {"userIdentity": {"arn": {"a": 1}}},
    ),
    "truth values as texts": (
        changed(readOnly="True", managementEvent="false"),
        {"readOnly": True},
        None,
    ),
    "no truth value": (changed(readOnly="maybe"), {"readOnly": None}, {"readOnly": "maybe"}),
    "an account as a number": (
        changed(userIdentity={**USER, "accountId": 123456789012}),
        {"userIdentity.accountId": "123456789012"},
        None,
    ),
    "a user agent in brackets": (
        changed(userAgent="[S3Console/0.4]"),
        {"userAgent": "[S3Console/0.4]"},
        None,
    ),
    "a user agent that reads as a list": (changed(userAgent="[1]"), {"userAgent": "[1]"}, None),
    "a user name of digits": (
        changed(userIdentity={**USER, "userName": "12345"}),
        {"userIdentity.userName": "12345"},
        None,
    ),
    "a console mark as a truth value": (
        changed(sessionCredentialFromConsole=True),
        {"sessionCredentialFromConsole": "true"},
        None,
    ),
    "repeated keys: the first counts": (
        changed()[:-1] + ', "eventName": "Second", "awsRegion": 5}',
        {"eventName": "RunInstances", "awsRegion": "eu-west-1"},
        None,
    ),
    "repeated keys in the identity": (
        changed(userIdentity="@").replace('"@"', '{"type": "Root", "type": "IAMUser"}'),
        {"userIdentity.type": "Root"},
        None,
    ),
    "a time with a blank": (changed(eventTime="2024-03-01 12:00:00"), {}, None),
    "a time with a fraction": (changed(eventTime="2024-03-01 12:00:00.000"), {}, None),
    "a time with an offset": (changed(eventTime="2024-03-01T13:00:00+01:00"), {}, None),
    "only @timestamp": (
        json.dumps(
            {k: v for k, v in PLAIN.items() if k != "eventTime"}
            | {"@timestamp": "2024-03-01T12:00:00.000Z"}
        ),
        {},
        {"@timestamp": "2024-03-01T12:00:00.000Z"},
    ),
    "an unreadable time beside @timestamp": (
        changed(eventTime="noon", **{"@timestamp": "2024-03-01T12:00:00Z"}),
        {},
        {"eventTime": "noon", "@timestamp": "2024-03-01T12:00:00Z"},
    ),
    "a field called unmapped": (changed(unmapped=1), {}, {"unmapped": 1}),
    "a number beyond 64 bits": (
        changed(requestParameters="@").replace('"@"', '{"n": 123456789012345678901234567890}'),
        {"requestParameters": '{"n":123456789012345678901234567890}'},
        None,
    ),
    "keys that differ in case": (
        changed(requestParameters={"Name": 1, "name": 2}),
        {"requestParameters": '{"Name":1,"name":2}'},
        None,
    ),
}

BAD = {
    "not an object": ("[1]", "not a JSON object"),
    "a text": ('"x"', "not a JSON object"),
    "null": ("null", "not a JSON object"),
    "broken": ("{", "not valid JSON"),
    "nothing of CloudTrail": ('{"a": 1}', "not a CloudTrail record"),
    "another's document": (
        '{"@timestamp": "2024-03-01T12:00:00Z", "b": 1}',
        "not a CloudTrail record",
    ),
    "no time": (
        json.dumps({k: v for k, v in PLAIN.items() if k != "eventTime"}),
        "no readable eventTime",
    ),
    "a time that is none": (changed(eventTime="yesterday"), "no readable eventTime"),
    "a year alone": (changed(eventTime="2024"), "no readable eventTime"),
    "a number for the time": (changed(eventTime=1709294400), "no readable eventTime"),
    "too large": (changed(requestParameters={"x": "y" * 4_200_000}), "the limit is"),
    "too deep": (
        changed(requestParameters="@").replace('"@"', "[" * 1200 + "]" * 1200),
        "nested too deeply",
    ),
}


@pytest.fixture(scope="module")
def read(spark: SparkSession) -> dict[str, Row]:
    texts = {name: case[0] for name, case in {**READ, **BAD}.items()}
    rows = spark.createDataFrame(list(texts.items()), "name string, record string")
    return {row.name: row for row in from_records(rows).collect()}


@pytest.mark.parametrize("name", READ)
def test_a_readable_record(read: dict[str, Row], name: str) -> None:
    row, (_, columns, unmapped) = read[name], READ[name]
    assert row.reason is None
    assert row.eventTime == NOON.replace(tzinfo=None)
    for path, value in columns.items():
        first, _, inner = path.partition(".")
        outer = row[first]
        assert (outer[inner] if inner and outer else outer) == value
    assert (json.loads(row.unmapped) if row.unmapped else None) == unmapped


@pytest.mark.parametrize("name", BAD)
def test_a_record_that_cannot_be_read(read: dict[str, Row], name: str) -> None:
    assert BAD[name][1] in read[name].reason


def test_every_column_of_the_contract_is_there(read: dict[str, Row]) -> None:
    arrival = {"ingestedAt", "sourceFile", "sourcePosition"}
    assert set(EVENTS.names) - arrival <= set(read["plain"].asDict())


RECORDS: list[Record] = [
    record("ec2", "ImportKeyPair", {"keyName": "k"}),
    record("rds", "ModifyDBInstance", {"dBInstanceIdentifier": "db", "publiclyAccessible": True}),
    record("ec2", "CreateNetworkAclEntry", {
        "networkAclId": "acl-1", "ruleAction": "allow", "aclProtocol": "6", "egress": False,
        "cidrBlock": "0.0.0.0/0", "portRange": {"from": 0, "to": 65535},
    }),
    record("lambda", "UpdateFunctionConfiguration20150331v2", {
        "functionName": "f", "layers": ["arn:a"],
    }),
    record("rds", "ModifyDBSnapshotAttribute", {
        "dBSnapshotIdentifier": "s", "attributeName": "restore", "valuesToAdd": ["all"],
    }),
    record("iam", "DeactivateMFADevice", {"userName": "bob"}, by=USER, error="AccessDenied"),
    record("iam", "CreateVirtualMFADevice", None, by=ROLE),
]  # fmt: skip
PAYLOADS = ("requestParameters", "responseElements", "additionalEventData", "userIdentity")


def table(spark: SparkSession, payload: str, spelling: str) -> DataFrame:
    """The records as another's table holds them."""
    texts = spark.createDataFrame([(json.dumps(r),) for r in RECORDS], "record string")
    columns = []
    for name in EVENTS.names[:30]:
        value = F.get_json_object("record", f"$.{name}")
        if name in PAYLOADS and payload == "struct":
            samples = [json.dumps(r[name]) for r in RECORDS if r.get(name)]
            schema = (
                spark.read.json(spark.sparkContext.parallelize(samples)).schema if samples else None
            )
            value = F.from_json(value, schema) if schema else F.lit(None).cast("string")
        elif name in PAYLOADS and payload == "map":
            value = F.from_json(value, "map<string,string>")
        elif name in PAYLOADS and payload == "variant":
            value = F.try_parse_json(value)
        columns.append(value.alias(name.lower() if spelling == "lower" else name))
    return texts.select(*columns)


def found(frame: DataFrame) -> list[tuple[Any, ...]]:
    rows = alerts(from_table(frame, now=F.lit("2030-01-01").cast("timestamp")), load())
    kept = [name for name in rows.columns if name != "evidence"]
    return sorted(tuple(map(str, row)) for row in rows.select(*kept).collect())


@pytest.fixture(scope="module")
def reference(spark: SparkSession) -> list[tuple[Any, ...]]:
    rows = found(table(spark, "string", "camelCase"))
    assert len(rows) == 9
    return rows


@pytest.mark.parametrize("spelling", ["camelCase", "lower"])
@pytest.mark.parametrize("payload", ["string", "struct", "map", "variant"])
def test_any_table_gives_the_same_alerts(
    spark: SparkSession, reference: list[tuple[Any, ...]], payload: str, spelling: str
) -> None:
    assert found(table(spark, payload, spelling)) == reference


def test_a_table_that_is_no_cloudtrail_is_refused(spark: SparkSession) -> None:
    with pytest.raises(ValueError, match="no column eventTime; it has id"):
        from_table(spark.range(1))


def test_what_a_table_has_besides_is_kept(spark: SparkSession) -> None:
    frame = table(spark, "string", "camelCase").withColumn("tenant", F.lit("a"))
    row = from_table(frame).first()
    assert row is not None
    assert json.loads(row.unmapped)["tenant"] == "a"
    assert row.userIdentity.accountId == ACCOUNT


def test_a_needed_column_under_another_name_is_named_with_what_to_do(spark: SparkSession) -> None:
    frame = table(spark, "string", "camelCase").withColumnRenamed("eventName", "action")
    with pytest.raises(ValueError, match=r"no column eventName; it has .*action.*; name a view"):
        from_table(frame)


def test_an_event_time_that_is_a_number_is_refused(spark: SparkSession) -> None:
    frame = table(spark, "string", "camelCase").withColumn("eventTime", F.lit(1709294400))
    with pytest.raises(ValueError, match=r"the column eventTime is int, neither .*; name a view"):
        from_table(frame)


def test_columns_of_other_types_cost_only_themselves(
    spark: SparkSession, reference: list[tuple[Any, ...]]
) -> None:
    other = {
        "responseElements": F.lit(5),
        "additionalEventData": F.array(F.lit(1)),
        "tlsDetails": F.lit(True),
    }
    assert found(table(spark, "string", "camelCase").withColumns(other)) == reference
    without_identity = table(spark, "string", "camelCase").withColumn("userIdentity", F.lit(7))
    ids = {row[1] for row in found(without_identity)}
    assert "network_acl_all_ports_open" in ids
