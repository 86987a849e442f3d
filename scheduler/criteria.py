"""Criteria of an outbound integration point: which of the changed records it sends.

They are kept as a field's value by field, and asked as the VQL that they stand for (integration facts, section 6), so
that a source is chosen from and called back by the same language.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Table
from sqlmodel import Session

from models.data_model import ObjectModel, cleaner_for
from models.errors import NotPossible
from models.tables import FieldType, Record, table_of
from models.versions import STATE, STATETYPE
from models.vql import VqlError, conditions_of
from models.vql.schema import AttributeType, Catalog
from models.vql.tree import Comparison, Expr, Joiner, Literal, Operand, Operator, StateLiteral, States, join
from scheduler.behaviour import Sending, narrowing
from scheduler.documents import VERSIONS

_records = table_of(Record)

_REMEDY = "Correct the criteria of the integration point."
_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)
"""No criterion of this kind is reckoned from the clock."""


def sent_by(
    session: Session, connection_id: int, feature: str, model: ObjectModel, source: Row[Any]
) -> list[ColumnElement[bool]]:
    """What a record, or a version of a document, must be like to be sent: the criteria and the point's behaviours.

    `source` is a row with a point source's `criteria` and its point's `behaviours`. Raises ConsoleError.
    """
    table = VERSIONS if model.is_document else _records
    sending = Sending(model.vault_id, connection_id, feature, model, table, source.criteria)
    return [
        *conditions(session, model, source.criteria, table),
        *narrowing(session, source.behaviours, sending),
    ]


def conditions(
    session: Session, model: ObjectModel, criteria: Mapping[str, Any], table: Table = _records
) -> Iterator[ColumnElement[bool]]:
    """Conditions on a table of records or versions, one for each field of `criteria`: a row holds that value.

    A field may be one across an object reference (`study__vr.name__v`); an empty value asks for an empty field, and of
    a list of values a row must hold one. `STATETYPE()` stands for the type of the lifecycle state. Raises NotPossible
    for a field that the object no longer has and for a value that the field cannot hold.
    """
    catalog = Catalog(session, model.vault_id, _ANY_TIME)
    catalog.add(model)
    for path, wanted in criteria.items():
        values = wanted if isinstance(wanted, list | tuple) else [wanted]
        try:
            expr = join(Joiner.OR, [_comparison(catalog, model, path, value) for value in values])
            yield conditions_of(session, model, expr, now=_ANY_TIME, table=table)
        except (VqlError, ValueError) as problem:
            words = problem.message if isinstance(problem, VqlError) else str(problem)
            raise NotPossible(f"Criteria {path} of {model.label}: {words.rstrip('.')}.", _REMEDY) from problem


def _comparison(catalog: Catalog, model: ObjectModel, path: str, value: Any) -> Expr:
    if path == STATETYPE:
        return Comparison(Operand((STATE,)), Operator.EQUAL, StateLiteral(States.OF_TYPE, str(value)))
    operand = Operand(tuple(path.split(".")))
    if value is None or value == "":
        return Comparison(operand, Operator.EQUAL, Literal(None))
    kind = catalog.resolve(model, operand).attribute.type
    return Comparison(operand, Operator.EQUAL, Literal(_written(model, kind, operand.path[-1], value)))


def _written(model: ObjectModel, kind: AttributeType, name: str, value: Any) -> Any:
    """A value, typed or as text, as VQL writes it for the field. Raises ValueError for what is none of its kind."""
    match kind:
        case AttributeType.NUMBER:
            return cleaner_for(FieldType.NUMBER)(value)
        case AttributeType.YES_NO:
            return cleaner_for(FieldType.YES_NO)(value)
        case AttributeType.DATETIME:
            return cleaner_for(FieldType.DATETIME)(value)
        case _:
            return str(model.cleaners[name](value) if name == "status__v" else value)
