"""Query object rules: which records of a query object an integration rule applies to (integration facts, section 2)."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import select
from sqlmodel import Session

from models.audit import audit
from models.feed import Topic
from models.naming import LONGEST_NAME, api_name_problem, custom_name
from models.permissions import Actor, Permission
from models.services.checks import Checks
from models.services.rule_parts import (
    RulePlace,
    child_of,
    clean_label,
    free_name,
    next_position,
    remove,
    rule_place,
    save,
)
from models.store import WriteSession
from models.tables import QueryObjectRule, table_of
from models.vql.errors import VqlError, syntax
from models.vql.parsing import parse_criteria, parse_items

QUERY_OBJECT_RULE_OBJECT_NAME = "queryobjectrule"
LONGEST_FILTER = 4000
FIELDS = ("api_name", "label", "active", "query_object", "filter_clause")
"""What a person may set."""

_query_rules = table_of(QueryObjectRule)


def check_query_object_rule(
    session: Session, place: RulePlace, values: Mapping[str, Any], row: QueryObjectRule | None = None
) -> tuple[dict[str, Any], Checks]:
    """Check a query object rule as it would be saved: cleaned values, and what is wrong with them.

    `filter_clause` is Criteria VQL, a WHERE body without the word.
    """
    checks = Checks()
    query_object = checks.text("query_object", values.get("query_object") or "", LONGEST_NAME, required=True)
    checks.note("query_object", api_name_problem(query_object, standard=True))
    clause = checks.text("filter_clause", values.get("filter_clause") or "", LONGEST_FILTER, lines=True)
    checks.note("filter_clause", filter_problem(clause))
    taken = taken_names(session, place.key, row)
    api_name = (values.get("api_name") or "").strip()
    if not api_name:
        api_name = free_name(query_object or "query", taken)
    if row is None or api_name != row.api_name:
        api_name = custom_name(api_name)
        checks.api_name("api_name", api_name, standard=place.rule.standard)
        checks.refuse(
            "api_name", f"{place.rule.name} already has a query object rule {api_name}.", when=api_name in taken
        )
    cleaned = {
        "api_name": api_name,
        "label": clean_label(checks, values.get("label")),
        "active": bool(values.get("active", True)),
        "query_object": query_object,
        "filter_clause": clause,
    }
    return cleaned, checks


def add_query_object_rule(
    write: WriteSession,
    actor: Actor,
    rule_id: int,
    *,
    query_object: str,
    filter_clause: str = "",
    label: str = "",
    api_name: str = "",
    active: bool = True,
) -> QueryObjectRule:
    """Add a query object rule, last in its rule's order. Raises NotAllowed, NotFound, InvalidInput."""
    actor.require(Permission.MANAGE_INTEGRATIONS)
    place = rule_place(write, actor.vault_id, rule_id)
    given = {
        "query_object": query_object,
        "filter_clause": filter_clause,
        "label": label,
        "api_name": api_name,
        "active": active,
    }
    values, checks = check_query_object_rule(write, place, given)
    checks.done()
    position = next_position(write, _query_rules, _query_rules.c.rule_id == rule_id)
    row = QueryObjectRule(rule_id=rule_id, position=position, **values)
    write.add(row)
    write.flush()
    audit(write, actor, action="Create", object_name=QUERY_OBJECT_RULE_OBJECT_NAME, item=_item(place, row))
    write.changed(Topic.RULES, actor.vault_id)
    return row


def change_query_object_rule(write: WriteSession, actor: Actor, key: int, values: Mapping[str, Any]) -> bool:
    """Change fields of a query object rule, its activation too; answers False when nothing differs.

    Raises NotAllowed, NotFound, InvalidInput.
    """
    row, place = _manage(write, actor, key)
    wanted = {name: getattr(row, name) for name in FIELDS} | {n: v for n, v in values.items() if n in FIELDS}
    cleaned, checks = check_query_object_rule(write, place, wanted, row)
    checks.done()
    item = _item(place, row)
    return save(write, actor, row, cleaned, object_name=QUERY_OBJECT_RULE_OBJECT_NAME, item=item)


def delete_query_object_rule(write: WriteSession, actor: Actor, key: int) -> None:
    """Delete a query object rule. Raises NotAllowed, NotFound."""
    row, place = _manage(write, actor, key)
    remove(write, actor, row, object_name=QUERY_OBJECT_RULE_OBJECT_NAME, item=_item(place, row))


def filter_problem(clause: str) -> str | None:
    """What is wrong with Criteria VQL; None for a good clause and for none."""
    return _vql_problem(lambda: parse_criteria(clause)) if clause else None


def select_problem(item: str) -> str | None:
    """What is wrong with what a field rule selects in the place of its query field: one item as VQL writes it."""

    def read() -> None:
        if len(parse_items(item)) != 1:
            raise syntax("One item is selected, e.g. TONAME(status__v).", None)

    return _vql_problem(read) if item else None


def _vql_problem(read: Callable[[], object]) -> str | None:
    try:
        read()
    except VqlError as error:
        return str(error)
    return None


def taken_names(session: Session, rule_id: int, row: QueryObjectRule | None) -> set[str]:
    """The API names of a rule's other query object rules."""
    statement = select(_query_rules.c.id, _query_rules.c.api_name).where(_query_rules.c.rule_id == rule_id)
    return {found.api_name for found in session.execute(statement) if row is None or found.id != row.id}


def _manage(write: WriteSession, actor: Actor, key: int) -> tuple[QueryObjectRule, RulePlace]:
    actor.require(Permission.MANAGE_INTEGRATIONS)
    return child_of(write, QueryObjectRule, key, actor.vault_id, "query object rule")


def _item(place: RulePlace, row: QueryObjectRule) -> str:
    return f"{place.rule.name}: {row.api_name}"
