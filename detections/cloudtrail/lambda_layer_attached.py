"""A layer set on a Lambda function, or the attempt."""

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
    title="AWS New Lambda Layer Attached",
    severity=Severity.LOW,
    outcome=Outcome.ANY,
    tactics=("TA0002",),
    techniques=("T1648",),
    reads=calls("lambda", "UpdateFunctionConfiguration", versioned=True),
    entity=("requestParameters.functionName", "userIdentity.arn"),
    summary="{actor} asked for layers {requestParameters.layers} on "
    "{requestParameters.functionName}",
    false_positives=("Deployments that attach shared libraries or monitoring agents as layers.",),
    blind_spots=(
        "A denied call usually comes without its parameters, and so without its layers.",
        "Layers that are part of CreateFunction.",
    ),
    triage=(
        "After a failure, look for other Lambda calls of the caller in the same hour.",
        "Find who published the layer version (PublishLayerVersion) and when.",
        "Set the former layers again if the change has no owner.",
    ),
    references=(
        "https://docs.aws.amazon.com/lambda/latest/dg/API_UpdateFunctionConfiguration.html",
    ),
    related=("lambda_layer_added", "lambda_function_code_updated"),
    origin=Origin(
        "Sigma", "97fbabf8-8e1b-47a2-b7d5-a418d2b95e3d", "aws_new_lambda_layer_attached.yml"
    ),
)
def lambda_layer_attached(options: Options) -> Column:
    """Code in a layer runs with the rights of every function that it is attached to.

    A failed attempt counts too: it shows somebody trying how far their rights over functions go.
    """
    return is_filled_list(request_parameter("layers"))
