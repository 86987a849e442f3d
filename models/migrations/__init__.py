"""The steps by which a store's tables came to be what they are, run by Alembic when an older store is opened.

A revision is a file in `versions`, named by its number; there is one line of them, without branches. On SQLite a step
that does more than add tables, columns and indexes uses `op.batch_alter_table`, which makes the table anew: hand it
the table's CHECK constraints (`table_args`), because it does not find them by itself. Foreign keys are off while the
steps run and are checked at their end. A new store is made from the tables as they are; a test holds both ways to
the same result.
"""

import threading
from pathlib import Path

from sqlalchemy import Column, Connection, MetaData, PrimaryKeyConstraint, String, Table, insert

SCRIPTS = Path(__file__).resolve().parent

VERSION_TABLE = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
"""Where Alembic keeps a store's revision. Not among the store's own tables: Alembic makes it when it is missing."""

_one_at_a_time = threading.Lock()


def revisions(scripts: Path = SCRIPTS) -> tuple[str, ...]:
    """Answer all revisions this program knows, oldest first, without loading Alembic (which takes 0.3 s)."""
    return tuple(sorted(path.name.partition("_")[0] for path in (scripts / "versions").glob("[0-9]*_*.py")))


def stamp(connection: Connection, revision: str) -> None:
    """Note the revision of a store that was made from the tables as they are."""
    VERSION_TABLE.create(connection)
    connection.execute(insert(VERSION_TABLE), {"version_num": revision})


def upgrade(connection: Connection, scripts: Path = SCRIPTS) -> None:
    """Run all steps that a store lacks, within the connection's transaction; the caller commits."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.attributes["connection"] = connection
    # Alembic keeps the migration under way in a global.
    with _one_at_a_time:
        command.upgrade(config, "head")
