"""Vaults to be connected, and the steps by which administrators connect them."""

from dataclasses import dataclass, field

import pytest

from models.permissions import Actor
from models.services.connection_files import DownloadedFile, connect_from_file, download_connection_file
from models.services.connection_pairing import reset_connection
from models.services.connection_workflow import complete_task
from models.store import Store
from models.tables import Connection, ConnectionState, Vault, table_of
from tests.builders import key, make_certificate, make_connection, make_vault, user
from tests.cli.conftest import call as call
from tests.cli.conftest import own_folders as own_folders
from tests.conftest import ManualClock
from tests.stores import made_once

SOURCE, TARGET, THIRD = 1001, 1002, 1003
connections = table_of(Connection)


@dataclass
class Desk:
    """Administrators of several Vaults at work."""

    store: Store
    clock: ManualClock
    downloads: list[DownloadedFile] = field(default_factory=list)

    def admin(self, vault_id: int) -> Actor:
        with self.store.read() as session:
            domain = session.get_one(Vault, vault_id).domain
        return user(self.store, vault_id, f"admin@{domain}")

    def connection(self, vault_id: int, api_name: str = "lab_connection__c", **more: object) -> int:
        with self.store.write() as write:
            return key(make_connection(write, vault_id, api_name, **more))

    def row(self, connection_id: int) -> Connection:
        with self.store.read() as session:
            return session.get_one(Connection, connection_id)

    def find(self, vault_id: int, api_name: str = "lab_connection__c") -> Connection:
        with self.store.read() as session:
            statement = connections.select().where(
                connections.c.vault_id == vault_id, connections.c.api_name == api_name
            )
            return session.get_one(Connection, session.execute(statement).one().id)

    def states(self, *connection_ids: int) -> list[ConnectionState]:
        return [self.row(connection_id).state for connection_id in connection_ids]

    def download(self, connection_id: int, actor: Actor | None = None) -> bytes:
        actor = actor or self.admin(self.row(connection_id).vault_id)
        with self.store.write() as write:
            file = download_connection_file(write, actor, self.store.secrets, connection_id)
        self.downloads.append(file)
        return file.data

    def connect(self, vault_id: int, data: bytes, actor: Actor | None = None) -> int:
        with self.store.write() as write:
            return key(connect_from_file(write, actor or self.admin(vault_id), data))

    def complete(self, connection_id: int, *, approve: bool = True) -> ConnectionState:
        with self.store.write() as write:
            return complete_task(write, self.admin(self.row(connection_id).vault_id), connection_id, approve=approve)

    def reset(self, connection_id: int) -> None:
        with self.store.write() as write:
            reset_connection(write, self.admin(self.row(connection_id).vault_id), connection_id)

    def pair(self, source: int = SOURCE, target: int = TARGET) -> tuple[int, int]:
        """Two Vaults connected by a file that names the target."""
        ours = self.connection(source, remote_vault_id=target)
        return ours, self.connect(target, self.download(ours))


@made_once
def build(store: Store) -> None:
    with store.write() as write:
        make_certificate(store, write)
        for vault_id, name in ((SOURCE, "Source"), (TARGET, "Target"), (THIRD, "Third")):
            make_vault(write, vault_id, name)


@pytest.fixture
def desk(store: Store, clock: ManualClock) -> Desk:
    build(store)
    return Desk(store, clock)
