"""`query`: ask a Vault by VQL, as one of its users."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli.lab import OpenLab, opened
from console.cli.output import Column, answer, lines, parts, printable, table
from console.cli.saving import Force, write_file
from console.cli.settings import Settings, settings_of
from models.errors import InvalidInput

if TYPE_CHECKING:
    from sqlmodel import Session

    from models.vql import Answer, FieldDescription, VqlError

MARGIN = 60
"""Characters of a long line that an error shows before its place, and after it."""


def query(
    context: typer.Context,
    text: Annotated[
        str | None, typer.Argument(metavar="VQL", help="The query, in quotes; - reads it from standard input.")
    ] = None,
    describe: Annotated[bool, typer.Option("--describe", help="Describe the columns of the answer.")] = False,
    csv: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Write all rows as CSV instead of showing them.")
    ] = None,
    force: Force = False,
    page_size: Annotated[
        int | None, typer.Option("--page-size", min=1, max=100_000, help="Rows on a page. Default: 1000.")
    ] = None,
    history: Annotated[bool, typer.Option("--history", help="List the queries asked before.")] = False,
) -> None:
    """Ask a Vault by VQL; the answer holds what the user (--user) may see.

    In JSON it is as a Vault's own answer: responseDetails, data, and with --describe the columns.
    """
    from console.doing.queries import history as remembered
    from console.doing.queries import remember
    from models.vql import VqlError

    settings = settings_of(context)
    if history:
        known = remembered()
        answer(settings, {"queries": known}, lambda: lines(known))
        return
    text = sys.stdin.read() if text == "-" else text
    if text is None or not text.strip():
        raise InvalidInput({"VQL": "Say what to ask."}, "For example: SELECT id, name__v FROM study__v")
    with opened(settings) as lab, lab.store.read() as session:
        try:
            if csv is not None:
                _export(settings, lab, session, text, csv, force=force)
            else:
                _answer(settings, lab, session, text, page_size, describe=describe)
        except VqlError as error:
            if not settings.json:
                _point(text, error)
            raise
    remember(text)


def _export(settings: Settings, lab: OpenLab, session: Session, text: str, path: Path, *, force: bool) -> None:
    from console.doing.queries import csv_of

    data, rows = csv_of(session, lab.actor(session, lab.vault(session).key), text, lab.now)
    write_file(path, data, "--csv", force=force)
    answer(settings, {"file": str(path), "rows": rows}, lambda: printable(f"{rows:,} rows are in {path}."))


def _answer(
    settings: Settings, lab: OpenLab, session: Session, text: str, page_size: int | None, *, describe: bool
) -> None:
    from models.vql import run_query
    from models.vql.run import PAGE

    vault = lab.vault(session)
    found = run_query(session, lab.actor(session, vault.key), text, now=lab.now, page=page_size or PAGE)
    answer(settings, found.document(describe=describe), lambda: _text(found, describe=describe))


def _text(found: Answer, *, describe: bool) -> str:
    if describe:
        heads: list[Column[FieldDescription]] = [
            Column("Name", lambda field: field.name),
            Column("Label", lambda field: field.label),
            Column("Type", lambda field: field.type),
            Column("Required", lambda field: field.required),
            Column("Longest", lambda field: field.max_length, right=True),
        ]
        described = [each for field in found.fields for each in (field, *field.fields)]
        return table(heads, described)
    details = found.details
    end = f"{details.total:,} {'row' if details.total == 1 else 'rows'}."
    if details.size < details.total:
        first = details.pageoffset + 1
        end = f"Rows {first:,} to {first + details.size - 1:,} of {details.total:,}."
        if not details.size:
            end = f"No rows here, of {details.total:,}."
    more = f"Next page: {printable(details.next_page)}" if details.next_page else ""
    columns = [_column(field.name) for field in found.fields]
    return parts(table(columns, found.data), end, more)


def _column(key: str) -> Column[Any]:
    from console.doing.queries import flat

    return Column(key, lambda row: flat(row[key]))


def _point(text: str, error: VqlError) -> None:
    """Show the line of the query with a caret below the place of the trouble, on standard error."""
    if error.line is None or error.position is None:
        return
    line = text.split("\n")[error.line - 1]
    begin = max(0, error.position - 1 - MARGIN)
    before = printable(line[begin : error.position - 1])
    after = printable(line[error.position - 1 : error.position - 1 + MARGIN])
    lead = "…" if begin else ""
    shown = f"{lead}{before}{after}"
    encoding = sys.stderr.encoding or "ascii"
    print(
        f"{shown}\n{' ' * len(lead + before)}^".encode(encoding, "backslashreplace").decode(encoding), file=sys.stderr
    )
