"""The audit trail as its area filters it: what was typed above the list, and what its form asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from models.queries.audit import AuditFilter, AuditLine
    from models.queries.window import Listing

LABELS = {
    "user": "User",
    "action": "Action",
    "object_name": "Object",
    "item": "Item",
    "record_id": "Record ID",
    "since": "From",
    "until": "To",
}


def listing(vault_id: int, text: str, wanted: AuditFilter | None = None) -> Listing[AuditLine]:
    """The audit rows of a Vault that meet a filter and hold every word of `text` in any column, the newest first."""
    from models.queries.audit import EVERYTHING
    from models.queries.audit import listing as every

    return every(vault_id, replace(wanted or EVERYTHING, anywhere=text))


def in_words(values: Mapping[str, str]) -> str:
    """What a filter asks for, e.g. "user admin, from 2026-01-31"; empty when it asks nothing."""
    given = [(name, values.get(name, "").strip()) for name in LABELS]
    return ", ".join(f"{LABELS[name].lower()} {text}" for name, text in given if text)
