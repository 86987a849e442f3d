"""`connections both`: the two halves of a connection beside each other, as the split view draws them."""

from typing import Annotated, Any

import typer

from console.cli.connections import connections
from console.cli.frame import command
from console.cli.lab import gone, opened
from console.cli.output import answer, lines
from console.cli.settings import settings_of

WIDTH = 118
"""Cells that the drawing takes."""


@command(connections, "both")
def both(
    context: typer.Context,
    connection: Annotated[str, typer.Argument(help="Its API name, name or number.")],
    other: Annotated[
        int | None,
        typer.Option("--other", metavar="ID", help="Vault to look at on the other side, while there is none yet."),
    ] = None,
) -> None:
    """Show both halves of a connection: what belongs together, and what is missing on one side."""
    from console.details.split import next_step, split_lines
    from console.doing.split import read_split
    from console.session import Who
    from models.tables import Connection

    settings = settings_of(context)
    with opened(settings) as lab, lab.store.read() as session:
        found = lab.find(session, Connection, connection)
        who = Who(found.vault_id, settings.user or "", read_only=settings.read_only)
        day = lab.now.date()
        split = read_split(session, who, found.key, other, day)
    if split is None:
        raise gone("connection")

    def half(side: Any) -> dict[str, Any] | None:
        if side is None:
            return None
        return {
            "vault_id": side.vault_id,
            "vault": side.vault,
            "connection": side.page.detail.api_name if side.page else None,
            "state": side.state or None,
            "today": side.end,
        }

    document = {
        "near": half(split.near),
        "far": half(split.far),
        "established": split.established,
        "next": next_step(split),
        "integrations": split.halves.integrations,
        "points": split.halves.points,
        "queues": split.halves.queues,
    }
    answer(settings, document, lambda: lines(line.text.rstrip() for line in split_lines(split, day, WIDTH)))
