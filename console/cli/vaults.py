"""`vaults`: the tenants of the store."""

import typer

from console.cli.lab import opened
from console.cli.output import Column, answer, table
from console.cli.settings import settings_of


def vaults(context: typer.Context) -> None:
    """List the Vaults of the store."""
    from models.queries.summary import VaultSummary, vault_summaries

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
