"""`exceptions`: list user exception messages, narrowed in many ways, and show one with its fields and items."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli.exception_filters import Connection, Integration, Options, Point, Side, Text, Type
from console.cli.frame import area, command
from console.cli.lab import Located, OpenLab, gone, opened
from console.cli.output import Column, answer, facts, located, parts, section, table
from console.cli.settings import settings_of
from models.errors import NotFound

if TYPE_CHECKING:
    from sqlmodel import Session

    from models.queries.exception_detail import ItemLine
    from models.queries.lab import VaultRow
    from models.queries.retries import RetryLine

exceptions = area("exceptions", "What could not be sent, delivered or applied, and why.")

Number = Annotated[int, typer.Argument(metavar="NUMBER", help="Number of the user exception message.")]


@command(exceptions, "list", lists="exceptions")
def list_exceptions(
    context: typer.Context,
    every: Annotated[bool, typer.Option("--all", help="Also those that are inactive.")] = False,
    inactive: Annotated[bool, typer.Option("--inactive", help="Only those that are inactive.")] = False,
    connection: Connection = None,
    integration: Integration = None,
    point: Point = None,
    error_type: Type = None,
    side: Side = None,
    text: Text = None,
    limit: Annotated[int, typer.Option(min=0, help="How many to list at most.")] = 100,
) -> None:
    """List user exception messages, the newest first: the active ones, unless told otherwise."""
    from models.queries.exceptions import listing

    settings = settings_of(context)
    active = False if inactive else None if every else True
    options = Options(connection, integration, point, error_type, side, text, active)
    total, rows = 0, list[Located]()
    with opened(settings) as lab, lab.store.read() as session:
        filters = options.filters(lab, session)
        for vault in lab.vaults(session):
            if vault.key in filters:
                found = listing(vault.key, filters[vault.key])
                number = found.count(session)
                total += number
                rows += [Located(vault, row) for row in found.page(session, 0, limit - len(rows), number)]
    columns: list[Column[Located]] = [
        Column("Number", lambda line: line.row.key, right=True),
        Column("Vault", lambda line: line.vault.name),
        Column("Status", lambda line: "Active" if line.row.active else "Inactive"),
        Column("Side", lambda line: line.row.side),
        Column("Point", lambda line: line.row.name),
        Column("Open", lambda line: line.row.open_items, right=True),
        Column("Retry", lambda line: "under way" if line.row.retrying else ""),
        Column("Error", lambda line: line.row.error_message),
    ]

    def shown() -> str:
        more = f"{len(rows)} of {total}; --limit shows more." if len(rows) < total else ""
        return parts(table(columns, rows, empty="There are no user exception messages."), more)

    documents = [located(line.vault.key, line.vault.name, line.row) for line in rows]
    answer(settings, {"total": total, "exceptions": documents}, shown)


@command(exceptions, "show")
def show(context: typer.Context, number: Number) -> None:
    """Show one user exception message: its fields by their API names, its items, and its retries."""
    from models.queries.exception_detail import detail

    settings = settings_of(context)
    with opened(settings) as lab, lab.store.read() as session:
        vault = vault_of_exception(lab, session, number)
        row = detail(session, vault.key, number)
    if row is None:
        raise gone("user exception message")

    def text() -> str:
        return parts(
            facts(
                [
                    ("Number", row.row.key),
                    ("Vault", vault.name),
                    ("Status", "Active" if row.row.active else "Inactive"),
                    ("Side", row.row.side),
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
            section("Fields", _fields(row.record)),
            *map(_item_text, row.items),
            section(
                "Retry Transfers", facts([(f"Number {line.retry.key}", _retry_text(line)) for line in row.retries])
            ),
        )

    answer(settings, {"exception": located(vault.key, vault.name, row)}, text)


def _item_text(item: ItemLine) -> str:
    return section(
        f"{item.source_name or ''} ({item.source_object} {item.item}) -> {item.target_object}: {item.status}",
        parts(
            facts(
                [
                    *item.problems,
                    ("Error", None if item.problems else item.error_message),
                    ("Attempts", item.attempts),
                    ("Last tried", item.tried_at),
                ]
            ),
            _fields(item.record),
        ),
    )


def _fields(record: Mapping[str, Any]) -> str:
    """The fields of a record by their API names; what is no plain value as JSON."""
    return facts(
        (name, json.dumps(value, ensure_ascii=False) if isinstance(value, Mapping) else value)
        for name, value in record.items()
    )


def _retry_text(line: RetryLine) -> str:
    if line.under_way:
        return f"under way since {line.retry.created_at:%Y-%m-%d %H:%M:%S}, asked for by {line.retry.user_name}"
    return " ".join(
        filter(None, [f"{line.items} open before, {line.still_open} after, by {line.retry.user_name}.", line.note])
    )


def vault_of_exception(lab: OpenLab, session: Session, number: int) -> VaultRow:
    """The Vault of a user exception message, among those in question. Raises NotFound."""
    from models.queries.lookup import vault_of
    from models.tables import ExceptionMessage

    vault_id = vault_of(session, ExceptionMessage, number)
    vault = next((vault for vault in lab.vaults(session) if vault.key == vault_id), None)
    if vault is None:
        raise NotFound(
            f"There is no user exception message {number} here.", "vault-console exceptions list shows their numbers."
        )
    return vault
