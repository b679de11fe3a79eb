"""Who makes everyday calls: services, workloads, people, and the sessions they hold at a time."""

from collections.abc import Callable, Mapping
from datetime import datetime

from trailhound.simulation.callers import Account, caller
from trailhound.simulation.records import Caller
from trailhound.simulation.world import (
    BROWSERS,
    CLI,
    EXTERNAL_ACCOUNTS,
    PEOPLE,
    ROLES,
    SDKS,
    TERRAFORM,
    USERS,
)


class Cast:
    """The callers of one account: sessions last six hours, and are made when first asked for."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._began: datetime | None = None
        self._made: dict[str, list[Caller]] = {}

    def callers(self, time: datetime) -> Callable[[str], list[Caller]]:
        """Return a function from a key, `kind` or `kind:service`, to who is of it at that time."""
        began = time.replace(hour=time.hour // 6 * 6, minute=0, second=0)
        if began != self._began:
            self._began = began
            self._made = {}
        made = self._made

        def of(key: str) -> list[Caller]:
            if key not in made:
                kind, _, service = key.partition(":")
                made[key] = _KINDS[kind](self._account, f"{service}.amazonaws.com", began)
            return made[key]

        return of


def _service(_: Account, service: str, __: datetime) -> list[Caller]:
    return [caller({"type": "AWSService", "invokedBy": service}, service, service)]


def _nobody(account: Account, service: str, _: datetime) -> list[Caller]:
    return [caller({"accountId": account.id, "invokedBy": service}, service, service)]


def _linked(account: Account, service: str, began: datetime) -> list[Caller]:
    title = service.partition(".")[0].title().replace("-", "")
    path = f"aws-service-role/{service}/AWSServiceRoleFor{title}"
    return [caller(account.role(path, title, began, service), service, service)]


def _via(account: Account, service: str, began: datetime) -> list[Caller]:
    return [
        caller(account.role(role, f"{role}-task", began, service), service, service)
        for role in ROLES
    ]


def _workload(account: Account, _: str, began: datetime) -> list[Caller]:
    return [
        caller(account.role(role, f"{role}-{n}", began), account.workload_address(role), agent)
        for n, (role, agent) in enumerate(zip(ROLES, (SDKS * 2)[: len(ROLES)], strict=True))
    ]


def _cli(account: Account, _: str, began: datetime) -> list[Caller]:
    return _people(account, began, CLI)


def _console(account: Account, _: str, began: datetime) -> list[Caller]:
    at_office = _people(account, began, "AWS Internal")
    # Some pages call on the server's side: the address is then no address.
    return at_office + [Caller(c.identity, c.arn, c.agent, c.agent) for c in at_office[:2]]


def _people(account: Account, began: datetime, agent: str) -> list[Caller]:
    path = "aws-reserved/sso.amazonaws.com/AWSReservedSSO_PowerUserAccess_4f1a6c0de2b95837"
    return [
        caller(account.role(path, f"{person}@example.com", began), account.office, agent)
        for person in PEOPLE
    ]


def _user(account: Account, _: str, __: datetime) -> list[Caller]:
    agents = (TERRAFORM, CLI, *SDKS, CLI)
    return [
        caller(account.user(user), account.workload_address(user), agent)
        for user, agent in zip(USERS, agents, strict=True)
    ]


def _root(account: Account, _: str, began: datetime) -> list[Caller]:
    return [caller(account.root(began), account.office, "AWS Internal")]


def _external(_: Account, __: str, ___: datetime) -> list[Caller]:
    return [
        caller(
            {"type": "AWSAccount", "principalId": f"AIDAEXAMPLE{other[:9]}", "accountId": other},
            f"192.0.2.{200 + number}",
            SDKS[0],
        )
        for number, other in enumerate(EXTERNAL_ACCOUNTS)
    ]


def _directory(account: Account, _: str, __: datetime) -> list[Caller]:
    identity = {"type": "IdentityCenterUser", "accountId": account.id, "credentialId": "VKEXAMPLE"}
    return [caller(identity, account.office, BROWSERS[1])]


def _web(account: Account, _: str, __: datetime) -> list[Caller]:
    provider = f"arn:aws:iam::{account.id}:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/5F0C1D"
    return [
        caller(
            {
                "type": "WebIdentityUser",
                "principalId": f"{provider}:sts.amazonaws.com:system:serviceaccount:prod:{role}",
                "userName": f"system:serviceaccount:prod:{role}",
                "identityProvider": provider,
            },
            account.workload_address(role),
            SDKS[0],
        )
        for role in ROLES
    ]


def _saml(account: Account, _: str, __: datetime) -> list[Caller]:
    provider = f"arn:aws:iam::{account.id}:saml-provider/acme-sso"
    identity = {"type": "SAMLUser", "principalId": f"{account.id}:dana", "userName": PEOPLE[3]}
    return [caller(identity | {"identityProvider": provider}, account.office, BROWSERS[0])]


def _login(account: Account, _: str, __: datetime) -> list[Caller]:
    return [caller(account.signed_in(name), account.office, BROWSERS[0]) for name in PEOPLE]


def _failed_login(account: Account, _: str, __: datetime) -> list[Caller]:
    return [caller(account.refused(name), account.office, BROWSERS[0]) for name in PEOPLE]


_KINDS: Mapping[str, Callable[[Account, str, datetime], list[Caller]]] = {
    "service": _service,
    "nobody": _nobody,
    "linked": _linked,
    "via": _via,
    "workload": _workload,
    "cli": _cli,
    "console": _console,
    "user": _user,
    "root": _root,
    "external": _external,
    "directory": _directory,
    "web": _web,
    "saml": _saml,
    "login": _login,
    "failed_login": _failed_login,
}
