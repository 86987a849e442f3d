"""Labs of standard connections: built once per connection and process, and what users do and find in them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

import pytest
from sqlalchemy import select, update

from models.permissions import Actor, actor_for
from models.services.connection_editing import duplicate_connection
from models.services.connections import establish
from models.services.documents import change_state, create_document, edit_document, new_version
from models.services.integrations import set_integration_active, set_last_successful_run_time
from models.services.records import change_record, create_record, delete_record
from models.services.user_actions import perform_action
from models.store import Store, WriteSession
from models.tables import (
    Connection,
    ExceptionItem,
    ExceptionMessage,
    Integration,
    ItemStatus,
    MessageState,
    Record,
    SparkMessage,
    Vault,
    VaultObject,
    table_of,
)
from scheduler import deliver, receive, send
from scheduler.runs import RunResult
from scheduler.scope import Scope
from scheduler.signing import issue_certificate
from seed.building import build_scenario
from seed.catalogue.assemble import State, assemble
from seed.catalogue.load import Catalogue, catalogue
from seed.scenario import Builder
from tests.conftest import ManualClock
from tests.stores import made_once

Row = dict[str, Any]
_connections, _integrations = table_of(Connection), table_of(Integration)
DOCUMENTS = "documents"
_records, _objects, _vaults = table_of(Record), table_of(VaultObject), table_of(Vault)


@made_once
def build_connections(store: Store, keys: tuple[str, ...], state: State = State.RUNNING) -> None:
    """Build these connections in a store."""
    build_scenario(store, assemble(catalogue(), keys, state), issue=issue_certificate)


@dataclass
class CatalogueLab:
    """A store with standard connections, at work. Everything is done as each Vault's administrator."""

    store: Store
    vaults: Mapping[str, int]
    made: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Records that were made, by name: their Vault and id."""

    @classmethod
    def of(cls, store: Store, *keys: str, state: State = State.RUNNING) -> "CatalogueLab":
        """Build these connections in an empty store; its clock is moved to the lab's start."""
        build_connections(store, keys, state)
        return cls.at_work(store, *keys)

    @classmethod
    def at_work(cls, store: Store, *keys: str, files: Catalogue | None = None) -> "CatalogueLab":
        """A lab of these connections that was built in this store."""
        vaults = {vault.key: vault.id for vault in assemble(files or catalogue(), keys).vaults}
        starts = catalogue().vaults_file.content.lab.starts
        clock = cast("ManualClock", store.clock)
        clock.moment = max(clock.moment, starts) + timedelta(minutes=1)
        return cls(store, vaults)

    def another(self, role: str, name: str, key: str, *, vault_id: int) -> None:
        """Make a further Vault like that of a role, with its own record of a connection, at work.

        The partner's record is duplicated for it, as an administrator does for a further organisation (seed S1).
        """
        scenario = assemble(catalogue(), [key])
        (model,) = [vault for vault in scenario.vaults if vault.key == role]
        (connection,) = scenario.connections
        (here,) = [side for side in connection.sides if side.vault == role]
        (there,) = [side for side in connection.sides if side.vault != role]
        host = f"{name.replace('_', '-')}.vault.example"
        called = {"id": vault_id, "key": name, "name": f"{model.name} {name}", "dns_host": host}
        planned = model.model_copy(update=called)
        columns = _connections.c
        with self.store.write() as write:
            builder = Builder(write, scenario)
            builder.build_vault(planned)
            own = builder.build_side(connection, here, planned)
            actor = self.actor(write, there.vault)
            statement = select(columns.id).where(columns.vault_id == actor.vault_id, columns.api_name == there.api_name)
            original = int(write.execute(statement).scalar_one())
            copy = duplicate_connection(
                write, actor, original, name=f"{there.name} {name}", api_name=f"{name}__c".replace("-", "_")
            )
            establish(write, copy, own)
            wanted = select(_integrations.c.id).where(_integrations.c.connection_id == copy.id)
            for integration_id in list(write.execute(wanted).scalars()):
                set_integration_active(write, actor, integration_id, active=True)
        self.vaults = {**self.vaults, name: vault_id}

    def actor(self, write: WriteSession, vault: str) -> Actor:
        """The administrator of a Vault."""
        return actor_for(write, self.vaults[vault], f"admin@{catalogue().vaults_file.content.domain}")

    def create(self, vault: str, object_name: str, values: Mapping[str, Any], name: str = "") -> str:
        """Make a record or document; answers its id. It can be named for later values (`@name`)."""
        filled = self.filled(vault, values)
        self._tick()
        with self.store.write() as write:
            make = create_document if object_name == DOCUMENTS else None
            actor = self.actor(write, vault)
            made = make(write, actor, filled) if make else create_record(write, actor, object_name, filled)
        if name:
            self.made[name] = (vault, made)
        return made

    def live(self, vault: str, document_id: str, life: tuple[str, ...]) -> None:
        """Bring a document through drafts and lifecycle states; a record through states."""
        for step in life:
            self._tick()
            with self.store.write() as write:
                actor = self.actor(write, vault)
                if step == "draft":
                    new_version(write, actor, document_id)
                elif self.record(vault, document_id)["object"] == DOCUMENTS:
                    change_state(write, actor, document_id, step)
                else:
                    change_record(write, actor, document_id, {"state__v": step})

    def change(self, vault: str, record_id: str, values: Mapping[str, Any]) -> None:
        """Change fields of a record or document."""
        filled = self.filled(vault, values)
        is_document = self.record(vault, record_id)["object"] == DOCUMENTS
        self._tick()
        with self.store.write() as write:
            (edit_document if is_document else change_record)(write, self.actor(write, vault), record_id, filled)

    def act(self, vault: str, record_id: str, name: str) -> None:
        """Perform a user action of a record."""
        self._tick()
        with self.store.write() as write:
            assert perform_action(write, self.actor(write, vault), record_id, name)

    def delete(self, vault: str, record_id: str) -> None:
        """Delete a record or document."""
        self._tick()
        with self.store.write() as write:
            delete_record(write, self.actor(write, vault), record_id)

    def use(self, key: str, feature: str) -> None:
        """Switch a feature of a connection on, and what supersedes it off, on both sides."""
        connection = catalogue().connections[key]
        for other in connection.features:
            if feature in other.supersedes:
                self.switch(key, other.name, active=False)
        self.switch(key, feature, active=True)

    def switch(self, key: str, feature: str, *, active: bool) -> None:
        """Switch the integrations of a feature on or off in both Vaults, as their administrators do."""
        for side in catalogue().connections[key].sides:
            for planned in side.integrations:
                if planned.feature == feature:
                    self.switch_one(key, side.vault, planned.api_name, active=active)

    def switch_one(self, key: str, vault: str, api_name: str, *, active: bool) -> None:
        """Switch one integration of a Vault on or off, as its administrator does."""
        self._tick()
        with self.store.write() as write:
            found = self.integration(key, vault, api_name)
            set_integration_active(write, self.actor(write, vault), found, active)

    def configure(self, vault: str, **has: tuple[str, ...]) -> None:
        """Say which `applications` or local `features` a Vault has."""
        with self.store.write() as write:
            values = {name: list(names) for name, names in has.items()}
            write.execute(update(_vaults).where(_vaults.c.id == self.vaults[vault]).values(values))

    def send_again(self, key: str, vault: str, api_name: str) -> None:
        """Set Last Successful Run Time of an integration back to when the lab was configured."""
        with self.store.write() as write:
            moment = catalogue().vaults_file.content.lab.configured
            found = self.integration(key, vault, api_name)
            set_last_successful_run_time(write, self.actor(write, vault), found, moment)

    def integration(self, key: str, vault: str, api_name: str) -> int:
        """The id of an integration of a connection's side in a Vault."""
        side = catalogue().connections[key].side(vault)
        assert side is not None
        statement = (
            select(_integrations.c.id)
            .join(_connections, _connections.c.id == _integrations.c.connection_id)
            .where(
                _connections.c.vault_id == self.vaults[vault],
                _connections.c.api_name == side.api_name,
                _integrations.c.api_name == api_name,
            )
        )
        with self.store.read() as session:
            return int(session.execute(statement).scalar_one())

    def filled(self, vault: str, values: Mapping[str, Any]) -> Row:
        """Values with what begins with `@` looked up."""
        return {name: self._value(vault, value) for name, value in values.items()}

    def _value(self, vault: str, value: Any) -> Any:
        if not isinstance(value, str) or not value.startswith("@"):
            return value
        word = value[1:]
        if "/" in word:
            object_name, _, wanted = word.partition("/")
            rows = self.records(vault, object_name)
            return next(row["id"] for row in rows if wanted in (row["name__v"], row.get("code__sys")))
        name, _, path = word.partition(".")
        where, record_id = self.made[name]
        return self.record(where, record_id)[path] if path else record_id

    def run(self) -> None:
        """Run every job of every Vault until a whole round moves nothing."""
        for number in range(12):
            moved = self._stage(send.run_once)
            # Where nothing waits either, the other jobs have nothing to do.
            if number and not moved and self._nothing_waits():
                return
            moved += self._stage(deliver.run_once) + self._stage(receive.run_once)
            if not moved:
                return
        pytest.fail("the lab does not come to rest")

    def once(self) -> int:
        """Run each job of every Vault once; answers how much they have moved."""
        return sum(map(self._stage, (send.run_once, deliver.run_once, receive.run_once)))

    def _stage(self, stage: Callable[..., RunResult]) -> int:
        clock, moved = cast("ManualClock", self.store.clock), 0
        for vault_id in self.vaults.values():
            clock.advance(seconds=10)
            counts = stage(self.store, clock, Scope(vault_id)).counts
            moved += counts.sent + counts.delivered + counts.received + counts.created + counts.updated
        return moved

    def _nothing_waits(self) -> bool:
        messages, items = table_of(SparkMessage), table_of(ExceptionItem)
        waits = select(messages.c.id).where(messages.c.state == MessageState.QUEUED).limit(1)
        failed = select(items.c.id).where(items.c.status == ItemStatus.OPEN).limit(1)
        with self.store.read() as session:
            return session.execute(waits).first() is None and session.execute(failed).first() is None

    def records(self, vault: str, object_name: str) -> list[Row]:
        """The records of an object: system fields by API name, and all others."""
        return [row for row in self._rows(vault) if row["object"] == object_name]

    def record(self, vault: str, record_id: str) -> Row:
        """One record. Raises StopIteration when it is gone."""
        return next(row for row in self._rows(vault) if row["id"] == record_id)

    def linked(self, vault: str, object_name: str, global_id: str) -> list[Row]:
        """The records whose Link is a Global ID."""
        return [row for row in self.records(vault, object_name) if row["link__sys"] == global_id]

    def at(self, vault: str, row: Row, path: str) -> Any:
        """The value at a path of a record, which may walk references."""
        name, _, rest = path.partition(".")
        value = row.get(name)
        return value if not rest or value is None else self.at(vault, self.record(vault, value), rest)

    def troubles(self) -> list[str]:
        """All open exception items and active messages of all Vaults, in words."""
        items, messages = table_of(ExceptionItem), table_of(ExceptionMessage)
        with self.store.read() as session:
            rows = session.execute(select(items).where(items.c.status == ItemStatus.OPEN)).all()
            others = session.execute(select(messages).where(messages.c.active)).all()
        return [str(dict(row._mapping)) for row in (*rows, *others)]

    def _rows(self, vault: str) -> list[Row]:
        statement = (
            select(_records, _objects.c.name.label("object_name"))
            .join(_objects, _objects.c.id == _records.c.object_id)
            .where(_objects.c.vault_id == self.vaults[vault])
            .order_by(_records.c.id)
        )
        with self.store.read() as session:
            return [
                {
                    "object": row.object_name,
                    "id": row.record_id,
                    "name__v": row.name,
                    "global_id__sys": row.global_id,
                    "link__sys": row.link,
                    "status__v": row.status,
                    "state__v": row.state,
                    **row.data,
                }
                for row in session.execute(statement)
            ]

    def _tick(self) -> None:
        cast("ManualClock", self.store.clock).advance(seconds=1)
