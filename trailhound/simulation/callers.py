"""The identities of an account's principals, as they stand in records."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random

from trailhound.simulation.records import Caller
from trailhound.simulation.world import unique_id

Identity = dict[str, object]


def caller(identity: Mapping[str, object], address: str, agent: str) -> Caller:
    """Return the caller with this userIdentity, sourceIPAddress and userAgent."""
    text = json.dumps(identity, separators=(",", ":"))
    return Caller(text, str(identity.get("arn", "")), address, agent)


class Account:
    """One account and the identities of its principals: the same ids all along, new sessions."""

    def __init__(self, rng: Random, account_id: str, number: int) -> None:
        self.id = account_id
        self._rng = rng
        # One office address an account: too few people to look like a password spray.
        self.office = f"100.{64 + (number >> 16) % 64}.{(number >> 8) % 256}.{number % 256}"
        self._ids: dict[str, str] = {}

    def user(self, name: str) -> Identity:
        """Return the identity of an IAM user with a long-lived key."""
        return self.signed_in(name) | {"accessKeyId": self._known("AKIA", name)}

    def signed_in(self, name: str) -> Identity:
        """Return the identity of an IAM user who signs in to the console."""
        return {
            "type": "IAMUser",
            "principalId": self._known("AIDA", name),
            "arn": f"arn:aws:iam::{self.id}:user/{name}",
            "accountId": self.id,
            "userName": name,
        }

    def refused(self, name: str) -> Identity:
        """Return the identity of an IAM user whose sign-in failed: it has no arn."""
        return {
            "type": "IAMUser",
            "principalId": self._known("AIDA", name),
            "accountId": self.id,
            "accessKeyId": "",
            "userName": name,
        }

    def root(self, session: datetime | None = None) -> Identity:
        """Return the identity of the root user: signing in, or in a console session."""
        identity: Identity = {
            "type": "Root",
            "principalId": self.id,
            "arn": f"arn:aws:iam::{self.id}:root",
            "accountId": self.id,
            "accessKeyId": unique_id(self._rng, "ASIA") if session else "",
        }
        return identity | ({"sessionContext": self._context({}, session)} if session else {})

    def role(
        self, path: str, session_name: str, session: datetime, invoked_by: str | None = None
    ) -> Identity:
        """Return the identity of a session that a role gave out within the hour before `session`.

        `path` is the role's path and name.
        """
        name = path.rpartition("/")[2]
        role_id = self._known("AROA", name)
        issuer = {
            "type": "Role",
            "principalId": role_id,
            "arn": f"arn:aws:iam::{self.id}:role/{path}",
            "accountId": self.id,
            "userName": name,
        }
        identity: Identity = {
            "type": "AssumedRole",
            "principalId": f"{role_id}:{session_name}",
            "arn": f"arn:aws:sts::{self.id}:assumed-role/{name}/{session_name}",
            "accountId": self.id,
            "accessKeyId": unique_id(self._rng, "ASIA"),
            "sessionContext": self._context(issuer, session),
        }
        return identity | ({"invokedBy": invoked_by} if invoked_by else {})

    def workload_address(self, name: str) -> str:
        """Return the private address of a workload, the same every time."""
        return f"10.{sum(name.encode()) % 256}.{len(name)}.{int(self.id[-2:]) + 4}"

    def _context(self, issuer: Mapping[str, str], session: datetime) -> Identity:
        began = session - timedelta(seconds=self._rng.randrange(60, 3600))
        return {
            "sessionIssuer": issuer,
            "webIdFederationData": {},
            "attributes": {
                "creationDate": f"{began:%Y-%m-%dT%H:%M:%SZ}",
                "mfaAuthenticated": "false" if issuer else "true",
            },
        }

    def _known(self, prefix: str, name: str) -> str:
        if prefix + name not in self._ids:
            self._ids[prefix + name] = unique_id(self._rng, prefix)
        return self._ids[prefix + name]
