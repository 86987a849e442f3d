"""`audit`: who changed what, when, with old and new value."""

from typing import Annotated

import typer

from console.cli.frame import area, command
from console.cli.lab import Located, opened
from console.cli.naming import told_as
from console.cli.output import Column, answer, located, table
from console.cli.settings import settings_of
from models.typed_times import FORMS

audit = area("audit", "The audit trail.")

OPTIONS = {"since": "--from", "until": "--to"}
"""The options that are not called as the parts of the filter are."""


@command(audit, "list", lists="audit")
def list_rows(
    context: typer.Context,
    text: Annotated[str, typer.Option("--find", metavar="TEXT", help="In item, field or value.")] = "",
    by: Annotated[str, typer.Option(metavar="USER", help="Who did it, or on whose behalf it was done.")] = "",
    action: Annotated[str, typer.Option(metavar="WORD", help="E.g. Create, Edit, Delete.")] = "",
    of: Annotated[str, typer.Option("--object", metavar="NAME", help="E.g. connection__sys.")] = "",
    item: Annotated[str, typer.Option(metavar="TEXT", help="What people call the thing.")] = "",
    record: Annotated[str, typer.Option(metavar="ID", help="Record id.")] = "",
    since: Annotated[str, typer.Option("--from", metavar="TIME", help=f"Lab time: {FORMS}.")] = "",
    until: Annotated[str, typer.Option("--to", metavar="TIME", help="Until then; a day counts whole.")] = "",
    limit: Annotated[int, typer.Option(min=0, help="How many rows to show, the newest first.")] = 50,
) -> None:
    """List audited changes, the newest first, Vault by Vault. A row must meet all options that are given."""
    from models.queries.audit import listing, read_filter

    settings = settings_of(context)
    typed = {
        "text": text,
        "user": by,
        "action": action,
        "object_name": of,
        "item": item,
        "record_id": record,
        "since": since,
        "until": until,
    }
    with opened(settings) as lab, lab.store.read() as session:
        with told_as(OPTIONS):
            wanted = read_filter(typed, lab.now)
        total, rows = lab.rows(session, lambda vault_id: listing(vault_id, wanted), limit)
    columns: list[Column[Located]] = [
        Column("Time", lambda line: line.row.at),
        Column("Vault", lambda line: line.vault.name),
        Column("User", lambda line: line.row.user),
        Column("On behalf of", lambda line: line.row.on_behalf_of),
        Column("Action", lambda line: line.row.action),
        Column("Object", lambda line: line.row.object_name),
        Column("Item", lambda line: line.row.item),
        Column("Field", lambda line: line.row.field_name),
        Column("Old value", lambda line: line.row.old_value),
        Column("New value", lambda line: line.row.new_value),
        Column("Verdict", lambda line: line.row.verdict),
    ]
    answer(
        settings,
        {"audit": [located(line.vault.key, line.vault.name, line.row) for line in rows], "total": total},
        lambda: table(columns, rows, empty="Nothing was audited."),
    )
