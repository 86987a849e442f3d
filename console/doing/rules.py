"""Designing integrations: everything that an administrator does with points and rules, as calls of services."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from console.commands import acting
from console.doing.files import read_bytes, save_file
from console.modals.live_form import FormLook
from models.errors import InvalidInput, NotPossible

if TYPE_CHECKING:
    from sqlmodel import Session as StoreSession

    from console.session import Who
    from models.mdl.difference import Change
    from models.queries.design import DesignRow
    from models.queries.integrations import IntegrationDetail
    from models.queries.rule_choices import RuleLook
    from models.store import Store

Values = Mapping[str, str]
Made = Callable[[str], None]
"""Takes the key of what was made, so that the list can show it."""
NOTHING = "Nothing differed: nothing was saved."


@dataclass(frozen=True, slots=True)
class DesignPage:
    """A part of an integration, and the integration."""

    integration: IntegrationDetail
    row: DesignRow

    @property
    def key(self) -> str:
        """The part's key."""
        return self.row.key


def read_page(session: StoreSession, vault_id: int, integration_id: int, key: str) -> DesignPage | None:
    """Read a part of an integration; None when it is gone."""
    from models.queries.design import design

    found = design(session, vault_id, integration_id)
    row = next((row for row in found.rows if row.key == key), None) if found is not None else None
    return None if found is None or row is None else DesignPage(found.integration, row)


# Integrations, points and what they watch


def create_integration(store: Store, who: Who, values: Values, _confirmed: bool, /, *, made: Made) -> str:
    """Create a custom integration."""
    from models.services.checks import key_of
    from models.services.integrations import create_integration as create

    if not values.get("connection_id"):
        raise InvalidInput({"connection_id": "Choose a Vault to Vault connection."})
    with acting(store, who) as (write, actor):
        row = create(
            write,
            actor,
            int(values["connection_id"]),
            name=values.get("name", ""),
            api_name=values.get("api_name", ""),
            feature=values.get("feature", ""),
        )
        key = key_of(row)
    made(str(key))
    return f"Created {row.name} ({row.api_name}). It is Inactive: Enter gives it points; then activate it."


def edit_integration(store: Store, who: Who, values: Values, _confirmed: bool, /, *, key: int) -> str:
    """Save changed fields of a custom integration."""
    from models.services.integration_editing import edit_integration as edit

    with acting(store, who) as (write, actor):
        changed = edit(write, actor, key, values)
    return "The integration was saved." if changed else NOTHING


def delete_integration(store: Store, who: Who, *, key: int, name: str) -> str:
    """Delete a custom integration with all that is in it."""
    from models.services.integration_editing import delete_integration as delete

    with acting(store, who) as (write, actor):
        delete(write, actor, key)
    return f"Deleted {name} with its points and rules."


def create_point(
    store: Store, who: Who, values: Values, _confirmed: bool, /, *, integration_id: int, direction: str, made: Made
) -> str:
    """Create an integration point."""
    from models.services.checks import key_of
    from models.services.integrations import create_point as create
    from models.tables import Direction, Matching

    matching = values.get("matching")
    with acting(store, who) as (write, actor):
        row = create(
            write,
            actor,
            integration_id,
            name=values.get("name", ""),
            api_name=values.get("api_name", ""),
            direction=Direction(direction),
            matching=Matching(matching) if matching else None,
            creates=values.get("creates", "true") == "true",
            updates=values.get("updates", "true") == "true",
        )
        key = key_of(row)
    made(f"point:{key}")
    return f"Created the {direction} integration point {row.name} ({row.api_name})."


def edit_point(store: Store, who: Who, values: Values, _confirmed: bool, /, *, key: int) -> str:
    """Save changed fields of an integration point."""
    from models.services.integration_editing import edit_point as edit

    typed = {name: value == "true" if name in ("creates", "updates") else value for name, value in values.items()}
    with acting(store, who) as (write, actor):
        changed = edit(write, actor, key, typed)
    return "The integration point was saved." if changed else NOTHING


def save_source(
    store: Store,
    who: Who,
    values: Values,
    _confirmed: bool,
    /,
    *,
    point_id: int,
    key: int | None,
    object_name: str,
    made: Made,
) -> str:
    """Have an outbound point watch an object, or change where it sends and which records."""
    from models.services.checks import key_of
    from models.services.integration_editing import edit_point_source
    from models.services.integrations import add_point_source
    from models.services.point_criteria import read_criteria

    name = values.get("object_name") or object_name
    if not name:
        raise InvalidInput({"object_name": "Choose the object that is watched."})
    try:
        with acting(store, who) as (write, actor):
            pieces = filter(None, (piece.strip() for piece in values.get("criteria", "").split(",")))
            criteria = read_criteria(write, who.vault_id, name, pieces) if "criteria" in values else None
            if key is not None:
                changed = edit_point_source(
                    write, actor, key, remote_point=values.get("remote_point"), criteria=criteria
                )
                return "What the point watches was saved." if changed else NOTHING
            remote_point = values.get("remote_point", "")
            row = add_point_source(
                write, actor, point_id, object_name=name, remote_point=remote_point, criteria=criteria
            )
            key = key_of(row)
    except InvalidInput as refusal:
        # A problem of one criterion is shown at the field in which all are typed.
        raise InvalidInput(
            {"criteria" if name.startswith("criteria ") else name: text for name, text in refusal.fields.items()}
        ) from refusal
    made(f"source:{key}")
    return f"The point sends changes of {name} to {remote_point}."


# Rules and what is in them


def create_rule(store: Store, who: Who, values: Values, _confirmed: bool, /, *, point_id: int, made: Made) -> str:
    """Create an integration rule under an inbound point."""
    from models.services.checks import key_of
    from models.services.rules import create_rule as create

    with acting(store, who) as (write, actor):
        row = create(
            write,
            actor,
            point_id,
            name=values.get("name", ""),
            api_name=values.get("api_name", ""),
            primary_query_object=values.get("primary_query_object", ""),
            active=values.get("active", "true") == "true",
        )
        key = key_of(row)
    made(f"rule:{key}")
    return f"Created the rule {row.name} ({row.api_name})."


def edit_rule(store: Store, who: Who, values: Values, _confirmed: bool, /, *, key: int) -> str:
    """Save changed fields of an integration rule."""
    from models.services.rules import change_rule

    with acting(store, who) as (write, actor):
        changed = change_rule(write, actor, key, values)
    return "The rule was saved." if changed else NOTHING


def save_query_rule(
    store: Store, who: Who, values: Values, _confirmed: bool, /, *, rule_id: int, key: int | None, made: Made
) -> str:
    """Add a query object rule, or save a changed one."""
    from models.services.checks import key_of
    from models.services.query_object_rules import add_query_object_rule, change_query_object_rule

    typed = _typed(values)
    with acting(store, who) as (write, actor):
        if key is not None:
            changed = change_query_object_rule(write, actor, key, typed)
            return "The query object rule was saved." if changed else NOTHING
        row = add_query_object_rule(write, actor, rule_id, **({"query_object": ""} | typed))
        key = key_of(row)
    made(f"query:{key}")
    return f"Added the query object rule {row.api_name}."


def save_field_rule(
    store: Store, who: Who, values: Values, _confirmed: bool, /, *, rule_id: int, key: int | None, made: Made
) -> str:
    """Add a field rule, or save a changed one."""
    from models.services.checks import key_of
    from models.services.field_rules import add_field_rule, change_field_rule

    typed = _typed(values)
    with acting(store, who) as (write, actor):
        if key is not None:
            changed = change_field_rule(write, actor, key, typed)
            return "The field rule was saved." if changed else NOTHING
        row = add_field_rule(write, actor, rule_id, **typed)
        key = key_of(row)
    made(f"field:{key}")
    return f"Added the field rule {row.api_name}."


def _typed(values: Values) -> dict[str, Any]:
    """What was typed, as the services take it."""
    typed: dict[str, Any] = dict(values)
    if "active" in typed:
        typed["active"] = values["active"] == "true"
    if "reference_lookup_id" in typed:
        typed["reference_lookup_id"] = int(values["reference_lookup_id"]) if values["reference_lookup_id"] else None
    return typed


def look_at_rule(store: Store, who: Who, values: Values, /, *, point_id: int, key: int | None) -> FormLook:
    """How a rule stands with what is typed so far."""
    from models.queries.lab import ask
    from models.queries.rule_choices import look_at_rule as look

    return _look(ask(store, look, who.vault_id, point_id, key, values))


def look_at_field_rule(
    store: Store, who: Who, values: Values, /, *, rule_id: int, key: int | None, unseen: Values
) -> FormLook:
    """How a field rule stands with what is typed so far; `unseen` holds what the form does not show."""
    from models.queries.lab import ask
    from models.queries.rule_choices import look_at_field_rule as look

    return _look(ask(store, look, who.vault_id, rule_id, key, {**unseen, **_typed(values)}))


def look_at_query_rule(
    store: Store, who: Who, values: Values, /, *, rule_id: int, key: int | None, unseen: Values
) -> FormLook:
    """How a query object rule stands with what is typed so far."""
    from models.queries.lab import ask
    from models.queries.rule_choices import look_at_query_object_rule as look

    return _look(ask(store, look, who.vault_id, rule_id, key, {**unseen, **_typed(values)}))


def _look(found: RuleLook) -> FormLook:
    return FormLook(found.choices, found.problems)


def set_active(store: Store, who: Who, *, row: DesignRow, active: bool, with_children: bool = False) -> str:
    """Activate or inactivate a rule, a query object rule or a field rule."""
    from models.services.field_rules import change_field_rule
    from models.services.query_object_rules import change_query_object_rule
    from models.services.rules import set_rule_active

    with acting(store, who) as (write, actor):
        if row.kind == "rule":
            set_rule_active(write, actor, row.id, active=active, with_children=with_children)
        elif row.kind == "query":
            change_query_object_rule(write, actor, row.id, {"active": active})
        else:
            change_field_rule(write, actor, row.id, {"active": active})
    state = "Active" if active else "Inactive"
    more = " with all that is in it" if row.kind == "rule" and (with_children or not active) else ""
    return f"{row.name} is {state}{more}."


def delete_part(store: Store, who: Who, *, row: DesignRow) -> str:
    """Delete a part of an integration."""
    from models.services.field_rules import delete_field_rule
    from models.services.integration_editing import delete_point, remove_point_source
    from models.services.query_object_rules import delete_query_object_rule
    from models.services.rules import delete_rule

    deleting = {
        "point": delete_point,
        "source": remove_point_source,
        "rule": delete_rule,
        "query": delete_query_object_rule,
        "field": delete_field_rule,
    }
    with acting(store, who) as (write, actor):
        deleting[row.kind](write, actor, row.id)
    return f"Deleted {row.name}."


# MDL


def export(store: Store, who: Who, values: Values, confirmed: bool, /, *, narrowed: Mapping[str, int]) -> str:
    """Write integration rules as MDL text to a file."""
    from models.mdl.exporting import export_rules
    from models.queries.lab import ask

    text = ask(store, lambda session: export_rules(session, who.vault_id, **narrowed))
    count = text.count("RECREATE Integrationrule ")
    path = save_file(values.get("path", ""), text.encode(), replace=confirmed)
    return f"Saved {count} {'rule' if count == 1 else 'rules'} to {path}."


@dataclass(frozen=True, slots=True)
class MdlPreview:
    """An MDL text that was chosen, and what importing it would change, in lines to read."""

    path: Path
    text: str
    changes: tuple[Change, ...]
    lines: tuple[str, ...]


def preview_import(store: Store, who: Who, path: Path) -> MdlPreview:
    """Read an MDL file and see what importing it would change; nothing is changed."""
    from models.mdl.difference import sentences
    from models.mdl.importing import preview_import as preview
    from models.permissions import actor_for
    from models.queries.lab import ask

    try:
        text = read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotPossible(f"{path} is no text in UTF-8.", "Choose another file.") from error
    actor = ask(store, lambda session: actor_for(session, who.vault_id, who.username, read_only=who.read_only))
    changes = preview(store, actor, text)
    return MdlPreview(path, text, changes, sentences(changes))


def import_text(store: Store, who: Who, *, text: str, path: Path | None = None) -> str:
    """Make the rules of the Vault what the text says, which was read from `path`."""
    from models.mdl.importing import import_rules

    del path
    with acting(store, who) as (write, actor):
        changes = import_rules(write, actor, text)
    rules = len({change.rule for change in changes})
    return f"Imported: {len(changes)} changes in {rules} {'rule' if rules == 1 else 'rules'}."
