"""A Lambda function that anybody may invoke."""

from trailhound import (
    Column,
    Options,
    Origin,
    Outcome,
    Severity,
    calls,
    is_any_of,
    listed,
    lists_any_of,
    request_parameter,
    shown_parameters,
    single_event,
)

INVOKE = ("lambda:InvokeFunction", "lambda:InvokeFunctionUrl", "lambda:*", "*")
CONDITIONS = ("sourceArn", "sourceAccount", "principalOrgID", "functionUrlAuthType")


@single_event(
    title="AWS Lambda Function Policy Updated to Allow Public Invocation",
    severity=Severity.HIGH,
    outcome=Outcome.SUCCESS,
    tactics=("TA0003", "TA0004", "TA0005"),
    techniques=("T1546", "T1578.005"),
    reads=calls("lambda", "AddPermission", versioned=True),
    entity=("requestParameters.functionName", "userIdentity.arn"),
    summary="{actor} let everyone use {requestParameters.action} on "
    "{requestParameters.functionName}",
    details=lambda options: shown_parameters(*CONDITIONS),
    false_positives=("Public web hooks with a function URL; grants narrowed by a source or org.",),
    blind_spots=("A grant to one foreign account; a public API in front of a function.",),
    triage=(
        "Read the conditions in the summary: a sourceArn or an organization narrows the grant.",
        "See what the function's role may do, and who invoked it since.",
        "Take the statement back (RemovePermission, its statementId is in the evidence).",
    ),
    references=("https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html",),
    related=("lambda_function_code_updated", "lambda_layer_added"),
    origin=Origin(
        "Elastic",
        "151d8f72-0747-11ef-a0c2-f661ea17fbcc",
        "persistence_lambda_backdoor_invoke_function_for_any_principal.toml",
    ),
)
def lambda_public_invocation(options: Options) -> Column:
    """Who may invoke a function from any account needs no credentials here to come back.

    The function runs with its own role, so the grant is a back door to all that the role can do.
    """
    everyone = is_any_of(request_parameter("principal"), "*")
    every_account = lists_any_of(listed(request_parameter("principal.AWS")), "*")
    return (everyone | every_account) & is_any_of(request_parameter("action"), *INVOKE)
