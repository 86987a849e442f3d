"""`status`: how the lab stands, on one page."""

from typing import Any

import typer

from console.cli.clock import clock_state, engine_text
from console.cli.lab import opened
from console.cli.output import Column, answer, facts, parts, section, shown, table
from console.cli.settings import settings_of


def status(context: typer.Context) -> None:
    """Show how the lab stands, on one page."""
    from models.queries.summary import (
        ConnectionToday,
        QueueWaiting,
        VaultSummary,
        connections_today,
        queues_waiting,
        vault_summaries,
    )
    from models.refusals import name_of

    settings = settings_of(context)
    with opened(settings) as lab, lab.store.read() as session:
        now = lab.now
        vault_ids = lab.vault_ids(session)
        vaults = [row for row in vault_summaries(session) if row.key in vault_ids]
        connections = connections_today(session, vault_ids, now.date())
        queues = queues_waiting(session, vault_ids)
        state = clock_state(lab)
        store = name_of(lab.store.url)
    vault_columns: list[Column[VaultSummary]] = [
        Column("Vault", lambda row: row.name),
        Column("ID", lambda row: row.key),
        Column("Connections active", lambda row: f"{row.active_connections} of {row.connections}", right=True),
        Column("Records", lambda row: row.records, right=True),
        Column("Waiting", lambda row: row.queued, right=True),
        Column("Exceptions", lambda row: row.exceptions, right=True),
        Column("Open items", lambda row: row.open_items, right=True),
    ]
    connection_columns: list[Column[ConnectionToday]] = [
        Column("Vault", lambda row: row.vault),
        Column("Connection", lambda row: row.api_name),
        Column("State", lambda row: row.state),
        Column("Sent", lambda row: row.sent, right=True),
        Column("Received", lambda row: row.received, right=True),
        Column("Failures", lambda row: row.failures, right=True),
        Column("Retries", lambda row: row.retries, right=True),
    ]
    queue_columns: list[Column[QueueWaiting]] = [
        Column("Vault", lambda row: row.vault),
        Column("Queue", lambda row: row.api_name),
        Column("Type", lambda row: row.type),
        Column("Held", lambda row: not row.delivery_enabled),
        Column("Waiting", lambda row: row.queued, right=True),
    ]
    document: dict[str, Any] = {
        "store": store,
        "clock": state,
        "vaults": vaults,
        "connections": connections,
        "queues": queues,
        "exceptions": sum(row.exceptions for row in vaults),
        "open_items": sum(row.open_items for row in vaults),
    }

    def text() -> str:
        speed = f"{state['speed']:g}x" + (", paused" if state["paused"] else "")
        return parts(
            facts(
                [("Store", store), ("Lab time", f"{shown(now)} UTC, {speed}"), ("Engine", engine_text(state["engine"]))]
            ),
            section("Vaults", table(vault_columns, vaults, empty="This store holds no Vaults.")),
            section("Connections today", table(connection_columns, connections)),
            section("Queues with messages", table(queue_columns, queues)),
        )

    answer(settings, document, text)
