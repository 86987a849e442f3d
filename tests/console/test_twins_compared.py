"""Whatever the console does, its call does the same: both are done to copies of one store, and these are compared."""

import contextlib
import shlex
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy import select, update
from typer.testing import CliRunner

from console import commands
from console.cli.program import application
from console.doing import (
    certificates,
    connections,
    documents,
    exceptions,
    identifiers,
    integrations,
    jobs,
    lookups,
    messages,
    notices,
    queries,
    queues,
    rules,
    sandboxes,
    snapshots,
    split,
    undo,
    user_actions,
    vaults,
)
from console.session import Who
from console.twins.call import Told, call_of, carry_on, carry_out
from console.twins.catalogue import TWINS
from console.twins.connections import SECRET
from models.opening import open_store
from models.permissions import Actor
from models.queries.design import DesignRow, design
from models.queries.exceptions import ExceptionFilter
from models.queries.lab import ask
from models.services.exceptions import start_retry
from models.services.integrations import set_integration_active
from models.services.lookup_files import LoadMode
from models.services.queue_log import log_messages
from models.store import Store
from models.tables import (
    SEARCH_ON_DEMAND,
    ConfigurationChange,
    Connection,
    ConnectionAuthorization,
    ConnectionClient,
    ExceptionMessage,
    FieldRule,
    Integration,
    IntegrationPoint,
    IntegrationRule,
    Lab,
    LogEntryType,
    MessageState,
    PointSource,
    Queue,
    QueueLogEntry,
    SparkMessageBody,
    table_of,
)
from scheduler.clock import attach_lab
from scheduler.snapshots import save_snapshot
from tests.builders import ADMIN, Pair, user
from tests.console.gallery import acted_on, spare_queue, two_certificates, uploaded, walk
from tests.console.gallery import documents as with_documents
from tests.console.gallery import sandbox as with_sandbox
from tests.console.lab import START, add_message, fill, fill_lookups, record_id
from tests.stores import fresh

RANDOM = {"pending_id", "file_id", "pem", "sealed_private_key", "sealed_secret"}
"""Columns that hold something else each time: what was drawn by chance, or sealed with it."""
SAME_FOR_NONE = {"alembic_version", "audit_row", "audit", "configuration_change", "change_part"}
"""Tables that tell who did something and when, and not what."""


class Deed(NamedTuple):
    """Something that is done in the console."""

    command: Callable[..., Any]
    vault_id: int = 1001
    values: dict[str, str] | None = None
    sure: bool = False
    long: Sequence[Any] | None = None
    """Its arguments, where it is long work."""


class Ground:
    """What a deed is done to: the lab that all tests have, with lookups, and more as it is asked for."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store, self.folder = store, folder
        self.pair: Pair = fill(store)
        self.codes, self.zones = fill_lookups(store)
        self.here, self.there = self.pair.source, self.pair.target
        self.out = folder / "out"
        self.out.mkdir()

    def with_(self, *more: Callable[[Store], Any]) -> "Ground":
        for each in more:
            each(self.store)
        return self

    def id(self, model: Any, column: str = "id", **given: Any) -> int:
        """The first row of a table that is so."""
        columns = table_of(model).c
        statement = select(columns[column]).order_by(columns.id)
        with self.store.read() as session:
            found = session.execute(statement.where(*(columns[name] == value for name, value in given.items())))
            return int(found.scalars().all()[0])

    def connection(self, api_name: str = "walk__c", vault_id: int = 1001) -> int:
        return self.id(Connection, api_name=api_name, vault_id=vault_id)

    def record(self, name: str, vault_id: int = 1001) -> str:
        with self.store.read() as session:
            return record_id(session, vault_id, name)

    def part(self, kind: str, vault_id: int = 1002) -> DesignRow:
        """The first part of this kind."""
        side = self.there if vault_id == 1002 else self.here
        found = ask(self.store, design, vault_id, side.integration_id)
        assert found is not None
        return next(row for row in found.rows if row.kind == kind)

    def file(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text)
        return path

    def at(self, name: str) -> dict[str, str]:
        """What a form says that asks where to save a file."""
        return {"path": str(self.out / name)}

    def done(self, command: Callable[..., Any], vault_id: int = 1001, *arguments: Any) -> None:
        """Do something first."""
        command(self.store, Who(vault_id, ADMIN, read_only=False), *arguments)

    def key_of_walk(self) -> bytes:
        path = self.out / "walk.vaultconnection"
        connection = self.connection()
        self.done(partial(connections.download, connection_id=connection), 1001, {"path": str(path)}, False)
        data = path.read_bytes()
        path.unlink()
        return data


def nothing(_key: object) -> None:
    """What was made is shown nowhere."""


def off(store: Store) -> None:
    """Both integrations are inactive."""
    with store.write() as write:
        for vault_id, api_name in ((1001, "product_integration__c"), (1002, "product_integration__c")):
            columns = table_of(Integration).c
            key = write.execute(
                select(columns.id).where(columns.vault_id == vault_id, columns.api_name == api_name)
            ).scalar_one()
            set_integration_active(write, user(store, vault_id), key, active=False)


def basic(store: Store) -> None:
    """An Authorization that no connection uses."""
    values = {"name": "Login", "username__sys": "me", "password__sys": "hush"}
    command = partial(connections.save_authorization, kind="basic_auth__sys", key=None)
    command(store, Who(1001, ADMIN, read_only=False), values, False)


def sandbox_refreshed(ground: Ground) -> Deed:
    ground.with_(with_sandbox)
    return Deed(sandboxes.refreshing, long=(1011,))


def clock_stepped(ground: Ground) -> Deed:
    """The clock stands still meanwhile, so that both stores come to the same time."""
    with ground.store.write() as write:
        write.execute(update(table_of(Lab)).values(paused=True))
    return Deed(commands.step)


def removed(ground: Ground) -> Ground:
    """A message that was removed, and of which the Queue Log tells."""
    with ground.store.write() as write:
        key = add_message(write, ground.pair, 7, MessageState.REMOVED)
        log_messages(write, LogEntryType.REMOVAL, [key], reason="Six hours had passed.")
    return ground


def retry_cancelled(ground: Ground) -> Deed:
    """A Retry Transfer that no job has begun."""
    with ground.store.write() as write:
        plan = start_retry(write, Actor.system(1002), [ground.id(ExceptionMessage)])
    assert plan.retry_id is not None
    return Deed(partial(exceptions.cancel, retry_id=plan.retry_id), 1002)


def taken_over(ground: Ground) -> Deed:
    """A record of the source Vault, which is searched while one is made in the target Vault."""
    with ground.store.write() as write:
        points = table_of(IntegrationPoint)
        write.execute(update(points).where(points.c.vault_id == 1002).values(behaviours=[SEARCH_ON_DEMAND]))
    source, connection = ground.record("Product 005"), "lab_connection__c"
    return Deed(partial(commands.take_over, object_name="product__v", connection=connection, source_id=source), 1002)


def a_query_rule(ground: Ground) -> Ground:
    rule = ground.part("rule").id
    command = partial(rules.save_query_rule, rule_id=rule, key=None, made=nothing)
    ground.done(command, 1002, {"query_object": "product__v", "filter_clause": "code__c != null"}, False)
    return ground


def connect(ground: Ground) -> Deed:
    ground.with_(walk)
    data = ground.key_of_walk()
    path = ground.folder / "walk.vaultconnection"
    path.write_bytes(data)
    return Deed(partial(connections.connect, data=data, path=path), 1002)


def hand_over(ground: Ground) -> Deed:
    ground.with_(walk)
    taker = Who(1002, ADMIN, read_only=False)
    return Deed(partial(split.hand_over, taker=taker, connection_id=ground.connection()))


def activate_pair(ground: Ground) -> Deed:
    ground.with_(off)
    keys = tuple(
        (Who(side.vault_id, ADMIN, read_only=False), side.integration_id) for side in (ground.here, ground.there)
    )
    return Deed(partial(split.activate_pair, keys=keys, name="Products"))


def undone(ground: Ground, *, again: bool = False) -> Deed:
    ground.done(partial(commands.set_queue_active, queue_id=ground.here.queue_id, name="Q", active=False))
    change = ground.id(ConfigurationChange)
    if again:
        ground.done(partial(undo.take_back, change_id=change))
        change += 1
    return Deed(partial(undo.take_back, change_id=change))


def imported(ground: Ground) -> Deed:
    path = ground.folder / "rules.mdl"
    narrowed = {"rule_id": ground.part("rule").id}
    ground.done(partial(rules.export, narrowed=narrowed), 1002, {"path": str(path)}, False)
    text = path.read_text().replace("Product Rule", "Rule of Products")
    path.write_text(text)
    return Deed(partial(rules.import_text, text=text, path=path), 1002)


def loaded(ground: Ground, mode: LoadMode, *, all_or_nothing: bool = False) -> Deed:
    path = ground.file("keys.csv", "source_key,target_key\nnew__c,fresh__c\n")
    load = partial(lookups.load, lookup_id=ground.codes, data=path.read_bytes(), path=path)
    return Deed(partial(load, mode=mode, all_or_nothing=all_or_nothing), 1002)


def served_elsewhere(ground: Ground) -> Deed:
    ground.with_(spare_queue)
    values = {"connection_id": str(ground.here.connection_id), "deliver_to_queue": "lab_inbound__c", "label": "Own"}
    return Deed(partial(queues.serve, queue_id=ground.id(Queue, api_name="spare__c")), values=values)


def served_under_no_name(ground: Ground) -> Deed:
    """What is emptied in a form becomes empty by the call as well."""
    change = partial(queues.change_serving, queue_id=ground.here.queue_id, connection_id=ground.here.connection_id)
    ground.done(change, 1001, {"label": "Way"}, False)
    return Deed(change, values={"label": ""})


def served_no_more(ground: Ground) -> Deed:
    ground.with_(spare_queue)
    queue = ground.id(Queue, api_name="spare__c")
    values = {"connection_id": str(ground.here.connection_id), "deliver_to_queue": "lab_inbound__c"}
    ground.done(partial(queues.serve, queue_id=queue), 1001, values, False)
    return Deed(partial(queues.stop_serving, queue_id=queue, connection_id=ground.here.connection_id, name="C"))


def integration_made(ground: Ground) -> Deed:
    values = {"connection_id": str(ground.here.connection_id), "name": "Own", "api_name": "own__c", "feature": ""}
    return Deed(partial(rules.create_integration, made=nothing), values=values)


def integration_gone(ground: Ground) -> Deed:
    ground.with_(off)
    return Deed(partial(rules.delete_integration, key=ground.here.integration_id, name="Products"))


def certificate_chosen(ground: Ground) -> Deed:
    ground.with_(two_certificates)
    chosen = partial(connections.choose_certificate, connection_id=ground.here.connection_id)
    return Deed(partial(chosen, certificate_id="00001"))


def body_saved(ground: Ground) -> Deed:
    with ground.store.write() as write:
        key = add_message(write, ground.pair, 8, MessageState.DELIVERED)
        write.execute(update(table_of(SparkMessageBody)).values(body='{"message": 1}'))
    return Deed(partial(messages.save_body, body='{"message": 1}', message_key=key), values=ground.at("body.json"))


def rolled(_ground: Ground) -> Deed:
    days = {"published_at": 0, "testing_at": 10, "rollover_at": 20, "both_supported_at": 30, "final_at": 40}
    values = {name: f"{START + timedelta(days=day):%Y-%m-%d %H:%M:%S}" for name, day in days.items()}
    return Deed(certificates.begin_rollover, values=values)


def client(ground: Ground, **values: str) -> Deed:
    key = ground.id(ConnectionClient, connection_id=ground.here.connection_id)
    return Deed(partial(connections.save_client, connection_id=ground.here.connection_id, key=key), values=values)


def document_state(ground: Ground) -> Deed:
    document = ground.with_(with_documents).record("Guide")
    return Deed(partial(documents.change_state, document_id=document, state="approved__c", label="Approved"))


def new_version(ground: Ground) -> Deed:
    document = ground.with_(with_documents).record("Guide")
    ground.done(partial(documents.change_state, document_id=document, state="approved__c", label="Approved"))
    return Deed(partial(documents.new_version, document_id=document))


SANDBOX = {"id": "1011", "name": "Source Sandbox", "dns_host": "sb-1011.lab.example.com"}
QUERY = "SELECT id, name__v FROM product__v ORDER BY name__v"

DEEDS: dict[str, Callable[[Ground], Deed]] = {
    # Connections (seed S1)
    "connection made: External": lambda _: Deed(
        partial(connections.create, kind="external__sys"),
        values={"name": "Outside", "api_name": "outside__c", "url": "https://example.com/x", "description": ""},
    ),
    "connection made: Local": lambda _: Deed(
        partial(connections.create, kind="local__sys"), values={"name": "-inside", "api_name": "inside__c"}
    ),
    "connection made: Vault to Vault": lambda _: Deed(
        partial(connections.create, kind="vault_to_vault__sys"),
        values={"name": "There", "api_name": "there__c", "remote_vault_id": "1002", "cross_domain": "true"},
    ),
    "connection edited": lambda g: Deed(
        partial(connections.edit, connection_id=g.here.connection_id),
        values={"name": "Another", "description": "About it", "authorized_user_id": ""},
    ),
    "connection renamed": lambda g: Deed(
        partial(connections.edit, connection_id=g.here.connection_id), values={"api_name": "another__c"}, sure=True
    ),
    "connection duplicated": lambda g: Deed(
        partial(connections.duplicate, connection_id=g.here.connection_id),
        values={"name": "-- a copy", "api_name": "copy__c"},
    ),
    "connection file downloaded": lambda g: Deed(
        partial(connections.download, connection_id=g.with_(walk).connection()), values=g.at("walk.vaultconnection")
    ),
    "connection file used": connect,
    "connection approved": lambda g: Deed(
        partial(connections.complete, connection_id=g.with_(uploaded).connection(), approve=True)
    ),
    "connection rejected": lambda g: Deed(
        partial(connections.complete, connection_id=g.with_(uploaded).connection(), approve=False)
    ),
    "connection reset": lambda g: Deed(partial(connections.reset, connection_id=g.here.connection_id, name="C")),
    "connection deleted": lambda g: Deed(
        partial(connections.delete, connection_id=g.with_(walk).connection(), name="Walk")
    ),
    "file handed over": hand_over,
    "integrations on on both sides": activate_pair,
    "client added": lambda g: Deed(
        partial(connections.save_client, connection_id=g.here.connection_id, key=None),
        values={"client_id": "lab-client-1"},
    ),
    "client changed": lambda g: client(g, client_id="other", active="false"),
    "filtering": lambda _: Deed(partial(connections.set_filtering, on=True)),
    "authorization made": lambda _: Deed(
        partial(connections.save_authorization, kind="client_credentials__sys", key=None),
        values={"name": "Own", "client_id__sys": "me", "client_secret__sys": "hush"},
    ),
    "authorization edited": lambda g: Deed(
        partial(connections.save_authorization, kind="basic_auth__sys", key=g.with_(basic).id(ConnectionAuthorization)),
        values={"name": "Login 2", "username__sys": "you", "password__sys": ""},
    ),
    "authorization deleted": lambda g: Deed(
        partial(connections.delete_authorization, key=g.with_(basic).id(ConnectionAuthorization), name="Login")
    ),
    "certificate chosen": certificate_chosen,
    "certificate saved": lambda g: Deed(
        partial(connections.save_pem, certificate_id="00001"), values=g.at("certificate.pem")
    ),
    "rollover begun": rolled,
    "sandbox made": lambda _: Deed(sandboxes.creating, long=(SANDBOX,)),
    "sandbox refreshed": sandbox_refreshed,
    # Reference lookups
    "lookup made: Generic": lambda g: Deed(
        partial(lookups.create, connection_id=g.there.connection_id, kind="generic", made=nothing),
        1002,
        {"name": "--more", "api_name": "more__c"},
    ),
    "lookup made: Object": lambda g: Deed(
        partial(lookups.create, connection_id=g.there.connection_id, kind="object", made=nothing),
        1002,
        {"name": "More", "target_object": "product__v", "target_key_field": "code__c"},
    ),
    "lookup edited": lambda g: Deed(partial(lookups.edit, lookup_id=g.codes), 1002, {"name": "Signs"}),
    "lookup deleted": lambda g: Deed(partial(lookups.delete, lookup_id=g.zones, name="Zones"), 1002),
    "lookup key added": lambda g: Deed(
        partial(lookups.save_key, lookup_id=g.zones, old=None, made=nothing),
        1002,
        {"source_key": "--a=b, c", "target_key": "[/foo]"},
    ),
    "lookup key edited": lambda g: Deed(
        partial(lookups.save_key, lookup_id=g.codes, old="used__c", made=nothing),
        1002,
        {"source_key": "u__c", "target_key": "t"},
    ),
    "lookup keys removed": lambda g: Deed(
        partial(lookups.remove_keys, lookup_id=g.codes, source_keys=("used__c", "often__c")), 1002
    ),
    "lookup loaded: replaces": lambda g: loaded(g, LoadMode.REPLACE),
    "lookup loaded: adds, all or nothing": lambda g: loaded(g, LoadMode.ADD, all_or_nothing=True),
    "lookup exported": lambda g: Deed(partial(lookups.export, lookup_id=g.codes), 1002, g.at("codes.csv")),
    "missing keys forgotten": lambda g: Deed(partial(lookups.forget, lookup_id=g.codes), 1002),
    # Integrations, points, rules
    "integration off": lambda g: Deed(
        partial(commands.set_integration_active, integration_id=g.here.integration_id, name="Products", active=False)
    ),
    "integration on": lambda g: Deed(
        partial(
            commands.set_integration_active,
            integration_id=g.with_(off).here.integration_id,
            name="Products",
            active=True,
        )
    ),
    "integration made": integration_made,
    "integration edited": lambda g: Deed(
        partial(rules.edit_integration, key=g.here.integration_id), values={"name": "Goods", "feature": "goods"}
    ),
    "integration deleted": integration_gone,
    "settings": lambda g: Deed(
        partial(integrations.change_settings, key=g.there.integration_id, name="P"),
        1002,
        {"inactivates_targets": "true"},
    ),
    "last run": lambda g: Deed(
        partial(integrations.set_last_run, key=g.here.integration_id, name="P"),
        values={"last_successful_run_time": "2026-01-04 10:00"},
    ),
    "point made": lambda g: Deed(
        partial(rules.create_point, integration_id=g.there.integration_id, direction="inbound", made=nothing),
        1002,
        {"name": "Second", "api_name": "second__c", "matching": "", "creates": "true", "updates": "false"},
    ),
    "point edited": lambda g: Deed(
        partial(rules.edit_point, key=g.there.point_id), 1002, {"creates": "false", "name": "Renamed"}
    ),
    "watched edited": lambda g: Deed(
        partial(
            rules.save_source, point_id=g.here.point_id, key=g.id(PointSource), object_name="product__v", made=nothing
        ),
        values={"criteria": "code__c=P001"},
    ),
    "rule made": lambda g: Deed(
        partial(rules.create_rule, point_id=g.there.point_id, made=nothing),
        1002,
        {"name": "Other", "api_name": "", "primary_query_object": "product__v", "active": "false"},
    ),
    "rule edited": lambda g: Deed(partial(rules.edit_rule, key=g.id(IntegrationRule)), 1002, {"name": "Renamed"}),
    "rule off": lambda g: Deed(partial(rules.set_active, row=g.part("rule"), active=False), 1002),
    "field rule made": lambda g: Deed(
        partial(rules.save_field_rule, rule_id=g.part("rule").id, key=None, made=nothing),
        1002,
        {"target_object": "product__v", "target_field": "link__sys", "default_value": "1001_9", "active": "true"},
    ),
    "field rule edited": lambda g: Deed(
        partial(rules.save_field_rule, rule_id=g.id(IntegrationRule), key=g.id(FieldRule), made=nothing),
        1002,
        {"active": "false"},
    ),
    "field rule off": lambda g: Deed(partial(rules.set_active, row=g.part("field"), active=False), 1002),
    "query object rule made": lambda g: Deed(
        partial(rules.save_query_rule, rule_id=g.part("rule").id, key=None, made=nothing),
        1002,
        {"query_object": "product__v", "filter_clause": "code__c = 'P001'"},
    ),
    "query object rule off": lambda g: Deed(
        partial(rules.set_active, row=a_query_rule(g).part("query"), active=False), 1002
    ),
    "part deleted: point": lambda g: Deed(partial(rules.delete_part, row=g.part("point")), 1002),
    "part deleted: watched": lambda g: Deed(partial(rules.delete_part, row=g.part("source", 1001))),
    "part deleted: rule": lambda g: Deed(partial(rules.delete_part, row=g.part("rule")), 1002),
    "part deleted: field rule": lambda g: Deed(partial(rules.delete_part, row=g.part("field")), 1002),
    "part deleted: query rule": lambda g: Deed(partial(rules.delete_part, row=a_query_rule(g).part("query")), 1002),
    "rules exported": lambda g: Deed(
        partial(rules.export, narrowed={"connection_id": g.there.connection_id}), 1002, g.at("rules.mdl")
    ),
    "rules imported": imported,
    # Queues and messages
    "queue off": lambda g: Deed(partial(commands.set_queue_active, queue_id=g.here.queue_id, name="Q", active=False)),
    "delivery off": lambda g: Deed(partial(commands.set_delivery, queue_id=g.here.queue_id, name="Q", enabled=False)),
    "queue edited": lambda g: Deed(
        partial(queues.edit, queue_id=g.here.queue_id), values={"label": "Out", "retry_minutes": "1, 2 4"}
    ),
    "queue made": lambda _: Deed(
        partial(queues.create, kind="outbound"),
        values={"label": "New Queue", "api_name": "new_queue__c", "description": "", "sequential": "true"},
    ),
    "queue emptied": lambda g: Deed(partial(queues.reset, queue_id=g.here.queue_id, name="Q", typed="lab_outbound__c")),
    "queue deleted": lambda g: Deed(partial(queues.delete, queue_id=g.here.queue_id, name="Q")),
    "queue traced": lambda g: Deed(partial(queues.trace, queue_id=g.here.queue_id, name="Q", off=False)),
    "queue serves": served_elsewhere,
    "queue serves otherwise": lambda g: Deed(
        partial(queues.change_serving, queue_id=g.here.queue_id, connection_id=g.here.connection_id),
        values={"label": "Way", "active": "false"},
    ),
    "queue serves under no name": served_under_no_name,
    "queue serves no more": served_no_more,
    "message put": lambda g: Deed(
        partial(queues.put_message, queue_id=g.here.queue_id),
        values={"object": "product__v", "event": "Changed", "items": g.record("Product 003"), "more": "a=b"},
    ),
    "message put back": lambda g: Deed(partial(queues.put_back, entry_id=removed(g).id(QueueLogEntry))),
    "body saved": body_saved,
    # Exceptions, jobs, the clock
    "retry": lambda g: Deed(exceptions.start, 1002, long=([g.id(ExceptionMessage)],)),
    "retry of all that is listed": lambda _: Deed(exceptions.start, 1002, long=(ExceptionFilter(active=True),)),
    "vault settings": lambda _: Deed(
        partial(vaults.change_settings, name="Source"),
        values={"applications": "QMS, LIMS", "features": "Complaints"},
    ),
    "identifiers of a connection": lambda g: Deed(
        partial(identifiers.save, connection_id=g.here.connection_id, name="Source"),
        values={"person_field": "code__c", "account_field": "name__c", "scope": "one"},
    ),
    "identifiers of the Vault": lambda g: Deed(
        partial(identifiers.save, connection_id=g.here.connection_id, name="Source"),
        values={"person_field": "code__c", "account_field": "name__c", "scope": "all"},
    ),
    "bell": lambda _: Deed(partial(exceptions.set_bell, bell=False)),
    "run": lambda g: Deed(
        partial(commands.request_runs, kinds=("send", "receive"), connection_id=g.here.connection_id)
    ),
    "limits": lambda _: Deed(jobs.set_limits, values={"send": "1,200", "receive": "60"}),
    "notices seen": lambda _: Deed(notices.mark_seen, 1002),
    "clock paused": lambda _: Deed(partial(commands.pause_or_resume, pause=True)),
    "clock stepped": clock_stepped,
    "clock faster": lambda _: Deed(partial(commands.set_speed, speed=30)),
    # Records and documents
    "retry cancelled": retry_cancelled,
    "record saved": lambda g: Deed(
        partial(commands.save_typed_record, object_name="product__v", record_id=g.record("Product 003")),
        values={"name__v": "It's “odd” -- $x", "code__c": ""},
    ),
    "record taken over": taken_over,
    "record made": lambda _: Deed(
        partial(commands.save_typed_record, object_name="product__v", record_id=None),
        values={"name__v": "New", "code__c": "N1"},
    ),
    "record saved by itself": lambda g: Deed(
        partial(
            commands.save_record,
            object_name="product__v",
            record_id=g.record("Product 003"),
            values={"code__c": "P9", "strength__c": None},
        )
    ),
    "record deleted": lambda g: Deed(partial(commands.delete_record, record_id=g.record("Product 003"))),
    "user action": lambda g: Deed(
        partial(user_actions.perform, record_id=g.with_(acted_on).record("Product 003"), name="Withdraw")
    ),
    "document state": document_state,
    "document version": new_version,
    "query exported": lambda g: Deed(partial(queries.export, text=QUERY), values=g.at("rows.csv")),
    # The whole store
    "change taken back": undone,
    "change done again": partial(undone, again=True),
    "snapshot saved": lambda _: Deed(snapshots.save, values={"name": "one"}),
    "snapshot deleted": lambda _: Deed(partial(snapshots.delete, name="one")),
}


def command_of(deed: Deed) -> Callable[..., Any]:
    command = deed.command
    while isinstance(command, partial):
        command = command.func
    return command


def test_everything_that_has_a_twin_is_compared_with_it(tmp_path: Path, clock: Any) -> None:
    compared = set()
    for place, deed in enumerate(DEEDS.values()):
        folder = tmp_path / str(place)
        folder.mkdir()
        with contextlib.closing(fresh(folder / "lab.sqlite3", clock)) as store:
            compared.add(command_of(deed(Ground(store, folder))))
    # Putting a snapshot back closes the store, so it is called and compared where snapshots are.
    assert set(TWINS) - compared == {snapshots.restore}


def rows(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """What a store holds, but for when and under which random name it came about."""
    with contextlib.closing(sqlite3.connect(path)) as found:
        tables = [name for (name,) in found.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        held: dict[str, list[tuple[Any, ...]]] = {}
        for table in tables:
            if table in SAME_FOR_NONE or table.startswith("sqlite"):
                continue
            columns = [
                f'"{name}"'
                for _, name, kind, *_ in found.execute(f'PRAGMA table_info("{table}")')
                if "DATETIME" not in kind.upper() and not name.endswith(("_at", "message_id")) and name not in RANDOM
            ]
            if table == "lab":
                # Since when it runs is another time each time; where it stands still, it stands at one time.
                columns = ["speed", "paused", "CASE WHEN paused THEN lab_base END"]
            held[table] = sorted(found.execute(f'SELECT {", ".join(columns)} FROM "{table}"'), key=repr)
        return held


def copied(store: Store, folder: Path) -> Path:
    """A copy of a store and its key, apart from it."""
    assert store.path is not None
    folder.mkdir()
    with (
        contextlib.closing(sqlite3.connect(store.path)) as one,
        contextlib.closing(sqlite3.connect(folder / store.path.name)) as other,
    ):
        one.backup(other)
    for key in store.path.parent.glob(f"{store.path.name}*key*"):
        (folder / key.name).write_bytes(key.read_bytes())
    return folder / store.path.name


def written(folder: Path) -> dict[str, bytes]:
    """The files in a folder, which is empty afterwards."""
    held = {}
    for path in folder.iterdir():
        held[path.name] = b"" if path.suffix == ".vaultconnection" else path.read_bytes()
        path.unlink()
    return held


def done_in_the_console(deed: Deed, store: Store) -> str:
    """Do it, and answer its call."""
    who = Who(deed.vault_id, ADMIN, read_only=False)
    if deed.long is not None and command_of(deed) is exceptions.start:
        call = call_of(deed.command, store, who, *deed.long)
        deed.command(store, who, *deed.long)
        return call
    if deed.long is not None:
        told = carry_on(deed.command, store, who, *deed.long)(lambda _what, _part: None, lambda: False)
    else:
        arguments: Sequence[Any] = () if deed.values is None else (deed.values, deed.sure)
        told = carry_out(deed.command, store, who, *arguments)
    assert isinstance(told, Told)
    return told.call


def calls_of(line: str, **instead: str) -> Iterator[list[str]]:
    """The calls that a line for a shell holds, their words with others instead of some."""
    calls: list[list[str]] = [[]]
    for word in shlex.split(line):
        if word == "&&":
            calls.append([])
        else:
            calls[-1].append(instead.get(word, word))
    yield from calls


@pytest.mark.parametrize("name", DEEDS)
def test_what_a_call_does_is_what_the_console_did(
    store: Store, clock: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    ground = Ground(store, tmp_path)
    monkeypatch.chdir(tmp_path)
    deed = DEEDS[name](ground)
    secret = ground.file("secret.txt", "hush\n")
    by_console, by_call = copied(store, tmp_path / "a"), copied(store, tmp_path / "b")
    if name == "snapshot deleted":
        for path in (by_console, by_call):
            with contextlib.closing(open_store(path, clock=clock)) as one:
                save_snapshot(one, "one")
    with contextlib.closing(open_store(by_console, clock=clock)) as one:
        if name.startswith("clock"):
            attach_lab(one)
        line = done_in_the_console(deed, one)
    files = written(ground.out)
    for call in calls_of(line, **{str(by_console): str(by_call), SECRET: str(secret)}):
        result = CliRunner().invoke(application, call[1:], prog_name=call[0])
        assert result.exit_code == 0, (line, result.output)
    there, here = rows(by_call), rows(by_console)
    assert {table for table in here if here[table] != there[table]} == set(), line
    assert written(ground.out) == files, line
    assert names_beside(by_call) == names_beside(by_console)


def names_beside(path: Path) -> set[str]:
    """What lies beside a store, such as its snapshots."""
    return {
        str(each.relative_to(path.parent))
        for each in path.parent.rglob("*")
        if "-shm" not in each.name and "-wal" not in each.name
    }
