"""What users keep: another value here starts their streams anew, or raises their alerts twice."""

import pytest
from builders import events, record
from pyspark.sql import SparkSession

from trailhound import Rate, load
from trailhound.detect.queries import SINGLE_EVENTS, Queries
from trailhound.runtime.config import Config, Stream, Tables
from trailhound.streaming import checkpoints
from trailhound.streaming.runner import folder

CONFIG_HASHES = {
    "ec2_key_pair_imported": "43281c04237197a4",
    "iam_mfa_registered_with_session_token": "9d2cf61d6d492d25",
    "identity_center_idp_change": "c0488f04d1f7fc74",
    "kms_imported_key_material": "79851bf559612130",
    "kms_key_disabled_or_scheduled_for_deletion": "e1ec71db90389294",
    "lambda_function_code_updated": "23ba065ab97398e0",
    "lambda_layer_added": "600031b13e912924",
    "lambda_layer_attached": "ec971e30933ae2f3",
    "lambda_public_invocation": "a483a4fbf842a4b0",
    "mfa_disabled": "923b8f1eabe89e37",
    "mfa_method_registered": "3afb88dab1d8b7ff",
    "multiple_failed_mfa_requests": "f3f964dd87c5972a",
    "multiple_users_failing_from_ip": "d39dd1e3a1aa038e",
    "network_acl_all_ports_open": "55fee78364d458ea",
    "network_acl_deleted": "7e4e3de148f10bdf",
    "password_policy_changed": "7bc6641020b01fc3",
    "rds_deleted": "1d9a5196932d6256",
    "rds_deletion_protection_disabled": "f331372d20214ed3",
    "rds_made_public": "8f7089fcb6fe30ee",
    "rds_master_password_modified": "5bf720c50f277ae8",
    "rds_restored": "dff2b48aa48b2a2e",
    "rds_snapshot_shared": "44ddfe5b4d18826c",
    "root_console_brute_force": "76b93c0892661316",
    "root_console_login": "0e31cb0b5f722d90",
}
STATE_HASHES = {
    "multiple_failed_mfa_requests": "fc75b66437daa73d",
    "multiple_users_failing_from_ip": "fe6ed721ae01d85e",
    "root_console_brute_force": "46221c92cd2e82d6",
}
LAKE = Config(
    tables=Tables(events="s3a://lake/events"), stream=Stream(checkpoints="s3a://lake/checkpoints")
)
HOME = "s3a://lake/checkpoints/detect/59f4f4816d289e87"
ALERT_ID = "5ec8b2ce6c7ef64c6475a6d2beb123f52442ba0467cca67331d843dd9ced1735"


def test_parameters_have_the_hashes_that_alerts_carry() -> None:
    assert {d.id: d.config_hash for d in load()} == CONFIG_HASHES


def test_states_have_the_hashes_that_checkpoints_are_named_by() -> None:
    assert {d.id: d.state_hash for d in load() if isinstance(d, Rate)} == STATE_HASHES


@pytest.mark.parametrize(
    "detection", [d for d in load() if isinstance(d, Rate)], ids=lambda d: d.id
)
def test_a_rate_remembers_where_it_did(spark: SparkSession, detection: Rate) -> None:
    queries = Queries(spark, LAKE, lambda *_: None)
    assert queries.of(detection) == f"{HOME}/{detection.id}/{STATE_HASHES[detection.id]}"


def test_single_events_are_remembered_where_they_were(spark: SparkSession) -> None:
    assert checkpoints.home(LAKE) == HOME
    assert (
        Queries(spark, LAKE, lambda *_: None).checkpoint(SINGLE_EVENTS) == f"{HOME}/single-events"
    )
    assert folder(str(["mfa_disabled"])) == "bec2ccbe812c0fdf"


def test_ingest_remembers_where_it_did() -> None:
    assert folder("s3a://lake/AWSLogs") == "187ae03342498fa3"


def test_an_event_has_the_alert_id_that_it_had(spark: SparkSession) -> None:
    (detection,) = load(["mfa_disabled"])
    found = detection.transform(
        events(spark, [record("iam", "DeactivateMFADevice", event_id="e-1")])
    )
    assert [row.alert_id for row in found.collect()] == [ALERT_ID]
