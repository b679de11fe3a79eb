from typing import Any

from trailhound.testing import Record, fires, quiet, record

NAME = "AddPermission20150331v2"


def grant(principal: Any = "*", action: Any = "lambda:InvokeFunction", **more: Any) -> Record:
    return {
        "functionName": "orders",
        "statementId": "open",
        "action": action,
        "principal": principal,
        **more,
    }


def add(request: Any, name: str = NAME, **fields: Any) -> Record:
    return record("lambda", name, request, **fields)


CASES = [
    fires(
        "everyone may invoke",
        add(grant()),
        entity="orders",
        says="assumed-role/Admin/alice let everyone use lambda:InvokeFunction on orders",
    ),
    fires("the name without a date", add(grant(), "AddPermission")),
    fires("the name with a date only", add(grant(), "AddPermission20150331")),
    fires("a version without a date", add(grant(), "AddPermissionv2")),
    fires("everyone as an object", add(grant({"AWS": "*"}))),
    fires("everyone as an object with a list", add(grant({"AWS": ["*"]}))),
    fires("everyone among others", add(grant({"AWS": ["arn:aws:iam::210987654321:root", "*"]}))),
    fires("an object that a pipeline made text", add(grant('{"AWS": ["*"]}'))),
    fires("every Lambda action", add(grant(action="lambda:*"))),
    fires("every action", add(grant(action="*"))),
    fires(
        "a function URL without sign-in",
        add(grant(action="lambda:InvokeFunctionUrl", functionUrlAuthType="NONE")),
        says="; functionUrlAuthType NONE",
    ),
    fires(
        "everyone, narrowed: the summary says to what",
        add(
            grant(
                sourceArn="arn:aws:s3:::uploads",
                sourceAccount="210987654321",
                principalOrgID="o-a1b2c3d4e5",
            )
        ),
        says="; sourceArn arn:aws:s3:::uploads, sourceAccount 210987654321, "
        "principalOrgID o-a1b2c3d4e5",
    ),
    fires("nobody known", add(grant(), by=None), says="unknown caller let everyone"),
    fires(
        "a failed call, where failures are asked for",
        add(grant(), error="ResourceConflictException"),
        outcome="failure",
        severity="medium",
        options={"outcome": "any"},
    ),
    quiet("a failed call", add(grant(), error="ResourceConflictException")),
    quiet("a denied call without parameters", add(None, error="AccessDenied")),
    quiet("no parameters", add(None)),
    quiet("a service", add(grant("s3.amazonaws.com"))),
    quiet("another account", add(grant("210987654321"))),
    quiet("another account as an object", add(grant({"AWS": "arn:aws:iam::210987654321:root"}))),
    quiet("accounts as a list", add(grant({"AWS": ["210987654321", "109876543210"]}))),
    quiet("a star that is part of a name", add(grant({"AWS": ["arn:aws:iam::*:root"]}))),
    quiet("every service", add(grant({"Service": "*"}))),
    quiet("no principal", add({"functionName": "orders", "action": "lambda:InvokeFunction"})),
    quiet("an action that only reads", add(grant(action="lambda:GetFunction"))),
    quiet("an action that only begins alike", add(grant(action="lambda:InvokeFunctionUrls"))),
    quiet("no action", add({"functionName": "orders", "principal": "*"})),
    quiet(
        "the answer alone names everyone",
        add(grant("s3.amazonaws.com"), responseElements={"statement": '{"Principal": "*"}'}),
    ),
    quiet("a layer", add(grant(), "AddLayerVersionPermission20181031")),
    quiet("the statement taken back", add(grant(), "RemovePermission20150331v2")),
    quiet("a date that is too short", add(grant(), "AddPermission2015")),
    quiet("a name that only begins alike", add(grant(), "AddPermissions20150331v2")),
    quiet("a queue", record("sqs", "AddPermission", grant())),
    quiet("a topic", record("sns", "AddPermission20150331v2", grant())),
]
