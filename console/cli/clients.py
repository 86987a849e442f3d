"""`clients`: the connection clients of a connection, and Client ID Filtering."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli.frame import area, command
from console.cli.lab import opened
from console.cli.output import Column, answer, parts, table, tell
from console.cli.settings import settings_of
from models.queries.choosing import Candidate, choose

if TYPE_CHECKING:
    from models.permissions import Actor
    from models.queries.connection_detail import ClientLine
    from models.store import WriteSession

clients = area("clients", "Client ids that API calls may carry.")

Connection_ = Annotated[str, typer.Argument(metavar="CONNECTION", help="Its API name, name or number.")]
ClientId = Annotated[str, typer.Argument(metavar="CLIENT", help="A client id of the connection.")]


@command(clients, "list", lists="clients")
def list_clients(context: typer.Context, connection: Connection_) -> None:
    """List the client ids of a connection."""
    from models.queries.connection_detail import client_id_filtering
    from models.queries.connection_detail import clients as clients_of
    from models.tables import Connection

    settings = settings_of(context)
    with opened(settings) as lab, lab.store.read() as session:
        found = lab.find(session, Connection, connection)
        rows = clients_of(session, found.vault_id, found.key)
        filtering = client_id_filtering(session, found.vault_id)
    columns: list[Column[ClientLine]] = [
        Column("Client ID", lambda row: row.client_id),
        Column("Status", lambda row: "Active" if row.active else "Inactive"),
    ]
    word = "on" if filtering else "off"
    answer(
        settings,
        {"clients": rows, "client_id_filtering": filtering},
        lambda: parts(
            table(columns, rows, empty="The connection has no client ids."),
            f"Client ID Filtering of {found.vault_id} is {word}.",
        ),
    )


@command(clients, "add")
def add(context: typer.Context, connection: Connection_, client_id: ClientId) -> None:
    """Approve another client id for a connection."""
    from models.services.clients import add_client
    from models.tables import Connection

    settings = settings_of(context)
    with opened(settings) as lab:
        lab.require_writing()
        with lab.store.read() as session:
            found = lab.find(session, Connection, connection)
            actor = lab.actor(session, found.vault_id)
        with lab.store.write() as write:
            made = add_client(write, actor, found.key, client_id)
    tell(settings, {"client_id": made.client_id, "active": True}, f"{made.client_id} was added to {found.label}.")


@command(clients, "change")
def change(
    context: typer.Context,
    connection: Connection_,
    client_id: ClientId,
    new: Annotated[str, typer.Argument(metavar="NEW", help="The new client id.")],
) -> None:
    """Change a client id of a connection."""
    from models.services.clients import change_client

    _act(context, connection, client_id, lambda write, actor, key: change_client(write, actor, key, new))


@command(clients, "activate")
def activate(context: typer.Context, connection: Connection_, client_id: ClientId) -> None:
    """Let API calls carry a client id again."""
    from models.services.clients import set_client_active

    _act(context, connection, client_id, lambda write, actor, key: set_client_active(write, actor, key, active=True))


@command(clients, "inactivate")
def inactivate(context: typer.Context, connection: Connection_, client_id: ClientId) -> None:
    """Let API calls no longer carry a client id."""
    from models.services.clients import set_client_active

    _act(context, connection, client_id, lambda write, actor, key: set_client_active(write, actor, key, active=False))


@command(clients, "filtering")
def filtering(
    context: typer.Context,
    on: Annotated[bool, typer.Option("--on/--off", help="Whether API calls need a client id.")],
) -> None:
    """Switch Client ID Filtering of the Vault named with --vault."""
    from models.services.clients import set_client_id_filtering

    settings = settings_of(context)
    with opened(settings) as lab:
        lab.require_writing()
        with lab.store.read() as session:
            vault = lab.vault(session)
            actor = lab.actor(session, vault.key)
        with lab.store.write() as write:
            changed = set_client_id_filtering(write, actor, on)
    word = "on" if on else "off"
    tell(
        settings,
        {"vault_id": vault.key, "client_id_filtering": on, "changed": changed},
        f"Client ID Filtering of {vault.name} is {word}{'' if changed else ' already'}.",
    )


def _act(
    context: typer.Context, connection: str, client_id: str, work: Callable[[WriteSession, Actor, int], bool]
) -> None:
    from models.queries.connection_detail import clients as clients_of
    from models.tables import Connection, ConnectionClient

    settings = settings_of(context)
    with opened(settings) as lab:
        lab.require_writing()
        with lab.store.read() as session:
            found = lab.find(session, Connection, connection)
            rows = clients_of(session, found.vault_id, found.key)
            actor = lab.actor(session, found.vault_id)
        candidates = [Candidate(row.key, (row.client_id, row.client_id)) for row in rows]
        key = choose(candidates, client_id, "client id", "Give the whole client id.").key
        with lab.store.write() as write:
            changed = work(write, actor, key)
            row = write.get_one(ConnectionClient, key)
            now = row.client_id, row.active
    state = "active" if now[1] else "inactive"
    tell(
        settings,
        {"client_id": now[0], "active": now[1], "changed": changed},
        f"{now[0]} of {found.label} is {state}{'' if changed else ', as it was'}.",
    )
