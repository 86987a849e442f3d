"""`bench console`: measure the console as a person meets it, beside a bare program of its kind."""

import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli.bench import bench, make_store
from console.cli.frame import command
from console.cli.output import Column, answer, table
from console.cli.settings import settings_of
from models.errors import NotPossible

if TYPE_CHECKING:
    from console.measuring_console import ConsoleResult, Felt, Filtered


@command(bench, "console")
def console(
    context: typer.Context,
    path: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="A store, e.g. of “bench store”. Default: one is made.")
    ] = None,
    messages: Annotated[
        int, typer.Option(min=0, metavar="N", help="Messages of a store that is made. Default: 100000.")
    ] = 100_000,
    records: Annotated[
        int, typer.Option(min=0, metavar="N", help="Records of a store that is made. Default: 20000.")
    ] = 20_000,
    rounds: Annotated[int, typer.Option(min=1, metavar="N", help="How often all is done. Default: 3.")] = 3,
) -> None:
    """Press keys in the console, and say how long it takes until something is seen.

    It runs without an engine behind a terminal of 120 by 40, on the Vault with most messages. The floor is a bare
    program of the same framework and size, whose lists are in memory, measured in turns with the console. Filters of
    the messages are typed, too; their floor are the same statements by the database driver alone. Seconds of a
    filter begin when it is typed, and end with its first rows.
    """
    settings = settings_of(context)
    if sys.platform == "win32":
        raise NotPossible("There is no pseudo terminal on Windows.", "Measure on Linux or macOS.")
    with tempfile.TemporaryDirectory(prefix="vault-console-bench-") as folder:
        place = path or Path(folder) / "bench.sqlite3"
        if path is None:
            make_store(place, messages, records)
        elif not path.is_file():
            raise NotPossible(f"There is no {path}.", f"Make it with: vault-console bench store {path}")
        from console.measuring_console import bench_console
        from models.opening import open_store

        store = open_store(place)
        try:
            result = bench_console(
                place, store, Path(folder), lambda step: print(f"  {step}", file=sys.stderr), rounds=rounds
            )
        finally:
            store.close()
    answer(settings, _document(result), lambda: _text(result))


def _document(result: "ConsoleResult") -> dict[str, Any]:
    from console.measuring_console import p95

    return {
        "messages": result.messages,
        "console": [
            {
                "what": each.what,
                "times": len(each.times),
                "p50_seconds": median(each.times),
                "p95_seconds": p95(each.times),
                "floor_p50_seconds": median(each.floor),
                "floor_p95_seconds": p95(each.floor),
                "ratio": each.ratio,
            }
            for each in result.felt
        ],
        "filters": [
            {
                "filter": each.line,
                "messages": each.found,
                "seconds": each.seen,
                "reading_seconds": each.read,
                "floor_seconds": each.floor,
                "ratio": each.ratio,
            }
            for each in result.filters
        ],
        "memory_mib": result.memory,
        "floor_memory_mib": result.floor_memory,
    }


def _text(result: "ConsoleResult") -> str:
    from console.measuring_console import p95

    felt: list[Column[Felt]] = [
        Column("What", lambda row: row.what),
        Column("Times", lambda row: str(len(row.times)), right=True),
        Column("p50 ms", lambda row: _ms(median(row.times)), right=True),
        Column("p95 ms", lambda row: _ms(p95(row.times)), right=True),
        Column("Floor p50", lambda row: _ms(median(row.floor)), right=True),
        Column("Floor p95", lambda row: _ms(p95(row.floor)), right=True),
        Column("Times the floor's", lambda row: f"{row.ratio:.2f}", right=True),
    ]
    filters: list[Column[Filtered]] = [
        Column("Filter", lambda row: row.line),
        Column("Messages", lambda row: f"{row.found:,}", right=True),
        Column("Seen after ms", lambda row: _ms(row.seen), right=True),
        Column("Read ms", lambda row: _ms(row.read), right=True),
        Column("SQL ms", lambda row: _ms(row.floor), right=True),
        Column("Times the SQL's", lambda row: f"{row.ratio:.2f}", right=True),
    ]
    lines = [
        f"A Vault of {result.messages:,} messages.",
        "",
        table(felt, result.felt, empty=""),
        "",
        table(filters, result.filters, empty="No message to filter."),
        "",
        f"Memory: {result.memory:.0f} MiB after all areas; the floor's {result.floor_memory:.0f} MiB.",
    ]
    return "\n".join(lines)


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:,.1f}"
