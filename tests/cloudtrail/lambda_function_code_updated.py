from typing import Any

from trailhound.testing import ACCOUNT, ROLE, ROOT, USER, Record, fires, quiet, record

CODE = {
    "functionName": "orders",
    "s3Bucket": "builds",
    "s3Key": "orders.zip",
    "publish": True,
    "dryRun": False,
}
NAME = "UpdateFunctionCode20150331v2"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64)"
ONLY_CLI = {"only_cli": True}


def update(name: str = NAME, by: Record | None = USER, **fields: Any) -> Record:
    return record("lambda", name, CODE, by=by, **fields)


CASES = [
    fires(
        "an IAM user",
        update(),
        entity="orders",
        says=f"arn:aws:iam::{ACCOUNT}:user/bob replaced the code of orders with aws-cli/2.15.0",
    ),
    fires("where the code came from", update(), says="; s3Bucket builds, s3Key orders.zip"),
    fires("the name without a date", update("UpdateFunctionCode")),
    fires("the name with a date only", update("UpdateFunctionCode20150331")),
    fires("a browser", update(userAgent=BROWSER)),
    fires("no user agent", update(userAgent=None)),
    fires(
        "no parameters",
        record("lambda", NAME, by=USER),
        entity=f"arn:aws:iam::{ACCOUNT}:user/bob",
        says="the code of unknown",
    ),
    fires(
        "a dry run, which is a successful call",
        record("lambda", NAME, {**CODE, "dryRun": True}, by=USER),
        says="dryRun true",
    ),
    fires("only the type of the user is known", update(by={"type": "IAMUser"})),
    fires("the command line, where only that is asked for", update(), options=ONLY_CLI),
    fires(
        "a user agent in brackets, where only the command line is asked for",
        update(userAgent="[aws-cli/1.16.81 Python/2.7.15]"),
        options=ONLY_CLI,
    ),
    fires(
        "a failed call, where failures are asked for",
        update(error="ResourceConflictException"),
        outcome="failure",
        severity="low",
        options={"outcome": "any"},
    ),
    quiet("a failed call", update(error="ResourceConflictException")),
    quiet("a denied call", record("lambda", NAME, by=USER, error="AccessDenied")),
    quiet("a role", update(by=ROLE)),
    quiet("root", update(by=ROOT)),
    quiet("nobody known", update(by=None)),
    quiet("a service", update(by={"accountId": ACCOUNT, "invokedBy": "cloudformation"})),
    quiet(
        "a browser, where only the command line counts", update(userAgent=BROWSER), options=ONLY_CLI
    ),
    quiet(
        "no user agent, where only the command line counts",
        update(userAgent=None),
        options=ONLY_CLI,
    ),
    quiet(
        "a user agent that names the command line later on",
        update(userAgent="Boto3/1.34 like aws-cli/2.15.0"),
        options=ONLY_CLI,
    ),
    quiet("another setting", update("UpdateFunctionConfiguration20150331v2")),
    quiet("a signing configuration", update("PutFunctionCodeSigningConfig")),
    quiet("a name that only begins alike", update("UpdateFunctionCodes20150331v2")),
    quiet("another service", record("apprunner", NAME, CODE, by=USER)),
]
