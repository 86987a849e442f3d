"""Reference lookups: what an administrator does with them, as calls of services."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from console.commands import acting
from console.doing.files import read_whole, save_file

if TYPE_CHECKING:
    from sqlmodel import Session as StoreSession

    from console.session import Who
    from models.queries.lookups import LookupDetail
    from models.queries.window import Key
    from models.services.lookup_files import LoadMode, LoadReport
    from models.store import Store

Values = Mapping[str, str]
Made = Callable[["Key"], None]
"""Takes the key of what was made, so that the list can show it."""


@dataclass(frozen=True, slots=True)
class TargetChoice:
    """An object of the Vault that an Object lookup may name, and its fields: name and label."""

    name: str
    label: str
    fields: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """A mapping file that was chosen, and what loading it would do, by mode."""

    path: Path
    data: bytes
    reports: Mapping[LoadMode, LoadReport]


def read_lookup(session: StoreSession, who: Who, lookup_id: int) -> LookupDetail | None:
    """Read one lookup; None when it is gone."""
    from models.queries.lookups import detail

    return detail(session, who.vault_id, lookup_id)


def target_choices(session: StoreSession, vault_id: int) -> tuple[TargetChoice, ...]:
    """The objects that a lookup may lead to, with the fields by which their records can be found."""
    from models.data_model import load_object
    from models.queries.records import object_list
    from models.system_fields import LABELS

    found = []
    for row in object_list(session, vault_id):
        model = load_object(session, vault_id, row.name)
        system = tuple((name, LABELS[name]) for name in ("name__v", "id", "global_id__sys", "link__sys"))
        own = tuple((field.name, field.label) for field in model.fields.values())
        found.append(TargetChoice(row.name, model.label, (*system, *own)))
    return tuple(found)


def create(
    store: Store, who: Who, values: Values, _confirmed: bool, /, *, connection_id: int, kind: str, made: Made
) -> str:
    """Create a lookup of a type on a connection; without an API name, it is made from the name."""
    from models.naming import name_from_label
    from models.services.checks import key_of
    from models.services.lookups import create_lookup
    from models.tables import LookupType

    with acting(store, who) as (write, actor):
        row = create_lookup(
            write,
            actor,
            connection_id,
            name=values.get("name", ""),
            api_name=values.get("api_name", "").strip() or name_from_label(values.get("name", "")),
            type=LookupType(kind),
            target_object=values.get("target_object", ""),
            target_key_field=values.get("target_key_field", ""),
        )
        key = key_of(row)
    made(key)
    return f"Created the reference lookup {row.name} ({row.api_name}). It acts through field rules that name it."


def edit(store: Store, who: Who, values: Values, _confirmed: bool, /, *, lookup_id: int) -> str:
    """Save changed fields of a lookup."""
    from models.services.lookups import edit_lookup

    with acting(store, who) as (write, actor):
        changed = edit_lookup(write, actor, lookup_id, values)
    return "The reference lookup was saved." if changed else "Nothing differed: nothing was saved."


def delete(store: Store, who: Who, *, lookup_id: int, name: str) -> str:
    """Delete a lookup with its keys."""
    from models.services.lookups import delete_lookup

    with acting(store, who) as (write, actor):
        delete_lookup(write, actor, lookup_id)
    return f"Deleted the reference lookup {name}."


def save_key(
    store: Store, who: Who, values: Values, _confirmed: bool, /, *, lookup_id: int, old: str | None, made: Made
) -> str:
    """Add a pair, or save the pair of the source key `old`."""
    from models.services.lookups import rename_key, set_key, target_keys

    with acting(store, who) as (write, actor):
        if old is None:
            source, target = values.get("source_key", ""), values.get("target_key", "")
            action = set_key(write, actor, lookup_id, source, target)
        else:
            held = target_keys(write, lookup_id, [old]).get(old, "")
            source, target = values.get("source_key", old), values.get("target_key", held)
            action = rename_key(write, actor, lookup_id, old, source, target)
    made(source)
    return f"{source} = {target}: {action}."


def remove_keys(store: Store, who: Who, *, lookup_id: int, source_keys: Sequence[str]) -> str:
    """Remove pairs."""
    from models.services.lookups import remove_keys as remove

    with acting(store, who) as (write, actor):
        removed = remove(write, actor, lookup_id, source_keys)
    return f"Removed {removed} {'key' if removed == 1 else 'keys'}."


def forget(store: Store, who: Who, *, lookup_id: int) -> str:
    """Forget what was asked for in vain."""
    from models.services.lookups import forget_misses

    with acting(store, who) as (write, actor):
        number = forget_misses(write, actor, lookup_id)
    return f"Forgot {number} missing {'key' if number == 1 else 'keys'}. They are counted anew."


def preview(store: Store, who: Who, lookup_id: int, path: Path) -> Preview:
    """Read a mapping file and say what each mode would do. Changes nothing."""
    from models.services.lookup_files import LARGEST_FILE, LoadMode, load_keys

    data = read_whole(path, LARGEST_FILE)
    with acting(store, who) as (write, actor):
        reports = {mode: load_keys(write, actor, lookup_id, data, mode=mode, check=True) for mode in LoadMode}
    return Preview(path, data, reports)


def load(
    store: Store,
    who: Who,
    *,
    lookup_id: int,
    data: bytes,
    mode: LoadMode,
    all_or_nothing: bool,
    path: Path | None = None,
) -> str:
    """Load a mapping file, which was read from `path`."""
    from models.services.lookup_files import load_keys

    del path
    with acting(store, who) as (write, actor):
        report = load_keys(write, actor, lookup_id, data, mode=mode, all_or_nothing=all_or_nothing)
    said = ", ".join(f"{number:,} {action}" for action, number in report.counts.items() if number)
    return f"Loaded: {said}." if report.loaded else f"Nothing was loaded, because of refused rows: {said}."


def export(store: Store, _who: Who, values: Values, confirmed: bool, /, *, lookup_id: int) -> str:
    """Write the pairs of a lookup as a mapping file."""
    from models.queries.lab import ask
    from models.services.lookup_files import export_keys
    from models.services.lookups import target_keys

    pairs = ask(store, target_keys, lookup_id)
    saved = save_file(values.get("path", ""), export_keys(pairs), replace=confirmed)
    return f"Saved {len(pairs):,} keys to {saved}."
