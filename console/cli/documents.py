"""`documents`: list and show the documents of a Vault with their versions and CrossLinks, and change them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli.frame import area, command
from console.cli.lab import opened
from console.cli.output import Column, answer, facts, jsonable, parts, section, table, tell
from console.cli.records import find_place, pairs
from console.cli.settings import settings_of
from models.errors import NotFound, NotPossible

if TYPE_CHECKING:
    from sqlmodel import Session

    from console.cli.lab import OpenLab
    from models.permissions import Actor
    from models.queries.documents import CrossLinkLine, DocumentFacts, DocumentLine, VersionLine
    from models.queries.lookup import RecordPlace
    from models.store import WriteSession
    from models.versions import Version

documents = area("documents", "Documents of a Vault: versions, lifecycle states and CrossLinks.")

DocumentId = Annotated[str, typer.Argument(metavar="ID", help="Its id, or its Global ID.")]
Values = Annotated[list[str], typer.Argument(metavar="FIELD=VALUE...", help="Field by API name; nothing empties it.")]


@command(documents, "list", lists="documents")
def list_documents(
    context: typer.Context,
    state_type: Annotated[
        str | None,
        typer.Option("--state-type", metavar="TYPE", help="Only: initial, steady, superseded or obsolete ones."),
    ] = None,
    crosslinks: Annotated[
        bool | None, typer.Option("--crosslinks/--own", help="Only CrossLinks, or only others.")
    ] = None,
    limit: Annotated[int, typer.Option(min=0, help="How many documents to list at most.")] = 50,
) -> None:
    """List the documents of a Vault, each as its latest version."""
    from models.queries.documents import document_lines
    from models.versions import StateType

    if state_type is not None and state_type not in set(StateType):
        raise typer.BadParameter(f"{state_type!r} is no state type: {', '.join(StateType)}.")
    settings = settings_of(context)
    with opened(settings) as lab, lab.store.read() as session:
        vault = lab.vault(session)
        _require_documents(session, vault.key, vault.name)
        total, rows = document_lines(
            session, vault.key, state_type=state_type or "", crosslinks=crosslinks, limit=limit
        )
    columns: list[Column[DocumentLine]] = [
        Column("ID", lambda row: row.record_id),
        Column("Name", lambda row: row.name),
        Column("Version", lambda row: row.version, right=True),
        Column("State", lambda row: row.state_label),
        Column("Type", lambda row: row.state_type),
        Column("CrossLink", lambda row: "yes" if row.crosslink else ""),
        Column("Modified", lambda row: row.modified_at),
    ]

    def text() -> str:
        more = f"{len(rows)} of {total} documents; --limit shows more." if len(rows) < total else ""
        return parts(table(columns, rows, empty=f"{vault.name} has no such documents."), more)

    answer(settings, {"vault_id": vault.key, "vault": vault.name, "total": total, "documents": rows}, text)


@command(documents, "show")
def show(context: typer.Context, document_id: DocumentId) -> None:
    """Show one document: its versions, what its CrossLink is bound to, and the CrossLinks that are bound to it."""
    from models.queries.documents import document_facts
    from models.queries.records import detail

    settings = settings_of(context)
    with opened(settings) as lab, lab.store.read() as session:
        place = find_place(lab, session, document_id)
        row = detail(session, place.vault_id, place.record_id)
        found = document_facts(session, place.vault_id, place.record_id)
    if row is None or found is None:
        raise NotFound(f"{document_id} is no document.", "“documents list” shows the documents of a Vault.")
    fields = {field.name: field.text for field in (*row.fields, *row.system)}
    document = {
        "vault_id": place.vault_id,
        "vault": place.vault,
        "id": row.key,
        "name": row.name,
        "version": found.version,
        "state_type": found.state_type,
        "fields": fields,
        "versions": jsonable(found.versions),
        "used_by": jsonable(found.used_by),
    }
    named = [(f"{field.label} ({field.name})", field.text) for field in (*row.fields, *row.system)]
    answer(settings, {"document": document}, lambda: _text(place, row.name, found, named))


def _text(place: RecordPlace, name: str, found: DocumentFacts, named: Sequence[tuple[str, str]]) -> str:
    return parts(
        facts(
            [
                ("Vault", f"{place.vault} ({place.vault_id})"),
                ("Document", f"{name} {found.version}"),
                ("State type", found.state_type),
                *_binding(found),
            ]
        ),
        section("Versions", table(_version_columns(), found.versions)),
        section("Fields", facts(named)),
        section("CrossLinks bound to it", table(_crosslink_columns(), found.used_by)),
    )


def _binding(found: DocumentFacts) -> list[tuple[str, str]]:
    bound = found.binding
    if bound is None:
        return []
    name = bound.source_name or "no longer there"
    return [
        ("CrossLink of", f"{name} ({bound.source_record_id}) in {bound.source_vault} ({bound.source_vault_id})"),
        ("Bound to", f"{bound.source_version}, {bound.binding}"),
    ]


def _version_columns() -> list[Column[VersionLine]]:
    return [
        Column("Version", lambda row: row.version, right=True),
        Column("State", lambda row: row.state_label),
        Column("Type", lambda row: row.state_type),
        Column("Name", lambda row: row.name),
        Column("Bound to", lambda row: row.binding.source_version if row.binding else ""),
        Column("Modified", lambda row: row.modified_at),
    ]


def _crosslink_columns() -> list[Column[CrossLinkLine]]:
    return [
        Column("Vault", lambda row: row.vault),
        Column("ID", lambda row: row.record_id),
        Column("Name", lambda row: row.name),
        Column("Version", lambda row: row.version, right=True),
        Column("State", lambda row: row.state_label),
        Column("Source", lambda row: f"{row.source_vault} {row.source_record_id}"),
        Column("Bound to", lambda row: row.source_version, right=True),
        Column("Binding", lambda row: row.binding),
    ]


@command(documents, "crosslinks", lists="crosslinks")
def crosslinks_of(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=0, help="How many to list at most.")] = 50,
) -> None:
    """List the CrossLinks of a Vault: each version of them, and the source version that it is bound to."""
    from models.queries.documents import crosslink_lines

    settings = settings_of(context)
    with opened(settings) as lab, lab.store.read() as session:
        vault = lab.vault(session)
        _require_documents(session, vault.key, vault.name)
        rows = crosslink_lines(session, vault.key, limit)
    columns = _crosslink_columns()[1:]
    document = {"vault_id": vault.key, "vault": vault.name, "crosslinks": rows}
    answer(settings, document, lambda: table(columns, rows, empty=f"{vault.name} has no CrossLinks."))


@command(documents, "create")
def create(context: typer.Context, values: Values) -> None:
    """Create a document in a Vault, as the Vault's user: version 0.1, in its lifecycle's starting state."""
    from models.queries.documents import document_facts
    from models.services.documents import create_document

    settings = settings_of(context)
    wanted = pairs(values)
    with opened(settings) as lab:
        with lab.store.read() as session:
            vault = lab.vault(session)
            _require_documents(session, vault.key, vault.name)
            actor = lab.actor(session, vault.key)
        with lab.store.write() as write:
            made = create_document(write, actor, wanted)
        with lab.store.read() as session:
            found = document_facts(session, vault.key, made)
    version = found.version if found else ""
    document = {"vault_id": vault.key, "id": made, "version": version, "user": actor.name}
    tell(settings, document, f"Created {made} in {vault.name}, version {version}.")


@command(documents, "edit")
def edit(context: typer.Context, document_id: DocumentId, values: Values) -> None:
    """Change fields of a document's latest version, as its Vault's user."""
    from models.services.documents import edit_document

    wanted = pairs(values)
    _act(
        context,
        document_id,
        lambda write, actor, key: edit_document(write, actor, key, wanted),
        lambda changed: {"changed": changed},
        lambda key, changed: f"{key} is {'changed' if changed else 'unchanged'}.",
    )


@command(documents, "version")
def version(context: typer.Context, document_id: DocumentId) -> None:
    """Begin a new draft of a document: the next minor version."""
    from models.services.documents import new_version

    _act(context, document_id, new_version, _version_of, lambda key, made: f"{key} is a draft now, version {made}.")


@command(documents, "state")
def state(
    context: typer.Context,
    document_id: DocumentId,
    name: Annotated[
        str, typer.Argument(metavar="STATE", help="API name of a lifecycle state, or “obsolete” for the obsolete one.")
    ],
) -> None:
    """Bring a document's latest version into a lifecycle state; a steady one makes it the next major version."""
    from models.services.documents import change_state, make_obsolete

    def change(write: WriteSession, actor: Actor, key: str) -> Version:
        return make_obsolete(write, actor, key) if name == "obsolete" else change_state(write, actor, key, name)

    _act(context, document_id, change, _version_of, lambda key, now: f"{key} is in its new state, version {now}.")


@command(documents, "delete")
def delete(context: typer.Context, document_id: DocumentId) -> None:
    """Delete a document with all its versions. What became of it in other Vaults stays, unless a policy says else."""
    from models.services.documents import delete_document

    _act(context, document_id, delete_document, lambda _: {"deleted": True}, lambda key, _: f"{key} is deleted.")


def _act(
    context: typer.Context,
    document_id: str,
    action: Callable[[WriteSession, Actor, str], Any],
    result: Callable[[Any], Mapping[str, object]],
    sentence: Callable[[str, Any], str],
) -> None:
    """Do something with a document as its Vault's user, and tell what came of it."""
    settings = settings_of(context)
    with opened(settings) as lab:
        place, actor = _place(lab, document_id)
        with lab.store.write() as write:
            done = action(write, actor, place.record_id)
    document = {"vault_id": place.vault_id, "id": place.record_id, **result(done), "user": actor.name}
    tell(settings, document, sentence(f"{place.record_id} of {place.vault}", done))


def _place(lab: OpenLab, document_id: str) -> tuple[RecordPlace, Actor]:
    with lab.store.read() as session:
        place = find_place(lab, session, document_id)
        return place, lab.actor(session, place.vault_id)


def _version_of(made: Version) -> Mapping[str, object]:
    return {"version": str(made)}


def _require_documents(session: Session, vault_id: int, vault: str) -> None:
    from models.queries.documents import has_documents

    if not has_documents(session, vault_id):
        raise NotPossible(f"{vault} has no documents.", "Its data model has records only.")
