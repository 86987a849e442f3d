"""A small lab for tests of the console: two connected Vaults with rows of every kind, the same in every run."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update
from textual.app import App
from textual.pilot import Pilot
from textual.worker import WorkerCancelled

from console.app import ConsoleApp
from console.lab import OpenedLab
from console.modals.live_form import LiveFormScreen
from console.screens.area import AreaScreen
from console.screens.chrome import FramedScreen
from console.widgets.window_table import WindowTable
from models.feed import Topic
from models.permissions import Actor
from models.services.lookups import create_lookup, set_key
from models.services.records import create_records
from models.services.vaults import create_user
from models.store import Store
from models.tables import (
    Connection,
    ConnectionStat,
    ErrorType,
    ExceptionItem,
    ExceptionMessage,
    JobKind,
    JobRun,
    JobRunLine,
    LookupType,
    MessageEvent,
    MessageState,
    Record,
    ReferenceLookupKey,
    ReferenceLookupMiss,
    RunStatus,
    SigningCertificate,
    SparkMessage,
    SparkMessageBody,
    table_of,
)
from tests.builders import ADMIN, Pair, key, two_vaults
from tests.stores import made_once

START = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
PEM = f"-----BEGIN CERTIFICATE-----\n{'TEST' * 16}\n-----END CERTIFICATE-----\n"


@made_once
def fill(store: Store, products: int = 30) -> Pair:
    """Two Vaults, `products` Products in the source, the first of them linked with one in the target, and their way."""
    pair = two_vaults(store)
    source, target = Actor.system(1001), Actor.system(1002)
    with store.write() as write:
        create_user(write, 1001, "reader@lab.example.com", "Rita", "Reader", "Read-Only User")
        write.execute(update(table_of(SigningCertificate)).values(pem=PEM))
    with store.write() as write:
        rows = [
            {"name__v": f"Product {number:03}", "code__c": f"P{number:03}", "strength__c": number, "marketed__c": True}
            for number in range(1, products + 1)
        ]
        create_records(write, source, "product__v", rows)
        create_records(write, target, "product__v", [{"name__v": "Product 001", "code__c": "P001"}])
    with store.write() as write:
        records = table_of(Record).c
        origin = records.vault_id == 1001, records.name == "Product 001"
        global_id = write.execute(table_of(Record).select().where(*origin)).one().global_id
        write.execute(update(table_of(Record)).where(records.vault_id == 1002).values(link=global_id))
    _history(store, pair)
    return pair


def _history(store: Store, pair: Pair) -> None:
    with store.write() as write:
        for place in range(3):
            add_run(write, 1001, pair.source.connection_id, JobKind.SEND, place, found=9 + place, sent=9 + place)
        failed = add_run(
            write, 1002, pair.target.connection_id, JobKind.RECEIVE, 3, received=11, created=9, unchanged=1, failed=1
        )
        sent = add_message(write, pair, 1, MessageState.DELIVERED)
        add_message(write, pair, 2, MessageState.QUEUED)
        write.execute(
            insert(table_of(ConnectionStat)).values(
                connection_id=pair.source.connection_id, day=START.date(), sent=12, received=3, failures=1
            )
        )
        row = ExceptionMessage(
            vault_id=1002,
            name="Product Inbound Point",
            error_type=ErrorType.MESSAGE_PROCESSING,
            error_message="1 of 11 items could not be applied.",
            connection_id=pair.target.connection_id,
            integration_id=pair.target.integration_id,
            point_id=pair.target.point_id,
            items_received=11,
            items_failed=1,
            run_id=failed,
            created_at=START + timedelta(minutes=5),
        )
        write.add(row)
        write.flush()
        write.add(
            ExceptionItem(
                vault_id=1002,
                message_id=row.id or 0,
                point_id=pair.target.point_id,
                source_object="product__v",
                target_object="product__v",
                item=record_id(write, 1001, "Product 002"),
                error_message="Strength: A number is needed.",
                fields={"strength__c": "A number is needed, not text."},
                created_at=START + timedelta(minutes=5),
                tried_at=START + timedelta(minutes=10),
            )
        )
        write.changed(Topic.JOBS, 1001)
    assert sent


def add_run(write: Any, vault_id: int, connection_id: int, kind: JobKind, place: int, **counts: int) -> int:
    """A finished run, `place` times five minutes after the start."""
    started = START + timedelta(minutes=5 * place)
    status = RunStatus.ERRORS_ENCOUNTERED if counts.get("failed") else RunStatus.SUCCESS
    values = {"started_at": started, "finished_at": started + timedelta(seconds=1), "duration_ms": 40 + place}
    run = write.execute(
        insert(table_of(JobRun)).values(vault_id=vault_id, kind=kind, status=status, **values, **counts)
    ).inserted_primary_key[0]
    write.execute(insert(table_of(JobRunLine)).values(run_id=run, connection_id=connection_id, **counts))
    write.changed(Topic.JOBS, vault_id)
    return int(run)


def add_message(write: Any, pair: Pair, number: int, state: MessageState) -> int:
    """A message in or out of the source's outbound queue."""
    entered = START + timedelta(minutes=number)
    key = write.execute(
        insert(table_of(SparkMessage)).values(
            vault_id=1001,
            queue_id=pair.source.queue_id,
            connection_id=pair.source.connection_id,
            message_id=f"00000000-0000-4000-8000-{number:012}",
            state=state,
            object_name="product__v",
            event=MessageEvent.CHANGED,
            integration_point="product_inbound__c",
            item_count=2,
            attempts=1,
            entered_at=entered,
        )
    ).inserted_primary_key[0]
    write.execute(
        insert(table_of(SparkMessageBody)).values(
            message_id=key, attributes={"object": "product__v"}, items=["V0A000000001001", "V0A000000001002"]
        )
    )
    write.changed(Topic.MESSAGES, 1001)
    return int(key)


def fill_lookups(store: Store) -> tuple[int, int]:
    """Two lookups of the target Vault's connection: one with keys, used and not, and missing ones, one empty."""
    actor = Actor.system(1002)
    with store.write() as write:
        connections = table_of(Connection).c
        connection = write.execute(select(connections.id).where(connections.vault_id == 1002)).scalar_one()
        codes, empty = (
            create_lookup(write, actor, connection, name=name, api_name=name.lower(), type=LookupType.GENERIC)
            for name in ("Codes", "Zones")
        )
        for source, target in (("used__c", "in_use__c"), ("often__c", "frequent__c"), ("unused__c", "idle__c")):
            set_key(write, actor, key(codes), source, target)
        keys = table_of(ReferenceLookupKey)
        for source, uses in (("used__c", 1), ("often__c", 120)):
            write.execute(update(keys).where(keys.c.source_key == source).values(uses=uses, last_used_at=START))
        rows = [
            {"lookup_id": key(codes), "source_key": source, "misses": misses, "last_missed_at": START}
            for source, misses in (("Expanded Access", 7), ("[/foo] odd", 1))
        ]
        write.execute(insert(table_of(ReferenceLookupMiss)), rows)
        return key(codes), key(empty)


def record_id(session: Any, vault_id: int, name: str) -> str:
    """Id of the record of this name."""
    columns = table_of(Record).c
    row = session.execute(table_of(Record).select().where(columns.vault_id == vault_id, columns.name == name)).one()
    return str(row.record_id)


def console(store: Store, **options: Any) -> ConsoleApp:
    """A console on an open store, without an engine."""
    arguments: dict[str, Any] = {"vault": 1001, "user": ADMIN, "area": "connections"} | options
    return ConsoleApp(lambda: OpenedLab(store), **arguments)


async def settle(pilot: Pilot[Any]) -> None:
    """Wait until everything that was set off has been read and shown."""
    quiet = False
    while not quiet:
        # Work that has become idle is cancelled; what is done instead is waited for in the next round.
        with suppress(WorkerCancelled):
            await pilot.app.workers.wait_for_complete()
        await pilot.pause()
        screens = [screen for screen in pilot.app.screen_stack if isinstance(screen, FramedScreen | LiveFormScreen)]
        waits = any(not worker.is_finished for worker in pilot.app.workers)
        drains = getattr(pilot.app, "_drain_timer", None) is not None
        quiet = not waits and not drains and all(screen.settled for screen in screens)


async def press(pilot: Pilot[Any], *keys: str) -> None:
    """Press keys one after the other, and wait after each."""
    for name in keys:
        await pilot.press("space" if name == " " else name)
        await settle(pilot)


async def type_in(pilot: Pilot[Any], text: str) -> None:
    """Type into a field that has the focus, and wait once at the end."""
    await pilot.press(*("space" if character == " " else character for character in text))
    await settle(pilot)


def area(app: App[Any]) -> AreaScreen:
    """The screen in front, which must be an area."""
    assert isinstance(app.screen, AreaScreen)
    return app.screen


def lines(table: WindowTable) -> list[str]:
    """What a list shows, line by line, its heading first."""
    return [table.render_line(y).text.rstrip() for y in range(table.size.height)]


Change = Callable[[Any], None]
