"""`records create` and `records delete`."""

from __future__ import annotations

from typing import Annotated

import typer

from console.cli.frame import command
from console.cli.lab import opened
from console.cli.output import tell
from console.cli.records import RecordId, find_place, pairs, records
from console.cli.settings import settings_of


@command(records, "create")
def create(
    context: typer.Context,
    object_name: Annotated[str, typer.Argument(metavar="OBJECT", help="Its API name, e.g. product__v.")],
    values: Annotated[list[str], typer.Argument(metavar="FIELD=VALUE...", help="Field by API name.")],
) -> None:
    """Create a record in the Vault named with --vault, as its user."""
    from models.services.records import create_record

    settings = settings_of(context)
    wanted = pairs(values)
    with opened(settings) as lab:
        with lab.store.read() as session:
            vault = lab.vault(session)
            actor = lab.actor(session, vault.key)
        with lab.store.write() as write:
            record_id = create_record(write, actor, object_name, wanted)
    document = {"vault_id": vault.key, "id": record_id, "object": object_name, "created": True, "user": actor.name}
    tell(settings, document, f"{record_id} of {vault.name} is created.")


@command(records, "delete")
def delete(context: typer.Context, record_id: RecordId) -> None:
    """Delete a record. What became of it in other Vaults stays, unless a delete policy says else."""
    from models.services.records import delete_record

    settings = settings_of(context)
    with opened(settings) as lab:
        with lab.store.read() as session:
            place = find_place(lab, session, record_id)
            actor = lab.actor(session, place.vault_id)
        with lab.store.write() as write:
            delete_record(write, actor, place.record_id)
    document = {"vault_id": place.vault_id, "id": place.record_id, "deleted": True, "user": actor.name}
    tell(settings, document, f"{place.record_id} of {place.vault} is deleted.")
