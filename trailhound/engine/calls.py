"""Which API calls are meant."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Calls:
    """API calls: any of the names at any of the sources.

    With `versioned`, a name may carry an API date and version, as Lambda's do
    (`AddPermission20150331v2`).
    """

    sources: tuple[str, ...]
    names: tuple[str, ...]
    versioned: bool = False


def calls(source: str | Iterable[str], *names: str, versioned: bool = False) -> Calls:
    """Return the calls `names` of one service, or of several: `calls("iam", "CreateUser")`."""
    services = [source] if isinstance(source, str) else list(source)
    return Calls(tuple(f"{service}.amazonaws.com" for service in services), names, versioned)
