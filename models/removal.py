"""Removing rows with everything that hangs under them, whichever tables come to refer to them later."""

from sqlalchemy import ColumnElement, Table, delete, select, update
from sqlmodel import SQLModel

from models.store import WriteSession


def remove_rows(write: WriteSession, table: Table, condition: ColumnElement[bool]) -> None:
    """Delete the rows of a table that meet the condition, and first what refers to them.

    A row that must refer to a removed one is removed with it; one that may stand without it stays, and its reference
    is emptied. Takes a table with one primary key column. Rows in the session that are gone must not be used any more.
    """
    write.flush()
    _remove(write, table, condition, frozenset())
    write.expire_all()


def _remove(write: WriteSession, table: Table, condition: ColumnElement[bool], above: frozenset[str]) -> None:
    above |= {table.name}
    keys = list(table.primary_key.columns)
    if len(keys) == 1:
        doomed = select(keys[0]).where(condition)
        for child in SQLModel.metadata.sorted_tables[::-1]:
            for reference in child.foreign_keys:
                if reference.column is not keys[0]:
                    continue
                refers = reference.parent.in_(doomed)
                if reference.parent.nullable and reference.ondelete != "CASCADE":
                    write.execute(update(child).where(refers).values({reference.parent.name: None}))
                elif child.name not in above:
                    _remove(write, child, refers, above)
    write.execute(delete(table).where(condition))
