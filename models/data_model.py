"""An object of a Vault's data model, loaded once and ready to check values against.

A check names every bad field at once and answers in the words a person reads beside the field.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any

from sqlalchemy import select
from sqlmodel import Session

from models.errors import NotFound
from models.tables import (
    FieldType,
    ObjectField,
    ObjectKind,
    Picklist,
    PicklistValue,
    RecordStatus,
    VaultObject,
    table_of,
)
from models.time import from_iso, iso
from models.user_actions import UserAction, read_actions
from models.versions import MAJOR, MINOR, StateType

Cleaner = Callable[[Any], Any]
"""Turns a value, typed or as text, into what the store keeps; raises ValueError with one sentence when it cannot."""

SoundColumn = Callable[[Sequence[Any]], bool]
"""Tells quickly that no value of a list needs cleaning; False when that is not certain."""

DOCUMENTS = "documents"
"""Name of the object whose records are a Vault's documents."""
_KEPT = "objects kept"
NAME_LENGTH = 255
TEXT_LENGTH = 1500
LARGEST_NUMBER = 2**53
"""The largest whole number that every reader of JSON keeps exactly."""
_YES = {"true", "yes", "y", "1"}
_NO = {"false", "no", "n", "0"}


@dataclass(frozen=True, slots=True)
class FieldModel:
    """One field of an object. `picklist` holds the active value names, `reference` the referenced object's name."""

    id: int
    name: str
    label: str
    type: FieldType
    required: bool = False
    unique: bool = False
    max_length: int | None = None
    picklist: Mapping[str, str] | None = None
    picklist_label: str = ""
    several: bool = False
    reference: str | None = None
    reference_id: int | None = None
    relationship: str | None = None


@dataclass(frozen=True)
class ObjectModel:
    """An object with its fields by API name. `states` maps lifecycle state names to labels, starting state first.

    `state_types` has the type of each state that has one: what the state means for a document.
    """

    id: int
    vault_id: int
    name: str
    label: str
    prefix: str
    fields: Mapping[str, FieldModel]
    states: Mapping[str, str] = field(default_factory=dict)
    kind: ObjectKind = ObjectKind.OBJECT
    state_types: Mapping[str, StateType] = field(default_factory=dict)
    locked_when: Mapping[str, Any] = field(default_factory=dict)
    actions: tuple[UserAction, ...] = ()

    @property
    def is_document(self) -> bool:
        """Whether the records are documents."""
        return self.kind is ObjectKind.DOCUMENT

    def states_of_type(self, *types: StateType) -> tuple[str, ...]:
        """The lifecycle states of these types, in the order of the lifecycle."""
        return tuple(name for name in self.states if self.state_types.get(name) in types)

    def locked_by(self, values: Mapping[str, Any]) -> str:
        """Why users cannot edit a record with these values, e.g. `Transfer Status is Success`; empty when they can."""
        if not self.locked_when or any(values.get(name) != value for name, value in self.locked_when.items()):
            return ""
        return self.told(self.locked_when)

    def told(self, values: Mapping[str, Any]) -> str:
        """Values by field in words, e.g. `Lifecycle State is Submitted and Transfer to Medical is Yes`."""
        told = []
        for name, value in values.items():
            known = self.states if name == "state__v" else (self.fields[name].picklist if name in self.fields else None)
            label = "Lifecycle State" if name == "state__v" else self.label_of(name)
            plain = "empty" if value is None else value if not isinstance(value, bool) else "Yes" if value else "No"
            told.append(f"{label} is {(known or {}).get(value, plain)}")
        return " and ".join(told)

    @cached_property
    def starting_state(self) -> str | None:
        """The state a new record begins in; None for an object without a lifecycle."""
        return next(iter(self.states), None)

    @cached_property
    def cleaners(self) -> Mapping[str, Cleaner]:
        """A cleaner for each field that can be written, system fields included."""
        # A document is numbered by its Vault.
        numbers = (MAJOR, MINOR) if self.is_document else ()
        own = {name: _cleaner(model) for name, model in self.fields.items() if name not in numbers}
        system: dict[str, Cleaner] = {
            "name__v": _text(NAME_LENGTH),
            "link__sys": _text(NAME_LENGTH),
            "status__v": _status,
            "state__v": _choice(self.states, f"the lifecycle of {self.label}"),
        }
        return system | own

    @cached_property
    def sound_columns(self) -> Mapping[str, SoundColumn]:
        """By field, a quick check of many values at once, where there is one."""
        checks = {name: _sound(model) for name, model in self.fields.items()} | {"name__v": _sound_text(NAME_LENGTH)}
        return {name: check for name, check in checks.items() if check is not None}

    @cached_property
    def required(self) -> tuple[str, ...]:
        """The object's own fields that must not be empty."""
        return tuple(name for name, model in self.fields.items() if model.required)

    @cached_property
    def unique(self) -> tuple[FieldModel, ...]:
        """The fields whose values no two records share."""
        return tuple(model for model in self.fields.values() if model.unique)

    @cached_property
    def references(self) -> tuple[FieldModel, ...]:
        """The object reference fields."""
        return tuple(model for model in self.fields.values() if model.type is FieldType.OBJECT)

    @cached_property
    def relationships(self) -> Mapping[str, FieldModel]:
        """The object reference fields by the name with which a query walks them."""
        return {model.relationship: model for model in self.references if model.relationship}

    def label_of(self, name: str) -> str:
        """The label of a field, or its name when the object has no such field."""
        model = self.fields.get(name)
        return model.label if model else name

    def clean(self, values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
        """Check values by field API name. Answers what the store keeps (None for empty) and what is wrong per field."""
        cleaned: dict[str, Any] = {}
        problems: dict[str, str] = {}
        cleaners = self.cleaners
        for name, value in values.items():
            if value is None or value == "":
                cleaned[name] = None
                continue
            try:
                cleaned[name] = cleaners[name](value)
            except KeyError:
                problems[name] = f"{self.label} has no field {name} that can be written."
            except ValueError as problem:
                problems[name] = str(problem)
        return cleaned, problems


@contextmanager
def models_kept(session: Session, kept: dict[tuple[int, str], ObjectModel]) -> Iterator[None]:
    """Within this, `load_object` loads each object of the session into `kept`, and only once.

    For work on many parts of one Vault that changes no data model; `kept` may serve several sessions, one after the
    other, for as long as the objects may be taken as they were at the beginning.
    """
    session.info[_KEPT] = kept
    try:
        yield
    finally:
        del session.info[_KEPT]


def load_object(session: Session, vault_id: int, name: str) -> ObjectModel:
    """Load an object of a Vault by API name. Raises NotFound."""
    kept: dict[tuple[int, str], ObjectModel] | None = session.info.get(_KEPT)
    if kept is None:
        return _load(session, vault_id, name)
    if (vault_id, name) not in kept:
        kept[vault_id, name] = _load(session, vault_id, name)
    return kept[vault_id, name]


def _load(session: Session, vault_id: int, name: str) -> ObjectModel:
    row = session.execute(
        select(table_of(VaultObject)).where(
            table_of(VaultObject).c.vault_id == vault_id, table_of(VaultObject).c.name == name
        )
    ).one_or_none()
    if row is None:
        raise NotFound(f"Vault {vault_id} has no object {name}.", "Check the object's API name.")
    picklists = _picklists(session, vault_id)
    columns = table_of(ObjectField).c
    objects = table_of(VaultObject).c
    others = {
        other.id: other.name
        for other in session.execute(select(objects.id, objects.name).where(objects.vault_id == vault_id))
    }
    fields: dict[str, FieldModel] = {}
    for item in session.execute(
        select(table_of(ObjectField)).where(columns.object_id == row.id).order_by(columns.position, columns.id)
    ):
        picklist_label, picklist = picklists.get(item.picklist_id, ("", None))
        fields[item.name] = FieldModel(
            id=item.id,
            name=item.name,
            label=item.label,
            type=item.type,
            required=item.required,
            unique=item.unique,
            max_length=item.max_length,
            picklist=picklist,
            picklist_label=picklist_label,
            several=item.several,
            reference=others.get(item.reference_object_id),
            reference_id=item.reference_object_id,
            relationship=item.relationship,
        )
    states = {state["name"]: state["label"] for state in row.states}
    types = {state["name"]: StateType(state["type"]) for state in row.states if state.get("type")}
    return ObjectModel(
        row.id,
        vault_id,
        row.name,
        row.label,
        row.prefix,
        fields,
        states,
        row.kind,
        types,
        row.locked_when,
        read_actions(row.actions),
    )


def _picklists(session: Session, vault_id: int) -> dict[int, tuple[str, dict[str, str]]]:
    lists, values = table_of(Picklist), table_of(PicklistValue)
    found: dict[int, tuple[str, dict[str, str]]] = {
        row.id: (row.label, {})
        for row in session.execute(select(lists.c.id, lists.c.label).where(lists.c.vault_id == vault_id))
    }
    statement = (
        select(values.c.picklist_id, values.c.name, values.c.label)
        .join(lists, lists.c.id == values.c.picklist_id)
        .where(lists.c.vault_id == vault_id, values.c.active)
        .order_by(values.c.position, values.c.id)
    )
    for picklist_id, name, label in session.execute(statement):
        found[picklist_id][1][name] = label
    return found


def _cleaner(model: FieldModel) -> Cleaner:
    match model.type:
        case FieldType.TEXT:
            return _text(model.max_length or TEXT_LENGTH)
        case FieldType.NUMBER:
            return _number
        case FieldType.YES_NO:
            return _yes_no
        case FieldType.DATE:
            return _date
        case FieldType.DATETIME:
            return _datetime
        case FieldType.PICKLIST:
            make = _choices if model.several else _choice
            return make(model.picklist or {}, f"picklist {model.picklist_label}")
        case FieldType.OBJECT:
            return _text(20)


def cleaner_for(kind: FieldType) -> Cleaner:
    """A cleaner for a value of a type alone: whatever field, picklist or object it comes from."""
    return _text(TEXT_LENGTH) if kind is FieldType.PICKLIST else _cleaner(FieldModel(0, "", "", kind))


def _sound(model: FieldModel) -> SoundColumn | None:
    match model.type:
        case FieldType.TEXT:
            return _sound_text(model.max_length or TEXT_LENGTH)
        case FieldType.NUMBER:
            return _sound_number
        case FieldType.YES_NO:
            return lambda values: set(map(type, values)) <= {bool, type(None)}
        case _:
            return None


def _sound_text(longest: int) -> SoundColumn:
    def sound(values: Sequence[Any]) -> bool:
        try:
            text = "".join(values)
        except TypeError:  # not all of them are texts
            return False
        lengths = set(map(len, values))
        return 0 not in lengths and max(lengths, default=0) <= longest and _is_text(text)

    return sound


def _is_text(text: str) -> bool:
    """Whether every database takes the text: no NUL, and no half of a sign, as text that is not UTF-8 is read."""
    if "\0" in text:
        return False
    try:
        return text.isascii() or bool(text.encode())
    except UnicodeEncodeError:
        return False


def _sound_number(values: Sequence[Any]) -> bool:
    if not set(map(type, values)) <= {int, float, type(None)}:
        return False
    return (
        max(filter(None, values), default=0) <= LARGEST_NUMBER
        and min(filter(None, values), default=0) >= -LARGEST_NUMBER
        # What is no number lies in no range and outside of none.
        and not any(map(math.isnan, filter(None, values)))
    )


def _text(longest: int) -> Cleaner:
    def clean(value: Any) -> str:
        if type(value) is str and len(value) <= longest and value.isascii() and "\0" not in value:
            return value  # the usual case, first and fast
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise ValueError(f"Text is needed, not {_kind(value)}.")  # noqa: TRY004 - one kind of error for all cleaners
        text = value if isinstance(value, str) else str(value)
        if len(text) > longest:
            raise ValueError(f"{len(text)} characters are too many: at most {longest} fit.")
        if not _is_text(text):
            raise ValueError("The text holds a sign that is no letter of any script: it was not read as UTF-8.")
        return text

    return clean


def _number(value: Any) -> int | float:
    if type(value) is int and -LARGEST_NUMBER <= value <= LARGEST_NUMBER:  # the usual case, first and fast
        return value
    if isinstance(value, bool):
        raise ValueError("A number is needed, not yes or no.")  # noqa: TRY004
    if isinstance(value, str):
        value = _number_in(value)
    if not isinstance(value, int | float) or value != value:  # only NaN differs from itself
        raise ValueError(f"A number is needed, not {_kind(value)}.")
    if value in (math.inf, -math.inf) or (isinstance(value, int) and abs(value) > LARGEST_NUMBER):
        raise ValueError("The number is too large.")
    return value


def _number_in(text: str) -> int | float:
    try:
        # Python alone reads 1_000 as a number.
        text_read = text.replace("_", "?")
        return float(text_read) if any(mark in text for mark in ".eE") else int(text_read)
    except ValueError:
        raise ValueError(f"{text!r} is not a number.") from None


def _yes_no(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise ValueError(f"{value!r} is neither yes nor no.")


def _date(value: Any) -> str:
    if isinstance(value, datetime):
        raise ValueError("A date without a time is needed.")  # noqa: TRY004
    if isinstance(value, date):
        return value.isoformat()
    try:
        return date.fromisoformat(value).isoformat()
    except (TypeError, ValueError):
        raise ValueError(f"{value!r} is not a date; write it as 2026-01-31.") from None


def _datetime(value: Any) -> str:
    try:
        return iso(value if isinstance(value, datetime) else from_iso(value))
    except (TypeError, ValueError, AttributeError, OverflowError):
        raise ValueError(f"{value!r} is not a date and time; write it as 2026-01-31T12:00:00.000Z.") from None


def _status(value: Any) -> RecordStatus:
    try:
        return RecordStatus(value)
    except ValueError:
        choices = " or ".join(status.value for status in RecordStatus)
        raise ValueError(f"{value!r} is not a Status; it is {choices}.") from None


def _choice(values: Mapping[str, str], where: str) -> Cleaner:
    def clean(value: Any) -> str:
        if isinstance(value, str) and value in values:
            return value
        raise ValueError(f"{value!r} is not a value of {where}.")

    return clean


def _choices(values: Mapping[str, str], where: str) -> Cleaner:
    clean_one = _choice(values, where)

    def clean(value: Any) -> str:
        found = set(map(clean_one, named(value)))
        return ",".join(name for name in values if name in found)

    return clean


def named(value: Any) -> list[str]:
    """The names in a field of several picklist values, as it is kept or typed; none for an empty one."""
    listed = value if isinstance(value, list | tuple) else str(value or "").split(",")
    return [name for each in listed if (name := str(each).strip())]


def _kind(value: Any) -> str:
    match value:
        case bool():
            return "yes or no"
        case float() if value != value:
            return "NaN"
        case int() | float():
            return "a number"
        case _:
            return type(value).__name__
