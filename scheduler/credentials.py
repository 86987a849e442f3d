"""Credentials for external systems: the Authorization header of what is posted to them.

Seed S1: the Authorization record of an External connection holds what is passed in the header of a message, and the
external system must be configured to accept it. Assumed: every post of such a connection carries the header, and both
kinds of credentials take the Basic form, a client id and secret as OAuth has it (RFC 7617; RFC 6749, 2.3.1).
"""

import base64
from collections.abc import Iterable, Mapping

from sqlalchemy import select
from sqlmodel import Session

from models.errors import ConsoleError
from models.secrets import SecretBox
from models.tables import ConnectionAuthorization, table_of
from scheduler.destination import ExternalDestination

AUTHORIZATION = "Authorization"
HIDDEN = "********"
"""What is kept of the header's value with a message: that there was one."""

_authorizations = table_of(ConnectionAuthorization)


class Credentials:
    """The values of the Authorization header by Authorization record; a sentence stands for one that cannot be opened.

    Its text says nothing of what it holds.
    """

    __slots__ = ("_problems", "_values")

    def __init__(self, values: Mapping[int, str], problems: Mapping[int, str]) -> None:
        self._values = values
        self._problems = problems

    def value(self, destination: ExternalDestination) -> str:
        """The header's value; empty for a connection without an Authorization."""
        key = destination.authorization_id
        return "" if key is None else self._values.get(key, "")

    def problem(self, destination: ExternalDestination) -> str:
        """Why the credentials of a connection cannot be sent; empty when they can, or when it has none."""
        key = destination.authorization_id
        if key is None or key in self._values:
            return ""
        return self._problems.get(key, "The Connection Authorization of this connection is gone.")


def basic(identity: str, secret: str) -> str:
    """The value of an Authorization header in the Basic form."""
    return "Basic " + base64.b64encode(f"{identity}:{secret}".encode()).decode("ascii")


def open_credentials(session: Session, secrets: SecretBox, destinations: Iterable[object]) -> Credentials:
    """Open the credentials that these destinations need."""
    wanted = {
        each.authorization_id
        for each in destinations
        if isinstance(each, ExternalDestination) and each.authorization_id is not None
    }
    values: dict[int, str] = {}
    problems: dict[int, str] = {}
    if wanted:
        columns = (_authorizations.c.id, _authorizations.c.identity, _authorizations.c.sealed_secret)
        for row in session.execute(select(*columns).where(_authorizations.c.id.in_(wanted))):
            try:
                values[row.id] = basic(row.identity, secrets.open(row.sealed_secret).decode())
            except ConsoleError as refusal:
                problems[row.id] = str(refusal)
    return Credentials(values, problems)
