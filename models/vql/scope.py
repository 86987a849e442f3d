"""Where the fields of a query are found in the database: system fields in columns, an object's own in JSON.

Nothing here is loaded: fields become SQL expressions over one row of the record table, or of the document version
table, which has the same columns.
"""

from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, String, Table, and_, select, type_coerce

from models.data_model import ObjectModel
from models.system_fields import SYSTEM_COLUMNS
from models.tables import DocumentVersion, Record, table_of
from models.versions import MAJOR, MINOR, VERSION_ID
from models.vql.errors import invalid
from models.vql.portable import flag_in, number_in, text_in
from models.vql.schema import Attribute, AttributeType, Catalog, Hop, Resolved
from models.vql.tree import Operand, Versions

RECORDS = table_of(Record)
VERSIONS = table_of(DocumentVersion)


def table_for(model: ObjectModel, versions: Versions | None, at: int | None = None) -> Table:
    """The table that holds what a query asks for. Raises VqlError for versions of what has none."""
    if versions is not None and not model.is_document:
        raise invalid(f"[{versions.value}] is for documents; [{model.name}] has no versions", at, "Leave the word out.")
    return VERSIONS if versions is Versions.ALL else RECORDS


class Scope:
    """The fields of one object as SQL, over one table's columns.

    A `joined` scope reaches related records by joins, which `from_clause` holds; any other by a subquery in place of
    each field, so that a condition stands alone and fits any statement on the table.
    """

    def __init__(self, catalog: Catalog, model: ObjectModel, table: FromClause, *, joined: bool) -> None:
        self.catalog = catalog
        self.model = model
        self.table = table
        self.joined = joined
        self._joins: dict[tuple[str, ...], FromClause] = {}
        self._from = table

    @property
    def from_clause(self) -> FromClause:
        """The table with the joins that its fields have asked for so far."""
        return self._from

    def resolve(self, operand: Operand) -> Resolved:
        """The field that an operand names. Raises VqlError."""
        return self.catalog.resolve(self.model, operand)

    def element(self, resolved: Resolved) -> ColumnElement[Any]:
        """The field's value as SQL, typed as it is compared."""
        if not resolved.hops:
            return element_of(resolved.attribute, self.table)
        if self.joined:
            return element_of(resolved.attribute, self._join(resolved.hops))
        return self._alone(resolved)

    def _join(self, hops: tuple[Hop, ...]) -> FromClause:
        names = tuple(hop.name for hop in hops)
        found = self._joins.get(names)
        if found is None:
            before = self._join(hops[:-1]) if len(hops) > 1 else self.table
            found = self.catalog.alias(RECORDS)
            self._from = self._from.outerjoin(found, self._refers(before, hops[-1], found))
            self._joins[names] = found
        return found

    def _alone(self, resolved: Resolved) -> ColumnElement[Any]:
        first = self.catalog.alias(RECORDS)
        chain: FromClause = first
        last = first
        for hop in resolved.hops[1:]:
            following = self.catalog.alias(RECORDS)
            chain = chain.join(following, self._refers(last, hop, following))
            last = following
        statement: Select[Any] = (
            select(element_of(resolved.attribute, last))
            .select_from(chain)
            .where(self._refers(self.table, resolved.hops[0], first))
            .correlate(self.table)
        )
        return statement.scalar_subquery()

    def _refers(self, referring: FromClause, hop: Hop, target: FromClause) -> ColumnElement[bool]:
        return and_(
            target.c.vault_id == self.catalog.vault_id,
            target.c.record_id == text_in(referring.c.data, hop.field.name),
        )


def element_of(attribute: Attribute, table: FromClause) -> ColumnElement[Any]:
    """A field's value as SQL over a table's columns."""
    columns = table.c
    if attribute.own:
        match attribute.type:
            case AttributeType.NUMBER:
                return number_in(columns.data, attribute.name)
            case AttributeType.YES_NO:
                return flag_in(columns.data, attribute.name)
            case _:
                return text_in(columns.data, attribute.name)
    if attribute.name == VERSION_ID:
        if VERSION_ID in columns:
            return columns[VERSION_ID]
        return _version_id(columns)
    column: ColumnElement[Any] = columns[SYSTEM_COLUMNS[attribute.name]]
    # An enum column would refuse to be compared with what is none of its values.
    return type_coerce(column, String()) if attribute.name == "status__v" else column


def _version_id(columns: Any) -> ColumnElement[Any]:
    major, minor = (text_in(columns.data, name) for name in (MAJOR, MINOR))
    named: ColumnElement[Any] = columns.record_id + "_" + major + "_" + minor
    return named
