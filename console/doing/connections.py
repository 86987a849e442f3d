"""Connections: everything that an administrator does with one (seed S1), as calls of services."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from console.commands import acting
from console.doing.asking import Made, NeedsYes, nobody
from console.doing.files import read_bytes, save_file
from models.errors import InvalidInput

if TYPE_CHECKING:
    from datetime import date

    from sqlmodel import Session as StoreSession

    from console.session import Who
    from models.queries.connection_detail import (
        ActionChoice,
        ApprovalView,
        AuthorizationLine,
        ClientLine,
        TimelineLine,
    )
    from models.queries.connections import ConnectionDetail
    from models.queries.lookups import LookupRow
    from models.services.connection_files import FilePreview
    from models.store import Store

Values = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ConnectionPage:
    """All sections of a connection's page, and why an action cannot be taken: by the action's name, if it cannot."""

    who: Who
    detail: ConnectionDetail
    timeline: tuple[TimelineLine, ...]
    approval: ApprovalView | None
    clients: tuple[ClientLine, ...]
    filtering: bool
    lookups: tuple[LookupRow, ...]
    authorization: AuthorizationLine | None
    authorized_user_id: int | None
    reasons: Mapping[str, str]
    consequences: tuple[str, ...]

    @property
    def key(self) -> int:
        """The connection's id."""
        return self.detail.key


def read_page(session: StoreSession, who: Who, connection_id: int, today: date) -> ConnectionPage | None:
    """Read a connection's page for a user; None when the connection is gone."""
    from models.permissions import actor_for
    from models.queries import connection_detail as more
    from models.queries.connections import detail as read_detail
    from models.queries.lookups import lookups
    from models.services.connection_deleting import delete_consequences
    from models.tables import Connection

    vault_id = who.vault_id
    detail = read_detail(session, vault_id, connection_id, today)
    connection = session.get(Connection, connection_id)
    if detail is None or connection is None:
        return None
    actor = actor_for(session, vault_id, who.username, read_only=who.read_only)
    choices: tuple[ActionChoice, ...] = more.actions(session, actor, connection_id)
    used = connection.authorization_id
    return ConnectionPage(
        who,
        detail,
        more.timeline(session, vault_id, connection_id),
        more.approval_view(session, vault_id, connection_id),
        more.clients(session, vault_id, connection_id),
        more.client_id_filtering(session, vault_id),
        lookups(session, vault_id, connection_id),
        next((line for line in more.authorizations(session, vault_id) if line.key == used), None),
        connection.authorized_user_id,
        {choice.name: choice.reason for choice in choices if choice.reason},
        delete_consequences(session, connection),
    )


def _number(values: Values, field: str) -> int | None:
    text = values.get(field, "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit()):
        raise InvalidInput({field: "A Vault ID is a whole number."})
    return int(text)


def _typed(values: Values) -> dict[str, object]:
    """What was typed, as the services take it."""
    typed: dict[str, object] = dict(values)
    for field in ("authorized_user_id", "authorization_id", "remote_vault_id"):
        if field in values:
            typed[field] = _number(values, field)
    if "url" in values:
        typed["url"] = values["url"].strip() or None
    return typed


def create(store: Store, who: Who, values: Values, _confirmed: bool, /, *, kind: str, made: Made = nobody) -> str:
    """Create a connection of a type."""
    from models.services.checks import key_of
    from models.services.connections import create_connection
    from models.tables import ConnectionType

    wanted: dict[str, object] = {"name": "", "api_name": "", **_typed(values)}
    wanted.pop("cross_domain", None)
    options = {"cross_domain": True} if values.get("cross_domain") == "true" else {}
    with acting(store, who) as (write, actor):
        row = create_connection(write, actor, type=ConnectionType(kind), **wanted, **options)  # type: ignore[arg-type]
        name, state, key = row.name, row.state.value.capitalize(), key_of(row)
    made(key)
    return f"Created {name}. It is {state}."


def edit(store: Store, who: Who, values: Values, confirmed: bool, /, *, connection_id: int) -> str:
    """Save changed fields of a connection; a new API name needs a yes, given the list of dependents."""
    from models.services.connection_editing import ConfirmationNeeded, edit_connection

    try:
        with acting(store, who) as (write, actor):
            changed = edit_connection(write, actor, connection_id, _typed(values), confirm_api_name=confirmed)
    except ConfirmationNeeded as needed:
        listed = "\n".join(f"- {one.kind} {one.name}" for one in needed.dependents) or "Nothing in this Vault uses it."
        text = f"Changing the API name may break what depends on this connection:\n{listed}"
        raise NeedsYes("Change the API name?", text, "Change it") from needed
    return "The connection was saved." if changed else "Nothing differed: nothing was saved."


def duplicate(
    store: Store, who: Who, values: Values, _confirmed: bool, /, *, connection_id: int, made: Made = nobody
) -> str:
    """Make a connection with the fields of another one."""
    from models.services.checks import key_of
    from models.services.connection_editing import duplicate_connection

    with acting(store, who) as (write, actor):
        copy = duplicate_connection(
            write, actor, connection_id, name=values.get("name", ""), api_name=values.get("api_name", "")
        )
        key = key_of(copy)
    made(key)
    return f"Created {copy.name} ({copy.api_name})."


def download(store: Store, who: Who, values: Values, confirmed: bool, /, *, connection_id: int) -> str:
    """Write the connection file. It is written before the transaction ends, so that no file means no download."""
    from models.services.connection_files import download_connection_file

    path = values.get("path", "")
    with acting(store, who) as (write, actor):
        file = download_connection_file(write, actor, store.secrets, connection_id)
        saved = save_file(path, file.data, replace=confirmed)
    return f"Saved {saved}. Use it with Connect from File in the other Vault."


def preview(store: Store, who: Who, path: Path) -> tuple[bytes, FilePreview]:
    """Read a connection file and say what it would do, or why it is refused. Changes nothing."""
    from models.permissions import actor_for
    from models.services.connection_files import preview_file

    data = read_bytes(path)
    with store.read() as session:
        actor = actor_for(session, who.vault_id, who.username, read_only=who.read_only)
        return data, preview_file(session, actor, data, store.clock.now())


def connect(store: Store, who: Who, *, data: bytes, path: Path | None = None, made: Made = nobody) -> str:
    """Use a connection file, which was read from `path`."""
    from models.services.checks import key_of
    from models.services.connection_files import connect_from_file
    from models.tables import ConnectionState

    del path
    with acting(store, who) as (write, actor):
        row = connect_from_file(write, actor, data)
        name, active, key = row.name, row.state is ConnectionState.ACTIVE, key_of(row)
    made(key)
    if active:
        return f"{name} is established: both connections are Active."
    return f"{name} waits for approval in both Vaults: Complete it in each of them."


def complete(store: Store, who: Who, *, connection_id: int, approve: bool) -> str:
    """Complete an approval task."""
    from models.services.connection_workflow import complete_task
    from models.tables import ConnectionState

    with acting(store, who) as (write, actor):
        state = complete_task(write, actor, connection_id, approve=approve)
    if not approve:
        return "Rejected: both connections are Pending again."
    if state is ConnectionState.ACTIVE:
        return "Approved by both Vaults: the connection is established, and both sides are Active."
    return "Approved here. The connection is Active once the remote Vault approves it too."


def reset(store: Store, who: Who, *, connection_id: int, name: str) -> str:
    """Make an established connection Pending."""
    from models.services.connection_pairing import reset_connection

    with acting(store, who) as (write, actor):
        reset_connection(write, actor, connection_id)
    return f"{name} is Pending. Download a connection file to establish it again."


def delete(store: Store, who: Who, *, connection_id: int, name: str) -> str:
    """Delete a connection."""
    from models.services.connection_deleting import delete_connection

    with acting(store, who) as (write, actor):
        delete_connection(write, actor, connection_id)
    return f"Deleted {name}."


def save_client(
    store: Store, who: Who, values: Values, _confirmed: bool, /, *, connection_id: int, key: int | None
) -> str:
    """Add a client id to a connection, or change one."""
    from models.services.clients import add_client, change_client, set_client_active

    with acting(store, who) as (write, actor):
        if key is None:
            added = add_client(write, actor, connection_id, values.get("client_id", ""))
            return f"Client id {added.client_id} is approved."
        if "client_id" in values:
            change_client(write, actor, key, values["client_id"])
        if "active" in values:
            set_client_active(write, actor, key, values["active"] == "true")
    return "The client id was saved."


def set_filtering(store: Store, who: Who, *, on: bool) -> str:
    """Switch Client ID Filtering of the Vault."""
    from models.services.clients import set_client_id_filtering

    with acting(store, who) as (write, actor):
        set_client_id_filtering(write, actor, on)
    return f"Client ID Filtering is {'on' if on else 'off'} in this Vault."


def save_authorization(
    store: Store, who: Who, values: Values, _confirmed: bool, /, *, kind: str, key: int | None
) -> str:
    """Create or change a Connection Authorization; an empty secret leaves the stored one."""
    from models.services.authorizations import (
        IDENTITY_FIELDS,
        SECRET_FIELDS,
        create_authorization,
        edit_authorization,
    )
    from models.tables import AuthorizationType

    type_ = AuthorizationType(kind)
    identity, secret = values.get(IDENTITY_FIELDS[type_]), values.get(SECRET_FIELDS[type_])
    with acting(store, who) as (write, actor):
        if key is None:
            made = create_authorization(
                write,
                actor,
                store.secrets,
                type=type_,
                name=values.get("name", ""),
                identity=identity or "",
                secret=secret or "",
            )
            return f"Created the Authorization {made.name}. Its secret is sealed and not shown again."
        changed = edit_authorization(
            write, actor, store.secrets, key, name=values.get("name"), identity=identity, secret=secret or None
        )
    return "The Authorization was saved." if changed else "Nothing differed: nothing was saved."


def delete_authorization(store: Store, who: Who, *, key: int, name: str) -> str:
    """Delete a Connection Authorization that no connection uses."""
    from models.services.authorizations import delete_authorization as remove

    with acting(store, who) as (write, actor):
        remove(write, actor, key)
    return f"Deleted the Authorization {name}."


def choose_certificate(store: Store, who: Who, *, connection_id: int, certificate_id: str) -> str:
    """Have a connection sign with another certificate."""
    from models.services.certificates import choose_certificate as choose

    with acting(store, who) as (write, actor):
        changed = choose(write, actor, connection_id, certificate_id)
    return f"The connection signs with {certificate_id} from now on." if changed else "It signs with this one already."


def save_pem(store: Store, who: Who, values: Values, confirmed: bool, /, *, certificate_id: str) -> str:
    """Write the public text of a certificate to a file."""
    from models.errors import NotFound
    from models.queries.certificates import pem_of
    from models.queries.lab import ask

    del who
    pem = ask(store, pem_of, certificate_id)
    if pem is None:
        raise NotFound(f"There is no certificate {certificate_id}.")
    return f"Saved {save_file(values.get('path', ''), pem.encode(), replace=confirmed)}."
