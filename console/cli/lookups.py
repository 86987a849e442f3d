"""`lookups`: the reference lookups of a connection and their keys."""

from __future__ import annotations

from collections.abc import Callable
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from console.cli.frame import area, command
from console.cli.lab import OpenLab, gone, opened
from console.cli.output import Column, answer, facts, located, parts, section, table, tell
from console.cli.settings import settings_of
from models.errors import InvalidInput, NotFound
from models.queries.choosing import Candidate, choose

if TYPE_CHECKING:
    from sqlmodel import Session

    from models.permissions import Actor
    from models.queries.lookup import Named
    from models.queries.lookups import KeyRow, LookupRow, RuleUse
    from models.store import WriteSession

T = TypeVar("T")

lookups = area(
    "lookups",
    "Reference lookups: which value there is which value here. A lookup belongs to a connection: where several "
    "connections have one of the same name, --connection says which is meant.",
)

Lookup = Annotated[str, typer.Argument(metavar="LOOKUP", help="Its API name, name or number.")]
Within = Annotated[
    str | None,
    typer.Option(
        "--connection", metavar="CONNECTION", help="The connection it belongs to, by API name, name or number."
    ),
]
Limit = Annotated[int, typer.Option(min=1, help="How many are listed.")]


def lookups_of(lab: OpenLab, session: Session, connection: str | None) -> list[tuple[Named, str]]:
    """The lookups in question, each with its connection's API name: of the connection that was named, or all.

    A connection's name may stand for its records in several Vaults. Raises NotFound when no connection is called so.
    """
    from models.queries.lookup import named
    from models.queries.lookups import named_lookups
    from models.tables import Connection

    rows = named_lookups(session, lab.vault_ids(session))
    if connection is None:
        return list(rows)
    wanted = connection.strip().casefold()
    called = {
        row.key
        for row in named(session, Connection, lab.vault_ids(session))
        if wanted in (str(row.key), row.api_name.casefold(), row.label.casefold())
    }
    if not called:
        called = {lab.find(session, Connection, connection).key}
    return [(row, where) for row, where in rows if row.connection_id in called]


def find_lookup(lab: OpenLab, session: Session, text: str, connection: str | None) -> Named:
    """The lookup that a person names. Raises NotFound, and NotPossible when several are called so."""
    from models.queries.lookup import named
    from models.tables import Connection

    rows = lookups_of(lab, session, connection)
    candidates = [
        Candidate(row.key, (str(row.key), row.api_name, row.label), f"{where} of {row.vault}") for row, where in rows
    ]
    remedy = "Name its connection with --connection, its Vault with --vault, or give the number in brackets."
    try:
        chosen = choose(candidates, text, "reference lookup", remedy)
    except NotFound as missing:
        wanted = text.strip().casefold()
        connections = named(session, Connection, lab.vault_ids(session))
        if any(wanted in (row.api_name.casefold(), row.label.casefold()) for row in connections):
            told = f"{text} is a connection: vault-console lookups list --connection {quote(text)} lists its lookups."
            raise NotFound(missing.message, told) from None
        if not rows:
            raise NotFound(missing.message, "vault-console lookups create makes one.") from None
        raise
    return next(row for row, _where in rows if row.key == chosen.key)


def change(
    context: typer.Context,
    lookup: str,
    connection: str | None,
    work: Callable[[WriteSession, Actor, int], T],
) -> tuple[Named, T]:
    """Do something to the lookup that a person names; answers the lookup and what came of it."""
    with opened(settings_of(context)) as lab:
        lab.require_writing()
        with lab.store.read() as session:
            found = find_lookup(lab, session, lookup, connection)
            actor = lab.actor(session, found.vault_id)
        with lab.store.write() as write:
            return found, work(write, actor, found.key)


@command(lookups, "list", lists="lookups")
def list_lookups(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="[CONNECTION]", help="The same as --connection. Default: all connections.")
    ] = None,
    connection: Within = None,
) -> None:
    """List reference lookups: keys, those never used, and values asked for in vain.

    Missing keys are distinct source values that a lookup does not hold; asked in vain is how often they were asked for,
    over all attempts.
    """
    from models.queries.lookups import lookup_row

    if name is not None and connection is not None and name != connection:
        raise InvalidInput({"--connection": "Name one connection, either as argument or as option."})
    settings = settings_of(context)
    found: list[tuple[Named, str, LookupRow]] = []
    with opened(settings) as lab, lab.store.read() as session:
        for one, where in lookups_of(lab, session, connection or name):
            row = lookup_row(session, one.vault_id, one.key)
            if row is not None:
                found.append((one, where, row))
    columns: list[Column[tuple[Named, str, LookupRow]]] = [
        Column("Vault", lambda line: line[0].vault),
        Column("Connection", lambda line: line[1]),
        Column("Name", lambda line: line[2].name),
        Column("API name", lambda line: line[2].api_name),
        Column("Type", lambda line: str(line[2].type).capitalize()),
        Column("Target object", lambda line: line[2].target_object),
        Column("Keys", lambda line: line[2].keys, right=True),
        Column("Unused", lambda line: line[2].unused, right=True),
        Column("Missing keys", lambda line: line[2].missing, right=True),
        Column("Asked in vain", lambda line: line[2].misses, right=True),
    ]
    empty = "There are no reference lookups." if connection or name else "No connection has reference lookups."
    answer(
        settings,
        {"lookups": [located(one.vault_id, one.vault, row) | {"connection": where} for one, where, row in found]},
        lambda: table(columns, found, empty=empty),
    )


@command(lookups, "show", lists="keys")
def show(context: typer.Context, lookup: Lookup, connection: Within = None, limit: Limit = 50) -> None:
    """Show a lookup: its keys, who uses it, and the missing keys found in data."""
    from console.cli.lookup_misses import miss_document, missing_table, with_waiting
    from models.queries.lookups import detail as read_detail
    from models.queries.lookups import key_listing

    settings = settings_of(context)
    with opened(settings) as lab, lab.store.read() as session:
        found = find_lookup(lab, session, lookup, connection)
        row = read_detail(session, found.vault_id, found.key)
        listing = key_listing(found.vault_id, found.key)
        total = listing.count(session)
        keys = listing.page(session, 0, limit, total)
        missing = with_waiting(session, found, row.missing if row else ())
    if row is None:
        raise gone("reference lookup")
    uses: list[Column[RuleUse]] = [
        Column("Integration rule", lambda use: use.rule),
        Column("Target", lambda use: use.target),
        Column("Status", lambda use: "Active" if use.active else "Inactive"),
    ]
    document = {
        "vault_id": found.vault_id,
        "lookup": row.row,
        "connection": row.connection,
        "field_rules": row.rules,
        "keys": [{"source_key": key.key, **without_key(key)} for key in keys],
        "total_keys": total,
        "missing_keys": [miss_document(line) for line in missing],
    }
    answer(
        settings,
        document,
        lambda: parts(
            facts(
                [
                    ("Name", row.row.name),
                    ("API name", row.row.api_name),
                    ("Vault", found.vault),
                    ("Connection", row.connection),
                    ("Type", str(row.row.type).capitalize()),
                    ("Target object", row.row.target_object),
                    ("Target Key Field", row.row.target_key_field),
                    ("Keys", row.row.keys),
                    ("Never used", row.row.unused),
                ]
            ),
            section("Field rules", table(uses, row.rules, empty="No field rule uses it, so it has no effect.")),
            section(
                f"Keys: {len(keys)} of {total}" if len(keys) < total else "Keys",
                table(_key_columns(), keys, empty="It has no keys."),
            ),
            section("Missing keys found in data", missing_table(missing)),
        ),
    )


@command(lookups, "create")
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its name; the API name follows from it.")],
    connection: Annotated[
        str,
        typer.Option(
            "--connection", metavar="CONNECTION", help="The connection it is to belong to, by API name, name or number."
        ),
    ],
    api_name: Annotated[str, typer.Option(help="API name, when another is wanted.")] = "",
    type_: Annotated[str, typer.Option("--type", metavar="generic|object", help="Type of the lookup.")] = "generic",
    target_object: Annotated[str, typer.Option(help="Object of this Vault, for type object.")] = "",
    target_key_field: Annotated[str, typer.Option(help="The field that target keys are values of.")] = "",
) -> None:
    """Create a reference lookup on a connection."""
    from models.naming import name_from_label
    from models.services.checks import key_of
    from models.services.lookups import create_lookup
    from models.tables import Connection, LookupType

    if type_ not in tuple(LookupType):
        raise InvalidInput({"--type": "A reference lookup is of type generic or object."})
    settings = settings_of(context)
    with opened(settings) as lab:
        lab.require_writing()
        with lab.store.read() as session:
            found = lab.find(session, Connection, connection)
            actor = lab.actor(session, found.vault_id)
        with lab.store.write() as write:
            made = create_lookup(
                write,
                actor,
                found.key,
                name=name,
                api_name=api_name or name_from_label(name),
                type=LookupType(type_),
                target_object=target_object,
                target_key_field=target_key_field,
            )
            document = {"id": key_of(made), "vault_id": found.vault_id, "api_name": made.api_name, "type": type_}
    tell(settings, document, f"Created the reference lookup {document['api_name']} of {found.label}.")


@command(lookups, "edit")
def edit(
    context: typer.Context,
    lookup: Lookup,
    connection: Within = None,
    name: Annotated[str | None, typer.Option()] = None,
    api_name: Annotated[str | None, typer.Option()] = None,
    target_object: Annotated[str | None, typer.Option()] = None,
    target_key_field: Annotated[str | None, typer.Option()] = None,
) -> None:
    """Change a reference lookup. Its type and its keys stay."""
    from models.services.lookups import edit_lookup

    wanted = {
        "name": name,
        "api_name": api_name,
        "target_object": target_object,
        "target_key_field": target_key_field,
    }
    values = {field: value for field, value in wanted.items() if value is not None}
    found, changed = change(
        context, lookup, connection, lambda write, actor, key: edit_lookup(write, actor, key, values)
    )
    sentence = f"Changed {', '.join(changed)} of {found.label}." if changed else "Nothing differed: it is unchanged."
    tell(settings_of(context), {"id": found.key, "changed": changed}, sentence)


@command(lookups, "delete")
def delete(context: typer.Context, lookup: Lookup, connection: Within = None) -> None:
    """Delete a reference lookup with its keys. Refused while a field rule uses it."""
    from models.services.lookups import delete_lookup

    found, _ = change(context, lookup, connection, delete_lookup)
    tell(settings_of(context), {"id": found.key, "deleted": True}, f"Deleted the reference lookup {found.label}.")


@command(lookups, "set")
def set_(
    context: typer.Context,
    lookup: Lookup,
    source_key: Annotated[str, typer.Argument(metavar="SOURCE_KEY", help="The value in the source Vault.")],
    target_key: Annotated[str, typer.Argument(metavar="TARGET_KEY", help="What it is in this Vault.")],
    connection: Within = None,
) -> None:
    """Add a key pair, or give a source key another target key."""
    from models.services.lookups import set_key

    found, action = change(
        context, lookup, connection, lambda write, actor, key: set_key(write, actor, key, source_key, target_key)
    )
    document = {"id": found.key, "source_key": source_key, "target_key": target_key, "action": action}
    tell(settings_of(context), document, f"{found.label}: {source_key} = {target_key} ({action}).")


@command(lookups, "unset")
def unset(
    context: typer.Context,
    lookup: Lookup,
    source_keys: Annotated[list[str], typer.Argument(metavar="SOURCE_KEY...", help="Source keys of the lookup.")],
    connection: Within = None,
) -> None:
    """Remove key pairs."""
    from models.services.lookups import remove_keys

    found, removed = change(
        context, lookup, connection, lambda write, actor, key: remove_keys(write, actor, key, source_keys)
    )
    text = f"Removed {removed} {'key' if removed == 1 else 'keys'} of {found.label}."
    tell(settings_of(context), {"id": found.key, "removed": removed}, text)


def _key_columns() -> list[Column[KeyRow]]:
    return [
        Column("Source key", lambda row: row.key),
        Column("Target key", lambda row: row.target_key),
        Column("Uses", lambda row: row.uses, right=True),
        Column("Last used", lambda row: row.last_used_at),
    ]


def without_key(row: Any) -> dict[str, Any]:
    """A row for programs, without its `key`, which goes by another name there."""
    return {name: getattr(row, name) for name in row.__slots__ if name != "key"}
