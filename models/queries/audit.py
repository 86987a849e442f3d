"""The audit trail of a Vault, the newest row first, and what it is filtered by."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session

from models.errors import InvalidInput
from models.queries.window import Listing, matches
from models.tables import AuditRow, table_of
from models.typed_times import read_moment

_c = table_of(AuditRow).c


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One audited change; `on_behalf_of` names the person for whom the platform acted in this Vault.

    `workflow`, `task` and `verdict` are empty unless a step of a workflow did it.
    """

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
    workflow: str
    task: str
    verdict: str


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What audit rows have to meet, all of it at once; an empty part asks nothing.

    `user` is who did it or on whose behalf; `text` may stand in item, field and values, `anywhere` in any column.
    Words may stand in any order. `object_name` and `record_id` are meant whole. From `since` on, before `until`.
    """

    user: str = ""
    action: str = ""
    object_name: str = ""
    item: str = ""
    record_id: str = ""
    text: str = ""
    anywhere: str = ""
    since: datetime | None = None
    until: datetime | None = None


EVERYTHING = AuditFilter()


def read_filter(values: Mapping[str, str], now: datetime) -> AuditFilter:
    """A filter from what a person typed, by its names; times as in `models.typed_times`, a day as `until` counts whole.

    `now` is the lab time. Raises InvalidInput, which names every bad time.
    """
    problems: dict[str, str] = {}
    typed = {field.name: values.get(field.name, "").strip() for field in fields(AuditFilter)}
    moments: dict[str, datetime | None] = {}
    for name in ("since", "until"):
        text = typed.pop(name)
        try:
            moments[name] = read_moment(text, now, whole_day=name == "until") if text else None
        except ValueError as problem:
            problems[name] = str(problem)
    since, until = moments.get("since"), moments.get("until")
    if since is not None and until is not None and until <= since:
        problems["until"] = "This is before the beginning."
    if problems:
        raise InvalidInput(problems)
    return AuditFilter(**typed, since=since, until=until)


def listing(vault_id: int, wanted: AuditFilter = EVERYTHING) -> Listing[AuditLine]:
    """The audit rows of a Vault that meet a filter."""
    keys = select(_c.id).where(_c.vault_id == vault_id)
    texts = (
        (wanted.user, (_c.user_name, _c.on_behalf_of)),
        (wanted.action, (_c.action,)),
        (wanted.item, (_c.item,)),
        (wanted.text, (_c.item, _c.field_name, _c.old_value, _c.new_value)),
        (wanted.anywhere, tuple(_c[name] for name in _ANYWHERE)),
    )
    for text, columns in texts:
        if text:
            keys = keys.where(matches(text, *columns))
    if wanted.object_name:
        keys = keys.where(_c.object_name == wanted.object_name)
    if wanted.record_id:
        keys = keys.where(_c.record_id == wanted.record_id)
    if wanted.since is not None:
        keys = keys.where(_c.at >= wanted.since)
    if wanted.until is not None:
        keys = keys.where(_c.at < wanted.until)
    rows = select(*(_c[name] for name in _COLUMNS)).where(_c.vault_id == vault_id)
    return Listing(_c.id, keys, rows, lambda row: AuditLine(*row), descending=True, dated=_c.at)


def objects_audited(session: Session, vault_id: int) -> tuple[str, ...]:
    """The names of all objects that the audit trail of a Vault tells of."""
    names = select(_c.object_name).where(_c.vault_id == vault_id).distinct().order_by(_c.object_name)
    return tuple(session.execute(names).scalars())


_COLUMNS = (
    "id",
    "at",
    "user_name",
    "on_behalf_of",
    "action",
    "object_name",
    "item",
    "record_id",
    "field_name",
    "old_value",
    "new_value",
    "workflow",
    "task",
    "verdict",
)
_ANYWHERE = _COLUMNS[2:]
