"""The audit trail of a Vault, the newest row first."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from models.queries.window import Listing, matches
from models.tables import AuditRow, table_of

_c = table_of(AuditRow).c


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One audited change; `on_behalf_of` names the person for whom the platform acted in this Vault."""

    key: int
    at: datetime
    user: str
    on_behalf_of: str
    action: str
    object_name: str
    item: str
    record_id: str
    field_name: str
    old_value: str | None
    new_value: str | None


def listing(
    vault_id: int,
    *,
    text: str = "",
    user: str = "",
    action: str = "",
    object_name: str = "",
    record_id: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
) -> Listing[AuditLine]:
    """The audit rows of a Vault that meet all filters; `text` looks in item, field and values."""
    keys = select(_c.id).where(_c.vault_id == vault_id)
    if text:
        keys = keys.where(matches(text, _c.item, _c.field_name, _c.old_value, _c.new_value))
    if user:
        keys = keys.where(matches(user, _c.user_name, _c.on_behalf_of))
    if action:
        keys = keys.where(matches(action, _c.action))
    if object_name:
        keys = keys.where(_c.object_name == object_name)
    if record_id:
        keys = keys.where(_c.record_id == record_id)
    if since is not None:
        keys = keys.where(_c.at >= since)
    if until is not None:
        keys = keys.where(_c.at < until)
    rows = select(
        _c.id,
        _c.at,
        _c.user_name,
        _c.on_behalf_of,
        _c.action,
        _c.object_name,
        _c.item,
        _c.record_id,
        _c.field_name,
        _c.old_value,
        _c.new_value,
    ).where(_c.vault_id == vault_id)
    return Listing(_c.id, keys, rows, lambda row: AuditLine(*row), descending=True)
