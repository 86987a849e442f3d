"""Measures the transfer of changed records through all three stages, against a floor measured in the same run.

The floor is what this machine needs to merely write the same rows (outbound and inbound messages with their bodies,
target records) by the raw database driver, in the same batch sizes, into a store with the same tables and indexes.
"""

import shutil
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from models.opening import open_store
from models.permissions import Actor
from models.record_writer import BATCH as RECORD_BATCH
from models.services.connections import create_connection, establish
from models.services.objects import FieldSpec, create_object
from models.services.records import create_records
from models.services.vaults import application_owner_id, create_vault
from models.store import Store, WriteSession
from models.tables import (
    Connection,
    ConnectionType,
    Direction,
    FieldRule,
    FieldType,
    Integration,
    IntegrationPoint,
    IntegrationRule,
    PointSource,
    Queue,
    QueueConnection,
    SigningCertificate,
    VaultObject,
    table_of,
)
from models.time import whole_milliseconds
from scheduler import deliver, receive, send
from scheduler.memory import Growth, settle_collector
from scheduler.scope import Scope
from scheduler.signing import issue_certificate

SOURCE, TARGET = 1001, 1002
FIELDS = 12
FLOOR_TABLES = ("spark_message", "spark_message_body", "record")
FLOOR_BATCHES = {
    "spark_message": deliver.BATCH,
    "spark_message_body": deliver.BATCH,
    "record": RECORD_BATCH * receive.TOGETHER,
}


@dataclass(frozen=True, slots=True)
class StageTime:
    """Seconds of real time that a stage took for all records."""

    stage: str
    seconds: float


@dataclass(frozen=True, slots=True)
class TransferResult:
    """What the bench measured. Rates are records per second; memory is the peak growth during the stages."""

    records: int
    stages: tuple[StageTime, ...]
    floor_seconds: float
    created: int
    grown_mib: float

    @property
    def seconds(self) -> float:
        """End to end."""
        return sum(stage.seconds for stage in self.stages)

    @property
    def ratio(self) -> float:
        """Speed as a share of the floor's speed: 1.0 would be as fast as writing the rows and nothing else."""
        return self.floor_seconds / self.seconds


def bench_transfer(
    folder: Path, records: int = 100_000, progress: Callable[[str], None] = lambda _step: None
) -> TransferResult:
    """Move `records` changed records with twelve field rules each, in a store made in the empty `folder`."""
    path = folder / "bench.sqlite3"
    empty = folder / "floor.sqlite3"
    store = open_store(path)
    try:
        progress("setting up two Vaults")
        _set_up(store)
        progress(f"changing {records:,} records")
        _change(store, records)
        store.close()
        _checkpoint(path)
        shutil.copy(path, empty)
        settle_collector()
        stages, created = [], 0
        with Growth() as growth:
            for name, stage, vault_id in (
                ("send", send.run_once, SOURCE),
                ("deliver", deliver.run_once, SOURCE),
                ("receive", receive.run_once, TARGET),
            ):
                progress(name)
                began = time.perf_counter()
                result = stage(store, store.clock, Scope(vault_id))
                stages.append(StageTime(name, time.perf_counter() - began))
                created += result.counts.created
        store.close()
        _checkpoint(path)
    finally:
        store.close()
    progress("measuring the floor")
    return TransferResult(records, tuple(stages), _floor(path, empty), created, growth.mib)


def _set_up(store: Store) -> None:
    with store.write() as write:
        for vault_id, name in ((SOURCE, "Bench Source"), (TARGET, "Bench Target")):
            host = name.lower().replace(" ", "-")
            create_vault(
                write,
                id=vault_id,
                name=name,
                dns_host=f"{host}.bench.example",
                domain="bench.example",
                family="Quality",
            )
            fields = [FieldSpec(f"field_{n}__c", max_length=200) for n in range(1, FIELDS - 2)]
            fields += [
                FieldSpec("amount__c", type=FieldType.NUMBER),
                FieldSpec("checked__c", type=FieldType.YES_NO),
                FieldSpec("day__c", type=FieldType.DATE),
            ]
            create_object(write, vault_id, "product__c", "Product", "Products", "V0P", fields)
        now = whole_milliseconds(datetime.now(UTC))
        issued = issue_certificate("00001", now - timedelta(days=1), now + timedelta(days=365))
        write.add(
            SigningCertificate(
                certificate_id=issued.certificate_id,
                pem=issued.certificate_pem,
                sealed_private_key=store.secrets.seal(issued.private_key_pem),
                not_before=issued.not_before,
                not_after=issued.not_after,
            )
        )
        source, target = (
            create_connection(
                write,
                Actor.system(vault_id),
                type=ConnectionType.VAULT_TO_VAULT,
                name="Bench Connection",
                api_name="bench__c",
                authorized_user_id=application_owner_id(write, vault_id),
            )
            for vault_id in (SOURCE, TARGET)
        )
        establish(write, source, target)
        _add_queues(write, source, target)
        _add_integrations(write, source, target)


def _add_queues(write: WriteSession, source: Connection, target: Connection) -> None:
    outbound = Queue(vault_id=SOURCE, label="Out", api_name="bench_out__c", type=Direction.OUTBOUND)
    inbound = Queue(
        vault_id=TARGET, label="In", api_name="bench_in__c", type=Direction.INBOUND, message_processor="transfer"
    )
    write.add_all([outbound, inbound])
    write.flush()
    write.add(
        QueueConnection(queue_id=_key(outbound.id), connection_id=_key(source.id), deliver_to_queue="bench_in__c")
    )
    write.add(QueueConnection(queue_id=_key(inbound.id), connection_id=_key(target.id)))
    write.flush()


def _add_integrations(write: WriteSession, source: Connection, target: Connection) -> None:
    sides = {}
    for connection, direction in ((source, Direction.OUTBOUND), (target, Direction.INBOUND)):
        integration = Integration(
            vault_id=connection.vault_id,
            connection_id=_key(connection.id),
            name="Products",
            api_name="products__c",
            active=True,
            modified_at=write.now,
        )
        write.add(integration)
        write.flush()
        point = IntegrationPoint(
            vault_id=connection.vault_id,
            integration_id=_key(integration.id),
            name="Products",
            api_name="products__c",
            direction=direction,
        )
        write.add(point)
        write.flush()
        sides[direction] = _key(point.id)
    objects = table_of(VaultObject)
    source_object = write.execute(select(objects.c.id).where(objects.c.vault_id == SOURCE)).scalar_one()
    write.add(PointSource(point_id=sides[Direction.OUTBOUND], object_id=source_object, remote_point="products__c"))
    rule = IntegrationRule(vault_id=TARGET, point_id=sides[Direction.INBOUND], name="Products", api_name="products__c")
    write.add(rule)
    write.flush()
    names = ["name__v", *(f"field_{n}__c" for n in range(1, FIELDS - 2)), "amount__c", "checked__c", "day__c"]
    for position, name in enumerate(names[:FIELDS]):
        write.add(
            FieldRule(
                rule_id=_key(rule.id),
                api_name=f"{name.split('__')[0]}__c",
                target_object="product__c",
                target_field=name,
                query_object="product__c",
                query_field=name,
                position=position,
            )
        )
    write.flush()


def _change(store: Store, records: int) -> None:
    for start in range(0, records, 10_000):
        rows = [
            {
                "name__v": f"Product {n}",
                **{f"field_{k}__c": f"value {k} of product {n}" for k in range(1, FIELDS - 2)},
                "amount__c": n / 4,
                "checked__c": n % 2 == 0,
                "day__c": "2026-01-31",
            }
            for n in range(start, min(start + 10_000, records))
        ]
        with store.write() as write:
            create_records(write, Actor.system(SOURCE), "product__c", rows)


def _floor(moved: Path, empty: Path) -> float:
    """Seconds to write by the raw driver what the stages wrote, a transaction per batch, into a copy without it."""
    source = sqlite3.connect(moved)
    target = sqlite3.connect(empty, isolation_level=None)
    target.execute("PRAGMA journal_mode = WAL")
    target.execute("PRAGMA synchronous = NORMAL")
    target.execute("PRAGMA foreign_keys = ON")
    target.execute("PRAGMA cache_size = -2048")
    target.execute("PRAGMA wal_autocheckpoint = 4000")
    spent = 0.0
    # A message row that names its job run needs that row: bring the runs over first, outside the time.
    runs = source.execute("SELECT * FROM job_run").fetchall()
    target.executemany(f"INSERT INTO job_run VALUES ({','.join('?' * len(runs[0]))})", runs)  # noqa: S608
    for table in FLOOR_TABLES:
        key = "message_id" if table == "spark_message_body" else "id"
        last = target.execute(f"SELECT coalesce(max({key}), 0) FROM {table}").fetchone()[0]  # noqa: S608 - own names
        cursor = source.execute(f"SELECT * FROM {table} WHERE {key} > ? ORDER BY {key}", (last,))  # noqa: S608
        statement = f"INSERT INTO {table} VALUES ({','.join('?' * len(cursor.description))})"  # noqa: S608
        while rows := cursor.fetchmany(FLOOR_BATCHES[table]):
            began = time.perf_counter()
            target.execute("BEGIN IMMEDIATE")
            target.executemany(statement, rows)
            target.execute("COMMIT")
            spent += time.perf_counter() - began
    source.close()
    target.close()
    return spent


def _checkpoint(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def _key(value: int | None) -> int:
    if value is None:
        raise ValueError("the row has not been written yet")
    return value
