"""`records actions` and `records act`: what a user can do with a record at one stroke, e.g. Transfer to Safety."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from console.cli.frame import command
from console.cli.lab import gone, opened
from console.cli.output import Column, answer, table, tell
from console.cli.records import RecordId, find_place, records
from console.cli.settings import settings_of


@command(records, "actions")
def actions(context: typer.Context, record_id: RecordId) -> None:
    """List the user actions of a record, and why one cannot be performed now."""
    from models.queries.user_actions import ActionLine, actions_of

    settings = settings_of(context)
    with opened(settings) as lab, lab.store.read() as session:
        place = find_place(lab, session, record_id)
        found = actions_of(session, place.vault_id, place.record_id)
    if found is None:
        raise gone("record")
    object_name, lines = found
    columns: list[Column[ActionLine]] = [
        Column("Action", lambda row: row.name),
        Column("Possible", lambda row: row.why_not or "yes"),
        Column("What it sets", lambda row: row.sets),
    ]
    document: dict[str, Any] = {
        "vault_id": place.vault_id,
        "vault": place.vault,
        "id": place.record_id,
        "object": object_name,
        "actions": lines,
    }
    answer(
        settings,
        document,
        lambda: table(columns, lines, empty=f"{place.record_id} of {place.vault} has no user actions."),
    )


@command(records, "act")
def act(
    context: typer.Context,
    record_id: RecordId,
    name: Annotated[str, typer.Argument(metavar="ACTION", help="The action's label, as “records actions” lists it.")],
) -> None:
    """Perform a user action of a record, as its Vault's user."""
    from models.services.user_actions import perform_action

    settings = settings_of(context)
    with opened(settings) as lab:
        with lab.store.read() as session:
            place = find_place(lab, session, record_id)
            actor = lab.actor(session, place.vault_id)
        with lab.store.write() as write:
            changed = perform_action(write, actor, place.record_id, name)
    document = {
        "vault_id": place.vault_id,
        "id": place.record_id,
        "action": name,
        "changed": changed,
        "user": actor.name,
    }
    done = "done" if changed else "this was done already; nothing changed"
    tell(settings, document, f"{name} with {place.record_id} of {place.vault}: {done}.")
