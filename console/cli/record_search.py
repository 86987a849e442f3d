"""`records search` and `records take`: look for records of a connected Vault, and make one here of what is found."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from console.cli.frame import command
from console.cli.lab import opened
from console.cli.output import Column, answer, parts, table, tell
from console.cli.records import records
from console.cli.settings import settings_of

ObjectName = Annotated[
    str, typer.Argument(metavar="OBJECT", help="API name of the object that is made here, e.g. person__sys.")
]
Through = Annotated[
    str | None, typer.Option(metavar="API_NAME", help="The connection to search, where several offer it.")
]


@command(records, "search")
def search(
    context: typer.Context,
    object_name: ObjectName,
    words: Annotated[list[str] | None, typer.Argument(metavar="WORD...", help="Words that a record must hold.")] = None,
    connection: Through = None,
) -> None:
    """Search a connected Vault for records to take over, such as persons in Network for a Case Contact."""
    from scheduler.searching import MOST, Hit, find_search, hits, partner_of

    settings = settings_of(context)
    with opened(settings) as lab, lab.store.read() as session:
        vault = lab.vault(session)
        actor = lab.actor(session, vault.key)
        now = lab.store.clock.now()
        wanted = find_search(session, vault.key, object_name, connection)
        partner = partner_of(session, wanted, now)
        found = hits(session, actor, wanted, " ".join(words or ()), now)
    columns: list[Column[Hit]] = [
        Column("ID", lambda hit: hit.record_id),
        Column("Name", lambda hit: hit.name),
        Column("Details", lambda hit: ", ".join(hit.values.values())),
        Column("Known here", lambda hit: hit.known_as),
    ]
    document = {
        "vault_id": vault.key,
        "object": object_name,
        "connection": wanted.connection,
        "partner": partner,
        "found": [asdict(hit) for hit in found],
    }

    def text() -> str:
        more = f"Only the first {MOST}; more words narrow the search." if len(found) == MOST else ""
        return parts(table(columns, found, empty=f"{partner} has no such record."), more)

    answer(settings, document, text)


@command(records, "take")
def take(
    context: typer.Context,
    object_name: ObjectName,
    source_id: Annotated[str, typer.Argument(metavar="ID", help="Its id in the connected Vault, or its Global ID.")],
    connection: Through = None,
) -> None:
    """Make a record of one that a search has found; one that is linked with it already is brought up to date."""
    from scheduler.searching import find_search, take_over

    settings = settings_of(context)
    with opened(settings) as lab:
        with lab.store.read() as session:
            vault = lab.vault(session)
            actor = lab.actor(session, vault.key)
            wanted = find_search(session, vault.key, object_name, connection)
        with lab.store.write() as write:
            taken = take_over(write, actor, wanted, source_id)
    done = "created" if taken.created else "brought up to date" if taken.changed else "up to date already"
    document = {
        "vault_id": vault.key,
        "id": taken.record_id,
        "object": object_name,
        "connection": wanted.connection,
        "created": taken.created,
        "changed": taken.changed,
        "user": actor.name,
    }
    tell(settings, document, f"{taken.name} ({taken.record_id}) of {vault.name} is {done}.")
