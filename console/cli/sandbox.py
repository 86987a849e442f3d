"""`sandbox`: create a sandbox of a Vault, and refresh it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli.frame import area, command
from console.cli.lab import OpenLab, opened
from console.cli.output import answer, facts
from console.cli.settings import Settings, settings_of
from models.queries.choosing import Candidate, choose

if TYPE_CHECKING:
    from models.queries.lab import VaultRow
    from models.tables import Vault

sandbox = area("sandbox", "Sandboxes of a Vault.")


@command(sandbox, "create")
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Name of the sandbox.")],
    vault_id: Annotated[int | None, typer.Option("--id", help="Its Vault ID. Default: the next one.")] = None,
    dns_host: Annotated[str | None, typer.Option(metavar="HOST", help="Default: made from its Vault ID.")] = None,
) -> None:
    """Create a sandbox of the Vault named with --vault, with its records, users and configuration."""
    from models.queries.lab import vault_list
    from models.services.sandboxes import create_sandbox

    settings = settings_of(context)
    with opened(settings) as lab:
        lab.require_writing()
        with lab.store.read() as session:
            parent = lab.vault(session)
            actor = lab.actor(session, parent.key)
            taken = [row.key for row in vault_list(session)]
        key = vault_id or max(taken) + 1
        with lab.store.write() as write:
            made = create_sandbox(
                write,
                actor,
                id=key,
                name=name,
                dns_host=dns_host or f"sandbox-{key}.{parent.dns_host}",
                progress=_teller(settings),
            )
        _say(settings, lab, parent, made)


@command(sandbox, "refresh")
def refresh(
    context: typer.Context,
    sandbox: Annotated[str, typer.Argument(help="Its Vault ID or name.")],
) -> None:
    """Replace a sandbox's content by that of its parent Vault, as it is now."""
    from models.queries.lab import vault_list
    from models.services.sandboxes import refresh_sandbox
    from models.tables import Vault

    settings = settings_of(context)
    with opened(settings) as lab:
        lab.require_writing()
        with lab.store.read() as session:
            rows = {row.key: row for row in vault_list(session)}
            candidates = [
                Candidate(row.key, (str(row.key), row.name, row.dns_host)) for row in rows.values() if row.sandbox
            ]
            chosen = choose(candidates, sandbox, "sandbox", "Name it in full.").key
            parent = rows[session.get_one(Vault, chosen).parent_id or chosen]
            actor = lab.actor(session, parent.key)
        with lab.store.write() as write:
            made = refresh_sandbox(write, actor, chosen, progress=_teller(settings))
        _say(settings, lab, parent, made)


def _teller(settings: Settings) -> Callable[[str, float], None]:
    shows = sys.stderr.isatty() and not settings.json

    def tell(what: str, done: float) -> None:
        if shows:
            print(f"\r\x1b[K{done:4.0%}  {what}", end="\n" if done >= 1 else "", file=sys.stderr, flush=True)

    return tell


def _say(settings: Settings, lab: OpenLab, parent: VaultRow, made: Vault) -> None:
    from models.queries.summary import vault_summaries

    with lab.store.read() as session:
        row = next(one for one in vault_summaries(session) if one.key == made.id)
    document = {"sandbox": row, "parent_id": parent.key}
    answer(
        settings,
        document,
        lambda: facts(
            [
                ("Sandbox", f"{row.name} ({row.key})"),
                ("Parent", f"{parent.name} ({parent.key})"),
                ("DNS host", row.dns_host),
                ("Connections", row.connections),
                ("Records", row.records),
            ]
        ),
    )
