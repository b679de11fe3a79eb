"""A layer set on an existing Lambda function."""

from trailhound import (
    Column,
    Options,
    Origin,
    Outcome,
    Severity,
    calls,
    is_filled_list,
    request_parameter,
    single_event,
)


@single_event(
    title="AWS Lambda Layer Added to Existing Function",
    severity=Severity.LOW,
    outcome=Outcome.SUCCESS,
    tactics=("TA0002", "TA0005"),
    techniques=("T1648", "T1578.005"),
    reads=calls("lambda", "UpdateFunctionConfiguration", versioned=True),
    entity=("requestParameters.functionName", "userIdentity.arn"),
    summary="{actor} set layers {requestParameters.layers} on {requestParameters.functionName}",
    false_positives=("Releases that raise the version of a shared layer or a monitoring agent.",),
    blind_spots=(
        "Layers given when a function is created.",
        "The call names all layers, so one that was there before looks like a new one.",
    ),
    triage=(
        "Read the account number in each layer's ARN: is it yours or a known vendor's?",
        "Compare with the layers that the function had before.",
        "Download a layer that nobody knows and look for handlers, wrappers and /opt/extensions.",
    ),
    references=(
        "https://docs.aws.amazon.com/lambda/latest/api/API_PublishLayerVersion.html",
        "https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionConfiguration.html",
    ),
    related=("lambda_layer_attached", "lambda_function_code_updated"),
    origin=Origin(
        "Elastic",
        "7d091a76-0737-11ef-8469-f661ea17fbcc",
        "execution_lambda_external_layer_added_to_function.toml",
    ),
)
def lambda_layer_added(options: Options) -> Column:
    """A layer puts code beside a function's own without a change to what its owners review.

    It sees every event and all credentials of the function, and may come from a foreign account.
    """
    return is_filled_list(request_parameter("layers"))
