"""What integration rules, query object rules and field rules have in common: where they hang, and what is locked."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, func, select
from sqlmodel import Session, SQLModel

from models.audit import audit
from models.errors import NotFound, NotPossible
from models.feed import Topic
from models.naming import LONGEST_CUSTOM_NAME, name_from_label
from models.permissions import Actor
from models.services.checks import LARGEST_ID, Checks, changed, in_vault, key_of
from models.store import WriteSession
from models.tables import Connection, Integration, IntegrationPoint, IntegrationRule

LONGEST_LABEL = 60
LONGEST_QUERY_OBJECT = 1500
"""Characters of a primary query object (integration facts, section 2)."""


@dataclass(frozen=True)
class RulePlace:
    """An integration rule with the point, integration and connection above it."""

    rule: IntegrationRule
    point: IntegrationPoint
    integration: Integration
    connection: Connection

    @property
    def key(self) -> int:
        """The rule's id."""
        return key_of(self.rule)

    @property
    def activation_lock(self) -> str | None:
        """Why the rule cannot be activated, inactivated or deleted; None when it can (facts, section 2)."""
        if self.rule.standard and self.integration.locks_rule_activation:
            return f"{self.integration.name} locks whether its standard rules are active."
        return None

    @property
    def default_lock(self) -> str | None:
        """Why defaults of the rule's field rules stay as they are; None when they may change (facts, section 2)."""
        if self.rule.standard and self.integration.locks_rule_defaults:
            return f"{self.integration.name} locks the defaults of its standard rules."
        return None


def rule_place(session: Session, vault_id: int, rule_id: int) -> RulePlace:
    """A rule of a Vault with what is above it. Raises NotFound."""
    rule = in_vault(session, IntegrationRule, rule_id, vault_id, "integration rule")
    point = session.get_one(IntegrationPoint, rule.point_id)
    integration = session.get_one(Integration, point.integration_id)
    return RulePlace(rule, point, integration, session.get_one(Connection, integration.connection_id))


def child_of(session: Session, model: type[Any], key: int, vault_id: int, what: str) -> tuple[Any, RulePlace]:
    """A child of a rule by its id, with the rule's place. Raises NotFound for one of another Vault as for none."""
    row = session.get(model, key) if 0 < key <= LARGEST_ID else None
    if row is not None:
        try:
            return row, rule_place(session, vault_id, row.rule_id)
        except NotFound:
            pass
    raise NotFound(f"Vault {vault_id} has no {what} {key}.", "It may have been deleted in the meantime.")


def refuse_locked(lock: str | None) -> None:
    """Raise NotPossible for a lock that holds."""
    if lock is not None:
        raise NotPossible(lock, "It comes with the standard integration; a custom rule is free.")


def next_position(session: Session, table: Table, owner: Any) -> int:
    """The place after the last row of an owner."""
    last = session.execute(select(func.max(table.c.position)).where(owner)).scalar_one()
    return 0 if last is None else int(last) + 1


def free_name(wanted: str, taken: Collection[str]) -> str:
    """The name of a component after something, without `__c` and the like; a trailing number where it is taken.

    The vendor's field rules are called after their target field, and numbered (integration facts, section 2). That a
    custom name ends in `__c` here too is Assumed.
    """
    base = (name_from_label(wanted.partition("__")[0]) or "rule")[: LONGEST_CUSTOM_NAME - 4].rstrip("_")
    name, number = f"{base}__c", 0
    while name in taken:
        number += 1
        name = f"{base}{number}__c"
    return name


def clean_label(checks: Checks, label: str | None) -> str:
    """A label, at most 60 characters; it may be empty."""
    return checks.text("label", label or "", LONGEST_LABEL)


def all_values(row: SQLModel, *left_out: str) -> dict[str, tuple[Any, Any]]:
    """All values of a row that is deleted, as the audit keeps them (integration facts, section 7)."""
    hidden = {"id", "vault_id", "rule_id", "point_id", "position", *left_out}
    return {
        name: (value, None)
        for name, value in row.model_dump().items()
        if value not in (None, "") and name not in hidden
    }


def save(
    write: WriteSession, actor: Actor, row: Any, values: Mapping[str, Any], *, object_name: str, item: str
) -> bool:
    """Save what differs and audit each changed field; answers False when nothing differs."""
    changes = changed({name: getattr(row, name) for name in values}, values)
    if not changes:
        return False
    for name, (_old, new) in changes.items():
        setattr(row, name, new)
    write.add(row)
    write.flush()
    audit(write, actor, action="Edit", object_name=object_name, item=item, changes=changes)
    write.changed(Topic.RULES, actor.vault_id)
    return True


def remove(write: WriteSession, actor: Actor, row: Any, *, object_name: str, item: str) -> None:
    """Delete a row and audit all its values."""
    audit(write, actor, action="Delete", object_name=object_name, item=item, changes=all_values(row))
    write.delete(row)
    write.flush()
    write.changed(Topic.RULES, actor.vault_id)


def reorder(write: WriteSession, table: Table, owner: Any, names: Collection[str]) -> None:
    """Give the rows of an owner the order of these API names; others follow in their old order."""
    rows = write.execute(select(table.c.id, table.c.api_name, table.c.position).where(owner)).all()
    wanted = {name: place for place, name in enumerate(names)}
    ranked = sorted(rows, key=lambda row: (wanted.get(row.api_name, len(wanted)), row.position, row.id))
    for place, row in enumerate(ranked):
        if row.position != place:
            write.execute(table.update().where(table.c.id == row.id).values(position=place))
    write.flush()
    write.expire_all()
