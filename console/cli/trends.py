"""`jobs trends`: the last day of a Vault, hour by hour, as the charts of Home, Queues and Jobs show it."""

from typing import Any

import typer

from console.cli.frame import command
from console.cli.jobs import jobs
from console.cli.lab import opened
from console.cli.output import Column, answer, parts, section, table
from console.cli.settings import settings_of


@command(jobs, "trends", lists="vaults")
def trends(context: typer.Context) -> None:
    """Show what waited, what came and went, and how long jobs took, per hour of the last day of lab time."""
    from models.queries.trends import trends as read

    settings = settings_of(context)
    with opened(settings) as lab, lab.store.read() as session:
        found = [(vault, read(session, vault.key, lab.now)) for vault in lab.vaults(session)]

    def hours(row: Any) -> list[dict[str, Any]]:
        return [
            {
                "until": end,
                "waiting_out": row.waiting_out[place],
                "waiting_in": row.waiting_in[place],
                "entered": row.entered[place],
                "left": row.left[place],
                **{f"longest_{kind}_ms": values[place] for kind, values in row.longest.items()},
            }
            for place, end in enumerate(row.ends)
        ]

    columns: list[Column[dict[str, Any]]] = [
        Column("Until", lambda line: line["until"]),
        Column("Waiting out", lambda line: line["waiting_out"], right=True),
        Column("Waiting in", lambda line: line["waiting_in"], right=True),
        Column("Entered", lambda line: line["entered"], right=True),
        Column("Left", lambda line: line["left"], right=True),
        Column("Longest send, ms", lambda line: line["longest_send_ms"], right=True),
        Column("deliver", lambda line: line["longest_deliver_ms"], right=True),
        Column("receive", lambda line: line["longest_receive_ms"], right=True),
    ]
    document = {"vaults": [{"vault_id": vault.key, "vault": vault.name, "hours": hours(row)} for vault, row in found]}
    answer(
        settings,
        document,
        lambda: parts(*(section(vault.name, table(columns, hours(row))) for vault, row in found)),
        rows=[{"vault_id": vault.key, "vault": vault.name, **hour} for vault, row in found for hour in hours(row)],
    )
