"""The fields that every record of every object has, and the columns that hold them."""

from sqlalchemy import ColumnElement

from models.tables import Record, table_of

_columns = table_of(Record).c

SYSTEM_COLUMNS: dict[str, str] = {
    "id": "record_id",
    "name__v": "name",
    "global_id__sys": "global_id",
    "link__sys": "link",
    "status__v": "status",
    "state__v": "state",
    "created_by__v": "created_by",
    "created_date__v": "created_at",
    "modified_by__v": "modified_by",
    "modified_date__v": "modified_at",
}
"""API name of a system field -> name of its column in the record table."""

WRITABLE = ("name__v", "link__sys", "status__v", "state__v")
"""The system fields that a person or a field rule may write."""

LABELS: dict[str, str] = {
    "id": "ID",
    "name__v": "Name",
    "global_id__sys": "Global ID",
    "link__sys": "Link",
    "status__v": "Status",
    "state__v": "Lifecycle State",
    "created_by__v": "Created By",
    "created_date__v": "Created Date",
    "modified_by__v": "Last Modified By",
    "modified_date__v": "Last Modified Date",
}


def system_column(name: str) -> ColumnElement[object]:
    """The column that holds a system field. Raises KeyError for a field that is none."""
    return _columns[SYSTEM_COLUMNS[name]]
