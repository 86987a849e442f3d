"""Writes the first revision from the tables as they are: `python -m tests.store.regenerate`.

Only while no version has been released. After a release the first revision stays as it is, and a change of the
tables is a revision of its own.
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Literal

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.autogenerate.api import AutogenContext
from alembic.migration import MigrationContext
from alembic.operations.ops import UpgradeOps
from sqlalchemy import JSON, Enum, String, create_engine
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString

import models.tables  # noqa: F401  (registers the tables)
from models.migrations import SCRIPTS
from models.tables.base import hand_conditions_to_postgresql
from models.time import UtcTime

FIRST = SCRIPTS / "versions" / "0001_first_tables.py"

HEAD = '''"""The tables of the first release."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
'''


def render(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Write types without the program's own classes, which may change after the release."""
    if kind != "type":
        return False
    if isinstance(item, UtcTime):
        return 'sa.DateTime(timezone=True).with_variant(sa.String(24), "sqlite")'
    if isinstance(item, Enum):
        values = ", ".join(repr(value) for value in item.enums)
        return f"sa.Enum({values}, native_enum=False, create_constraint=True, length={item.length}, name={item.name!r})"
    if isinstance(item, JSON):
        return "sa.JSON()"
    if isinstance(item, String | AutoString):
        return f"sa.String({item.length or ''})"
    return False


def script() -> str:
    """Answer the first revision as text."""
    hand_conditions_to_postgresql(SQLModel.metadata)
    with create_engine("sqlite://").connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"target_metadata": SQLModel.metadata, "render_item": render}
        )
        upgrades = produce_migrations(context, SQLModel.metadata).upgrade_ops
        assert isinstance(upgrades, UpgradeOps)
        body = render_python_code(upgrades, render_item=render, migration_context=context)
    lines = [line for line in body.splitlines() if not line.strip().startswith("#")]
    return formatted(HEAD + "\n".join("    " + line if line else line for line in lines) + "\n")


def formatted(text: str) -> str:
    """Answer the text as `ruff format` has it."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "script.py"
        file.write_text(text, encoding="utf-8")
        config = SCRIPTS.parent.parent / "pyproject.toml"
        subprocess.run([sys.executable, "-m", "ruff", "format", "--quiet", "--config", config, file], check=True)
        return file.read_text(encoding="utf-8")


if __name__ == "__main__":
    FIRST.write_text(script(), encoding="utf-8")
