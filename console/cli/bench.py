"""`bench`: measure the program on this machine, each figure as a ratio to a floor of the same run."""

import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from console.cli.frame import area, command
from console.cli.moving import Progress
from console.cli.output import Column, answer, table
from console.cli.settings import settings_of
from models.errors import NotPossible

bench = area("bench", "Measure the program on this machine.")


@command(bench, "transfer")
def transfer(
    context: typer.Context,
    records: Annotated[
        list[int] | None,
        typer.Argument(min=1, metavar="[RECORDS]...", help="How many changed records. Default: 100000."),
    ] = None,
) -> None:
    """Move changed records through send, deliver and receive, and compare with writing the same rows by hand.

    Each record has twelve field rules. The floor is the raw database driver writing the same messages and target
    records in the same batch sizes. Several numbers show whether memory grows with the number of records.
    """
    from scheduler.bench import TransferResult, bench_transfer

    settings = settings_of(context)
    results: list[TransferResult] = []
    for number in records or [100_000]:
        with tempfile.TemporaryDirectory(prefix="vault-console-bench-") as folder:
            results.append(bench_transfer(Path(folder), number, lambda step: print(f"  {step}", file=sys.stderr)))
    columns: list[Column[tuple[TransferResult, str, float]]] = [
        Column("Records", lambda row: f"{row[0].records:,}", right=True),
        Column("Stage", lambda row: row[1]),
        Column("Seconds", lambda row: f"{row[2]:.2f}", right=True),
        Column("Records/s", lambda row: f"{row[0].records / row[2]:,.0f}", right=True),
        Column("Of floor speed", lambda row: f"{row[0].floor_seconds / row[2]:.2f}", right=True),
        Column("Memory grew", lambda row: f"{row[0].grown_mib:.0f} MiB" if row[1] == "end to end" else "", right=True),
    ]
    lines = [
        (result, name, seconds)
        for result in results
        for name, seconds in (
            *((stage.stage, stage.seconds) for stage in result.stages),
            ("end to end", result.seconds),
            ("floor", result.floor_seconds),
        )
    ]
    document = {
        "transfer": [
            {
                "records": result.records,
                "created": result.created,
                "stages": {stage.stage: stage.seconds for stage in result.stages},
                "seconds": result.seconds,
                "floor_seconds": result.floor_seconds,
                "ratio": result.ratio,
                "grown_mib": result.grown_mib,
            }
            for result in results
        ]
    }
    answer(settings, document, lambda: table(columns, lines, empty=""))


@command(bench, "rules")
def rules(
    context: typer.Context,
    records: Annotated[int, typer.Argument(min=1, metavar="[RECORDS]", help="How many source records.")] = 100_000,
) -> None:
    """Evaluate 24 field rules with 4 reference lookups, on one core and without a database.

    The floor is making the same target records of the source values without any rule.
    """
    from scheduler.bench_rules import RulesResult, bench_rules

    settings = settings_of(context)
    result = bench_rules(records)
    columns: list[Column[RulesResult]] = [
        Column("Records", lambda row: f"{row.records:,}", right=True),
        Column("Field rules", lambda row: str(row.field_rules), right=True),
        Column("Lookups", lambda row: str(row.lookups), right=True),
        Column("Records/s per core", lambda row: f"{row.rate:,.0f}", right=True),
        Column("Of floor speed", lambda row: f"{row.ratio:.2f}", right=True),
        Column("One by one", lambda row: f"{row.single:,.0f}", right=True),
    ]
    document = {
        "rules": {
            "records": result.records,
            "field_rules": result.field_rules,
            "lookups": result.lookups,
            "seconds": result.seconds,
            "floor_seconds": result.floor_seconds,
            "records_per_second": result.rate,
            "ratio": result.ratio,
            "one_by_one_per_second": result.single,
        }
    }
    answer(settings, document, lambda: table(columns, [result], empty=""))


@command(bench, "query")
def query(
    context: typer.Context,
    records: Annotated[
        int, typer.Argument(min=1_000, metavar="[RECORDS]", help="How many records. Default: 1000000.")
    ] = 1_000_000,
) -> None:
    """Ask a Vault of many records by VQL, and compare with hand-written SQL of the same questions."""
    from scheduler.query_bench import QueryResult, bench_query

    settings = settings_of(context)
    with tempfile.TemporaryDirectory(prefix="vault-console-bench-") as folder:
        results = bench_query(Path(folder), records, lambda step: print(f"  {step}", file=sys.stderr))
    columns: list[Column[QueryResult]] = [
        Column("Question", lambda row: row.question),
        Column("Rows", lambda row: f"{row.rows:,}", right=True),
        Column("VQL ms", lambda row: f"{row.vql_seconds * 1000:,.1f}", right=True),
        Column("SQL ms", lambda row: f"{row.sql_seconds * 1000:,.1f}", right=True),
        Column("Times the SQL's", lambda row: f"{row.ratio:.2f}", right=True),
    ]
    document = {
        "records": records,
        "query": [
            {
                "question": row.question,
                "rows": row.rows,
                "vql_seconds": row.vql_seconds,
                "sql_seconds": row.sql_seconds,
                "ratio": row.ratio,
            }
            for row in results
        ],
    }
    answer(settings, document, lambda: table(columns, results, empty=""))


@command(bench, "store")
def store(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(metavar="FILE", help="The store to make.")],
    messages: Annotated[int, typer.Option(min=0, metavar="N", help="Messages. Default: 1000000.")] = 1_000_000,
    records: Annotated[int, typer.Option(min=0, metavar="N", help="Records. Default: 200000.")] = 200_000,
) -> None:
    """Make a demo store with the traffic of years in it, to measure the console on or to look at long lists."""
    settings = settings_of(context)
    if path.exists():
        raise NotPossible(f"{path} is there already.", "Name a new file.")
    make_store(path, messages, records)
    document = {"store": str(path), "messages": messages, "records": records, "bytes": path.stat().st_size}
    answer(settings, document, lambda: f"Open it with: vault-console --store {path}")


def make_store(path: Path, messages: int, records: int) -> None:
    """Make a demo store with so many messages and records, and show how far it is."""
    from models.opening import open_store
    from scheduler.signing import issue_certificate
    from seed.demo import build_demo
    from seed.filling import fill

    progress = Progress()
    made = open_store(path)
    try:
        build_demo(made, issue=issue_certificate)
        fill(made, messages=messages, records=records, progress=progress.share)
    finally:
        progress.done()
        made.close()
