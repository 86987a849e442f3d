"""Random sequences of all connection actions in two and in three Vaults, against a small model of the state machine.

The model knows the table of the Spark facts, section 4, and nothing of the services. Every action is either refused in
both or done in both; after each one the store holds what the model holds, and no row hangs in the air.
"""

import shutil
import tempfile
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from models.errors import ConsoleError
from models.opening import open_store
from models.permissions import Actor, actor_for
from models.services.connection_deleting import delete_connection
from models.services.connection_editing import duplicate_connection, edit_connection
from models.services.connection_files import connect_from_file, download_connection_file, preview_file
from models.services.connection_pairing import reset_connection
from models.services.connection_workflow import complete_task
from models.services.connections import create_connection
from models.services.queue_connections import disconnect_queue
from models.services.queues import connect_queue, create_queue
from models.services.sandboxes import refresh_sandbox
from models.store import Store
from models.tables import (
    ApprovalTask,
    Connection,
    ConnectionClient,
    ConnectionState,
    ConnectionType,
    Direction,
    Queue,
    QueueConnection,
    table_of,
)
from tests.builders import ADMIN, key, make_certificate, make_vault
from tests.conftest import ManualClock

FIRST, SECOND, SANDBOX = 1001, 1002, 1003
VAULTS = (FIRST, SECOND, SANDBOX)
NAMES = ("one__c", "two__c")
SELDOM = st.integers(0, 3)
"""Actions that end most stories are only taken when this is 0."""
TYPES = (ConnectionType.EXTERNAL, ConnectionType.LOCAL)
V2V = ConnectionType.VAULT_TO_VAULT
URLS = {True: "https://${Custom.host}/in", False: "https://example.com/in"}
"""The URL of an External connection, by whether it holds a token."""
PENDING, APPROVED, ACTIVE = ConnectionState.PENDING, ConnectionState.APPROVED, ConnectionState.ACTIVE
INACTIVE = ConnectionState.INACTIVE
DISCONNECTED = ConnectionState.DISCONNECTED

connections, tasks = table_of(Connection), table_of(ApprovalTask)
clients, served = table_of(ConnectionClient), table_of(QueueConnection)


class Refused(Exception):
    """The model does not allow the action."""


@dataclass
class Side:
    vault: int
    name: str
    remote: int | None = None
    state: ConnectionState = PENDING
    partner: int | None = None
    queued: bool = False
    type: ConnectionType = V2V
    tokens: bool = False


@dataclass
class File:
    side: int
    remote: int | None
    expires: datetime
    good: bool = True


@dataclass
class Approval:
    source: int
    target: int
    approved: set[int] = field(default_factory=set)

    @property
    def sides(self) -> set[int]:
        return {self.source, self.target}


def need(condition: bool) -> None:
    if not condition:
        raise Refused


@dataclass
class Model:
    """What the vendor's table allows, by the id of each connection."""

    sides: dict[int, Side] = field(default_factory=dict)
    files: list[File] = field(default_factory=list)
    approvals: list[Approval] = field(default_factory=list)

    def named(self, vault: int, name: str) -> int | None:
        return next((one for one, side in self.sides.items() if (side.vault, side.name) == (vault, name)), None)

    def waits(self, one: int) -> bool:
        return any(one in approval.sides for approval in self.approvals)

    def withdraw(self, one: int) -> None:
        for file in self.files:
            file.good = file.good and file.side != one

    def may_create(self, vault: int, name: str, remote: int | None) -> None:
        need(self.named(vault, name) is None)
        need(remote != vault)

    def edit(self, one: int, remote: int | None) -> None:
        side = self.sides[one]
        need(remote is None or (remote != side.vault and side.type is V2V))
        if remote != side.remote:
            need(side.state in (PENDING, DISCONNECTED) and not self.waits(one))
            side.remote = remote
            self.withdraw(one)

    def rename(self, one: int, name: str) -> None:
        side = self.sides[one]
        need(self.named(side.vault, name) in (None, one))
        if name != side.name:
            side.name = name
            self.withdraw(one)

    def enter_url(self, one: int, *, tokens: bool) -> None:
        side = self.sides[one]
        need(side.type is ConnectionType.EXTERNAL)
        side.tokens = tokens
        side.state = ACTIVE

    def download(self, one: int, expires: datetime) -> None:
        need(self.sides[one].type is V2V)
        need(self.sides[one].state is PENDING and not self.waits(one))
        self.withdraw(one)
        self.files.append(File(one, self.sides[one].remote, expires))

    def target_of(self, file: File, vault: int, now: datetime) -> int | None:
        """Whom Connect from File would take in a Vault; None when it would create a record."""
        need(file.good and file.side in self.sides and now < file.expires)
        source = self.sides[file.side]
        need(source.vault != vault and file.remote in (None, vault))
        need(source.state is PENDING and not self.waits(file.side))
        need(source.vault != SANDBOX)
        partner = source.partner if source.partner and self.sides[source.partner].vault == vault else None
        target = partner or self.named(vault, source.name)
        if target is not None:
            side = self.sides[target]
            need(side.type is V2V)
            need(not self.waits(target))
            need(side.state is not PENDING or side.remote in (None, source.vault))
            need(side.state is not ACTIVE or side.partner == file.side)
        return target

    def connect(self, file: File, target: int) -> None:
        file.good = False
        self.withdraw(target)
        if file.remote is None:
            self.approvals.append(Approval(file.side, target))
        else:
            self.establish(file.side, target)

    def establish(self, one: int, two: int) -> None:
        for side, other in ((one, two), (two, one)):
            if self.sides[side].partner != other:
                self.part(side)
        for side, other in ((one, two), (two, one)):
            row = self.sides[side]
            row.state, row.partner, row.remote = ACTIVE, other, self.sides[other].vault
            self.withdraw(side)

    def part(self, one: int) -> None:
        partner = self.sides[one].partner
        self.sides[one].partner = None
        if partner is not None:
            left = self.sides[partner]
            left.partner = None
            left.state = DISCONNECTED if left.state is ACTIVE else left.state

    def complete(self, one: int, *, approve: bool) -> None:
        approval = next((each for each in self.approvals if one in each.sides - each.approved), None)
        need(approval is not None)
        assert approval is not None
        if not approve:
            self.approvals.remove(approval)
            for side in approval.sides:
                self.sides[side].state = PENDING
            return
        approval.approved.add(one)
        self.sides[one].state = APPROVED
        if approval.approved == approval.sides:
            self.approvals.remove(approval)
            self.establish(approval.source, approval.target)

    def cancel(self, one: int) -> None:
        for approval in [each for each in self.approvals if one in each.sides]:
            self.approvals.remove(approval)
            for side in approval.sides:
                if self.sides[side].state is APPROVED:
                    self.sides[side].state = PENDING

    def reset(self, one: int) -> None:
        side = self.sides[one]
        need(side.type is V2V)
        need(side.state in (ACTIVE, DISCONNECTED) and not self.waits(one))
        side.state, side.remote = PENDING, None
        self.withdraw(one)

    def delete(self, one: int) -> None:
        need(not self.sides[one].queued)
        self.cancel(one)
        self.part(one)
        del self.sides[one]

    def refresh(self, new: dict[str, int]) -> None:
        """The sandbox's records are replaced by copies of the parent's; `new` are their ids by name."""
        partners = {}
        for one in [each for each, side in self.sides.items() if side.vault == SANDBOX]:
            self.cancel(one)
            side = self.sides.pop(one)
            if side.partner is not None:
                partners[side.name] = side.partner
        for parent in [side for side in self.sides.values() if side.vault == FIRST]:
            copy = Side(SANDBOX, parent.name, queued=parent.queued, type=parent.type, tokens=parent.tokens)
            if copy.type is ConnectionType.LOCAL:
                copy.state = ACTIVE
            elif copy.type is ConnectionType.EXTERNAL:
                copy.state = parent.state if parent.tokens else INACTIVE
            self.sides[new[parent.name]] = copy
        for name, partner in partners.items():
            left = self.sides[partner]
            successor = self.sides[new[name]] if name in new else None
            left.partner = new[name] if successor is not None and successor.type is V2V else None
            if left.partner is None:
                left.state = DISCONNECTED if left.state is ACTIVE else left.state
            else:
                self.sides[left.partner].partner = partner


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with two production Vaults and a sandbox of the first one, each with an outbound queue."""
    folder = tmp_path_factory.mktemp("template")
    store = open_store(folder / "lab.sqlite3", clock=ManualClock())
    with store.write() as write:
        make_certificate(store, write)
        for vault in VAULTS:
            make_vault(write, vault, parent_id=FIRST if vault == SANDBOX else None)
            create_queue(write, Actor.system(vault), label="Lab", type=Direction.OUTBOUND)
    store.close()
    Connections.template = folder
    return folder


class Connections(RuleBasedStateMachine):
    """Administrators of three Vaults who do anything, in any order."""

    template: Path
    vaults: tuple[int, ...] = VAULTS
    files = Bundle("files")

    @initialize(kind=st.sampled_from((ConnectionType.EXTERNAL, V2V, ConnectionType.LOCAL)), tokens=st.booleans())
    def open(self, kind: ConnectionType, tokens: bool) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="lifecycle-"))
        shutil.copytree(self.template, self.folder, dirs_exist_ok=True)
        self.clock = ManualClock()
        self.store: Store = open_store(self.folder / "lab.sqlite3", clock=self.clock)
        with self.store.read() as session:
            self.actors = {vault: actor_for(session, vault, ADMIN) for vault in VAULTS}
        self.model = Model()
        for vault in VAULTS[:2]:
            self.create(vault, NAMES[0], None)
        if kind is not V2V:
            self.create_another_type(FIRST, "other__c", kind, tokens, 0)

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
            shutil.rmtree(self.folder)

    def pick(self, number: int) -> int | None:
        """One of the connections that are there, or None when there is none."""
        keys = sorted(self.model.sides)
        return keys[number % len(keys)] if keys else None

    def there(self, vault: int) -> int:
        """A Vault of this story."""
        return vault if vault in self.vaults else SECOND

    def actor(self, one: int) -> Actor:
        return self.actors[self.model.sides[one].vault]

    @rule(vault=st.sampled_from(VAULTS), name=st.sampled_from(NAMES), remote=st.sampled_from((None, *VAULTS)))
    def create(self, vault: int, name: str, remote: int | None) -> None:
        vault = self.there(vault)
        try:
            with self.store.write() as write:
                made = create_connection(
                    write,
                    self.actors[vault],
                    type=ConnectionType.VAULT_TO_VAULT,
                    name="Lab",
                    api_name=name,
                    remote_vault_id=remote,
                )
        except ConsoleError:
            with pytest.raises(Refused):
                self.model.may_create(vault, name, remote)
            return
        self.model.may_create(vault, name, remote)
        self.model.sides[key(made)] = Side(vault, name, remote)

    @rule(
        vault=st.sampled_from(VAULTS),
        name=st.sampled_from((*NAMES, "other__c", "other__c")),
        kind=st.sampled_from(TYPES),
        tokens=st.booleans(),
        seldom=SELDOM,
    )
    def create_another_type(self, vault: int, name: str, kind: ConnectionType, tokens: bool, seldom: int) -> None:
        vault = self.there(vault)
        if seldom:
            return
        url = URLS[tokens] if kind is ConnectionType.EXTERNAL else None
        try:
            with self.store.write() as write:
                made = create_connection(write, self.actors[vault], type=kind, name="Lab", api_name=name, url=url)
        except ConsoleError:
            with pytest.raises(Refused):
                self.model.may_create(vault, name, None)
            return
        self.model.may_create(vault, name, None)
        tokens = tokens and kind is ConnectionType.EXTERNAL
        self.model.sides[key(made)] = Side(vault, name, state=ACTIVE, type=kind, tokens=tokens)

    @rule(number=st.integers(0, 9), name=st.sampled_from(NAMES), seldom=SELDOM)
    def rename(self, number: int, name: str, seldom: int) -> None:
        one = self.pick(number)
        if one is None or seldom:
            return
        try:
            with self.store.write() as write:
                edit_connection(write, self.actor(one), one, {"api_name": name}, confirm_api_name=True)
        except ConsoleError:
            with pytest.raises(Refused):
                self.model.rename(one, name)
            return
        self.model.rename(one, name)

    @rule(number=st.integers(0, 9), tokens=st.booleans())
    def enter_the_url(self, number: int, tokens: bool) -> None:
        one = self.pick(number)
        if one is None:
            return
        try:
            with self.store.write() as write:
                edit_connection(write, self.actor(one), one, {"url": URLS[tokens]})
        except ConsoleError:
            with pytest.raises(Refused):
                self.model.enter_url(one, tokens=tokens)
            return
        self.model.enter_url(one, tokens=tokens)

    @rule(number=st.integers(0, 9), name=st.sampled_from(NAMES))
    def duplicate(self, number: int, name: str) -> None:
        one = self.pick(number)
        if one is None:
            return
        original = self.model.sides[one]
        vault = original.vault
        try:
            with self.store.write() as write:
                made = duplicate_connection(write, self.actor(one), one, name="Copy", api_name=name)
        except ConsoleError:
            with pytest.raises(Refused):
                self.model.may_create(vault, name, None)
            return
        self.model.may_create(vault, name, None)
        copy = Side(vault, name, type=original.type, tokens=original.tokens)
        copy.state = PENDING if copy.type is V2V else ACTIVE
        self.model.sides[key(made)] = copy

    @rule(number=st.integers(0, 9), remote=st.sampled_from((None, *VAULTS)))
    def enter_remote_vault_id(self, number: int, remote: int | None) -> None:
        one = self.pick(number)
        if one is None:
            return
        remote = None if remote is None else self.there(remote)
        try:
            with self.store.write() as write:
                edit_connection(write, self.actor(one), one, {"remote_vault_id": remote})
        except ConsoleError:
            with pytest.raises(Refused):
                self.model.edit(one, remote)
            return
        self.model.edit(one, remote)

    @rule(number=st.integers(0, 9), vault=st.sampled_from(VAULTS), named=st.booleans())
    def download_and_connect(self, number: int, vault: int, named: bool) -> None:
        """The usual way, so that many sequences get far."""
        vault = self.there(vault)
        able = [
            place
            for place, one in enumerate(sorted(self.model.sides))
            if self.model.sides[one].vault not in (vault, SANDBOX) and self.model.sides[one].type is V2V
        ]
        if able:
            place = able[number % len(able)]
            self.reset(place)
            self.enter_remote_vault_id(place, vault if named else None)
            self.connect(self.download_file(place), vault)

    @rule(target=files, number=st.integers(0, 9))
    def download(self, number: int) -> tuple[int, bytes]:
        return self.download_file(number)

    def download_file(self, number: int) -> tuple[int, bytes]:
        one = self.pick(number)
        if one is None:
            return -1, b"nothing"
        try:
            with self.store.write() as write:
                file = download_connection_file(write, self.actor(one), self.store.secrets, one)
        except ConsoleError:
            with pytest.raises(Refused):
                self.model.download(one, self.clock.now())
            return -1, b"nothing"
        self.model.download(one, file.content.expires_at)
        return len(self.model.files) - 1, file.data

    @rule(file=files, vault=st.sampled_from(VAULTS))
    def connect(self, file: tuple[int, bytes], vault: int) -> None:
        number, data = file
        vault = self.there(vault)
        with self.store.read() as session:
            told = preview_file(session, self.actors[vault], data, self.clock.now())
        refusal = None
        try:
            with self.store.write() as write:
                used = key(connect_from_file(write, self.actors[vault], data))
        except ConsoleError as refused:
            refusal = refused.message
        assert told.refusal == refusal
        if number < 0:
            assert refusal
            return
        asked = self.model.files[number]
        if refusal:
            with pytest.raises(Refused):
                self.model.target_of(asked, vault, self.clock.now())
            return
        target = self.model.target_of(asked, vault, self.clock.now())
        assert told.creates == (target is None)
        if target is None:
            self.model.sides[used] = Side(vault, self.model.sides[asked.side].name)
        else:
            assert used == target
        self.model.connect(asked, used)

    @rule(number=st.integers(0, 9), approve=st.sampled_from((True, True, True, False)))
    def complete_what_waits(self, number: int, approve: bool) -> None:
        waiting = sorted(one for approval in self.model.approvals for one in approval.sides - approval.approved)
        if waiting:
            self.complete(sorted(self.model.sides).index(waiting[number % len(waiting)]), approve)

    @rule(number=st.integers(0, 9), approve=st.booleans())
    def complete(self, number: int, approve: bool) -> None:
        one = self.pick(number)
        if one is None:
            return
        try:
            with self.store.write() as write:
                complete_task(write, self.actor(one), one, approve=approve)
        except ConsoleError:
            with pytest.raises(Refused):
                self.model.complete(one, approve=approve)
            return
        self.model.complete(one, approve=approve)

    @rule(number=st.integers(0, 9))
    def reset(self, number: int) -> None:
        one = self.pick(number)
        if one is None:
            return
        try:
            with self.store.write() as write:
                reset_connection(write, self.actor(one), one)
        except ConsoleError:
            with pytest.raises(Refused):
                self.model.reset(one)
            return
        self.model.reset(one)

    @rule(number=st.integers(0, 9), seldom=SELDOM)
    def delete(self, number: int, seldom: int) -> None:
        one = self.pick(number)
        if one is None or seldom:
            return
        try:
            with self.store.write() as write:
                delete_connection(write, self.actor(one), one)
        except ConsoleError:
            with pytest.raises(Refused):
                self.model.delete(one)
            return
        self.model.delete(one)

    @rule(number=st.integers(0, 9))
    def put_on_or_off_a_queue(self, number: int) -> None:
        one = self.pick(number)
        if one is None:
            return
        side = self.model.sides[one]
        with self.store.write() as write:
            queue = write.scalars(select(Queue).where(table_of(Queue).c.vault_id == side.vault)).one()
            if side.queued:
                disconnect_queue(write, self.actor(one), key(queue), one)
            else:
                external = side.type is ConnectionType.EXTERNAL
                connect_queue(write, self.actor(one), key(queue), one, None if external else "lab__c")
        side.queued = not side.queued

    @rule(seldom=SELDOM)
    def refresh(self, seldom: int) -> None:
        if seldom or SANDBOX not in self.vaults:
            return
        with self.store.write() as write:
            refresh_sandbox(write, self.actors[FIRST], SANDBOX)
        with self.store.read() as session:
            self.actors[SANDBOX] = actor_for(session, SANDBOX, ADMIN)
            rows = session.execute(select(connections).where(connections.c.vault_id == SANDBOX)).all()
        self.model.refresh({row.api_name: row.id for row in rows})

    @rule(seldom=SELDOM)
    def a_week_passes(self, seldom: int) -> None:
        if seldom:
            return
        self.clock.moment += timedelta(days=7, minutes=1)

    @invariant()
    def the_store_holds_what_the_model_holds(self) -> None:
        if not hasattr(self, "store"):
            return
        with self.store.read() as session:
            rows = session.execute(select(connections)).all()
            waiting = session.execute(select(tasks.c.connection_id).where(tasks.c.completed_at.is_(None))).scalars()
            assert sorted(waiting) == sorted(
                side for approval in self.model.approvals for side in approval.sides - approval.approved
            )
            named = set(session.execute(select(clients.c.connection_id)).scalars())
        held = {
            row.id: (row.vault_id, row.api_name, row.type, row.state, row.remote_connection_id, row.remote_vault_id)
            for row in rows
        }
        assert held == {
            one: (side.vault, side.name, side.type, side.state, side.partner, side.remote)
            for one, side in self.model.sides.items()
        }
        assert named == set(held)

    @invariant()
    def no_row_hangs_in_the_air(self) -> None:
        if not hasattr(self, "store"):
            return
        with self.store.engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall() == []
        for one, side in self.model.sides.items():
            if side.partner is not None:
                assert self.model.sides[side.partner].partner == one
            if side.state is ACTIVE and side.type is V2V:
                assert side.partner is not None
                assert self.model.sides[side.partner].state is not DISCONNECTED
            if side.state is APPROVED:
                assert self.model.waits(one)


class TwoVaults(Connections):
    """Administrators of two production Vaults."""

    vaults = (FIRST, SECOND)


# A failure takes a while to be made small.
@pytest.mark.timeout(600)
@pytest.mark.usefixtures("template")
@pytest.mark.parametrize("machine", [TwoVaults, Connections])
def test_no_sequence_of_actions_leaves_the_state_machine_or_an_orphan(machine: type[Connections]) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=40,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
