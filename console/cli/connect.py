"""`connections`, the commands that change something: create, edit, establish, reset and delete."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli.connections import connections
from console.cli.frame import command
from console.cli.lab import OpenLab, opened
from console.cli.output import Column, answer, lines, parts, table, tell
from console.cli.saving import Force, write_file
from console.cli.settings import settings_of
from models.errors import InvalidInput, NotPossible
from models.queries.choosing import Candidate, choose

if TYPE_CHECKING:
    from models.permissions import Actor
    from models.queries.lookup import Named
    from models.services.connection_files import FilePreview
    from models.store import WriteSession

__all__ = ["connections"]

Name = Annotated[str, typer.Argument(metavar="CONNECTION", help="Its API name, name or number.")]


class Kind(StrEnum):
    """Type of a connection, as it is typed."""

    VAULT_TO_VAULT = "vault_to_vault"
    EXTERNAL = "external"
    LOCAL = "local"


@command(connections, "create")
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Name of the new connection.")],
    api_name: Annotated[str, typer.Option(metavar="NAME", help="Its API name.")],
    kind: Annotated[Kind, typer.Option("--type", help="It never changes later.")] = Kind.VAULT_TO_VAULT,
    fields: Annotated[
        list[str] | None, typer.Option("--set", metavar="FIELD=VALUE", help="Another field; see edit.")
    ] = None,
    cross_domain: Annotated[
        bool, typer.Option("--cross-domain", help="It may connect Vaults of different domains.")
    ] = False,
) -> None:
    """Create a connection in the Vault named with --vault."""
    from models.services.connections import create_connection
    from models.tables import ConnectionType

    settings = settings_of(context)
    with opened(settings) as lab:
        with lab.store.read() as session:
            vault = lab.vault(session)
        actor = _actor(lab, vault.key)
        values = _values(lab, vault.key, fields or [])
        with lab.store.write() as write:
            made = create_connection(
                write,
                actor,
                type=ConnectionType(f"{kind}__sys"),
                name=name,
                api_name=api_name,
                cross_domain=cross_domain,
                **values,
            )
    _say(context, vault.key, vault.name, made, f"{made.name} was created in {vault.name}; it is {made.state.value}.")


@command(connections, "edit")
def edit(
    context: typer.Context,
    connection: Name,
    fields: Annotated[
        list[str],
        typer.Argument(
            metavar="FIELD=VALUE...",
            help="name, api_name, description, url, authorization, authorized_user, remote_vault_id, "
            "remote_vault_name or remote_dns_host.",
        ),
    ],
    confirm_api_name: Annotated[
        bool, typer.Option("--confirm-api-name", help="Change the API name although it may break integrations.")
    ] = False,
) -> None:
    """Save fields of a connection; an empty value empties the field."""
    from models.services.connection_editing import edit_connection

    def work(lab: OpenLab, write: WriteSession, actor: Actor, found: Named) -> str:
        values = _values(lab, found.vault_id, fields)
        changed = edit_connection(write, actor, found.key, values, confirm_api_name=confirm_api_name)
        return f"{found.label} was saved." if changed else f"{found.label} is unchanged."

    _act(context, connection, work)


@command(connections, "duplicate")
def duplicate(
    context: typer.Context,
    connection: Name,
    name: Annotated[str, typer.Argument(help="Name of the new connection.")],
    api_name: Annotated[str, typer.Option(metavar="NAME", help="Its API name.")],
) -> None:
    """Make a new connection with the fields of another one, and copies of its integrations and lookups."""
    from models.services.connection_editing import duplicate_connection

    settings = settings_of(context)
    with opened(settings) as lab:
        found, actor = _find(lab, connection)
        with lab.store.write() as write:
            made = duplicate_connection(write, actor, found.key, name=name, api_name=api_name)
    _say(context, found.vault_id, found.vault, made, f"{made.name} was created; it is {made.state.value}.")


@command(connections, "delete")
def delete(
    context: typer.Context,
    connection: Name,
    preview: Annotated[bool, typer.Option("--preview", help="Only say what would happen.")] = False,
) -> None:
    """Delete a custom connection that no queue refers to."""
    from models.services.connection_deleting import delete_connection, delete_consequences, delete_problem
    from models.tables import Connection

    settings = settings_of(context)
    with opened(settings) as lab:
        found, actor = _find(lab, connection)
        with lab.store.read() as session:
            row = session.get_one(Connection, found.key)
            refusal, consequences = delete_problem(session, row), delete_consequences(session, row)
        if not preview:
            with lab.store.write() as write:
                delete_connection(write, actor, found.key)
    document = {"connection": found, "deleted": not preview, "refusal": refusal, "consequences": consequences}
    told = [refusal] if refusal else list(consequences)
    answer(settings, document, lambda: lines(told if preview else [f"{found.label} of {found.vault} was deleted."]))


@command(connections, "download")
def download(
    context: typer.Context,
    connection: Name,
    to: Annotated[Path, typer.Option(metavar="PATH", help="File or folder to write to.")] = Path(),
    force: Force = False,
) -> None:
    """Download the connection file of a Pending connection, for the Vault that is to be connected."""
    from models.services.connection_files import download_connection_file

    settings = settings_of(context)
    with opened(settings) as lab:
        found, actor = _find(lab, connection)
        with lab.store.write() as write:
            file = download_connection_file(write, actor, lab.store.secrets, found.key)
            path = to / file.name if to.is_dir() else to
            # Within the transaction: a file that cannot be written was not issued either.
            write_file(path, file.data, "--to", force=force)
    document = {"file": str(path), "content": file.content}
    tell(
        settings,
        document,
        f"{path} was written. It can be used once, until {file.content.expires_at:%Y-%m-%d %H:%M:%S} lab time.",
    )


@command(connections, "connect")
def connect(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The connection file that the other Vault downloaded.")],
    preview: Annotated[bool, typer.Option("--preview", help="Only say what would happen.")] = False,
) -> None:
    """Connect from File: use a connection file in the Vault named with --vault."""
    from models.services.connection_files import connect_from_file, preview_file

    settings = settings_of(context)
    data = _read_file(file)
    with opened(settings) as lab:
        with lab.store.read() as session:
            vault = lab.vault(session)
            actor = lab.actor(session, vault.key)
            told = preview_file(session, actor, data, lab.now)
        if preview:
            answer(settings, {"preview": told}, lambda: _preview_text(told))
            return
        lab.require_writing()
        with lab.store.write() as write:
            made = connect_from_file(write, actor, data)
    ending = "both Vaults must approve now" if told.needs_approval else "both sides are active"
    _say(context, vault.key, vault.name, made, f"{made.name} of {vault.name} was connected from the file: {ending}.")


@command(connections, "approve")
def approve(context: typer.Context, connection: Name) -> None:
    """Complete the approval task of a connection: approve it."""
    _complete(context, connection, approve=True)


@command(connections, "reject")
def reject(context: typer.Context, connection: Name) -> None:
    """Complete the approval task of a connection: reject it."""
    _complete(context, connection, approve=False)


@command(connections, "reset")
def reset(context: typer.Context, connection: Name) -> None:
    """Reset Connection: make an Active one Pending, to be established again."""
    from models.services.connection_pairing import reset_connection

    def work(_lab: OpenLab, write: WriteSession, actor: Actor, found: Named) -> str:
        reset_connection(write, actor, found.key)
        return f"{found.label} of {found.vault} was reset and is pending; the remote stays as it is."

    _act(context, connection, work)


@command(connections, "timeline", lists="timeline")
def timeline(context: typer.Context, connection: Name) -> None:
    """Show the Workflow Timeline of a connection, and the approval that it waits for."""
    from models.queries.connection_detail import TimelineLine, approval_view
    from models.queries.connection_detail import timeline as timeline_of
    from models.tables import Connection

    settings = settings_of(context)
    with opened(settings) as lab, lab.store.read() as session:
        found = lab.find(session, Connection, connection)
        rows = timeline_of(session, found.vault_id, found.key)
        waits = approval_view(session, found.vault_id, found.key)
    columns: list[Column[TimelineLine]] = [
        Column("Time", lambda row: row.at),
        Column("What", lambda row: row.what),
        Column("Who", lambda row: row.who),
        Column("Verdict", lambda row: row.verdict),
    ]
    waiting = ""
    if waits is not None:
        here = "this Vault" if waits.own_open else ""
        there = waits.remote_vault if waits.remote_open else ""
        waiting = f"Waits for the approval of {' and '.join(filter(None, (here, there)))}."
    answer(
        settings,
        {"timeline": rows, "approval": waits},
        lambda: parts(table(columns, rows, empty="The timeline is blank."), lines([waiting] if waiting else [])),
    )


@command(connections, "actions", lists="actions")
def actions(context: typer.Context, connection: Name) -> None:
    """Show the Actions menu of a connection: what can be done now, and why the rest cannot."""
    from models.queries.connection_detail import ActionChoice
    from models.queries.connection_detail import actions as actions_of
    from models.tables import Connection

    settings = settings_of(context)
    with opened(settings) as lab, lab.store.read() as session:
        found = lab.find(session, Connection, connection)
        rows = actions_of(session, lab.actor(session, found.vault_id), found.key)
    columns: list[Column[ActionChoice]] = [
        Column("Action", lambda row: row.label),
        Column("Possible", lambda row: row.reason is None),
        Column("Why not", lambda row: row.reason),
    ]
    answer(settings, {"actions": rows}, lambda: table(columns, rows))


def _complete(context: typer.Context, connection: str, *, approve: bool) -> None:
    from models.services.connection_workflow import complete_task

    def work(_lab: OpenLab, write: WriteSession, actor: Actor, found: Named) -> str:
        state = complete_task(write, actor, found.key, approve=approve)
        return f"{found.label} of {found.vault} was {'approved' if approve else 'rejected'}; it is {state.value}."

    _act(context, connection, work)


def _act(context: typer.Context, connection: str, work: Callable[[OpenLab, WriteSession, Actor, Named], str]) -> None:
    """Do something with one connection and say how it then stands."""
    from models.tables import Connection

    with opened(settings_of(context)) as lab:
        found, actor = _find(lab, connection)
        with lab.store.write() as write:
            sentence = work(lab, write, actor, found)
            made = write.get_one(Connection, found.key)
    _say(context, found.vault_id, found.vault, made, sentence)


def _find(lab: OpenLab, connection: str) -> tuple[Named, Actor]:
    from models.tables import Connection

    with lab.store.read() as session:
        found = lab.find(session, Connection, connection)
    return found, _actor(lab, found.vault_id)


def _actor(lab: OpenLab, vault_id: int) -> Actor:
    lab.require_writing()
    with lab.store.read() as session:
        return lab.actor(session, vault_id)


def _say(context: typer.Context, vault_id: int, vault: str, row: Any, sentence: str) -> None:
    document = {
        "id": row.id,
        "vault_id": vault_id,
        "vault": vault,
        "record_id": row.record_id,
        "name": row.name,
        "api_name": row.api_name,
        "type": row.type,
        "state": row.state,
        "remote_vault_id": row.remote_vault_id,
        "remote_vault_name": row.remote_vault_name,
    }
    tell(settings_of(context), {"connection": document}, sentence)


def _values(lab: OpenLab, vault_id: int, texts: list[str]) -> dict[str, Any]:
    """Fields of a connection as they were typed. Raises InvalidInput that names every bad one."""
    from models.queries.connection_detail import authorizations
    from models.queries.lab import user_list
    from models.services.connection_editing import EDITABLE

    values: dict[str, Any] = {}
    problems: dict[str, str] = {}
    references: dict[str, Callable[[], list[Candidate]]] = {}
    with lab.store.read() as session:
        references["authorized_user"] = lambda: [
            Candidate(row.key, (row.username, row.full_name)) for row in user_list(session, vault_id)
        ]
        references["authorization"] = lambda: [
            Candidate(row.key, (str(row.key), row.name)) for row in authorizations(session, vault_id)
        ]
        for text in texts:
            field, sign, value = text.partition("=")
            if not sign or field not in {*EDITABLE, *references}:
                problems[field] = "Write FIELD=VALUE, with a field of a connection."
            elif field in references:
                chosen = value and choose(references[field](), value, field.replace("_", " "), "Name it in full.")
                values[f"{field}_id"] = chosen.key if chosen else None
            elif field == "remote_vault_id":
                values[field] = None
                if value:
                    with contextlib.suppress(ValueError):
                        values[field] = int(value)
                    if values[field] is None:
                        problems[field] = "This is not a Vault ID."
            else:
                values[field] = value
    if problems:
        raise InvalidInput(problems)
    return values


def _preview_text(told: FilePreview) -> str:
    if told.refusal is not None:
        return lines([f"This file would be refused: {told.refusal}", told.remedy])
    return lines(told.steps)


def _read_file(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            # One byte more than any connection file has is enough to refuse a larger one.
            return file.read(64 * 1024 + 1)
    except OSError as trouble:
        raise NotPossible(f"{path} cannot be read: {trouble.strerror}.", "Check the path.") from None
