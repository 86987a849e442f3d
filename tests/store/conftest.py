"""What the tests of the store share: its place, what lies there byte for byte, and steps of a later version."""

import hashlib
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from models.migrations import SCRIPTS
from models.opening import open_store
from models.tables import ProfilePermission, SecurityProfile, Vault

ADD_COLUMN = """
with op.batch_alter_table("security_profile", recreate="always") as batch:
    batch.add_column(sa.Column("colour", sa.String(20), nullable=False, server_default="grey"))
"""
"""A step that makes a table anew which other tables refer to."""


def footprint(folder: Path) -> dict[str, str]:
    """Every file in a folder, with a digest of its bytes."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def execute(path: Path, *statements: str) -> list[tuple[object, ...]]:
    """Run statements on a closed store's file, as another program would; the last one's rows."""
    rows: list[tuple[object, ...]] = []
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            rows = connection.execute(statement).fetchall()
    return rows


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where a store is to lie, in a folder with nothing else in it."""
    folder = tmp_path / "place"
    folder.mkdir()
    return folder / "lab.sqlite3"


@pytest.fixture
def filled(place: Path) -> Path:
    """A closed store that holds a Vault, a security profile and its permissions."""
    store = open_store(place)
    with store.write() as write:
        write.add(
            Vault(id=1, name="Clinical", dns_host="clinical.example.com", domain="example.com", family="Clinical")
        )
        write.flush()
        profile = SecurityProfile(vault_id=1, name="Vault Owner")
        write.add(profile)
        write.flush()
        assert profile.id is not None
        write.add(ProfilePermission(profile_id=profile.id, permission="Application: Manage Connections"))
        write.add(ProfilePermission(profile_id=profile.id, permission="Admin: Spark Queues"))
    store.close()
    return place


@pytest.fixture
def later_version(tmp_path: Path) -> Callable[[str], Path]:
    """Makes the migrations of a later version of the program: those of today, and one more step."""

    def make(step: str = ADD_COLUMN) -> Path:
        scripts = tmp_path / "later_version"
        shutil.copytree(SCRIPTS, scripts, ignore=shutil.ignore_patterns("__pycache__"))
        body = "".join(f"    {line}\n" for line in step.strip().splitlines())
        (scripts / "versions" / "0002_later.py").write_text(
            "import os\nimport sqlalchemy as sa\nfrom alembic import op\n"
            f'revision = "0002"\ndown_revision = "0001"\n\ndef upgrade() -> None:\n{body}',
            encoding="utf-8",
        )
        return scripts

    return make
