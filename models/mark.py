"""How a store is told from any other database, and an old one from a new one, before anything is written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from importlib import metadata

from sqlalchemy import Connection, insert, inspect, select, update
from sqlmodel import SQLModel

from models.migrations import VERSION_TABLE
from models.refusals import Trouble, refuse
from models.tables import StoreInfo, table_of

PROGRAM = "vault-connections-console"
PROGRAM_NUMBER = 0x56436F6E
"""The program's mark in the head of a SQLite file ("VCon")."""
FORMAT = "1"
"""Changes only when a store is laid out so differently that its revision cannot be read the usual way."""

_info = table_of(StoreInfo)


class Age(Enum):
    """What is to be done with a database that may be opened."""

    NEW = "to be filled"
    OLDER = "to be migrated"
    CURRENT = "to be used"


@dataclass(frozen=True, slots=True)
class Glance:
    """What a look at a database told. `ours` is whether it carries the program's mark."""

    ours: bool = False
    tables: frozenset[str] = frozenset()
    revisions: tuple[str, ...] = ()
    info: Mapping[str, str] = field(default_factory=dict)


def look_through(connection: Connection) -> Glance:
    """Look at a database through an open connection, whatever its kind."""
    tables = frozenset(inspect(connection).get_table_names())
    info: dict[str, str] = {}
    revisions: list[str] = []
    if _info.name in tables:
        info = {row.key: row.value for row in connection.execute(select(_info.c.key, _info.c.value))}
    if VERSION_TABLE.name in tables:
        # Two programs that migrate at once: the second waits here, and then finds nothing left to do.
        revisions = list(connection.execute(select(VERSION_TABLE.c.version_num).with_for_update()).scalars())
    return Glance(info.get("program") == PROGRAM, tables, tuple(revisions), info)


def judge(glance: Glance, known: tuple[str, ...], where: str) -> Age:
    """Say what is to be done with a database, by what it tells and the revisions this program knows, oldest first.

    Raises StoreRefused for a database that is not ours, newer than this program, or incomplete.
    """
    if not glance.tables:
        return Age.NEW
    if not glance.ours:
        raise refuse(Trouble.NOT_OURS, where)
    if glance.info.get("program") != PROGRAM:
        raise refuse(Trouble.DAMAGED, where, "its mark is missing")
    if glance.info.get("format") != FORMAT:
        raise refuse(Trouble.NEWER, where, f"format {glance.info.get('format')}; this one knows {FORMAT}")
    if len(glance.revisions) != 1:
        raise refuse(Trouble.DAMAGED, where, "its revision is missing")
    revision = glance.revisions[0]
    if revision not in known:
        by = glance.info.get("written_by", "")
        detail = f"revision {revision}{', by version ' + by if by else ''}; this one knows up to {known[-1]}"
        raise refuse(Trouble.NEWER, where, detail)
    if revision != known[-1]:
        return Age.OLDER
    missing = sorted(SQLModel.metadata.tables.keys() - glance.tables)
    if missing:
        raise refuse(Trouble.DAMAGED, where, f"the table {missing[0]} is missing")
    return Age.CURRENT


def put_mark(connection: Connection) -> None:
    """Mark a new database as a store of this program."""
    facts = {"program": PROGRAM, "format": FORMAT, "written_by": _version()}
    connection.execute(insert(_info), [{"key": key, "value": value} for key, value in facts.items()])


def renew_mark(connection: Connection) -> None:
    """Note which version of the program brought a store up to date."""
    connection.execute(update(_info).where(_info.c.key == "written_by").values(value=_version()))


def _version() -> str:
    try:
        return metadata.version(PROGRAM)
    except metadata.PackageNotFoundError:
        return ""
