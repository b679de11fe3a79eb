from typing import Any

from trailhound.testing import ACCOUNT, USER, Record, fires, quiet, record

OTHER = "210987654321"
PARTNER = "109876543210"
TRUSTED = {"trusted_accounts": [PARTNER]}
NOBODY = {"type": "Unknown"}


def share(added: Any, attribute: Any = "restore", **fields: Any) -> Record:
    request = {
        "dBSnapshotIdentifier": "orders-weekly",
        "attributeName": attribute,
        "valuesToAdd": added,
    }
    return record("rds", fields.pop("name", "ModifyDBSnapshotAttribute"), request, **fields)


def cluster(added: Any) -> Record:
    request = {
        "dBClusterSnapshotIdentifier": "shop-weekly",
        "attributeName": "restore",
        "valuesToAdd": added,
    }
    return record("rds", "ModifyDBClusterSnapshotAttribute", request)


CASES = [
    fires(
        "another account",
        share([OTHER]),
        entity="orders-weekly",
        says=f'shared a snapshot with ["{OTHER}"]; dBSnapshotIdentifier orders-weekly',
    ),
    fires(
        "a cluster's snapshot",
        cluster([OTHER]),
        entity="shop-weekly",
        says="; dBClusterSnapshotIdentifier shop-weekly",
    ),
    fires("another account beside one's own", share([ACCOUNT, OTHER])),
    fires("one account as text", share(OTHER)),
    fires("a list that a pipeline made text", share(f'["{OTHER}"]')),
    fires("an account as a number", share([int(OTHER)])),
    fires("one account as a number", share(int(OTHER))),
    fires("everyone", share(["all"]), severity="high", says='with ["all"]'),
    fires("everyone as text", share("all"), severity="high"),
    fires("everyone, a cluster's snapshot", cluster(["all"]), severity="high"),
    fires("everyone among others", share([OTHER, "all"]), severity="high"),
    fires("everyone beside one's own account", share([ACCOUNT, "all"]), severity="high"),
    fires(
        "everyone, by no known owner",
        share(["all"], by=None, recipientAccountId=None),
        severity="high",
    ),
    fires("an account that is not the trusted one", share([OTHER]), options=TRUSTED),
    fires("a trusted account and another", share([PARTNER, OTHER]), options=TRUSTED),
    fires(
        "everyone is never trusted",
        share(["all"]),
        severity="high",
        options={"trusted_accounts": ["all", OTHER]},
    ),
    fires("nobody known, but the account", share([OTHER], by=None), says="unknown caller shared"),
    fires(
        "the account of the caller, who is a guest in the owner's",
        share([OTHER], by={**USER, "accountId": OTHER}),
    ),
    fires("the owner is known from the caller alone", share([OTHER], recipientAccountId=None)),
    fires(
        "a severity of one's own holds for everyone too",
        share(["all"]),
        severity="low",
        options={"severity": "low"},
    ),
    fires(
        "a failed call, where failures are asked for",
        share([OTHER], error="DBSnapshotNotFound"),
        outcome="failure",
        severity="low",
        options={"outcome": "any"},
    ),
    fires(
        "everyone in a failed call, where failures are asked for",
        share(["all"], error="DBSnapshotNotFound"),
        outcome="failure",
        severity="medium",
        options={"outcome": "any"},
    ),
    quiet("a failed call", share([OTHER], error="DBSnapshotNotFound")),
    quiet(
        "a denied call without parameters",
        record("rds", "ModifyDBSnapshotAttribute", error="AccessDenied"),
    ),
    quiet("no parameters", record("rds", "ModifyDBSnapshotAttribute")),
    quiet("one's own account", share([ACCOUNT])),
    quiet("one's own account as text", share(ACCOUNT)),
    quiet("one's own account as a number, without its leading zero", share([int(ACCOUNT)])),
    quiet(
        "one's own account, known from the caller alone", share([ACCOUNT], recipientAccountId=None)
    ),
    quiet("the owner's account, by a guest", share([ACCOUNT], by={**USER, "accountId": OTHER})),
    quiet(
        "another account, but no owner known", share([OTHER], by=NOBODY, recipientAccountId=None)
    ),
    quiet("a trusted account", share([PARTNER]), options=TRUSTED),
    quiet("a trusted account as a number", share([int(PARTNER)]), options=TRUSTED),
    quiet("nobody added", share([])),
    quiet("null", share(None)),
    quiet("an empty text", share("")),
    quiet("a list that holds nothing", share([None, ""])),
    quiet("another attribute", share([OTHER], "copy")),
    quiet("everyone, for another attribute", share(["all"], "restores")),
    quiet("no attribute", share([OTHER], None)),
    quiet(
        "an account taken away",
        record(
            *("rds", "ModifyDBSnapshotAttribute"),
            {
                "dBSnapshotIdentifier": "orders-weekly",
                "attributeName": "restore",
                "valuesToRemove": [OTHER],
            },
        ),
    ),
    quiet(
        "the answer lists who it was shared with before",
        share(
            [ACCOUNT],
            responseElements={
                "dBSnapshotAttributes": [{"attributeName": "restore", "attributeValues": ["all"]}]
            },
        ),
    ),
    quiet("a disk's snapshot", record("ec2", "ModifySnapshotAttribute", {"valuesToAdd": ["all"]})),
    quiet("a name that only begins alike", share([OTHER], name="ModifyDBSnapshotAttributes")),
    quiet("a snapshot changed", share([OTHER], name="ModifyDBSnapshot")),
    quiet(
        "another service",
        record(
            *("neptune", "ModifyDBClusterSnapshotAttribute"),
            {"attributeName": "restore", "valuesToAdd": ["all"]},
        ),
    ),
]
