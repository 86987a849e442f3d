"""`catalogue`: the standard connections of the vendor's documents, and how they stand in each Vault."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli.frame import area, command
from console.cli.lab import opened, store_is_there
from console.cli.output import Column, answer, facts, parts, section, table
from console.cli.settings import settings_of
from models.errors import NotFound

if TYPE_CHECKING:
    from seed.catalogue.schema import StandardConnection, Transfer
    from seed.catalogue.standing import FeatureStanding, Standing

catalogue = area("catalogue", "The standard connections, how they stand in a Vault, and what is known of them.")


@command(catalogue, "list", lists="connections")
def list_connections(context: typer.Context) -> None:
    """List the standard connections; with a store, how each stands in its Vaults and what is missing."""
    from seed.catalogue.load import catalogue as standard
    from seed.catalogue.standing import standings

    settings = settings_of(context)
    found = []
    if store_is_there(settings):
        with opened(settings) as lab, lab.store.read() as session:
            found = [(vault, standings(session, standard(), vault.key)) for vault in lab.vaults(session)]
    lines = [
        (vault, one, feature)
        for vault, rows in found
        for one in rows
        if one.connection_id is not None
        for feature in one.features
    ]
    columns: list[Column[tuple[Any, Standing, FeatureStanding]]] = [
        Column("Vault", lambda line: line[0].name),
        Column("Connection", lambda line: line[1].name),
        Column("State", lambda line: line[1].state or ""),
        Column("Integration", lambda line: line[2].name),
        Column("Here", lambda line: line[2].use),
        Column("Required applications", lambda line: line[2].applications),
        Column("Dependencies", lambda line: line[2].dependencies),
        Column("Missing", lambda line: " ".join(line[2].missing)),
    ]
    keys: list[Column[StandardConnection]] = [
        Column("Key", lambda one: one.key),
        Column("Standard connection", lambda one: one.name),
        Column("Families", lambda one: ", ".join(one.families)),
        Column("Transfers", lambda one: len(one.transfers), right=True),
    ]
    every = list(standard().connections.values())
    document = {
        "connections": [{"key": one.key, "name": one.name, "families": list(one.families)} for one in every],
        "vaults": [{"vault_id": vault.key, "vault": vault.name, "connections": list(rows)} for vault, rows in found],
    }
    answer(settings, document, lambda: parts(table(keys, every), table(columns, lines) if lines else ""))


@command(catalogue, "show")
def show(
    context: typer.Context,
    connection: Annotated[str, typer.Argument(help="Its key or name: `catalogue list` has them.")],
) -> None:
    """Show what is documented and what is assumed of a standard connection. Needs no store."""
    from seed.catalogue.load import catalogue as standard
    from seed.catalogue.standing import applications_of, dependencies_of

    settings = settings_of(context)
    files = standard()
    one = _named(connection)
    heads: list[Column[Transfer]] = [
        Column("Transfer", lambda row: row.name),
        Column("From", lambda row: files.vaults[row.source].name),
        Column("To", lambda row: files.vaults[row.target].name),
        Column("Known", lambda row: row.evidence),
        Column("What is documented", lambda row: row.documented or ""),
        Column("What is assumed", lambda row: row.assumed or ""),
    ]
    features: list[Column[Any]] = [
        Column("Integration", lambda row: row.name),
        Column("Required applications", lambda row: applications_of(files, row)),
        Column("Dependencies", lambda row: dependencies_of(one, row)),
    ]

    def words() -> str:
        records = [
            (f"Record in {files.vaults[side.vault].name}", f"{side.name} ({side.api_name})") for side in one.sides
        ]
        notes = "\n".join(f"- {note.text} ({note.evidence})" for note in one.notes)
        return parts(
            facts([("Connection", one.name), ("Key", one.key), ("About", one.about), *records]),
            section("Integrations", table(features, one.features)),
            section("Transfers", table(heads, one.transfers)),
            section("To know", notes) if notes else "",
            section("Not published", ", ".join(one.unknown)) if one.unknown else "",
        )

    answer(settings, {"connection": one.model_dump(mode="json", exclude={"sides", "data"})}, words)


def _named(text: str) -> StandardConnection:
    """The standard connection of this key or name. Raises NotFound."""
    from seed.catalogue.load import catalogue as standard

    wanted = text.strip().casefold()
    for one in standard().connections.values():
        if wanted in (one.key, one.key.replace("_", "-"), one.name.casefold()):
            return one
    raise NotFound(f"There is no standard connection {text}.", f"There is {', '.join(standard().connections)}.")
