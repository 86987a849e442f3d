"""Loads and compiles the rules of an inbound integration point."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlmodel import Session

from models.data_model import load_object
from models.errors import ConsoleError, NotFound
from models.rules.compiled import CompiledPoint, CompiledTarget, compile_target
from models.tables import FieldRule, IntegrationRule, ReferenceLookup, ReferenceLookupKey, table_of

_rules = table_of(IntegrationRule)
_field_rules = table_of(FieldRule)


class RulesBroken(ConsoleError):
    """The rules of a point cannot be used as they are configured."""

    title = "Integration rules cannot be used"


def load_point_rules(
    session: Session, vault_id: int, connection_id: int, point_id: int, source_object: str
) -> CompiledPoint:
    """Compile the active rules of a point for messages about `source_object`.

    Raises RulesBroken when there is none, or when a field rule names what the target Vault does not have.
    """
    statement = (
        select(_field_rules, _rules.c.name.label("rule_name"), _rules.c.position.label("rule_position"))
        .join(_rules, _rules.c.id == _field_rules.c.rule_id)
        .where(
            _rules.c.vault_id == vault_id,
            _rules.c.point_id == point_id,
            _rules.c.active,
            _field_rules.c.active,
            _field_rules.c.query_object.in_((source_object, "")),
        )
        .order_by(_rules.c.position, _rules.c.id, _field_rules.c.position, _field_rules.c.id)
    )
    grouped: dict[tuple[int, str], list[Any]] = {}
    for row in session.execute(statement):
        grouped.setdefault((row.rule_id, row.target_object), []).append(row)
    # Defaults alone make no record: the target object is made of another source object's records.
    grouped = {key: rows for key, rows in grouped.items() if any(row.query_object for row in rows)}
    if not grouped:
        raise RulesBroken(
            f"No active integration rule of this point reads {source_object}.",
            "Activate a rule of the integration point, or give it field rules for this query object.",
        )
    lookups = _lookups(session, connection_id)
    targets: list[CompiledTarget] = []
    problems: dict[str, str] = {}
    for rows in grouped.values():
        try:
            model = load_object(session, vault_id, rows[0].target_object)
        except NotFound as error:
            problems[rows[0].target_object] = error.message
            continue
        target, wrong = compile_target(rows[0].rule_name, model, rows, lookups)
        targets.append(target)
        problems.update(wrong)
    if problems:
        raise RulesBroken(" ".join(problems.values()), "Correct the field rule, or bring the field back.")
    paths = {rule.query_field for target in targets for rule in target.field_rules if rule.query_field is not None}
    return CompiledPoint(tuple(targets), tuple(sorted(paths)))


def _lookups(session: Session, connection_id: int) -> dict[int, tuple[str, Mapping[str, str]]]:
    lookups, keys = table_of(ReferenceLookup), table_of(ReferenceLookupKey)
    found: dict[int, tuple[str, dict[str, str]]] = {
        row.id: (row.name, {})
        for row in session.execute(select(lookups.c.id, lookups.c.name).where(lookups.c.connection_id == connection_id))
    }
    statement = (
        select(keys).join(lookups, lookups.c.id == keys.c.lookup_id).where(lookups.c.connection_id == connection_id)
    )
    for row in session.execute(statement):
        found[row.lookup_id][1][row.source_key] = row.target_key
    return {key: (name, pairs) for key, (name, pairs) in found.items()}
