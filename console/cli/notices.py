"""`notifications list` and `notifications seen`: what an administrator ought to know of."""

from __future__ import annotations

from typing import Annotated

import typer

from console.cli.frame import command
from console.cli.lab import Located, opened
from console.cli.notifications import notifications
from console.cli.output import Column, answer, located, table, tell
from console.cli.settings import settings_of

__all__ = ["notifications"]


@command(notifications, "list", lists="notifications")
def list_notices(
    context: typer.Context,
    new: Annotated[bool, typer.Option("--new", help="Only those that the acting user has not seen.")] = False,
) -> None:
    """List what is to be known: user exceptions, stuck queues, certificates that end, one-sided integrations."""
    from console.doing.notices import notices_for
    from console.session import Who

    settings = settings_of(context)
    rows: list[Located] = []
    with opened(settings) as lab, lab.store.read() as session:
        for vault in lab.vaults(session):
            who = Who(vault.key, lab.actor(session, vault.key).name, settings.read_only)
            found = notices_for(session, lab.store, who)
            rows += [Located(vault, notice) for notice in found if not (new and notice.seen)]
    columns: list[Column[Located]] = [
        Column("Vault", lambda line: line.vault.name),
        Column("Kind", lambda line: line.row.kind),
        Column("Since", lambda line: line.row.since),
        Column("Seen", lambda line: line.row.seen),
        Column("What", lambda line: line.row.text),
        Column("Notification", lambda line: line.row.key),
    ]
    answer(
        settings,
        {"notifications": [located(line.vault.key, line.vault.name, line.row) for line in rows]},
        lambda: table(columns, rows, empty="There is nothing new to tell." if new else "There is nothing to tell."),
    )


@command(notifications, "seen")
def mark(
    context: typer.Context,
    keys: Annotated[
        list[str] | None, typer.Argument(metavar="[NOTIFICATION]...", help="Without any: all of the Vault.")
    ] = None,
) -> None:
    """Mark notifications of a Vault as seen by the acting user."""
    from models.services.notices import mark_seen

    settings = settings_of(context)
    with opened(settings) as lab:
        with lab.store.read() as session:
            vault = lab.vault(session)
            actor = lab.actor(session, vault.key)
        with lab.store.write() as write:
            news = mark_seen(write, actor, keys or None)
    said = f"Marked {len(news)} {'notification' if len(news) == 1 else 'notifications'} of {vault.name} as seen."
    tell(settings, {"vault_id": vault.key, "vault": vault.name, "seen": [notice.key for notice in news]}, said)
