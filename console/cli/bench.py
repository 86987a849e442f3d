"""`bench`: measure the program on this machine, each figure as a ratio to a floor of the same run."""

import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from console.cli.frame import area, command
from console.cli.output import Column, answer, table
from console.cli.settings import settings_of

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
