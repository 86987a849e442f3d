"""User exceptions by keyboard: narrowing the list, Retry Transfer with its result, and the notification's bell."""

from typing import Any

import pytest
from sqlalchemy import select, update
from textual.widgets import Button

from console.modals.dialog import Dialog
from console.modals.form import FormScreen
from models.feed import Topic
from models.store import Store
from models.tables import (
    ErrorType,
    ExceptionMessage,
    ExceptionNotification,
    ExceptionSide,
    JobKind,
    RetryTransfer,
    table_of,
)
from scheduler.retries import serve_retries
from tests.builders import Pair
from tests.conftest import ManualClock
from tests.console.lab import START, area, console, fill, press, settle
from tests.console.test_connection_actions import WIDE, line, said, told
from tests.console.walking import picture

_exceptions = table_of(ExceptionMessage)


def add(store: Store, pair: Pair, **values: Any) -> None:
    """Another user exception message of the target Vault."""
    options: dict[str, Any] = {
        "vault_id": 1002,
        "name": "Lab connection",
        "side": ExceptionSide.SOURCE,
        "error_type": ErrorType.CONNECTION,
        "error_message": "No answer.",
        "connection_id": pair.target.connection_id,
        "created_at": START,
    }
    with store.write() as write:
        write.add(ExceptionMessage(**options | values))


def retries(store: Store) -> list[Any]:
    with store.read() as session:
        return list(session.execute(select(table_of(RetryTransfer))))


async def test_the_detail_shows_every_field_by_its_api_name(store: Store) -> None:
    fill(store)
    app = console(store, vault=1002)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "5")
        text = area(app).pane.text
    for name in (
        *("name__v", "status__v", "error_type__sys", "error_message__sys", "message_processor__sys"),
        *("message_body_json__sys", "integration__sys", "integration_point__sys"),
        *("error_status__sys", "item__sys", "item_data__sys"),
    ):
        assert name in text
    assert "message_items_received" in text
    assert "message_items_failed" in text


async def test_r_tries_this_message_again_and_tells_its_result_when_it_is_there(
    store: Store, clock: ManualClock
) -> None:
    fill(store)
    clock.advance(hours=1)
    app = console(store, vault=1002)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "5", "r")
        assert "Trying 1 message with 1 open item again (Retry Transfer 1)" in told(app)
        assert "Under way" in area(app).pane.text
        await press(pilot, "r")
        assert "being retried already" in told(app)
        serve_retries(store, clock, 1002, JobKind.RECEIVE)
        await settle(pilot)
        assert "Retry Transfer 1 of 1 message with 1 open item: 1 applied, 0 failed" in told(app)
        assert "1 open before, 0 after" in " ".join(area(app).pane.text.split())
    assert len(retries(store)) == 1


async def test_shift_r_tries_all_that_is_listed_once_its_count_is_confirmed(store: Store) -> None:
    pair = fill(store)
    for _ in range(2):
        add(store, pair)
    app = console(store, vault=1002)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "5", "slash", *"answer", "enter", "R")
        assert isinstance(app.screen, Dialog)
        assert "2 messages with 0 open items would be tried again" in said(app)
        await press(pilot, "escape")
        assert retries(store) == []
        await press(pilot, "R", "right", "enter")
        (retry,) = retries(store)
        assert (retry.messages, retry.asked) == (2, "active, with “answer”")


async def test_selected_messages_are_tried_together(store: Store) -> None:
    pair = fill(store)
    add(store, pair)
    app = console(store, vault=1002)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "5", "space", "down", "space", "r")
        assert "2 messages with 1 open item would be tried again" in said(app)
        await press(pilot, "right", "enter")
        assert retries(store)[0].messages == 2
        assert not area(app).table.selected


async def test_f_narrows_the_list_by_what_occurs_in_it(store: Store) -> None:
    pair = fill(store)
    add(store, pair)
    app = console(store, vault=1002)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "5", "f")
        assert isinstance(app.screen, FormScreen)
        line(app, "side").editor.focus()
        await press(pilot, "enter", *"source", "enter", "f2")
        assert area(app).table.total == 1
        assert "source side" in "".join(text for text, _tone in area(app).list_title())
        await press(pilot, "o")
        assert "only active, source side" in "".join(text for text, _tone in area(app).list_title())
        await press(pilot, "o", "escape")
        assert area(app).table.total == 2
        await press(pilot, "f")
        line(app, "error_type").editor.focus()
        await press(pilot, "enter", *"processing", "enter", "f2")
        assert area(app).table.total == 1
        await press(pilot, "c")
        assert area(app).table.total == 2


async def test_the_bell_is_set_here_and_rings_for_a_new_message(store: Store) -> None:
    pair = fill(store)
    app = console(store, vault=1002)
    rung = list[int]()
    async with app.run_test(size=WIDE) as pilot:
        app.bell = lambda: rung.append(1)  # type: ignore[method-assign]
        await settle(pilot)
        await press(pilot, "5", "b")
        assert "custom lifecycle" in said(app)
        assert str(app.screen.query_one("#answer-1", Button).label) == "Ring the bell"
        await press(pilot, "right", "enter")
        assert rung == []
        add(store, pair, created_at=START.replace(year=2027))
        with store.write() as write:
            write.changed(Topic.EXCEPTIONS, 1002)
        await settle(pilot)
        assert rung == [1]
        assert "A new user exception message in Target." in told(app)
    with store.read() as session:
        assert session.execute(select(table_of(ExceptionNotification).c.bell)).scalar_one()


async def test_who_may_not_manage_integrations_is_told_so_beforehand(store: Store) -> None:
    fill(store)
    app = console(store, vault=1002, read_only=True)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "5", "r", "R")
        assert "read-only" in told(app)
    assert retries(store) == []


async def test_an_inactive_message_has_nothing_to_retry(store: Store) -> None:
    fill(store)
    with store.write() as write:
        write.execute(update(_exceptions).values(active=False))
    app = console(store, vault=1002)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "5", "r")
        assert "Inactive" in told(app)


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_a_retry_that_has_not_begun_is_called_off(store: Store, size: tuple[int, int]) -> None:
    fill(store)
    app: Any = console(store, vault=1002)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await press(pilot, "5", "T")
        assert "Nothing has been retried yet. “r” retries a message." in picture(app)
        await press(pilot, "escape", "r")
        assert [row.state for row in retries(store)] == ["under_way"]
        await press(pilot, "T", "enter")
        assert isinstance(app.screen, Dialog)
        assert "No job has begun it." in said(app)
        assert app.focused.id == "answer-0", "cancelling is not what Enter does by itself"
        await press(pilot, "right", "enter")
        assert [row.state for row in retries(store)] == ["cancelled"]
        assert "Cancelled Retry Transfer 1" in told(app)
        assert app.calls[0].call.endswith("exceptions cancel-retry 1")
        await press(pilot, "T", "enter")
        assert "Cancelled before it began" in said(app)
        assert len(app.screen.query(Button)) == 1, "what is over cannot be cancelled"


async def test_a_retry_that_has_begun_ends_by_itself(store: Store, clock: ManualClock) -> None:
    fill(store)
    app: Any = console(store, vault=1002)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "5", "r")
        serve_retries(store, clock, 1002, JobKind.RECEIVE)
        clock.advance(minutes=1)
        await press(pilot, "T", "enter")
        assert "Cancel it" not in picture(app)


async def test_who_may_not_retry_may_not_call_off(store: Store) -> None:
    fill(store)
    app: Any = console(store, vault=1002)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "5", "r")
    app = console(store, vault=1002, read_only=True)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "5", "T", "enter")
        assert "read-only" in said(app)
        assert len(app.screen.query(Button)) == 1
