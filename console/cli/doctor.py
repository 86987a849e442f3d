"""`doctor`: why a connection does not move what it should, and what to do about it."""

from typing import Annotated

import typer

from console.cli.output import answer
from console.cli.settings import settings_of

SICK = 3
"""Exit code when something stops the connection."""


def doctor(
    context: typer.Context,
    connection: str = typer.Argument(metavar="CONNECTION", help="Its API name, name or number."),
    check: Annotated[bool, typer.Option("--check", help="Exit with 3 when something stops the connection.")] = False,
) -> None:
    """Examine a connection on both sides: what stops it, where, and the command that goes there."""
    from dataclasses import asdict

    from console.cli.lab import opened
    from models.doctor import examine
    from models.tables import Connection

    settings = settings_of(context)
    with opened(settings) as lab, lab.store.read() as session:
        found = lab.find(session, Connection, connection)
        findings = examine(session, found.vault_id, found.key, lab.now)
    stopped = sum(finding.stops for finding in findings)

    def text() -> str:
        if not findings:
            return f"Nothing is wrong with {found.label} of {found.vault}."
        lines: list[str] = []
        for finding in findings:
            lines += [
                f"{'STOPS' if finding.stops else 'warns'}  {finding.kind.value}",
                f"       {finding.where} in {finding.vault}",
                f"       {finding.cause}",
                f"       {finding.remedy}",
                f"       $ {finding.command}",
                "",
            ]
        warned = len(findings) - stopped
        return "\n".join([*lines, f"{stopped} stopping, {warned} warning."])

    rows = [asdict(finding) | {"kind": finding.kind.name.lower(), "title": finding.kind.value} for finding in findings]
    answer(
        settings, {"connection": found.label, "vault": found.vault, "findings": rows, "stopped": bool(stopped)}, text
    )
    if stopped and check:
        raise typer.Exit(SICK)
