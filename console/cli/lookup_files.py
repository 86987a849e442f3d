"""`lookups load|export`: CSV mapping files of a reference lookup."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli.frame import command
from console.cli.lab import opened
from console.cli.lookups import Lookup, Within, change, find_lookup, lookups
from console.cli.output import Column, answer, parts, table, tell
from console.cli.saving import Force, write_file
from console.cli.settings import settings_of
from models.errors import InvalidInput

if TYPE_CHECKING:
    from models.services.lookup_files import LoadLine, LoadReport


@command(lookups, "load")
def load(
    context: typer.Context,
    lookup: Lookup,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV with the columns source_key and target_key.")],
    connection: Within = None,
    mode: Annotated[
        str, typer.Option(metavar="add|replace", help="replace also removes the keys that are not in the file.")
    ] = "add",
    all_or_nothing: Annotated[
        bool, typer.Option("--all-or-nothing", help="Load nothing when a row is refused.")
    ] = False,
    check: Annotated[bool, typer.Option("--check", help="Only report what would be done.")] = False,
) -> None:
    """Load a CSV mapping file into a lookup, with a report for each row.

    Exits with 1 when nothing was loaded because of refused rows.
    """
    from console.doing.files import read_whole
    from models.services.lookup_files import LARGEST_FILE, LoadMode, load_keys

    if mode not in tuple(LoadMode):
        raise InvalidInput({"--mode": "Keys are added, or they replace what the lookup holds: add or replace."})
    data = read_whole(file, LARGEST_FILE)
    found, report = change(
        context,
        lookup,
        connection,
        lambda write, actor, key: load_keys(
            write, actor, key, data, mode=LoadMode(mode), all_or_nothing=all_or_nothing, check=check
        ),
    )
    counts = report.counts
    document = {
        "id": found.key,
        "lookup": report.lookup,
        "mode": report.mode,
        "loaded": report.loaded,
        **counts,
        "removed_keys": report.removed,
        "ignored_columns": report.ignored,
        "rows": report.lines,
    }
    columns: list[Column[LoadLine]] = [
        Column("Line", lambda line: line.line, right=True),
        Column("Action", lambda line: line.action),
        Column("Source key", lambda line: line.source_key),
        Column("Target key", lambda line: line.target_key),
        Column("Reason", lambda line: line.reason),
    ]
    answer(settings_of(context), document, lambda: parts(table(columns, report.lines), *_summary(report, check=check)))
    if not report.loaded and not check:
        raise typer.Exit(1)


def _summary(report: LoadReport, *, check: bool) -> list[str]:
    said = ", ".join(f"{number:,} {action}" for action, number in report.counts.items() if number)
    texts = [f"Columns that no lookup has were left out: {', '.join(report.ignored)}."] if report.ignored else []
    if check:
        return [*texts, f"Nothing was loaded, as asked. It would be: {said}."]
    if not report.loaded:
        return [*texts, f"Nothing was loaded, because of refused rows. It would be: {said}."]
    return [*texts, f"Loaded: {said}."]


@command(lookups, "export")
def export(
    context: typer.Context,
    lookup: Lookup,
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="Default: standard output.")] = None,
    connection: Within = None,
    force: Force = False,
) -> None:
    """Write the keys of a lookup as a CSV mapping file."""
    from models.services.lookup_files import export_keys
    from models.services.lookups import target_keys

    settings = settings_of(context)
    with opened(settings) as lab, lab.store.read() as session:
        found = find_lookup(lab, session, lookup, connection)
        pairs = target_keys(session, found.key)
    data = export_keys(pairs)
    if file is None and not settings.json:
        sys.stdout.buffer.write(data)
        return
    if file is None:
        answer(settings, {"id": found.key, "lookup": found.api_name, "keys": pairs}, str)
        return
    saved = write_file(file, data, "FILE", force=force)
    document = {"id": found.key, "lookup": found.api_name, "file": str(saved), "keys": len(pairs)}
    tell(settings, document, f"Saved {len(pairs)} keys of {found.label} to {saved}.")
