"""The message browser by keyboard: the list, its filter line and form, details, and following what comes."""

import json
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from console.app import ConsoleApp
from console.modals.form import FormScreen
from console.modals.page import PageScreen
from console.modals.picker import PickList
from console.screens.messages import MessagesScreen, QueueMessagesScreen
from console.widgets.terms_bar import TermsBar
from models.queries.messages import BrowsedMessage
from models.tables import MessageState
from tests.console.lab import area, console, lines, press, settle, type_in
from tests.exceptions.trouble import bad_items
from tests.messages.browsing import write_messages
from tests.stages.lab import Lab

SIZE = (120, 40)


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.delenv("NO_COLOR", raising=False)


def browser(app: ConsoleApp) -> MessagesScreen:
    screen = area(app)
    assert isinstance(screen, MessagesScreen)
    return screen


def said(app: ConsoleApp) -> str:
    return browser(app).query_one(TermsBar).text


def title(app: ConsoleApp) -> str:
    return str(browser(app).query_one("#list-title").text)  # type: ignore[attr-defined]


def listed(app: ConsoleApp) -> list[BrowsedMessage]:
    """The rows of the list that are in memory."""
    table = browser(app).table
    return [row for place in range(table.total) if (row := table._pages.row(place)) is not None]


async def filter_by(pilot: Pilot[Any], line: str) -> None:
    await press(pilot, "slash")
    await type_in(pilot, line)
    await press(pilot, "enter")


async def test_all_messages_of_the_vault_are_listed_and_the_filter_knows_terms(lab: Lab) -> None:
    write_messages(lab.store, lab.source, 5)
    write_messages(lab.store, lab.source, 2, first=6, state=MessageState.QUEUED, last_error="No answer.")
    app = console(lab.store)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "9")
        assert browser(app).table.total == 7
        assert "! Failing" in "\n".join(lines(browser(app).table))
        await filter_by(pilot, "state:failed queue:outbound")
        assert browser(app).table.total == 2
        assert "/state:failed queue:outbound" in title(app)
        await press(pilot, "escape")
        assert browser(app).table.total == 7


async def test_what_is_wrong_with_a_filter_stands_below_it_and_nothing_typed_is_lost(lab: Lab) -> None:
    write_messages(lab.store, lab.source, 3)
    app = console(lab.store)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "9", "slash")
        assert "Terms: state: direction:" in said(app)
        await type_in(pilot, "state:lost")
        assert "There is no state “lost”: queued, delivered" in said(app)
        assert browser(app).table.total == 3
        await press(pilot, "enter")
        # The line stays, as it was typed.
        assert isinstance(app.focused, Input)
        assert app.focused.value == "state:lost"
        await press(pilot, *("backspace",) * 4)
        await type_in(pilot, "removed")
        assert "State: queued, delivered" in said(app)
        assert browser(app).table.total == 0
        await press(pilot, "enter")
        assert not browser(app).query_one(TermsBar).display


async def test_what_may_become_a_term_narrows_nothing_before_it_has(lab: Lab) -> None:
    write_messages(lab.store, lab.source, 3)
    app = console(lab.store)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "9", "slash")
        for character in ("s", "tat", "e", "colon"):
            await (type_in(pilot, character) if len(character) < 5 else press(pilot, character))
            assert browser(app).table.total == 3
        assert "State: queued, delivered" in said(app)
        await press(pilot, "enter")
        assert isinstance(app.focused, Input)
        await press(pilot, "backspace", "enter")
        # As a word it is looked for like any other.
        assert browser(app).filter_text == "state"
        assert browser(app).table.total == 0


async def test_a_name_that_there_is_not_is_told_beside_the_line_and_in_the_empty_list(lab: Lab) -> None:
    write_messages(lab.store, lab.source, 3)
    app = console(lab.store)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "9", "slash")
        await type_in(pilot, "connection:nowhere")
        assert "No connection of this Vault is called “nowhere”." in said(app)
        assert "No connection of this Vault is called “nowhere”." in "\n".join(lines(browser(app).table))


async def test_names_and_values_are_completed(lab: Lab) -> None:
    write_messages(lab.store, lab.source, 3)
    app = console(lab.store)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "9", "slash")
        await type_in(pilot, "po")
        await press(pilot, "right")
        await type_in(pilot, "prod")
        await press(pilot, "right", "enter")
        assert browser(app).filter_text == "point:product_inbound__c"
        assert browser(app).table.total == 3


async def test_the_form_holds_the_same_terms_as_the_line(lab: Lab) -> None:
    write_messages(lab.store, lab.source, 3)
    write_messages(lab.store, lab.source, 1, first=4, state=MessageState.REMOVED)
    app = console(lab.store)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "9")
        await filter_by(pilot, "point:product key:Alpha")
        await press(pilot, "F")
        assert isinstance(app.screen, FormScreen)
        values = {line.field.name: line.value for line in app.screen._lines}
        assert (values["point"], values["key"]) == ("product", "Alpha")
        # State stands first: pick "removed".
        await press(pilot, "enter")
        assert isinstance(app.screen, PickList)
        await type_in(pilot, "removed")
        await press(pilot, "enter")
        form = app.screen
        assert isinstance(form, FormScreen)
        next(line for line in form._lines if line.field.name == "key").editor.focus()
        await press(pilot, *("backspace",) * 5, "f2")
        assert browser(app).filter_text == "state:removed point:product"
        assert browser(app).table.total == 1


async def test_a_field_of_the_form_that_cannot_be_read_is_marked_and_kept(lab: Lab) -> None:
    app = console(lab.store)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "9", "F")
        form = app.screen
        assert isinstance(form, FormScreen)
        since = next(line for line in form._lines if line.field.name == "since")
        since.editor.focus()
        await type_in(pilot, "soon")
        await press(pilot, "f2")
        assert app.screen is form
        assert since.has_class("-problem")
        assert since.value == "soon"


async def test_a_message_tells_its_items_troubles_signature_and_attempts(lab: Lab) -> None:
    bad, *_ = bad_items(lab, 1, good=1)
    app = console(lab.store, vault=1002)
    async with app.run_test(size=(120, 90)) as pilot:
        await settle(pilot)
        await press(pilot, "9")
        text = browser(app).pane.text
        assert "Bad 0" in text
        assert "! not applied" in text
        assert "User exceptions" in text
        assert "✓ Valid" in text
        assert "Signed headers" in text
        assert '"message_id"' in text
        # The cursor of the details stands on an item: t traces that one.
        await press(pilot, "tab")
        pane = browser(app).pane
        while pane.current is None or bad not in "".join(span for span, _ in pane.current.spans):
            await press(pilot, "down")
        await press(pilot, "t")
        assert isinstance(app.screen, PageScreen)
        await press(pilot, "escape", "enter")
        assert area(app).AREA == "records"


async def test_a_message_leads_to_its_explanation(lab: Lab) -> None:
    bad_items(lab, 1)
    app = console(lab.store, vault=1002)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "9", "e")
        assert isinstance(app.screen, PageScreen)


async def test_the_exact_body_is_saved_to_a_file(lab: Lab, tmp_path: Path) -> None:
    lab.create("Alpha")
    lab.transfer()
    app = console(lab.store, vault=1002)
    path = tmp_path / "body.json"
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "9", "b")
        form = app.screen
        assert isinstance(form, FormScreen)
        editor = form._lines[0].editor
        assert isinstance(editor, Input)
        editor.value = str(path)
        await press(pilot, "enter")
        call = app.calls[0].call
    (message,) = lab.messages(lab.target)
    assert path.read_text() == message.body
    assert call.endswith(f"messages show {message.id} --output {path}")
    assert json.loads(path.read_text())["message_id"] == message.message_id


async def test_a_body_that_was_never_sent_cannot_be_saved(lab: Lab) -> None:
    write_messages(lab.store, lab.source, 1)
    app = console(lab.store)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "9")
        assert "no body yet" in browser(app).why_not("export")


async def test_the_list_is_sorted_by_what_has_an_index(lab: Lab) -> None:
    write_messages(lab.store, lab.source, 3)
    write_messages(lab.store, lab.source, 3, first=4, state=MessageState.QUEUED)
    app = console(lab.store)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "9", "s")
        assert [row.state for row in listed(app)] == ["delivered"] * 3 + ["queued"] * 3
        await press(pilot, "s")
        assert [row.state for row in listed(app)] == ["queued"] * 3 + ["delivered"] * 3


async def test_the_same_list_within_one_queue_goes_back_to_the_queues(lab: Lab) -> None:
    write_messages(lab.store, lab.source, 3)
    app = console(lab.store)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "3", "enter")
        assert isinstance(app.screen, QueueMessagesScreen)
        await filter_by(pilot, "state:delivered")
        assert browser(app).table.total == 3
        await press(pilot, "escape", "escape")
        assert area(app).AREA == "queues"
        assert not isinstance(app.screen, QueueMessagesScreen)


async def test_its_short_name_leads_to_it(lab: Lab) -> None:
    write_messages(lab.store, lab.source, 1)
    app = console(lab.store)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "colon")
        await type_in(pilot, "msg")
        await press(pilot, "enter")
        assert isinstance(app.screen, MessagesScreen)


# Following


async def test_following_keeps_the_newest_on_top_with_the_cursor_on_it(lab: Lab) -> None:
    write_messages(lab.store, lab.source, 50)
    app = console(lab.store)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "9", "pagedown", "f")
        assert "following" in title(app)
        (newest,) = write_messages(lab.store, lab.source, 1, first=51)
        await settle(pilot)
        table = browser(app).table
        assert (table.top, table.cursor, table.cursor_key) == (0, 0, newest)
        page = browser(app).detail
        assert page is not None
        assert page.detail.row.key == newest


async def test_a_paused_list_stands_still_counts_what_comes_and_shows_it_all_afterwards(lab: Lab) -> None:
    write_messages(lab.store, lab.source, 30)
    app = console(lab.store)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "9", "f", "f")
        before = lines(browser(app).table)
        assert "paused" in title(app)
        new = write_messages(lab.store, lab.source, 12, first=31)
        await settle(pilot)
        assert lines(browser(app).table) == before
        assert "12 new" in title(app)
        await press(pilot, "G", "g")
        assert lines(browser(app).table) == before
        await press(pilot, "f")
        assert [row.key for row in listed(app)][:12] == list(reversed(new))
        assert "following" in title(app)
        assert "new" not in title(app)


async def test_an_empty_list_can_be_paused(lab: Lab) -> None:
    app = console(lab.store)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "9", "f", "f")
        write_messages(lab.store, lab.source, 2)
        await settle(pilot)
        assert browser(app).table.total == 0
        assert "2 new" in title(app)
        await press(pilot, "f")
        assert browser(app).table.total == 2


async def test_only_what_the_filter_means_counts_as_new(lab: Lab) -> None:
    write_messages(lab.store, lab.source, 3)
    app = console(lab.store)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "9")
        await filter_by(pilot, "state:queued")
        await press(pilot, "f", "f")
        write_messages(lab.store, lab.source, 2, first=4)
        write_messages(lab.store, lab.source, 3, first=6, state=MessageState.QUEUED)
        await settle(pilot)
        assert "3 new" in title(app)


async def test_esc_ends_following_and_the_list_lives_on(lab: Lab) -> None:
    write_messages(lab.store, lab.source, 5)
    app = console(lab.store)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "9", "f", "f")
        write_messages(lab.store, lab.source, 2, first=6)
        await settle(pilot)
        await press(pilot, "escape")
        assert browser(app).table.total == 7
        assert "paused" not in title(app)
        assert not browser(app).following


async def test_a_pause_loses_no_row_while_thousands_are_written(lab: Lab) -> None:
    write_messages(lab.store, lab.source, 10)
    app = console(lab.store)
    written: list[int] = []

    def write() -> None:
        for batch in range(30):
            written.extend(write_messages(lab.store, lab.source, 100, first=11 + 100 * batch))

    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "9", "f")
        writer = Thread(target=write)
        writer.start()
        held = 0
        while writer.is_alive():
            # Pause and go on while the rows come.
            await pilot.press("f")
            await pilot.pause()
            held += browser(app).held is not None
            await pilot.press("f")
            await pilot.pause()
        writer.join()
        if browser(app).held is not None:
            await press(pilot, "f")
        await settle(pilot)
        assert held
        table = browser(app).table
        assert table.total == 10 + len(written)
        assert table.cursor_key == written[-1]
        seen: list[int] = []
        while len(seen) < len(written):
            seen += [row.key for place in range(len(seen), table.total) if (row := table._pages.row(place)) is not None]
            table.move_cursor(min(len(seen) + 100, table.total - 1))
            await settle(pilot)
        assert seen[: len(written)] == list(reversed(written))


# Looks

LOOKS: dict[str, tuple[str, ...]] = {
    "list": ("9",),
    "line": ("9", "slash", *"state:"),
    "form": ("9", "F"),
    "paused": ("9", "f", "f"),
}


@pytest.mark.parametrize("size", [(120, 40), (80, 24)], ids=["120x40", "80x24"])
@pytest.mark.parametrize("name", LOOKS)
def test_the_browser_looks_as_it_did(
    lab: Lab, snap_compare: Callable[..., bool], name: str, size: tuple[int, int]
) -> None:
    write_messages(lab.store, lab.source, 30)
    write_messages(lab.store, lab.source, 2, first=31, state=MessageState.QUEUED, last_error="No answer.")

    async def open_it(pilot: Pilot[Any]) -> None:
        await settle(pilot)
        await press(pilot, *LOOKS[name])

    assert snap_compare(console(lab.store), terminal_size=size, run_before=open_it)


@pytest.mark.parametrize(
    "text", ["[/foo]", "[@click=app.quit]x[/]", "\x1b[31mred", "漢字かな交じり文" * 6, "\u202eright", "line\nbreak"]
)
async def test_hostile_text_is_shown_and_found_but_never_obeyed(lab: Lab, text: str) -> None:
    write_messages(lab.store, lab.source, 2, last_error=f"Remote: {text}", integration_point=text[:60])
    app = console(lab.store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "9")
        screen = browser(app)
        for y in range(screen.table.size.height):
            assert screen.table.render_line(y).cell_length == screen.table.size.width
        assert "\x1b" not in "".join(lines(screen.table)) + screen.pane.text
        await press(pilot, "slash")
        line = app.focused
        assert isinstance(line, Input)
        line.value = f'"{text.splitlines()[0]}"'
        await settle(pilot)
        assert screen.table.total == 2
        await press(pilot, "enter", "F", "escape", "x", "escape")
        assert browser(app).table.total == 2


async def test_so_many_messages_that_sorting_would_keep_one_waiting_stay_in_their_order(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.queries.messages.FEW", 4)
    for place in range(6):
        state = MessageState.QUEUED if place < 2 else MessageState.DELIVERED
        write_messages(lab.store, lab.source, 1, first=place, item_count=9 - place, state=state)
    app = console(lab.store)
    async with app.run_test(size=(160, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "9")
        await filter_by(pilot, "state:queued")
        screen = browser(app)
        screen.table.post_message(screen.table.SortAsked(screen.table, "items"))
        await settle(pilot)
        assert [row.items for row in listed(app)] == [8, 9]
        assert screen.table.sort == "items"
        await press(pilot, "escape")
        assert screen.table.total == 6
        assert screen.table.sort == "time", "the heading says how it is sorted now"
        assert any(
            "At most 4 messages are sorted by items: narrow the list first." in n.message for n in app._notifications
        )
