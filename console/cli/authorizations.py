"""`authorizations`: Connection Authorization records. Secrets are read from a file or standard input, never shown."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli.frame import area, command
from console.cli.lab import Located, OpenLab, opened
from console.cli.output import Column, answer, located, table, tell
from console.cli.settings import settings_of
from models.errors import NotPossible
from models.queries.choosing import Candidate, choose

if TYPE_CHECKING:
    from models.permissions import Actor
    from models.queries.connection_detail import AuthorizationLine

authorizations = area("authorizations", "Credentials of connections to external systems.")

Name = Annotated[str, typer.Argument(metavar="AUTHORIZATION", help="Its name or number.")]
SecretFile = Annotated[
    str | None,
    typer.Option(
        metavar="PATH", help="File that holds the password or client secret; - for standard input.", show_default=False
    ),
]


class Kind(StrEnum):
    """Type of the credentials, as it is typed."""

    BASIC_AUTH = "basic_auth"
    CLIENT_CREDENTIALS = "client_credentials"


@command(authorizations, "list", lists="authorizations")
def list_authorizations(context: typer.Context) -> None:
    """List Connection Authorization records, without their secrets."""
    from models.queries.connection_detail import authorizations as of_vault

    settings = settings_of(context)
    with opened(settings) as lab, lab.store.read() as session:
        rows = [Located(vault, row) for vault in lab.vaults(session) for row in of_vault(session, vault.key)]
    columns: list[Column[Located]] = [
        Column("Vault", lambda line: line.vault.name),
        Column("Authorization", lambda line: line.row.name),
        Column("Type", lambda line: line.row.type),
        Column("User name or client id", lambda line: line.row.identity),
        Column("Connections", lambda line: line.row.used_by, right=True),
    ]
    answer(
        settings,
        {"authorizations": [located(line.vault.key, line.vault.name, line.row) for line in rows]},
        lambda: table(columns, rows, empty="There are no Connection Authorization records."),
    )


@command(authorizations, "create")
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Name of the record.")],
    identity: Annotated[str, typer.Option(metavar="TEXT", help="User name or client id.")],
    kind: Annotated[Kind, typer.Option("--type")] = Kind.BASIC_AUTH,
    secret_file: SecretFile = None,
) -> None:
    """Create a record; its secret is asked for, or read with --secret-file."""
    from models.services.authorizations import create_authorization
    from models.tables import AuthorizationType

    settings = settings_of(context)
    secret = _secret(secret_file)
    with opened(settings) as lab:
        lab.require_writing()
        with lab.store.read() as session:
            vault = lab.vault(session)
            actor = lab.actor(session, vault.key)
        with lab.store.write() as write:
            made = create_authorization(
                write,
                actor,
                lab.store.secrets,
                type=AuthorizationType(f"{kind}__sys"),
                name=name,
                identity=identity,
                secret=secret,
            )
    document = {"id": made.id, "name": made.name, "type": made.type, "identity": made.identity}
    tell(settings, {"authorization": document}, f"{made.name} was created in {vault.name}.")


@command(authorizations, "edit")
def edit(
    context: typer.Context,
    authorization: Name,
    name: Annotated[str | None, typer.Option(help="New name.")] = None,
    identity: Annotated[str | None, typer.Option(metavar="TEXT", help="New user name or client id.")] = None,
    secret_file: SecretFile = None,
) -> None:
    """Change a record; without --secret-file its secret stays."""
    from models.services.authorizations import edit_authorization

    settings = settings_of(context)
    secret = None if secret_file is None else _secret(secret_file)
    with opened(settings) as lab:
        found, actor = _find(lab, authorization)
        with lab.store.write() as write:
            changed = edit_authorization(
                write, actor, lab.store.secrets, found.key, name=name, identity=identity, secret=secret
            )
    word = "was saved" if changed else "is unchanged"
    tell(settings, {"id": found.key, "changed": changed}, f"{found.name} {word}.")


@command(authorizations, "delete")
def delete(context: typer.Context, authorization: Name) -> None:
    """Delete a record that no connection uses."""
    from models.services.authorizations import delete_authorization

    settings = settings_of(context)
    with opened(settings) as lab:
        found, actor = _find(lab, authorization)
        with lab.store.write() as write:
            delete_authorization(write, actor, found.key)
    tell(settings, {"id": found.key, "deleted": True}, f"{found.name} was deleted.")


def _find(lab: OpenLab, text: str) -> tuple[AuthorizationLine, Actor]:
    from models.queries.connection_detail import authorizations as of_vault

    lab.require_writing()
    with lab.store.read() as session:
        places = {row.key: (vault, row) for vault in lab.vaults(session) for row in of_vault(session, vault.key)}
        candidates = [Candidate(key, (str(key), row.name), vault.name) for key, (vault, row) in places.items()]
        vault, row = places[choose(candidates, text, "authorization", "Name its Vault with --vault.").key]
        return row, lab.actor(session, vault.key)


def _secret(source: str | None) -> str:
    if source is None:
        if not sys.stdin.isatty():
            raise NotPossible("The secret is missing.", "Name a file with --secret-file, or - for standard input.")
        return str(typer.prompt("Password or client secret", hide_input=True, err=True))
    try:
        text = sys.stdin.read() if source == "-" else Path(source).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise NotPossible(f"{source} cannot be read as text.", "Check the path.") from None
    return text.rstrip("\r\n")
