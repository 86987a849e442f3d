"""`connections stats`: Connection Stats day by day, as the console charts them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli.connect import connections
from console.cli.frame import command
from console.cli.lab import opened
from console.cli.moments import moment_of
from console.cli.output import Column, answer, facts, parts, section, table
from console.cli.settings import settings_of

if TYPE_CHECKING:
    from models.queries.connections import DayStats

FIELDS = ("sent", "received", "failures", "retries", "timeouts", "fatal_errors")


@command(connections, "stats", lists="days")
def stats(
    context: typer.Context,
    connection: Annotated[str, typer.Argument(help="Its API name, name or number.")],
    days: Annotated[int, typer.Option(min=1, max=366, help="So many days of lab time (UTC).")] = 7,
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="The last day, e.g. 2026-01-31. Default: today.")
    ] = None,
) -> None:
    """Show the messages of a connection per day: sent, received, failures, retries, timeouts, fatal errors."""
    from models.queries.connections import day_stats
    from models.tables import Connection
    from seed.catalogue.figures import figures_of

    settings = settings_of(context)
    with opened(settings) as lab, lab.store.read() as session:
        found = lab.find(session, Connection, connection)
        last = (lab.now if until is None else moment_of(until, lab.now, "--until")).date()
        lines = day_stats(session, found.key, last, days)
        figures = figures_of(session, found.key)
    columns: list[Column[DayStats]] = [
        Column("Day", lambda line: line.day),
        Column("Sent", lambda line: line.sent, right=True),
        Column("Received", lambda line: line.received, right=True),
        Column("Failures", lambda line: line.failures, right=True),
        Column("Retries", lambda line: line.retries, right=True),
        Column("Timeouts", lambda line: line.timeouts, right=True),
        Column("Fatal errors", lambda line: line.fatal_errors, right=True),
    ]
    document = {
        "id": found.key,
        "vault_id": found.vault_id,
        "api_name": found.api_name,
        "days": [asdict(line) for line in lines],
        "sums": {name: sum(getattr(line, name) for line in lines) for name in FIELDS},
        "figures": [asdict(figure) for figure in figures],
    }
    counted = [(figure.label, str(figure.number)) for figure in figures]
    answer(settings, document, lambda: parts(table(columns, lines), section("Records", facts(counted))))
