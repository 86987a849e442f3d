"""`records`: list and show records of a Vault, and change their fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli.frame import Words, area, command
from console.cli.lab import OpenLab, gone, opened
from console.cli.output import Column, answer, facts, jsonable, lines, parts, section, table, tell
from console.cli.settings import settings_of
from models.errors import NotFound, NotPossible

if TYPE_CHECKING:
    from sqlmodel import Session

    from models.queries.lookup import RecordLine, RecordPlace
    from models.queries.records import RecordDetail, RecordForm

records = area("records", "Records of a Vault.")

RecordId = Annotated[str, typer.Argument(metavar="ID", help="Its id, or its Global ID.")]


@command(records, "list", lists=("records", "objects"))
def list_records(
    context: typer.Context,
    object_name: Annotated[
        str | None, typer.Argument(metavar="OBJECT", help="API name of the object. Default: list the objects.")
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option(metavar="FIELD=VALUE", help="Only records that hold this; may be given several times."),
    ] = None,
    field: Annotated[
        list[str] | None, typer.Option(metavar="FIELD", help="Show this field too; may be given several times.")
    ] = None,
    words: Words = "",
    limit: Annotated[int, typer.Option(min=0, help="How many records to list at most.")] = 50,
) -> None:
    """List the records of an object of a Vault, or its objects."""
    from models.data_model import load_object
    from models.queries.lookup import record_lines
    from models.queries.records import object_list

    settings = settings_of(context)
    with opened(settings) as lab, lab.store.read() as session:
        vault = lab.vault(session)
        if object_name is None:
            objects = object_list(session, vault.key)
            heads: list[Column[Any]] = [
                Column("Object", lambda row: row.name),
                Column("Label", lambda row: row.label),
                Column("Records", lambda row: row.records, right=True),
            ]
            answer(
                settings,
                {"vault_id": vault.key, "vault": vault.name, "objects": objects},
                lambda: table(heads, objects),
            )
            return
        model = load_object(session, vault.key, object_name)
        total, rows = record_lines(session, model, pairs(where or ()), limit, text=words)
    columns: list[Column[RecordLine]] = [
        Column("ID", lambda row: row.record_id),
        Column("Name", lambda row: row.name),
        Column("Status", lambda row: row.status),
        Column("State", lambda row: row.state),
        Column("Modified", lambda row: row.modified_at),
        *(_field_column(name) for name in field or ()),
    ]
    if not model.states:
        columns = [column for column in columns if column.title != "State"]

    def text() -> str:
        more = f"{len(rows)} of {total} records; --limit shows more." if len(rows) < total else ""
        return parts(table(columns, rows, empty=f"{vault.name} has no such records of {model.label}."), more)

    document = {"vault_id": vault.key, "vault": vault.name, "object": model.name, "total": total, "records": rows}
    answer(settings, document, text)


def _field_column(name: str) -> Column[RecordLine]:
    from models.system_fields import SYSTEM_COLUMNS

    def get(row: RecordLine) -> object:
        return getattr(row, SYSTEM_COLUMNS[name], None) if name in SYSTEM_COLUMNS else row.fields.get(name)

    return Column(name, get)


@command(records, "show")
def show(context: typer.Context, record_id: RecordId) -> None:
    """Show one record: its fields, and the records of other Vaults it is linked with."""
    from models.queries.records import detail, form

    settings = settings_of(context)
    with opened(settings) as lab, lab.store.read() as session:
        place = find_place(lab, session, record_id)
        row = detail(session, place.vault_id, place.record_id)
        values = form(session, place.vault_id, row.object_name, place.record_id) if row else None
    if row is None or values is None:
        raise gone("record")
    answer(settings, {"record": _document(place, row, values)}, lambda: _text(place, row))


def _document(place: RecordPlace, row: RecordDetail, values: RecordForm) -> dict[str, Any]:
    fields = {
        field.name: {"label": field.label, "type": field.type, "value": field.value, "text": field.text}
        for field in values.fields
    }
    return {
        "vault_id": place.vault_id,
        "vault": place.vault,
        "id": row.key,
        "object": row.object_name,
        "name": row.name,
        "fields": fields,
        "system": {field.name: field.text for field in row.system},
        "partners": jsonable(row.partners),
        "open_items": jsonable(row.open_items),
    }


def _text(place: RecordPlace, row: RecordDetail) -> str:
    return parts(
        facts([("Vault", f"{place.vault} ({place.vault_id})"), ("Object", f"{row.object_label} ({row.object_name})")]),
        section("Fields", facts((f"{field.label} ({field.name})", field.text) for field in (*row.fields, *row.system))),
        section(
            "Linked records",
            table(
                [
                    Column("Role", lambda line: line.role),
                    Column("Vault", lambda line: line.vault),
                    Column("Object", lambda line: line.object_name),
                    Column("ID", lambda line: line.record_id),
                    Column("Name", lambda line: line.name),
                    Column("Modified", lambda line: line.modified_at),
                ],
                row.partners,
            ),
        ),
        section(
            "Not applied",
            lines(f"{item.vault}: {item.error_message} (exception {item.message_key})" for item in row.open_items),
        ),
    )


@command(records, "set")
def set_fields(
    context: typer.Context,
    record_id: RecordId,
    values: Annotated[
        list[str], typer.Argument(metavar="FIELD=VALUE...", help="Field by API name; nothing empties it.")
    ],
) -> None:
    """Change fields of a record, as its Vault's user."""
    from models.services.records import change_record

    settings = settings_of(context)
    wanted = pairs(values)
    with opened(settings) as lab:
        with lab.store.read() as session:
            place = find_place(lab, session, record_id)
            actor = lab.actor(session, place.vault_id)
        with lab.store.write() as write:
            changed = change_record(write, actor, place.record_id, wanted)
    tell(
        settings,
        {"vault_id": place.vault_id, "id": place.record_id, "changed": changed, "user": actor.name},
        f"{place.record_id} of {place.vault} is {'changed' if changed else 'unchanged'}.",
    )


def pairs(texts: Sequence[str]) -> Mapping[str, str]:
    """Fields and values from texts such as `name__v=Study 12`."""
    found: dict[str, str] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or not name.strip():
            raise typer.BadParameter(f"{text!r} is not written as FIELD=VALUE.")
        found[name.strip()] = value
    return found


def find_place(lab: OpenLab, session: Session, text: str) -> RecordPlace:
    """The record with this id or Global ID. Raises NotFound, or NotPossible when several Vaults have such an id."""
    from models.queries.lookup import record_places

    places = record_places(session, lab.vault_ids(session), text)
    if not places:
        raise NotFound(f"There is no record {text} here.", "Check the id, and the Vault if one is named.")
    if len(places) > 1:
        names = ", ".join(f"{place.vault} ({place.vault_id})" for place in places)
        raise NotPossible(f"Several Vaults have a record {text}.", f"Name the Vault with --vault: {names}.")
    return places[0]
