"""The audit trail: one row per creation or action, one per changed field (integration facts, section 7)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any

import orjson
from sqlmodel import SQLModel

from models.changes.recording import note
from models.feed import Topic
from models.permissions import Actor
from models.store import WriteSession
from models.tables import AuditRow
from models.time import iso

_ITEM_LENGTH = 255
HIDDEN = "********"
"""What the audit holds in place of a secret: it says that there was one, or that it changed, never which."""
_NO_VALUES = frozenset({"id", "vault_id"})


@dataclass(frozen=True, slots=True)
class WorkflowStep:
    """The step of a workflow by which something came about: its task, and how that ended."""

    workflow: str
    task: str = ""
    verdict: str = ""


NO_WORKFLOW = WorkflowStep("")


def audit(
    write: WriteSession,
    actor: Actor,
    *,
    action: str,
    object_name: str,
    item: str,
    record_id: str = "",
    changes: Mapping[str, tuple[Any, Any]] | None = None,
    on_behalf_of: str = "",
    step: WorkflowStep = NO_WORKFLOW,
) -> None:
    """Note what `actor` did, in the Vault he acts in, at the transaction's time.

    `action` is a word such as Create, Edit, Delete; `item` is what people call the thing; `changes` maps a field to its
    old and new value and makes one row per field. Without changes one row is written. `on_behalf_of` names the person
    for whom the platform acts in this Vault, `step` the step of a workflow that did it.
    """
    rows = changes or {"": (None, None)}
    write.add_all(
        AuditRow(
            vault_id=actor.vault_id,
            at=write.now,
            user_id=actor.user_id,
            user_name=actor.name,
            on_behalf_of=on_behalf_of,
            action=action,
            object_name=object_name,
            item=item[:_ITEM_LENGTH],
            record_id=record_id,
            field_name=field,
            old_value=_text(old),
            new_value=_text(new),
            workflow=step.workflow,
            task=step.task,
            verdict=step.verdict,
        )
        for field, (old, new) in rows.items()
    )
    note(write, actor, action, object_name)
    write.changed(Topic.AUDIT, actor.vault_id)


def deleted_values(row: SQLModel) -> dict[str, tuple[Any, None]]:
    """All values of a row that is to be deleted, as `changes` of its audit; nothing of what is sealed is told."""
    return {
        field: (HIDDEN if field.startswith("sealed_") else value, None)
        for field, value in row.model_dump().items()
        if value is not None and field not in _NO_VALUES
    }


def _text(value: Any) -> str | None:
    match value:
        case None:
            return None
        case Enum():
            return str(value.value)
        case datetime():
            return iso(value)
        case date():
            return value.isoformat()
        case bool() | dict() | list() | tuple():
            return orjson.dumps(value).decode()
        case _:
            return str(value)
