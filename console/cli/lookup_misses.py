"""`lookups misses`: the missing keys found in data, how often they were asked for, and how many records wait."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from console.cli.frame import command
from console.cli.lab import opened
from console.cli.lookups import Limit, Within, change, find_lookup, lookups, lookups_of, without_key
from console.cli.output import Column, answer, parts, table, tell
from console.cli.settings import settings_of
from models.errors import InvalidInput

if TYPE_CHECKING:
    from sqlmodel import Session

    from models.queries.lookup import Named
    from models.queries.lookups import MissRow

COUNTED = (
    "Asked in vain counts attempts: a record that waits is tried again in each receive run. "
    "Records waiting counts the records that cannot be applied now for want of the key."
)


class MissLine(NamedTuple):
    """A missing key, the lookup that lacks it, and how many records wait for it."""

    lookup: Named
    row: MissRow
    waiting: int


@command(lookups, "misses", lists="missing_keys")
def misses(
    context: typer.Context,
    lookup: Annotated[
        str | None, typer.Argument(metavar="[LOOKUP]", help="Its API name, name or number. Default: all lookups.")
    ] = None,
    connection: Within = None,
    limit: Limit = 100,
    forget: Annotated[bool, typer.Option("--forget", help="Forget them all, to count anew.")] = False,
) -> None:
    """List the missing keys found in data: what a lookup was asked for and does not hold.

    "Asked in vain" counts attempts: a record that waits is tried again in each receive run. "Records waiting" counts
    the records that cannot be applied now for want of the key.
    """
    from models.queries.lookups import miss_listing
    from models.services.lookups import forget_misses

    settings = settings_of(context)
    if forget:
        if lookup is None:
            raise InvalidInput({"LOOKUP": "Name the lookup whose missing keys are to be forgotten."})
        found, number = change(context, lookup, connection, forget_misses)
        tell(settings, {"id": found.key, "forgotten": number}, f"Forgot {number} missing keys of {found.label}.")
        return
    lines: list[MissLine] = []
    total = 0
    with opened(settings) as lab, lab.store.read() as session:
        chosen = (
            [row for row, _ in lookups_of(lab, session, connection)]
            if lookup is None
            else [find_lookup(lab, session, lookup, connection)]
        )
        for one in chosen:
            listing = miss_listing(one.vault_id, one.key)
            count = listing.count(session)
            total += count
            lines += with_waiting(session, one, listing.page(session, 0, limit - len(lines), count))

    def text() -> str:
        if not lines:
            return "No value was asked for that this lookup does not hold." if lookup else "No key is missing."
        more = f"{len(lines)} of {total}; --limit shows more." if len(lines) < total else ""
        return missing_table(lines, several=lookup is None, more=more)

    document: dict[str, Any] = {"missing_keys": [miss_document(line) for line in lines], "total": total}
    if lookup is not None:
        document |= {"id": chosen[0].key, "lookup": chosen[0].api_name}
    answer(settings, document, text)


def with_waiting(session: Session, lookup: Named, rows: Iterable[MissRow]) -> list[MissLine]:
    """Missing keys of a lookup, each with how many records wait for it."""
    from models.queries.lookup_waiting import waiting_records

    missing = list(rows)
    waiting = waiting_records(session, lookup.key, [row.key for row in missing])
    return [MissLine(lookup, row, waiting.get(row.key, 0)) for row in missing]


def _miss_columns(*, several: bool = False) -> list[Column[MissLine]]:
    of = [
        Column[MissLine]("Vault", lambda line: line.lookup.vault),
        Column[MissLine]("Lookup", lambda line: line.lookup.api_name),
    ]
    return [
        *(of if several else ()),
        Column("Source key", lambda line: line.row.key),
        Column("Records waiting", lambda line: line.waiting, right=True),
        Column("Asked in vain", lambda line: line.row.misses, right=True),
        Column("Last asked", lambda line: line.row.last_missed_at),
    ]


def miss_document(line: MissLine) -> dict[str, Any]:
    """A missing key for programs."""
    return {
        "source_key": line.row.key,
        "records_waiting": line.waiting,
        **without_key(line.row),
        "lookup": line.lookup.api_name,
    }


def missing_table(lines: Sequence[MissLine], *, several: bool = False, more: str = "") -> str:
    """Missing keys as a table, with what its numbers count; nothing for none."""
    return parts(table(_miss_columns(several=several), lines), more, COUNTED) if lines else ""
