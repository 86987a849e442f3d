"""The data model of a Vault: picklists and objects with their fields."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, func, select

from models.audit import audit
from models.data_model import DOCUMENTS, TEXT_LENGTH, load_object
from models.errors import InvalidInput, NotFound
from models.feed import Topic
from models.naming import LONGEST_NAME, api_name_problem
from models.permissions import Actor
from models.services.checks import Checks, key_of, require_vault
from models.store import WriteSession
from models.system_fields import SYSTEM_COLUMNS
from models.tables import FieldType, ObjectField, ObjectKind, Picklist, PicklistValue, VaultObject, table_of
from models.user_actions import LONGEST_LABEL, UserAction
from models.versions import MAJOR, MINOR, VERSION_ID, StateType

NamedLabel = str | tuple[str, str]
"""A name with its label; a name alone is its own label, made readable."""
NamedState = NamedLabel | tuple[str, str, StateType | None]
"""A lifecycle state, with the type that it may have."""

_objects = table_of(VaultObject)
_picklists = table_of(Picklist)
_fields = table_of(ObjectField)


@dataclass(frozen=True)
class FieldSpec:
    """A field to be made. An object may refer to itself.

    `picklist` and `reference_object` are API names in the same Vault.
    Without a label the name serves, made readable. An object reference without a relationship gets one as a Vault
    names it: `study__v` is walked as `study__vr`.
    """

    name: str
    label: str = ""
    type: FieldType = FieldType.TEXT
    required: bool = False
    unique: bool = False
    max_length: int | None = None
    picklist: str | None = None
    several: bool = False
    reference_object: str | None = None
    relationship: str | None = None


VERSION_FIELDS = (
    FieldSpec(MAJOR, "Major Version", FieldType.NUMBER),
    FieldSpec(MINOR, "Minor Version", FieldType.NUMBER),
)
"""What every document has beside the system fields."""


def create_picklist(
    write: WriteSession, vault_id: int, name: str, label: str, values: Sequence[NamedLabel]
) -> Picklist:
    """Make a picklist with its values in order. Raises NotFound, InvalidInput."""
    require_vault(write, vault_id)
    checks = Checks()
    checks.note("name", api_name_problem(name, standard=True))
    label = checks.text("label", label, 100, required=True)
    checks.unless(
        write,
        "name",
        f"There is already a picklist {name}.",
        _picklists.c.vault_id == vault_id,
        _picklists.c.name == name,
    )
    named = [_named(value) for value in values]
    for value, value_label in named:
        checks.text(f"value {value}", value, 100, required=True)
        checks.text(f"value {value}", value_label, 150, required=True)
    for value in _doubled([value for value, _ in named]):
        checks.note(f"value {value}", "It is listed twice.")
    checks.done()
    picklist = Picklist(vault_id=vault_id, name=name, label=label)
    write.add(picklist)
    write.flush()
    write.add_all(
        PicklistValue(picklist_id=key_of(picklist), name=value, label=value_label, position=position)
        for position, (value, value_label) in enumerate(named)
    )
    write.flush()
    audit(write, Actor.system(vault_id), action="Create", object_name="picklist", item=label)
    write.changed(Topic.VAULTS, vault_id)
    return picklist


def create_object(
    write: WriteSession,
    vault_id: int,
    name: str,
    label: str,
    plural_label: str,
    prefix: str,
    fields: Sequence[FieldSpec] = (),
    states: Sequence[NamedState] = (),
    *,
    kind: ObjectKind = ObjectKind.OBJECT,
    locked_when: Mapping[str, Any] | None = None,
    actions: Sequence[UserAction] = (),
) -> VaultObject:
    """Make an object with its fields and lifecycle states (the first one is the starting state).

    A Vault has one object of kind DOCUMENT at most, named `documents`; it has the fields for the version number
    without being given them, and needs a lifecycle with a steady state, because that is what makes a version count.
    `prefix` begins the ids of its records: three letters or digits, once per Vault. Users cannot edit a record that
    holds all values of `locked_when`; jobs still write it. `actions` are what users can do with its records.
    Raises NotFound, InvalidInput.
    """
    require_vault(write, vault_id)
    checks = Checks()
    checks.note("name", api_name_problem(name, standard=True))
    label = checks.text("label", label, 100, required=True)
    plural_label = checks.text("plural_label", plural_label, 100)
    checks.refuse(
        "prefix",
        "Three upper-case letters or digits are needed, e.g. V0A.",
        when=not (len(prefix) == 3 and prefix.isascii() and prefix.isalnum() and prefix == prefix.upper()),
    )
    mine = _objects.c.vault_id == vault_id
    checks.unless(write, "name", f"There is already an object {name}.", mine, _objects.c.name == name)
    checks.unless(write, "prefix", f"Another object has the prefix {prefix}.", mine, _objects.c.prefix == prefix)
    named_states = [_state(state) for state in states]
    for state in _doubled([state["name"] for state in named_states]):
        checks.note(f"state {state}", "It is listed twice.")
    is_document = kind is ObjectKind.DOCUMENT
    checks.refuse(
        "name", f"The object of documents, and no other, is named {DOCUMENTS}.", when=is_document != (name == DOCUMENTS)
    )
    checks.refuse(
        "states",
        "Documents need a lifecycle with a steady state.",
        when=is_document and not any(state.get("type") == StateType.STEADY for state in named_states),
    )
    checks.done()
    made = VaultObject(
        vault_id=vault_id,
        name=name,
        label=label,
        plural_label=plural_label or f"{label}s",
        prefix=prefix,
        kind=kind,
        states=named_states,
        locked_when=dict(locked_when or {}),
    )
    write.add(made)
    write.flush()
    _add_fields(write, made, (*VERSION_FIELDS, *fields) if is_document else fields)
    _add_actions(write, made, actions)
    audit(write, Actor.system(vault_id), action="Create", object_name="vault_object", item=label)
    write.changed(Topic.VAULTS, vault_id)
    return made


def add_fields(write: WriteSession, vault_id: int, object_name: str, fields: Sequence[FieldSpec]) -> None:
    """Add fields to an object, after those it has. Raises NotFound, or InvalidInput that names every bad field."""
    row = write.execute(
        select(_objects.c.id).where(_objects.c.vault_id == vault_id, _objects.c.name == object_name)
    ).scalar_one_or_none()
    found = write.get(VaultObject, row) if row is not None else None
    if found is None:
        raise NotFound(f"Vault {vault_id} has no object {object_name}.", "Check the object's API name.")
    _add_fields(write, found, fields)
    write.changed(Topic.VAULTS, vault_id)


def _add_fields(write: WriteSession, target: VaultObject, fields: Sequence[FieldSpec]) -> None:
    object_id = key_of(target)
    objects = _ids(write, _objects, target.vault_id)
    picklists = _ids(write, _picklists, target.vault_id)
    present = set(write.execute(select(_fields.c.name).where(_fields.c.object_id == object_id)).scalars())
    first = write.execute(
        select(func.coalesce(func.max(_fields.c.position) + 1, 0)).where(_fields.c.object_id == object_id)
    ).scalar_one()
    checks = Checks()
    for spec in fields:
        _check_field(checks, spec, objects, picklists)
        checks.refuse(spec.name, f"{target.label} already has this field.", when=spec.name in present)
        present.add(spec.name)
    checks.done()
    write.add_all(
        ObjectField(
            object_id=object_id,
            name=spec.name,
            label=spec.label or _readable(spec.name),
            type=spec.type,
            required=spec.required,
            unique=spec.unique,
            max_length=spec.max_length,
            picklist_id=picklists.get(spec.picklist or ""),
            several=spec.several,
            reference_object_id=objects.get(spec.reference_object or ""),
            relationship=spec.relationship or (f"{spec.name}r" if spec.type is FieldType.OBJECT else None),
            position=position,
        )
        for position, spec in enumerate(fields, start=first)
    )
    write.flush()


def _add_actions(write: WriteSession, target: VaultObject, actions: Sequence[UserAction]) -> None:
    """Give a new object its actions; their values are kept as its records keep them. Raises InvalidInput."""
    if not actions:
        return
    model = load_object(write, target.vault_id, target.name)
    problems: dict[str, str] = {}
    labels = [action.label.casefold() for action in actions]
    kept = []
    for action in actions:
        checks = Checks()
        label = checks.text("label", action.label, LONGEST_LABEL, required=True)
        checks.refuse("label", "Two actions have this label.", when=labels.count(label.casefold()) > 1)
        checks.refuse("sets", "An action sets at least one field.", when=not action.sets)
        checks.refuse(
            "sets",
            "A document's state is changed by its lifecycle.",
            when=model.is_document and "state__v" in action.sets,
        )
        checks.text("about", action.about, TEXT_LENGTH)
        sets, wrong = model.clean(action.sets)
        when, wrong_too = model.clean(action.when)
        found = checks.problems | wrong | wrong_too
        problems |= {f"action {action.label}, {name}": text for name, text in found.items()}
        kept.append(UserAction(label, sets, when, action.about).kept)
    if problems:
        raise InvalidInput(problems)
    target.actions = kept
    write.add(target)
    write.flush()


def _check_field(checks: Checks, spec: FieldSpec, objects: dict[str, int], picklists: dict[str, int]) -> None:
    name = spec.name
    checks.note(name, api_name_problem(name, standard=True))
    checks.refuse(name, "Every object has this field already.", when=name in SYSTEM_COLUMNS or name == VERSION_ID)
    checks.text(name, spec.label, 100)
    is_picklist, is_reference = spec.type is FieldType.PICKLIST, spec.type is FieldType.OBJECT
    checks.refuse(name, f"There is no picklist {spec.picklist}.", when=is_picklist and spec.picklist not in picklists)
    checks.refuse(name, "Only a picklist field has a picklist.", when=not is_picklist and spec.picklist is not None)
    checks.refuse(name, "Only a picklist field holds several values.", when=not is_picklist and spec.several)
    checks.refuse(
        name, f"There is no object {spec.reference_object}.", when=is_reference and spec.reference_object not in objects
    )
    checks.refuse(
        name,
        "Only an object reference has a referenced object and a relationship.",
        when=not is_reference and (spec.reference_object or spec.relationship) is not None,
    )
    checks.refuse(
        name,
        f"The longest length is between 1 and {TEXT_LENGTH}, and for text only.",
        when=spec.max_length is not None and not (spec.type is FieldType.TEXT and 1 <= spec.max_length <= TEXT_LENGTH),
    )
    checks.text(name, spec.relationship or "", LONGEST_NAME)


def _ids(write: WriteSession, table: Table, vault_id: int) -> dict[str, int]:
    columns = table.c
    return {
        row.name: row.id for row in write.execute(select(columns.id, columns.name).where(columns.vault_id == vault_id))
    }


def _named(value: NamedLabel) -> tuple[str, str]:
    return (value, _readable(value)) if isinstance(value, str) else value


def _state(state: NamedState) -> dict[str, str]:
    if isinstance(state, str) or len(state) == 2:
        name, label = _named(state)
        return {"name": name, "label": label}
    name, label, state_type = state
    return {"name": name, "label": label} | ({"type": state_type.value} if state_type else {})


def _readable(name: str) -> str:
    return name.partition("__")[0].replace("_", " ").title()


def _doubled(names: Sequence[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})
