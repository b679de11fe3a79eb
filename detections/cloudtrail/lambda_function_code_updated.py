"""The code of a Lambda function replaced by an IAM user."""

from trailhound import (
    Column,
    Options,
    Origin,
    Outcome,
    Severity,
    calls,
    event,
    holds,
    is_any_of,
    shown_parameters,
    single_event,
)


@single_event(
    title="AWS Lambda UpdateFunctionCode",
    severity=Severity.MEDIUM,
    outcome=Outcome.SUCCESS,
    tactics=("TA0002",),
    techniques=("T1204",),
    reads=calls("lambda", "UpdateFunctionCode", versioned=True),
    entity=("requestParameters.functionName", "userIdentity.arn"),
    summary="{actor} replaced the code of {requestParameters.functionName} with {userAgent}",
    details=lambda options: shown_parameters("s3Bucket", "s3Key", "imageUri", "dryRun"),
    options={"only_cli": False},
    false_positives=("Developers, or pipelines with an IAM user's keys, who deploy by hand.",),
    blind_spots=(
        "Roles are left out, so an attacker who has assumed one is not seen.",
        "With only_cli, a caller who names another user agent.",
    ),
    triage=(
        "Ask the user whether the deployment was theirs, and from that address.",
        "Compare the code with the last reviewed version; look for calls by the function's role.",
        "Publish the former version again and change the user's keys if nobody claims it.",
    ),
    related=("lambda_layer_added", "lambda_public_invocation"),
    origin=Origin(
        "Splunk", "211b80d3-6340-4345-11ad-212bf3d0d111", "aws_lambda_updatefunctioncode.yml"
    ),
)
def lambda_function_code_updated(options: Options) -> Column:
    """New code in an old function runs unnoticed, with a role that is already trusted.

    Deployments mostly come from roles: a person's long-lived keys that change code stand out.
    """
    by_iam_user = is_any_of(event("userIdentity.type"), "IAMUser")
    with_cli = holds(event("userAgent").rlike(r"^\[?aws-cli/"))
    return by_iam_user & with_cli if options["only_cli"] else by_iam_user
