"""The words in which the catalogue of calls is written."""

from trailhound.simulation.records import Call, Fields

Resources = tuple[tuple[str, str], ...]
Row = tuple[str, str, str, float, Fields | None]
"""Source, names separated by blanks, caller, weight, requestParameters: as `each` takes them."""

_DENIED = "User: <arn> is not authorized to perform this action because no policy allows it"


def denied(source: str) -> tuple[str, str]:
    """Return errorCode and errorMessage of a call that no policy allows."""
    return ("Client.UnauthorizedOperation" if source == "ec2" else "AccessDenied", _DENIED)


def each(
    source: str,
    listed: str,
    caller: str,
    weight: float,
    request: Fields | None = None,
    *,
    response: Fields | None = None,
    extra: Fields | None = None,
    resources: Resources = (),
    error: tuple[str, str] | None = None,
    error_share: float = 0.0,
    data: bool = False,
) -> list[Call]:
    """Return a call for each of the names `listed`, separated by blanks; they share the weight.

    Without an `error` of its own, `error_share` of them are denied.
    """
    found = listed.split()
    return [
        Call(
            source,
            name,
            caller,
            weight / len(found),
            request,
            response,
            extra,
            resources,
            (error or denied(source),) if error_share else (),
            error_share,
            data,
        )
        for name in found
    ]


def failed_sign_in(*, mfa: bool, weight: float = 0.0) -> Call:
    """Return a failed sign-in to the console, after a second factor was asked for or not."""
    home = "https://console.aws.amazon.com/console/home?hashArgs=%23&isauthcode=true"
    return Call(
        "signin",
        "ConsoleLogin",
        "failed_login",
        weight,
        response={"ConsoleLogin": "Failure"},
        extra={"LoginTo": home, "MobileVersion": "No", "MFAUsed": "Yes" if mfa else "No"},
        errors=(("", "Failed authentication"),),
        error_share=1.0,
        event_type="AwsConsoleSignIn",
    )
