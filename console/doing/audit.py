"""The audit trail as its area filters it: every word may stand in any column, who and what included."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from models.queries.audit import AuditLine
    from models.queries.window import Listing


def listing(vault_id: int, text: str) -> Listing[AuditLine]:
    """The audit rows of a Vault that hold every word of `text`, the newest first."""
    from models.queries.audit import listing as every
    from models.queries.window import matches
    from models.tables import AuditRow, table_of

    found = every(vault_id)
    if not text:
        return found
    columns = table_of(AuditRow).c
    words = matches(
        text,
        columns.user_name,
        columns.on_behalf_of,
        columns.action,
        columns.object_name,
        columns.item,
        columns.record_id,
        columns.field_name,
        columns.old_value,
        columns.new_value,
    )
    return replace(found, keys=found.keys.where(words))
