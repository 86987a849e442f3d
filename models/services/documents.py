"""What a user can do with documents: create them, edit their latest version, draft the next one, change their state.

A document is a record of the object `documents`; editing a field and deleting are those of records. Here is what only
documents have: versions, and lifecycle states that mean something. Each action needs the profile's right to the
records of `documents`; making a document needs *Create Document* too (integration facts, section 7).
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from models.audit import audit
from models.data_model import DOCUMENTS, ObjectModel
from models.errors import InvalidInput, NotFound, NotPossible
from models.permissions import Actor, Right
from models.record_writer import Draft, Existing, draft
from models.services.records import change_record, create_record, delete_record, load_record, save_draft
from models.store import WriteSession
from models.tables import CrossLink, DocumentVersion, table_of
from models.versions import MAJOR, MINOR, StateType, Version, version_in

_versions = table_of(DocumentVersion)
_crosslinks = table_of(CrossLink)


def create_document(write: WriteSession, actor: Actor, values: Mapping[str, Any]) -> str:
    """Create a document, as version 0.1 unless its lifecycle begins in a steady state; answers its id.

    Raises NotAllowed, NotFound for a Vault without documents, InvalidInput that names every bad field.
    """
    return create_record(write, actor, DOCUMENTS, values)


def edit_document(write: WriteSession, actor: Actor, document_id: str, values: Mapping[str, Any]) -> bool:
    """Change fields of a document's latest version; answers whether anything changed.

    Raises NotAllowed, NotFound, InvalidInput.
    """
    _load(write, actor, document_id)
    return change_record(write, actor, document_id, values)


def new_version(write: WriteSession, actor: Actor, document_id: str) -> Version:
    """Begin a new draft of a document: the next minor version, in the lifecycle's starting state; answers its number.

    Raises NotAllowed, NotFound, and NotPossible for an obsolete document and for a CrossLink, which gets its versions
    from its source (Assumed for both).
    """
    model, existing = _load(write, actor, document_id)
    actor.require_object(model.name, Right.EDIT)
    if _is_crosslink(write, existing):
        raise NotPossible(
            f"{existing.values['name__v']} is a CrossLink: its versions come from its source document.",
            "Draft a new version of the source document.",
        )
    state = existing.values.get("state__v") or ""
    if model.state_types.get(state) is StateType.OBSOLETE:
        raise NotPossible(
            f"{existing.values['name__v']} is {model.states[state]}.", "Bring it into another lifecycle state first."
        )
    number = version_in(existing.values).draft()
    wanted = Draft({"state__v": model.starting_state, MAJOR: number.major, MINOR: number.minor}, existing)
    save_draft(write, actor, model, wanted, action="Create Draft")
    return number


def change_state(write: WriteSession, actor: Actor, document_id: str, state: str) -> Version:
    """Bring a document's latest version into a lifecycle state; answers the number that it then has.

    A draft that enters a steady state becomes the next major version, and the version that was steady is superseded.
    Raises NotAllowed, NotFound, InvalidInput for a state that the lifecycle does not have, and NotPossible when the
    document is in it already.
    """
    model, existing = _load(write, actor, document_id)
    actor.require_object(model.name, Right.EDIT)
    if not state:
        raise InvalidInput({"state__v": "Lifecycle State is required."})
    if existing.values.get("state__v") == state:
        raise NotPossible(f"{existing.values['name__v']} is {model.states.get(state, state)} already.")
    wanted = draft(model, {"state__v": state}, existing)
    save_draft(write, actor, model, wanted, action="Change State")
    _audit_superseded(write, actor, model, existing)
    return version_in(wanted.result)


def make_obsolete(write: WriteSession, actor: Actor, document_id: str) -> Version:
    """Withdraw a document: bring it into the obsolete state of its lifecycle; answers its version.

    Raises NotAllowed, NotFound, and NotPossible when the lifecycle has no such state or the document is in it.
    """
    model, existing = _load(write, actor, document_id)
    obsolete = next(iter(model.states_of_type(StateType.OBSOLETE)), None)
    if obsolete is None:
        raise NotPossible(
            f"The lifecycle of {model.label} has no obsolete state.", "Change its lifecycle state, or delete it."
        )
    return change_state(write, actor, existing.record_id, obsolete)


def delete_document(write: WriteSession, actor: Actor, document_id: str) -> None:
    """Delete a document with all its versions; a tombstone stays. Raises NotAllowed, NotFound."""
    _load(write, actor, document_id)
    delete_record(write, actor, document_id)


def _load(write: WriteSession, actor: Actor, document_id: str) -> tuple[ObjectModel, Existing]:
    model, existing = load_record(write, actor, document_id)
    if not model.is_document:
        raise NotFound(f"{document_id} is no document but a record of {model.label}.", "Use the records commands.")
    return model, existing


def _is_crosslink(write: WriteSession, existing: Existing) -> bool:
    bound = select(_crosslinks.c.id).where(_crosslinks.c.record_key == existing.key).limit(1)
    return write.execute(bound).first() is not None


def _audit_superseded(write: WriteSession, actor: Actor, model: ObjectModel, existing: Existing) -> None:
    superseded = model.states_of_type(StateType.SUPERSEDED)
    replaced = select(_versions.c.major, _versions.c.minor, _versions.c.name, _versions.c.state).where(
        _versions.c.record_key == existing.key,
        ~_versions.c.latest,
        _versions.c.state.in_(superseded),
        _versions.c.modified_at == write.now,
    )
    for row in write.execute(replaced):
        audit(
            write,
            actor,
            action="Supersede",
            object_name=model.name,
            item=f"{model.label}: {row.name} {Version(row.major, row.minor)}",
            record_id=existing.record_id,
            changes={"state__v": (next(iter(model.states_of_type(StateType.STEADY)), None), row.state)},
        )
