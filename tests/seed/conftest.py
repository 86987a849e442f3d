"""Fixtures: the demo, built once and copied for each test; and ways to look into a store."""

import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import SQLModel

from models.opening import key_path, open_store
from models.store import Store
from models.tables import Lab, Record, Vault, VaultObject, table_of
from scheduler.signing import IssuedCertificate, issue_certificate
from seed.demo import build_demo
from seed.load import SCENARIOS, read_scenario
from seed.schema import Scenario
from tests.conftest import ManualClock

Opener = Callable[[], Store]


def no_key(certificate_id: str, start: datetime, end: datetime) -> IssuedCertificate:
    """A certificate without a real key: quick, and always the same."""
    return IssuedCertificate(certificate_id, "a certificate", b"a private key", start, end)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a demo with a real certificate; copy it, never open it."""
    path = tmp_path_factory.mktemp("demo") / "demo.sqlite3"
    store = open_store(path, clock=ManualClock())
    build_demo(store, issue=issue_certificate)
    store.close()
    return path


def open_copy(source: Path, path: Path) -> Store:
    """Open a copy of a closed store; its clock stands at the store's last write."""
    shutil.copy(source, path)
    shutil.copy(key_path(source), key_path(path))
    clock = ManualClock()
    store = open_store(path, clock=clock)
    with store.read() as session:
        clock.moment = session.execute(select(table_of(Lab).c.last_tick)).scalar_one()
    return store


@pytest.fixture
def copy_of_demo(template: Path, tmp_path: Path) -> Iterator[Opener]:
    """Opens copies of the demo; their clocks stand at the start of the lab."""
    opened: list[Store] = []

    def copy() -> Store:
        opened.append(open_copy(template, tmp_path / f"demo{len(opened)}.sqlite3"))
        return opened[-1]

    yield copy
    for store in opened:
        store.close()


@pytest.fixture
def demo(copy_of_demo: Opener) -> Store:
    return copy_of_demo()


def scenario_of_demo() -> Scenario:
    """What the demo's files say."""
    return read_scenario(SCENARIOS / "demo")[0]


def everything(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables."""
    with store.read() as session:
        return {
            table.name: [tuple(row) for row in session.execute(select(table).order_by(*table.primary_key))]
            for table in SQLModel.metadata.sorted_tables
        }


def records_of(store: Store, vault: str, object_name: str) -> list[dict[str, Any]]:
    """The records of an object of the Vault of that name: id, name, global id, link, state and all fields."""
    records, objects, vaults = table_of(Record), table_of(VaultObject), table_of(Vault)
    statement = (
        select(records)
        .join(objects, objects.c.id == records.c.object_id)
        .join(vaults, vaults.c.id == objects.c.vault_id)
        .where(vaults.c.name == vault, objects.c.name == object_name)
        .order_by(records.c.id)
    )
    with store.read() as session:
        return [
            {
                "id": row.record_id,
                "name__v": row.name,
                "global_id__sys": row.global_id,
                "link__sys": row.link,
                "state__v": row.state,
                **row.data,
            }
            for row in session.execute(statement)
        ]
