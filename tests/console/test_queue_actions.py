"""Queues, their log and the audit trail by keyboard."""

from typing import Any

from sqlalchemy import select
from textual.widgets import Input

from console.modals.dialog import Dialog
from console.modals.form import FormScreen
from console.screens.messages import MessagesScreen
from console.screens.queue_log import QueueLogScreen
from console.widgets.fields import FieldLine
from models.services.connections import create_connection
from models.services.queue_connections import connect_queue
from models.services.queue_log import log_messages
from models.services.queues import create_queue
from models.store import Store
from models.tables import (
    ConnectionType,
    Direction,
    LogEntryType,
    MessageState,
    Queue,
    QueueConnection,
    SparkMessage,
    SparkMessageBody,
    table_of,
)
from tests.builders import user
from tests.console.lab import add_message, area, console, fill, lines, press, settle
from tests.console.test_connection_actions import WIDE, act, line, said, told


def queue(store: Store, api_name: str) -> Any:
    with store.read() as session:
        return session.execute(table_of(Queue).select().where(table_of(Queue).c.api_name == api_name)).one_or_none()


def waiting(store: Store) -> int:
    columns = table_of(SparkMessage).c
    with store.read() as session:
        found = session.execute(select(columns.id).where(columns.state == MessageState.QUEUED))
        return len(found.all())


async def test_a_queue_is_made_edited_and_deleted_with_its_name_typed(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "3", "n", *"outb", "enter", *"Orders", "f2")
        assert queue(store, "orders__c").retry_minutes is None
        await press(pilot, "slash", *"orders", "enter", "e")
        line(app, "retry_minutes").editor.focus()
        await press(pilot, *"5, 500", "enter")
        assert isinstance(app.screen, FormScreen)
        assert line(app, "retry_minutes").has_class("-problem")
        await press(pilot, "backspace", "enter")
        assert queue(store, "orders__c").retry_minutes == [5, 50]
        await press(pilot, "delete", *"orders", "enter")
        assert queue(store, "orders__c") is not None
        await press(pilot, *"__c", "enter", "enter")
    assert queue(store, "orders__c") is None


async def test_connections_are_added_to_a_queue_and_removed(store: Store) -> None:
    fill(store)
    app = console(store)
    served = table_of(QueueConnection).select()
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "3", "n", *"outb", "enter", *"Orders", "f2", "slash", *"orders", "enter", "c")
        await press(pilot, "enter", *"lab", "enter", "tab", "enter")
        assert line(app, "deliver_to_queue").has_class("-problem")
        await press(pilot, *"lab_inbound__c", "enter")
        assert "Target" in area(app).pane.text
        with store.read() as session:
            assert len(session.execute(served).all()) == 3
        await press(pilot, "C", "enter", "enter")
        with store.read() as session:
            assert len(session.execute(served).all()) == 3
        await press(pilot, "C", "enter", "tab", "enter")
    with store.read() as session:
        assert len(session.execute(served).all()) == 2


def served(store: Store, queue_api_name: str) -> Any:
    """How a queue serves its one connection."""
    columns = table_of(QueueConnection).c
    with store.read() as session:
        found = session.execute(
            table_of(QueueConnection).select().where(columns.queue_id == queue(store, queue_api_name).id)
        )
        return found.one()


async def test_how_a_queue_serves_a_connection_is_edited_and_switched_off_and_on(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "3", "slash", *"outbound", "enter")
        await act(pilot, "edit conn")
        await press(pilot, "enter")
        assert isinstance(app.screen, FormScreen)
        line(app, "label").query_one(Input).value = "Products"
        line(app, "deliver_to_queue").query_one(Input).value = "Not a name"
        await press(pilot, "f2")
        assert line(app, "deliver_to_queue").has_class("-problem")
        assert line(app, "label").value == "Products"
        line(app, "deliver_to_queue").query_one(Input).value = "elsewhere__c"
        line(app, "active").editor.focus()
        await press(pilot, "enter", *"inact", "enter", "f2")
        row = served(store, "lab_outbound__c")
        assert (row.label, row.deliver_to_queue, row.active) == ("Products", "elsewhere__c", False)
        text = area(app).pane.text
        assert "serves no connection at present" in area(app).why_not("put")
        assert "! Inactive" in text
        assert "elsewhere__c" in text
        await press(pilot, "E")
        assert "not served" in str(app.screen.query_one("OptionList").render_line(0).text)
        await press(pilot, "enter")
        line(app, "active").editor.focus()
        await press(pilot, "enter", "enter", "f2")
        assert "Nothing differs" in said(app)
        await press(pilot, "enter" if app.focused is None else "tab", "shift+tab", "enter", "up", "enter", "f2")
        assert served(store, "lab_outbound__c").active
        await press(pilot, "E", "enter", "f2")
        assert "Nothing differs" in said(app)


async def test_a_path_is_asked_for_an_external_connection_and_an_inbound_queue_delivers_nowhere(store: Store) -> None:
    fill(store)
    with store.write() as write:
        made = create_connection(
            write, user(store, 1001), type=ConnectionType.EXTERNAL, name="Orders", api_name="orders__c"
        )
        connect_queue(write, user(store, 1001), queue(store, "lab_outbound__c").id, made.id or 0, path="/orders")
        inbound = create_queue(write, user(store, 1001), label="Inbox", type=Direction.INBOUND)
        connect_queue(write, user(store, 1001), inbound.id or 0, made.id or 0)
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "3", "slash", *"outbound", "enter", "E", *"orders", "enter")
        assert {item.field.name for item in app.screen.query(FieldLine)} == {"label", "path", "active"}
        line(app, "path").query_one(Input).value = "/orders/new?source=vault"
        await press(pilot, "f2")
        assert "/orders/new" in area(app).pane.text
        await press(pilot, "escape", "slash", *"inbox", "enter", "E", "enter")
        assert {item.field.name for item in app.screen.query(FieldLine)} == {"label", "active"}


async def test_a_message_is_put_by_hand_and_looked_at(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "3", "P", *"product__v", "f2")
        assert isinstance(app.screen, Dialog)
        await press(pilot, "escape")
        line(app, "more").editor.focus()
        await press(pilot, *"colour=blue", "tab", *"V0A000000001001 V0A000000001002", "enter")
        assert waiting(store) == 2
        await press(pilot, "enter")
        assert isinstance(app.screen, MessagesScreen)
        assert "blue" in app.screen.pane.text
        await press(pilot, "c")
        assert "not been signed yet" in said(app)
    with store.read() as session:
        bodies = session.execute(select(table_of(SparkMessageBody).c.attributes)).scalars()
        assert {"object": "product__v", "event": "changed", "colour": "blue"} in list(bodies)


async def test_a_reset_needs_the_name_and_a_standard_reason_where_nothing_waits(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "3", "X", *"lab_outbound", "enter")
        assert waiting(store) == 1
        await press(pilot, *"__c", "enter", "enter")
        assert waiting(store) == 0
        await press(pilot, "X")
        assert "No message waits in Lab Outbound." in told(app)


async def test_a_removed_message_goes_back_from_the_queue_log(store: Store) -> None:
    pair = fill(store)
    with store.write() as write:
        key = add_message(write, pair, 7, MessageState.REMOVED)
        log_messages(write, LogEntryType.REMOVAL, [key], reason="Six hours had passed.")
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "3", "l")
        assert isinstance(app.screen, QueueLogScreen)
        assert "Six hours had passed." in app.screen.pane.text
        await press(pilot, "left", "left")
        assert app.screen.table.total == 0
        await press(pilot, "a", "b")
        assert waiting(store) == 2
        assert "has been put back" in app.screen.why_not("back")
        await press(pilot, "escape")
        assert area(app).AREA == "queues"


async def test_tracing_is_shown_and_ended(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "3")
        await act(pilot, "trace")
        assert "Traced until" in area(app).pane.text
        await act(pilot, "trace")
        assert "Traced until" not in area(app).pane.text


async def test_the_queue_log_needs_its_permission(store: Store) -> None:
    fill(store)
    app = console(store, user="reader@lab.example.com")
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "3", "l")
        assert not isinstance(app.screen, QueueLogScreen)
        assert "Admin: Queue Log is missing" in told(app)
        assert "Admin: Spark Queues is missing" in area(app).why_not("toggle")


async def test_the_audit_trail_shows_old_and_new_value_and_is_filtered(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "3", "a", "8")
        assert "Lab Outbound" in lines(area(app).table)[1]
        text = area(app).pane.text
        assert "Old value" in text
        assert text.index("true") < text.index("false")
        every = area(app).table.total
        await press(pilot, "slash", *"edit outbound", "enter")
        assert 0 < area(app).table.total < every


async def test_the_audit_trail_is_filtered_by_fields_and_lab_time(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "3", "a", "8")
        every = area(app).table.total
        assert area(app).why_not("all") == "All rows are shown."
        await press(pilot, "n", *"admin", "tab", *"edit", "tab", "tab", *"outbound", "tab", "tab", *"soon", "enter")
        assert isinstance(app.screen, FormScreen)
        assert line(app, "since").has_class("-problem")
        await press(pilot, *["backspace"] * 4, *"2026-01-01", "enter")
        assert area(app).table.total == 1
        assert "user admin, action edit, item outbound, from 2026-01-01" in "".join(
            text for text, _tone in area(app).list_title()
        )
        await press(pilot, "n", "tab", "tab", "tab", "tab", "tab", "tab", *"2026-01-02", "enter")
        assert area(app).table.total == 0
        await press(pilot, "a")
        assert area(app).table.total == every
