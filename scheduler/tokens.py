"""Tokens such as `${Session.SessionId}`, resolved when a message is sent (Spark facts, sections 1 and 2)."""

import re
from collections.abc import Mapping
from typing import Any

from models.errors import NotPossible
from models.secrets import SecretBox

_TOKEN = re.compile(r"\$\{([^}]*)\}")
SESSION = "session.sessionid"
CONNECTION_SESSION = "session.connectionusersessionid"


class TokenUnknown(NotPossible):
    """An address holds a token that has no value."""

    title = "Address not complete"


def session_id(secrets: SecretBox, vault_id: int, user_id: int) -> str:
    """The session id of a user of a Vault, which the API of the lab takes (see `scheduler.lab_api`).

    Assumed: it is always the same and does not end, so that a trainer can play years.
    """
    return secrets.mark(f"session {vault_id} {user_id}")


def token_values(
    secrets: SecretBox, *, vault_id: int, vault_host_name: str, user_id: int | None, connection_user_id: int | None
) -> dict[str, str]:
    """What the tokens stand for, by their names in lower case.

    Without an Authorized Connection User the external system gets no session (Spark facts, section 4): the token
    becomes an empty text. Assumed: `${Vault.Id}` and `${Vault.DnsHost}` are tokens of the Vault; the vendor does not
    publish their names.
    """
    return {
        SESSION: "" if user_id is None else session_id(secrets, vault_id, user_id),
        CONNECTION_SESSION: "" if connection_user_id is None else session_id(secrets, vault_id, connection_user_id),
        "vault.id": str(vault_id),
        "vault.dnshost": vault_host_name,
    }


def resolve_attributes(attributes: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, Any]:
    """Attributes with their tokens resolved; what is no known token stays as it is."""
    return {
        name: _TOKEN.sub(lambda found: values.get(found[1].lower(), found[0]), value)
        if isinstance(value, str) and "${" in value
        else value
        for name, value in attributes.items()
    }


def resolve_address(url: str, path: str | None, values: Mapping[str, str]) -> str:
    """The URL of an External connection with the queue connection's path appended and all tokens resolved.

    Raises TokenUnknown for a token that has no value.
    """
    address = url if not path else f"{url.rstrip('/')}/{path.lstrip('/')}"

    def value(found: re.Match[str]) -> str:
        known = values.get(found[1].lower())
        if known is None:
            raise TokenUnknown(
                f"The address holds {found[0]}, which has no value here.", "Correct the URL or the path."
            )
        return known

    return _TOKEN.sub(value, address)
