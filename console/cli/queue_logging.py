"""`queues log|trace`: the Queue Log, and having deliveries written to it."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from console.cli.frame import command
from console.cli.lab import Located, opened
from console.cli.moments import moment_of
from console.cli.output import Column, answer, located, parts, section, shown, table, tell
from console.cli.queues import queues
from console.cli.settings import settings_of
from models.errors import InvalidInput


@command(queues, "trace")
def trace(
    context: typer.Context,
    queue: Annotated[list[str], typer.Argument(metavar="QUEUE...", help="Queues of one Vault.")],
    off: Annotated[bool, typer.Option("--off", help="End it.")] = False,
) -> None:
    """Trace Queue Delivery: have every delivery of the queues logged for 20 minutes of lab time."""
    from models.services.queue_log import trace_queues
    from models.tables import Queue

    settings = settings_of(context)
    with opened(settings) as lab:
        with lab.store.read() as session:
            found = [lab.find(session, Queue, name) for name in queue]
            if len({each.vault_id for each in found}) > 1:
                raise InvalidInput({"queue": "Name queues of one Vault."})
            actor = lab.actor(session, found[0].vault_id)
        with lab.store.write() as write:
            until = trace_queues(write, actor, [each.key for each in found], off=off)
    names = [each.api_name for each in found]
    sentence = f"Traced until {shown(until)} (lab time): " if until else "No longer traced: "
    tell(settings, {"queues": names, "until": until}, sentence + ", ".join(names))


@command(queues, "log", lists=("entries", "days"))
def log(
    context: typer.Context,
    day: Annotated[str | None, typer.Option(metavar="TIME", help="The day, e.g. 2026-01-31. Default: today.")] = None,
    days: Annotated[bool, typer.Option("--days", help="Only which days have entries.")] = False,
) -> None:
    """Show the Queue Log of a day: removals, traced deliveries, and what this Vault refused, each with its reason."""
    from models.permissions import Permission
    from models.queries.queue_detail import days_with_entries
    from models.services.queue_log import log_of_day

    settings = settings_of(context)
    with opened(settings) as lab, lab.store.read() as session:
        wanted = (lab.now if day is None else moment_of(day, lab.now, "--day")).date()
        rows: list[Located] = []
        counted: dict[date, int] = {}
        for vault in lab.vaults(session):
            actor = lab.actor(session, vault.key)
            actor.require(Permission.QUEUE_LOG)
            if days:
                for each, number in days_with_entries(session, vault.key).items():
                    counted[each] = counted.get(each, 0) + number
            else:
                rows += [Located(vault, row) for row in log_of_day(session, actor, wanted)]
    if days:
        lines = sorted(counted.items(), reverse=True)
        document = {"days": [{"day": each, "entries": number} for each, number in lines]}
        columns: list[Column[tuple[date, int]]] = [
            Column("Day", lambda line: line[0]),
            Column("Entries", lambda line: line[1], right=True),
        ]
        answer(settings, document, lambda: table(columns, lines, empty="The Queue Log is empty."))
        return
    answer(
        settings,
        {"day": wanted, "entries": [located(line.vault.key, line.vault.name, line.row) for line in rows]},
        lambda: parts(section(f"Queue Log of {wanted}", _log_table(rows) or "There are no entries.")),
    )


def _log_table(rows: list[Located]) -> str:
    columns: list[Column[Located]] = [
        Column("TimeStamp", lambda line: line.row.timestamp),
        Column("VaultId", lambda line: line.row.vault_id, right=True),
        Column("QueueName", lambda line: line.row.queue_name),
        Column("ConnectionName", lambda line: line.row.connection_name),
        Column("MessageId", lambda line: line.row.message_id),
        Column("EntryType", lambda line: line.row.entry_type),
        Column("QueueTime", lambda line: line.row.queue_time),
        Column("SendTime", lambda line: line.row.send_time),
        Column("attempts", lambda line: line.row.attempts, right=True),
        Column("Reason", lambda line: line.row.reason),
    ]
    return table(columns, rows)
