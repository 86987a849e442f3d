"""How many records wait for a reference lookup to get a key: those whose open exception items say that it lacks it.

Misses count attempts, and a record that waits is tried again in each receive run; this counts records.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from sqlalchemy import func, select
from sqlmodel import Session

from models.data_model import DOCUMENTS
from models.queries.window import fetch
from models.rules.compiled import missing_key
from models.sets import one_of
from models.tables import ExceptionItem, FieldRule, IntegrationRule, ItemStatus, ReferenceLookup, table_of

_items = table_of(ExceptionItem).c
_rules = table_of(IntegrationRule).c
_fields = table_of(FieldRule).c
_lookups = table_of(ReferenceLookup).c


def waiting_records(session: Session, lookup_id: int, keys: Iterable[str]) -> Mapping[str, int]:
    """How many source records cannot be applied now because a lookup lacks these source keys, by key."""
    name = session.execute(select(_lookups.name).where(_lookups.id == lookup_id)).scalar_one_or_none()
    by_problem = {missing_key(name or "", key): key for key in keys}
    waiting: dict[str, set[tuple[int, str]]] = defaultdict(set)
    if by_problem:
        target_object = func.coalesce(func.nullif(_fields.target_object, ""), DOCUMENTS)
        target_field = func.coalesce(_fields.target_docfield, _fields.target_field)
        uses = (
            select(_rules.point_id, target_object, target_field)
            .join(table_of(FieldRule), _fields.rule_id == _rules.id)
            .where(_fields.reference_lookup_id == lookup_id)
            .distinct()
        )
        for point_id, object_name, field_name in fetch(session, uses):
            problem = _items.fields[field_name].as_string()
            items = select(problem, _items.item).where(
                _items.point_id == point_id,
                _items.status == ItemStatus.OPEN,
                _items.target_object == object_name,
                one_of(problem, list(by_problem)),
            )
            for text, item in fetch(session, items):
                waiting[by_problem[text]].add((point_id, item))
    return {key: len(items) for key, items in waiting.items()}
