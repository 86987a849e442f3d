"""Editing and duplicating connections, and what depends on an API name (seed S1, Details)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select
from sqlmodel import Session

from models.errors import ConsoleError, InvalidInput, NotPossible
from models.permissions import Actor, Permission
from models.services.checks import Checks, connection_in_vault, key_of
from models.services.connection_copying import copy_components
from models.services.connection_pairing import set_values, withdraw_files
from models.services.connection_timeline import has_open_task
from models.services.connections import (
    check_authorization,
    check_remote,
    check_url,
    create_connection,
)
from models.store import WriteSession
from models.tables import (
    Connection,
    ConnectionClient,
    ConnectionState,
    ConnectionType,
    Integration,
    IntegrationPoint,
    IntegrationRule,
    Queue,
    QueueConnection,
    ReferenceLookup,
    table_of,
)

EDITABLE = (
    "name",
    "api_name",
    "description",
    "url",
    "authorization_id",
    "authorized_user_id",
    "remote_vault_id",
    "remote_vault_name",
    "remote_dns_host",
)
"""Fields of a connection that can be edited; its type never changes after creation."""

_connections = table_of(Connection)


@dataclass(frozen=True, slots=True)
class Dependent:
    """Something that a changed API name may break: what it is, and what it is called."""

    kind: str
    name: str


class ConfirmationNeeded(ConsoleError):
    """The change may break what depends on the connection: it is made only when that was confirmed."""

    title = "Confirm the new API name"

    def __init__(self, connection: str, dependents: Sequence[Dependent]) -> None:
        self.dependents = tuple(dependents)
        named = ", ".join(f"{one.kind} {one.name}" for one in self.dependents)
        super().__init__(
            f"Changing the API name of {connection} may break what uses it: {named or 'nothing in this Vault'}.",
            "Confirm the new API name to go on.",
        )


def dependents_of_api_name(session: Session, connection_id: int) -> tuple[Dependent, ...]:
    """What refers to a connection, in its own Vault and in the remote one, and may break when its API name changes."""
    integrations, points, rules = table_of(Integration), table_of(IntegrationPoint), table_of(IntegrationRule)
    queues, served = table_of(Queue), table_of(QueueConnection)
    lookups, clients = table_of(ReferenceLookup), table_of(ConnectionClient)
    own = integrations.c.connection_id == connection_id
    of_point = points.join(integrations, points.c.integration_id == integrations.c.id)
    of_rule = rules.join(of_point, rules.c.point_id == points.c.id)
    asked = (
        ("Integration", select(integrations.c.api_name).where(own)),
        ("Integration Point", select(points.c.api_name).select_from(of_point).where(own)),
        ("Integration Rule", select(rules.c.api_name).select_from(of_rule).where(own)),
        ("Reference Lookup", select(lookups.c.api_name).where(lookups.c.connection_id == connection_id)),
        (
            "Queue",
            select(queues.c.api_name)
            .join(served, served.c.queue_id == queues.c.id)
            .where(served.c.connection_id == connection_id),
        ),
        ("Client ID", select(clients.c.client_id).where(clients.c.connection_id == connection_id, clients.c.active)),
        (
            "Remote Connection",
            select(_connections.c.api_name).where(_connections.c.remote_connection_id == connection_id),
        ),
    )
    found = [(kind, names.order_by(names.selected_columns[0])) for kind, names in asked]
    return tuple(Dependent(kind, name) for kind, names in found for name in session.execute(names).scalars())


def edit_connection(
    write: WriteSession,
    actor: Actor,
    connection_id: int,
    changes: Mapping[str, Any],
    *,
    confirm_api_name: bool = False,
) -> bool:
    """Save fields of a connection (see EDITABLE); answers False when nothing is different, and then nothing is touched.

    A new API name needs `confirm_api_name`, because it may break integrations; the connection clients keep their ids
    (Assumed). An External connection that a sandbox made Inactive is Active again once its URL is entered (seed S1). A
    new API name or Remote Vault ID withdraws connection files that wait to be used (Assumed). Raises NotAllowed,
    NotFound, InvalidInput that names every bad field, and ConfirmationNeeded with the dependents.
    """
    actor.require(Permission.MANAGE_CONNECTIONS)
    connection = connection_in_vault(write, connection_id, actor.vault_id)
    values = _checked(write, connection, changes)
    after = {field: value for field, value in values.items() if getattr(connection, field) != value}
    if _is_entered_again(connection, changes, values):
        after["state"] = ConnectionState.ACTIVE
    if not after:
        return False
    if "api_name" in after and not confirm_api_name:
        raise ConfirmationNeeded(connection.name, dependents_of_api_name(write, connection_id))
    set_values(write, connection, after, action="Edit", actor=actor)
    if {"api_name", "remote_vault_id"} & set(after):
        withdraw_files(write, connection)
    write.flush()
    return True


def duplicate_connection(
    write: WriteSession, actor: Actor, connection_id: int, *, name: str, api_name: str
) -> Connection:
    """Make a custom connection with the fields of another one; answers it.

    It begins in the state of its type, with a connection client of its own; a Vault to Vault connection takes its
    integrations, lookups and queues along (see `connection_copying`). The remote Vault's details stay with the
    original. Raises NotAllowed, NotFound, InvalidInput, and NotPossible when the Vault has as many of a standard
    connection as there may be.
    """
    actor.require(Permission.MANAGE_CONNECTIONS)
    original = connection_in_vault(write, connection_id, actor.vault_id)
    standard = original.standard_connection or original.duplicate_of
    if standard:
        _check_number(write, actor.vault_id, standard)
    copy = create_connection(
        write,
        actor,
        type=original.type,
        name=name,
        api_name=api_name,
        description=original.description,
        url=original.url,
        authorized_user_id=original.authorized_user_id,
        authorization_id=original.authorization_id,
        cross_domain=original.cross_domain,
    )
    copy.certificate_id = original.certificate_id
    copy.duplicate_of = standard
    write.add(copy)
    write.flush()
    if original.type is ConnectionType.VAULT_TO_VAULT:
        copy_components(write, actor, connection_id, key_of(copy))
    return copy


def _check_number(write: WriteSession, vault_id: int, standard: str) -> None:
    """Let a further duplicate of a standard connection pass. Raises NotPossible when there are enough."""
    family = or_(_connections.c.standard_connection == standard, _connections.c.duplicate_of == standard)
    rows = write.execute(select(_connections).where(_connections.c.vault_id == vault_id, family)).all()
    limited = next((row for row in rows if row.at_most is not None), None)
    if limited is None or len(rows) < limited.at_most:
        return
    once = limited.at_most == 1
    raise NotPossible(
        f"{limited.name} can be there {'only once' if once else f'{limited.at_most} times at most'}.",
        "Connect it with another Vault instead of duplicating it."
        if once
        else "Delete a duplicate that is not needed; only Veeva Support can allow more.",
    )


def _checked(write: WriteSession, connection: Connection, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The new values of the fields that were given, cleaned. Raises InvalidInput."""
    checks = Checks()
    kind, vault_id = connection.type, connection.vault_id
    for field in changes:
        if field == "type":
            problem = "The type of a connection cannot be changed after creation."
            checks.refuse(field, problem, when=changes[field] != connection.type)
        elif field not in EDITABLE:
            checks.note(field, "This field cannot be edited.")
    full = {field: changes.get(field, getattr(connection, field)) for field in EDITABLE}
    full["name"] = checks.text("name", full["name"], 100, required=True)
    full["api_name"] = full["api_name"].strip()
    checks.api_name("api_name", full["api_name"], standard=connection.system_managed)
    checks.unless(
        write,
        "api_name",
        f"Vault {vault_id} already has a connection with the API name {full['api_name']}.",
        _connections.c.vault_id == vault_id,
        _connections.c.api_name == full["api_name"],
        _connections.c.id != key_of(connection),
    )
    full["description"] = checks.text("description", full["description"], 500, lines=True)
    full["url"] = check_url(checks, kind, full["url"])
    if "authorized_user_id" in changes:
        checks.user(write, "authorized_user_id", vault_id, full["authorized_user_id"])
    check_authorization(write, checks, kind, vault_id, full["authorization_id"])
    for field, longest in (("remote_vault_name", 100), ("remote_dns_host", 255)):
        full[field] = checks.text(field, full[field], longest)
    check_remote(checks, kind, vault_id, full["remote_vault_id"], full["remote_vault_name"], full["remote_dns_host"])
    if kind is ConnectionType.VAULT_TO_VAULT and full["remote_vault_id"] != connection.remote_vault_id:
        checks.note("remote_vault_id", _held_remote(write, connection))
    try:
        checks.done()
    except InvalidInput as wrong:
        # A field that was not touched may have become wrong by itself, e.g. a user who left: that blocks no other edit.
        touched = {field: text for field, text in wrong.fields.items() if field in changes}
        if touched:
            raise InvalidInput(touched) from None
    return {field: full[field] for field in EDITABLE if field in changes}


def _held_remote(write: WriteSession, connection: Connection) -> str | None:
    """Why the Remote Vault ID stands as it is (Assumed: an established connection keeps it until it is reset)."""
    if has_open_task(write, key_of(connection)):
        return "The connection waits for an approval: complete its task first."
    if connection.state in (ConnectionState.ACTIVE, ConnectionState.APPROVED):
        return "The connection is established: reset it first."
    return None


def _is_entered_again(connection: Connection, changes: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    return (
        connection.type is ConnectionType.EXTERNAL
        and connection.state is ConnectionState.INACTIVE
        and "url" in changes
        and bool(values["url"])
    )
