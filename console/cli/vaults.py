"""`vaults`: the tenants of the store; `vaults edit`: their applications and local features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from console.cli.frame import Area, command, that_lists
from console.cli.lab import opened
from console.cli.output import Column, answer, facts, table, tell
from console.cli.settings import settings_of

if TYPE_CHECKING:
    from models.queries.summary import VaultSummary

vaults = typer.Typer(
    cls=that_lists(Area, "vaults"),
    name="vaults",
    help="List the Vaults of the store; show one, or edit its settings.",
    invoke_without_command=True,
    add_completion=False,
    rich_markup_mode=None,
)

Several = list[str] | None


@vaults.callback()
def list_vaults(context: typer.Context) -> None:
    """List the Vaults of the store; show one, or edit its settings."""
    if context.invoked_subcommand is not None:
        return
    from models.queries.summary import vault_summaries

    settings = settings_of(context)
    with opened(settings) as lab, lab.store.read() as session:
        chosen = set(lab.vault_ids(session))
        rows = [row for row in vault_summaries(session) if row.key in chosen]
    columns: list[Column[VaultSummary]] = [
        Column("ID", lambda row: row.key),
        Column("Name", lambda row: row.name),
        Column("Family", lambda row: row.family),
        Column("DNS host", lambda row: row.dns_host),
        Column("Sandbox", lambda row: row.sandbox),
        Column("Connections", lambda row: row.connections, right=True),
        Column("Records", lambda row: row.records, right=True),
    ]
    answer(settings, {"vaults": rows}, lambda: table(columns, rows, empty="This store holds no Vaults."))


@command(vaults, "show")
def show(context: typer.Context) -> None:
    """Show the Vault named with --vault: its applications and local features, and what it holds."""
    from models.queries.summary import vault_summaries

    settings = settings_of(context)
    with opened(settings) as lab, lab.store.read() as session:
        key = lab.vault(session).key
        row = next(one for one in vault_summaries(session) if one.key == key)
    answer(
        settings,
        {"vault": row},
        lambda: facts(
            [
                ("Vault", f"{row.name} ({row.key})"),
                ("Family", row.family),
                ("Applications", ", ".join(row.applications)),
                ("Local features", ", ".join(row.features)),
                ("DNS host", row.dns_host),
                ("Domain", row.domain),
                ("Sandbox", row.sandbox),
                ("Users", row.users),
                ("Connections", row.connections),
                ("Records", row.records),
            ]
        ),
    )


@command(vaults, "edit")
def edit(
    context: typer.Context,
    application: Annotated[
        Several, typer.Option("--application", metavar="NAME", help="Add an application; may be given several times.")
    ] = None,
    no_application: Annotated[
        Several, typer.Option("--no-application", metavar="NAME", help="Take an application away.")
    ] = None,
    feature: Annotated[
        Several,
        typer.Option("--feature", metavar="NAME", help="Add a local feature that is configured in the Vault."),
    ] = None,
    no_feature: Annotated[
        Several, typer.Option("--no-feature", metavar="NAME", help="Take a local feature away.")
    ] = None,
) -> None:
    """Change the applications and local features of the Vault named with --vault: integrations need some of them."""
    from models.queries.requirements import lacking
    from models.services.vault_settings import change_vault_settings, with_and_without
    from models.tables import Vault

    settings = settings_of(context)
    with opened(settings) as lab:
        with lab.store.read() as session:
            vault = lab.vault(session)
            actor = lab.actor(session, vault.key)
        with lab.store.write() as write:
            row = write.get_one(Vault, vault.key)
            changed = change_vault_settings(
                write,
                actor,
                applications=with_and_without(row.applications, application or [], no_application or []),
                features=with_and_without(row.features, feature or [], no_feature or []),
            )
            has, features = list(row.applications), list(row.features)
            without = [each.api_name for each in lacking(write, vault.key)]
    document = {
        "vault_id": vault.key,
        "applications": has,
        "features": features,
        "changed": bool(changed),
        "lacking": without,
    }
    text = f"{vault.name} has {'now' if changed else 'already'}: {', '.join([*has, *features]) or 'nothing of these'}."
    if without:
        text += f" Active integrations that lack something: {', '.join(without)}."
    tell(settings, document, text)
