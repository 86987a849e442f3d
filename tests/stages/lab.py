"""Two connected Vaults and the verbs of a day in them: change a record, run a job, look at what came of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import func, select, update

from models.permissions import Actor
from models.services.connections import establish
from models.services.integrations import add_field_rule, add_point_source, create_rule
from models.services.objects import create_object
from models.services.queues import connect_queue, create_queue
from models.services.records import change_record, create_record, create_records, delete_record
from models.store import Store
from models.tables import (
    COUNTS,
    Connection,
    ConnectionStat,
    Direction,
    ExceptionItem,
    ExceptionMessage,
    Integration,
    ItemStatus,
    JobRun,
    JobRunLine,
    MessageState,
    Queue,
    Record,
    SparkMessage,
    SparkMessageBody,
    VaultObject,
    table_of,
)
from models.time import Clock
from scheduler import deliver, receive, send
from scheduler.runs import RunResult
from scheduler.scope import Scope
from tests.builders import PRODUCT_FIELDS, Pair, Side, build_pair, key, make_connection, make_vault
from tests.builders import _side as make_side
from tests.conftest import ManualClock

Stage = Callable[[Store, Clock, Scope], RunResult]
Row = dict[str, Any]


@dataclass(repr=False)
class Lab:
    """A store with a pair of Vaults. Every run that a test has run is in `results`."""

    store: Store
    clock: ManualClock
    pair: Pair
    results: list[RunResult] = field(default_factory=list)

    @property
    def source(self) -> Side:
        return self.pair.source

    @property
    def target(self) -> Side:
        return self.pair.target

    def create(self, name: str, *, side: Side | None = None, object_name: str | None = None, **fields: Any) -> str:
        side = side or self.source
        with self.store.write() as write:
            return create_record(write, side.system, object_name or side.object_name, {"name__v": name, **fields})

    def create_many(self, number: int) -> list[str]:
        rows = [{"name__v": f"Product {place}"} for place in range(1, number + 1)]
        with self.store.write() as write:
            return create_records(write, self.source.system, self.source.object_name, rows)

    def change(self, record_id: str, *, side: Side | None = None, **fields: Any) -> bool:
        with self.store.write() as write:
            return change_record(write, (side or self.source).system, record_id, fields)

    def delete(self, record_id: str, *, side: Side | None = None) -> None:
        with self.store.write() as write:
            delete_record(write, (side or self.source).system, record_id)

    def update_row(self, model: Any, row_id: int, **values: Any) -> None:
        """Have an administrator's change in the store, for what no service changes yet."""
        table = table_of(model)
        with self.store.write() as write:
            write.execute(update(table).where(table.c.id == row_id).values(**values))

    def run(self, stage: Stage, side: Side, connection_id: int | None = None) -> RunResult:
        result = stage(self.store, self.clock, Scope(side.vault_id, connection_id))
        self.results.append(result)
        return result

    def send(self) -> RunResult:
        return self.run(send.run_once, self.source)

    def deliver(self) -> RunResult:
        return self.run(deliver.run_once, self.source)

    def receive(self) -> RunResult:
        return self.run(receive.run_once, self.target)

    def transfer(self) -> RunResult:
        """Send, deliver, receive; answers what became of the receive run."""
        self.send()
        self.deliver()
        return self.receive()

    def records(self, side: Side, object_name: str | None = None) -> list[Row]:
        """The records of an object as their fields by API name, oldest first; empty fields are absent."""
        records, objects = table_of(Record), table_of(VaultObject)
        statement = (
            select(records)
            .join(objects, objects.c.id == records.c.object_id)
            .where(objects.c.vault_id == side.vault_id, objects.c.name == (object_name or side.object_name))
            .order_by(records.c.id)
        )
        with self.store.read() as session:
            return [_fields(row) for row in session.execute(statement)]

    def record(self, side: Side, record_id: str) -> Row:
        return next(row for row in self.records(side) if row["id"] == record_id)

    def targets(self, object_name: str | None = None) -> list[Row]:
        return self.records(self.target, object_name)

    def rows(self, model: Any, **wanted: Any) -> list[Any]:
        """Rows of a table in their order, those that have these values."""
        table = table_of(model)
        statement = select(table).where(*(table.c[name] == value for name, value in wanted.items()))
        with self.store.read() as session:
            return list(session.execute(statement.order_by(*table.primary_key)))

    def messages(self, side: Side, state: MessageState | None = None) -> list[Any]:
        """The Spark messages of a Vault in their order, each with its attributes, items, headers and body."""
        messages, bodies = table_of(SparkMessage), table_of(SparkMessageBody)
        statement = (
            select(messages, bodies.c.attributes, bodies.c["items"].label("content"), bodies.c.headers, bodies.c.body)
            .join(bodies, bodies.c.message_id == messages.c.id)
            .where(messages.c.vault_id == side.vault_id)
            .order_by(messages.c.id)
        )
        if state is not None:
            statement = statement.where(messages.c.state == state)
        with self.store.read() as session:
            return list(session.execute(statement))

    def sent_items(self) -> list[list[str]]:
        """The items of the messages that wait on the outbound queue."""
        return [row.content for row in self.messages(self.source, MessageState.QUEUED)]

    def exceptions(self, side: Side, *, active: bool | None = True) -> list[Any]:
        wanted: Row = {"vault_id": side.vault_id}
        if active is not None:
            wanted["active"] = active
        return self.rows(ExceptionMessage, **wanted)

    def items(self, status: ItemStatus | None = ItemStatus.OPEN) -> list[Any]:
        """Exception items of the target Vault."""
        wanted: Row = {"vault_id": self.target.vault_id}
        if status is not None:
            wanted["status"] = status
        return self.rows(ExceptionItem, **wanted)

    def problems(self) -> dict[str, dict[str, str]]:
        """What is wrong with the open items: by source record, by target field."""
        return {item.item: item.fields for item in self.items()}

    def integration(self, side: Side) -> Any:
        return self.rows(Integration, id=side.integration_id)[0]

    def run_row(self, result: RunResult) -> Any:
        return self.rows(JobRun, id=result.run_id)[0]

    def lines(self, result: RunResult) -> list[Any]:
        return self.rows(JobRunLine, run_id=result.run_id)

    def stats(self, side: Side) -> dict[str, int]:
        """Connection Stats over all days."""
        stats = table_of(ConnectionStat)
        names = ("sent", "received", "failures", "retries", "timeouts", "fatal_errors")
        statement = select(*(func.coalesce(func.sum(stats.c[name]), 0) for name in names)).where(
            stats.c.connection_id == side.connection_id
        )
        with self.store.read() as session:
            return dict(zip(names, session.execute(statement).one(), strict=True))

    def set_integration_active(self, side: Side, active: bool) -> None:
        self.update_row(Integration, side.integration_id, active=active)

    def set_connection(self, side: Side, **values: Any) -> None:
        self.update_row(Connection, side.connection_id, **values)

    def set_queue(self, side: Side, **values: Any) -> None:
        self.update_row(Queue, side.queue_id, **values)


def second_target(lab: Lab, vault_id: int = 1003) -> tuple[Side, Side]:
    """A further Vault that takes Products by a connection of its own from the same outbound queue: both its sides."""
    with lab.store.write() as write:
        make_vault(write, vault_id, "Further")
        create_object(write, vault_id, "product__v", "Product", "Products", "V0A", PRODUCT_FIELDS)
        ours = make_connection(write, lab.source.vault_id, f"to_{vault_id}__c")
        theirs = make_connection(write, vault_id)
        establish(write, ours, theirs)
        actor = Actor.system(vault_id)
        inbound = create_queue(write, actor, label="Lab Inbound", type=Direction.INBOUND)
        connect_queue(write, lab.source.system, lab.source.queue_id, key(ours), inbound.api_name)
        connect_queue(write, actor, key(inbound), key(theirs))
        source = make_side(
            write, lab.source.vault_id, "product__v", key(ours), lab.source.queue_id, Direction.OUTBOUND, active=True
        )
        target = make_side(write, vault_id, "product__v", key(theirs), key(inbound), Direction.INBOUND, active=True)
        add_point_source(
            write, source.system, source.point_id, object_name="product__v", remote_point="product_inbound__c"
        )
        rule = create_rule(
            write, actor, target.point_id, name="Rule", api_name="rule__c", primary_query_object="product__v"
        )
        add_field_rule(
            write, actor, key(rule), query_field="name__v", target_field="name__v", target_object="product__v"
        )
    return source, target


def counts(result: RunResult) -> dict[str, int]:
    """What moved, without what did not."""
    return {name: number for name in COUNTS if (number := getattr(result.counts, name))}


def make_lab(store: Store, clock: ManualClock, **options: Any) -> Lab:
    return Lab(store, clock, build_pair(store, **options))


def before_write(monkeypatch: pytest.MonkeyPatch, lab: Lab, number: int, happens: Callable[[], object]) -> list[bool]:
    """Have something happen just before the next `number`th write; the list is not empty once it has."""
    write = lab.store.write
    seen, happened = [0], list[bool]()

    def write_later(**options: bool) -> Any:
        seen[0] += 1
        if seen[0] == number:
            happened.append(True)
            happens()
        return write(**options)

    monkeypatch.setattr(lab.store, "write", write_later)
    return happened


def _fields(row: Any) -> Row:
    fields = {
        "id": row.record_id,
        "name__v": row.name,
        "global_id__sys": row.global_id,
        "link__sys": row.link,
        "status__v": row.status,
        "state__v": row.state,
        "modified_by__v": row.modified_by,
        "modified_date__v": row.modified_at,
        **row.data,
    }
    return {name: value for name, value in fields.items() if value is not None}
