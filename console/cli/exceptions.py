"""`exceptions`: list user exception messages, show one with its items, and retry it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from console.cli.frame import area, command
from console.cli.lab import Located, OpenLab, gone, opened
from console.cli.output import Column, answer, facts, located, parts, printable, section, table, tell
from console.cli.serving import runs_table, serve_requests
from console.cli.settings import settings_of
from models.errors import NotFound

if TYPE_CHECKING:
    from sqlmodel import Session

    from models.queries.lab import VaultRow
    from models.store import WriteSession

exceptions = area("exceptions", "What could not be applied, and why.")

Number = Annotated[int, typer.Argument(metavar="NUMBER", help="Number of the user exception message.")]


@command(exceptions, "list")
def list_exceptions(
    context: typer.Context,
    inactive: Annotated[bool, typer.Option("--all", help="Also those that are resolved.")] = False,
    limit: Annotated[int, typer.Option(min=0, help="How many to list at most.")] = 100,
) -> None:
    """List user exception messages, the newest first."""
    from models.queries.exceptions import listing

    settings = settings_of(context)
    with opened(settings) as lab, lab.store.read() as session:
        total, rows = lab.rows(session, lambda vault_id: listing(vault_id, active_only=not inactive), limit)
    columns: list[Column[Located]] = [
        Column("Number", lambda line: line.row.key, right=True),
        Column("Vault", lambda line: line.vault.name),
        Column("Status", lambda line: "Active" if line.row.active else "Inactive"),
        Column("Point", lambda line: line.row.name),
        Column("Open", lambda line: line.row.open_items, right=True),
        Column("Error", lambda line: line.row.error_message),
    ]

    def text() -> str:
        more = f"{len(rows)} of {total}; --limit shows more." if len(rows) < total else ""
        return parts(table(columns, rows, empty="There are no user exception messages."), more)

    documents = [located(line.vault.key, line.vault.name, line.row) for line in rows]
    answer(settings, {"total": total, "exceptions": documents}, text)


@command(exceptions, "show")
def show(context: typer.Context, number: Number) -> None:
    """Show one user exception message with its items."""
    from models.queries.exceptions import ItemLine, detail

    settings = settings_of(context)
    with opened(settings) as lab, lab.store.read() as session:
        vault = _vault_of(lab, session, number)
        row = detail(session, vault.key, number)
    if row is None:
        raise gone("user exception message")

    def item_text(item: ItemLine) -> str:
        return section(
            f"{item.source_name or ''} ({item.source_object} {item.item}) -> {item.target_object}: {item.status}",
            facts(
                [
                    *item.problems,
                    ("Error", None if item.problems else item.error_message),
                    ("Attempts", item.attempts),
                    ("Last tried", item.tried_at),
                ]
            ),
        )

    def text() -> str:
        return parts(
            facts(
                [
                    ("Number", row.row.key),
                    ("Vault", vault.name),
                    ("Status", "Active" if row.row.active else "Inactive"),
                    ("Connection", row.row.connection),
                    ("Integration", row.integration),
                    ("Point", row.point or row.row.name),
                    ("Error type", row.row.error_type),
                    ("Error", row.row.error_message),
                    ("Items received", row.row.received),
                    ("Items failed", row.row.failed),
                    ("Items open", row.row.open_items),
                    ("Created", row.row.created_at),
                    ("Resolved", row.resolved_at),
                    ("Job run", row.run_id),
                    ("Message", row.spark_message_id),
                ]
            ),
            *map(item_text, row.items),
        )

    answer(settings, {"exception": located(vault.key, vault.name, row)}, text)


@command(exceptions, "retry")
def retry(
    context: typer.Context,
    number: Number,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Only ask for the retry; do not wait for it.")] = False,
) -> None:
    """Retry Transfer: have the open items of a user exception message tried again."""
    from models.queries.exceptions import detail
    from models.services.exceptions import retry_exception

    settings = settings_of(context)
    waiting: list[int] = []
    with opened(settings) as lab:
        with lab.store.read() as session:
            vault = _vault_of(lab, session, number)
            actor = lab.actor(session, vault.key)

        def request(write: WriteSession) -> None:
            waiting.append(retry_exception(write, actor, number))

        if no_wait:
            with lab.store.write() as write:
                request(write)
            tell(
                settings,
                {"id": number, "vault_id": vault.key, "open_before": waiting[0]},
                f"Asked for a retry of {waiting[0]} open items; an engine does it when it runs.",
            )
            return
        runs = serve_requests(lab, vault.key, [request])
        with lab.store.read() as session:
            row = detail(session, vault.key, number)
    if row is None:
        raise gone("user exception message")
    active, left = row.row.active, row.row.open_items
    document = {
        "id": number,
        "vault_id": vault.key,
        "open_before": waiting[0],
        "open": left,
        "active": active,
        "runs": runs,
    }

    def text() -> str:
        result = f"{left} of {waiting[0]} items are still open." if active else "Everything in it has passed now."
        return parts(runs_table(runs), printable(result))

    answer(settings, document, text)


def _vault_of(lab: OpenLab, session: Session, number: int) -> VaultRow:
    from models.queries.lookup import vault_of
    from models.tables import ExceptionMessage

    vault_id = vault_of(session, ExceptionMessage, number)
    vault = next((vault for vault in lab.vaults(session) if vault.key == vault_id), None)
    if vault is None:
        raise NotFound(
            f"There is no user exception message {number} here.", "vault-console exceptions list shows their numbers."
        )
    return vault
