"""The audit trail: one row per creation or action, one per changed field (integration facts, section 7)."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import Enum
from typing import Any

import orjson

from models.feed import Topic
from models.permissions import Actor
from models.store import WriteSession
from models.tables import AuditRow
from models.time import iso

_ITEM_LENGTH = 255


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
) -> None:
    """Note what `actor` did, in the Vault he acts in, at the transaction's time.

    `action` is a word such as Create, Edit, Delete; `item` is what people call the thing; `changes` maps a field to its
    old and new value and makes one row per field. Without changes one row is written. `on_behalf_of` names the person
    for whom the platform acts in this Vault.
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
        )
        for field, (old, new) in rows.items()
    )
    write.changed(Topic.AUDIT, actor.vault_id)


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
