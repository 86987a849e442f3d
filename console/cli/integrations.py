"""`integrations`: list them, show one with its points and rules, switch it on or off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from console.cli.frame import Words, area, command
from console.cli.lab import Located, gone, opened
from console.cli.output import Column, answer, facts, lines, located, parts, section, table, tell
from console.cli.settings import settings_of

if TYPE_CHECKING:
    from models.queries.requirements import Requirement

integrations = area("integrations", "Integrations of connections, and whether they are on.")

Name = Annotated[str, typer.Argument(metavar="INTEGRATION", help="Its API name, name or number.")]
OfConnection = Annotated[
    str | None, typer.Option("--connection", metavar="CONNECTION", help="The connection it belongs to.")
]


@command(integrations, "list", lists="integrations")
def list_integrations(context: typer.Context, connection: OfConnection = None, words: Words = "") -> None:
    """List integrations."""
    from models.queries.integrations import listing
    from models.queries.lookup import named
    from models.tables import Connection, Integration

    settings = settings_of(context)
    with opened(settings) as lab, lab.store.read() as session:
        chosen = lab.find(session, Connection, connection).key if connection else None
        _total, rows = lab.rows(session, lambda vault_id: listing(vault_id, connection_id=chosen, text=words))
        names = {row.key: row.api_name for row in named(session, Integration, lab.vault_ids(session))}
    columns: list[Column[Located]] = [
        Column("Vault", lambda line: line.vault.name),
        Column("Connection", lambda line: line.row.connection),
        Column("Integration", lambda line: line.row.name),
        Column("API name", lambda line: names[line.row.key]),
        Column("Status", lambda line: "Active" if line.row.active else "Inactive"),
        Column("Last successful run", lambda line: line.row.last_run),
        Column("Open items", lambda line: line.row.open_items, right=True),
    ]
    answer(
        settings,
        {
            "integrations": [
                located(line.vault.key, line.vault.name, line.row) | {"api_name": names[line.row.key]} for line in rows
            ]
        },
        lambda: table(columns, rows, empty="There are no integrations."),
    )


@command(integrations, "show")
def show(context: typer.Context, integration: Name, connection: OfConnection = None) -> None:
    """Show one integration with its points and rules."""
    from models.queries.integrations import PointLine, detail
    from models.tables import Connection, Integration

    settings = settings_of(context)
    with opened(settings) as lab, lab.store.read() as session:
        within = lab.find(session, Connection, connection).key if connection else None
        found = lab.find(session, Integration, integration, connection_id=within)
        row = detail(session, found.vault_id, found.key)
    if row is None:
        raise gone("integration")

    def point_text(point: PointLine) -> str:
        sources = [f"{line.object_name} to {line.remote_point}" for line in point.sources]
        rules = [
            f"{rule.api_name}: {field.source} -> {field.target}" + ("" if field.active else " (inactive)")
            for rule in point.rules
            for field in rule.field_rules
        ]
        return section(f"{point.name} ({point.direction}, {point.api_name})", lines(sources + rules))

    def needs_text() -> str:
        columns: list[Column[Requirement]] = [
            Column("Needs", lambda line: line.kind.value),
            Column("Name", lambda line: line.name),
            Column("Where", lambda line: "here" if line.side == "own" else "partner Vault"),
            Column("Met", lambda line: "not known" if line.met is None else line.met),
            Column("What to do", lambda line: line.remedy),
        ]
        return table(columns, row.requirements, empty="")

    def text() -> str:
        return parts(
            facts(
                [
                    ("Name", row.name),
                    ("API name", row.api_name),
                    ("Vault", found.vault),
                    ("Connection", row.connection),
                    ("Remote Vault", row.remote_vault),
                    ("Status", "Active" if row.active else "Inactive"),
                    ("Last successful run", row.last_run),
                    ("Open items", row.open_items),
                    ("Matching", row.settings.matching.value),
                    ("Match source field", row.settings.match_source_field),
                    ("Match target field", row.settings.match_target_field),
                    ("Delete policy", row.settings.delete_policy.value),
                    ("Mark field", row.settings.mark_field),
                    ("Mark text", row.settings.mark_text),
                    ("Inactivates targets", row.settings.inactivates_targets),
                ]
            ),
            *([section("Requirements", needs_text())] if row.requirements else []),
            *(point_text(point) for point in row.points),
        )

    answer(settings, {"integration": located(found.vault_id, found.vault, row)}, text)


@command(integrations, "activate")
def activate(context: typer.Context, integration: Name, connection: OfConnection = None) -> None:
    """Activate an integration: what changes from now on is sent."""
    _switch(context, integration, connection, active=True)


@command(integrations, "inactivate")
def inactivate(context: typer.Context, integration: Name, connection: OfConnection = None) -> None:
    """Inactivate an integration: what changes from now on is not sent."""
    _switch(context, integration, connection, active=False)


def _switch(context: typer.Context, integration: str, connection: str | None, *, active: bool) -> None:
    from models.services.integrations import set_integration_active
    from models.tables import Connection, Integration

    settings = settings_of(context)
    with opened(settings) as lab:
        with lab.store.read() as session:
            within = lab.find(session, Connection, connection).key if connection else None
            found = lab.find(session, Integration, integration, connection_id=within)
            actor = lab.actor(session, found.vault_id)
        with lab.store.write() as write:
            changed = set_integration_active(write, actor, found.key, active)
    state = "Active" if active else "Inactive"
    tell(
        settings,
        {"vault_id": found.vault_id, "integration": found.api_name, "active": active, "changed": changed},
        f"{found.label} of {found.vault} is {state}{'' if changed else ' already'}.",
    )
