"""`connections identifiers`: by which fields persons are matched with accounts (seed S4)."""

from __future__ import annotations

from typing import Annotated

import typer

from console.cli.connect import connections
from console.cli.frame import command
from console.cli.lab import opened
from console.cli.output import answer, facts, tell
from console.cli.settings import settings_of
from models.errors import InvalidInput


@command(connections, "identifiers")
def identifiers(
    context: typer.Context,
    connection: Annotated[str, typer.Argument(help="Its API name, name or number.")],
    person: Annotated[str, typer.Option("--person", metavar="FIELD", help="A field of Person.")] = "",
    account: Annotated[str, typer.Option("--account", metavar="FIELD", help="A field of Account.")] = "",
    everywhere: Annotated[bool, typer.Option("--all", help="For all connections of the Vault.")] = False,
    clear: Annotated[bool, typer.Option("--clear", help="Take back what is set.")] = False,
) -> None:
    """Show or set the identifiers by which persons are accounts of a CRM organisation, of a connection or its Vault."""
    from models.services.identifiers import (
        Identifiers,
        clear_identifiers,
        connection_identifiers,
        set_identifiers,
        vault_identifiers,
    )
    from models.tables import Connection

    settings = settings_of(context)
    if clear and (person or account):
        raise InvalidInput({"clear": "Take identifiers back or set them, not both."})
    with opened(settings) as lab:
        with lab.store.read() as session:
            found = lab.find(session, Connection, connection)
            own = connection_identifiers(session, found.vault_id, found.key)
            vault = vault_identifiers(session, found.vault_id)
            actor = lab.actor(session, found.vault_id)
        key = None if everywhere else found.key
        if not (clear or person or account):
            document = {"connection": found.key, "own": own, "vault": vault}
            shown = [("This connection", _words(own)), ("All of the Vault", _words(vault))]
            answer(settings, document, lambda: facts(shown) or "Nothing is set: External IDs are compared.")
            return
        with lab.store.write() as write:
            if clear:
                changed = clear_identifiers(write, actor, connection_id=key)
            else:
                changed = set_identifiers(write, actor, Identifiers(person, account), connection_id=key)
    whose = "all connections of the Vault" if everywhere else found.label
    done = "taken back" if clear else f"set to {person} = {account}"
    tell(
        settings,
        {"connection": None if everywhere else found.key, "changed": changed},
        f"The identifiers of {whose} were {done}." if changed else f"Nothing differed for {whose}.",
    )


def _words(found: object) -> str:
    person, account = getattr(found, "person_field", ""), getattr(found, "account_field", "")
    return f"{person} = {account}" if found is not None else ""
