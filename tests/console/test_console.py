"""The console as people use it: keys, areas, Vaults, filters, actions."""

import re
from threading import Event
from typing import Any

import pytest
from sqlalchemy import select, update
from textual.widgets import OptionList

from console.modals.help import HelpScreen
from console.modals.picker import PickList
from console.screens.frame import FilterInput
from console.screens.messages import MessagesScreen
from console.widgets.bars import Bar, ClockBar, NoticeBar, VaultBar
from console.widgets.detail_view import DetailView
from models.queries.lab import sign_in
from models.store import Store
from models.tables import Integration, Job, JobKind, Record, table_of
from tests.console.lab import area, console, fill, lines, press, record_id, settle

AREAS = {"1": "connections", "2": "integrations", "3": "queues", "4": "certificates", "5": "exceptions"} | {
    "6": "records",
    "7": "jobs",
    "8": "audit",
}


def told(app: object) -> str:
    return "\n".join(f"{note.title} {note.message}" for note in getattr(app, "_notifications", ()))


@pytest.mark.parametrize(("key", "name"), AREAS.items())
async def test_a_digit_opens_its_area_with_a_list_and_details(store: Store, key: str, name: str) -> None:
    fill(store)
    app = console(store, vault=1002 if name == "exceptions" else 1001)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, key)
        screen = area(app)
        assert name == screen.AREA
        assert screen.table.total > 0
        assert screen.pane.text.strip()
        assert not screen.query_one(FilterInput).display
        # Details stand beside the list where there is room, but for wide lists.
        beside = screen.pane.region.x > screen.table.region.x
        assert beside == (name != "jobs")


async def test_the_header_says_vault_user_clock_and_that_no_engine_runs(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        assert "Source" in app.screen.query_one(VaultBar).text
        assert app.session.user is not None
        assert app.session.user.full_name in app.screen.query_one(VaultBar).text
        clock = app.screen.query_one(ClockBar).text
        assert "2026-01-05 08:00:00 UTC" in clock
        assert "no engine" in clock


async def test_v_switches_the_vault_by_typing_part_of_its_name(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "6", "v", "t", "a", "r", "g")
        assert app.screen.query_one(OptionList).option_count == 1
        await press(pilot, "enter")
        assert app.session.vault_id == 1002
        assert area(app).AREA == "records"
        assert [line.split()[1] for line in lines(area(app).table)[1:2]] == ["Product"]
        assert area(app).table.total == 1


async def test_esc_leaves_the_pick_list_and_the_vault_as_they_were(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test() as pilot:
        await settle(pilot)
        await press(pilot, "v", "t", "escape")
        assert app.session.vault_id == 1001


async def test_the_filter_narrows_the_list_and_esc_takes_it_away(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "6", "slash", *"013 prod")
        shown = re.findall(r"Product \d+", "\n".join(lines(area(app).table)))
        assert shown == ["Product 012", "Product 013"]  # the id of the former ends in 013
        await press(pilot, "enter")
        assert area(app).table.has_focus
        await press(pilot, "escape")
        assert area(app).table.total == 30


async def test_a_filter_that_matches_nothing_says_so(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test() as pilot:
        await settle(pilot)
        await press(pilot, "6", "slash", *"zzz", "enter")
        assert "No match for “zzz”. Esc takes the filter away." in "\n".join(lines(area(app).table))


async def test_j_k_g_and_shift_g_move_and_the_details_follow(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "6", "j", "j", "k")
        assert area(app).table.cursor == 1
        assert "Product 002" in area(app).pane.text
        await press(pilot, "G")
        assert area(app).table.cursor == 29
        assert "Product 030" in area(app).pane.text
        await press(pilot, "g")
        assert area(app).table.cursor == 0


async def test_tab_moves_between_panes_and_esc_goes_back_to_the_list(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test() as pilot:
        await settle(pilot)
        await press(pilot, "tab")
        assert isinstance(app.focused, DetailView)
        await press(pilot, "escape")
        assert area(app).table.has_focus


async def test_a_column_can_be_sorted_by_and_turned_round(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "6", "s", "s")
        assert (area(app).table.sort, area(app).table.descending) == ("name", True)
        assert "Product 030" in lines(area(app).table)[1]


async def test_the_link_partner_is_one_key_away_in_the_other_vault(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "6")
        assert "target in Target" in area(app).pane.text
        await press(pilot, "J")
        assert app.session.vault_id == 1002
        assert "source in Source" in area(app).pane.text


async def test_the_cursor_finds_its_row_however_long_the_other_vault_takes(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store)
    records = table_of(Record)
    with store.write() as write:
        wanted = record_id(write, 1001, "Product 017")
        global_id = write.execute(select(records.c.global_id).where(records.c.record_id == wanted)).scalar_one()
        write.execute(update(records).where(records.c.vault_id == 1002).values(link=global_id))
    ready = Event()

    def slowly(*arguments: Any, **options: Any) -> Any:
        assert ready.wait(30)
        return sign_in(*arguments, **options)

    app = console(store, vault=1002)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "6")
        monkeypatch.setattr("models.queries.lab.sign_in", slowly)
        await pilot.press("J")
        for _ in range(50):
            await pilot.pause()
        ready.set()
        await settle(pilot)
        assert app.session.vault_id == 1001
        row = area(app).table.cursor_row
        assert row is not None
        assert row.key == wanted


async def test_an_exception_item_leads_to_its_source_record(store: Store) -> None:
    fill(store)
    app = console(store, vault=1002)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "5")
        pane = area(app).pane
        assert "Product 002" in pane.text
        assert "A number is needed, not text." in " ".join(pane.text.split())
        await press(pilot, "tab")
        while pane.current is None or "Product 002" not in "".join(text for text, _ in pane.current.spans):
            await press(pilot, "down")
        await press(pilot, "enter")
        assert app.session.vault_id == 1001
        assert area(app).AREA == "records"
        assert "Product 002" in area(app).pane.text


async def test_a_count_of_exceptions_opens_exactly_those(store: Store) -> None:
    fill(store)
    app = console(store, vault=1002)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        assert "! 1 active user exception message" in area(app).pane.text
        await press(pilot, "tab", "enter")
        assert area(app).AREA == "exceptions"
        assert area(app).table.total == 1


async def test_enter_on_a_queue_lists_its_messages_and_esc_comes_back(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "3", "enter")
        assert isinstance(app.screen, MessagesScreen)
        assert area(app).table.total == 2
        assert "00000000-0000-4000-8000-000000000002" in area(app).pane.text
        await press(pilot, "escape")
        assert not isinstance(app.screen, MessagesScreen)


async def test_a_inactivates_an_integration_and_says_what_that_means(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "2", "a")
        with store.read() as session:
            active = session.execute(
                select(table_of(Integration).c.active).where(table_of(Integration).c.vault_id == 1001)
            )
            assert active.scalar_one() is False
        assert "○ Inactive" in lines(area(app).table)[1]
        assert "is Inactive" in told(app)


async def test_without_the_permission_an_action_is_refused_in_words(store: Store) -> None:
    fill(store)
    app = console(store, user="reader@lab.example.com")
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "2", "a")
        assert "The permission Application: Manage Connections is missing." in told(app)
        assert "● Active" in lines(area(app).table)[1]


async def test_a_read_only_console_refuses_to_act(store: Store) -> None:
    fill(store)
    app = console(store, read_only=True)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "2", "a", "p")
        assert "● Active" in lines(area(app).table)[1]
        assert "read-only" in told(app)


async def test_r_asks_for_a_run_of_one_job(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test() as pilot:
        await settle(pilot)
        await press(pilot, "7", "r", *"receive into", "escape", "r", *"apply", "enter")
        jobs = table_of(Job).c
        with store.read() as session:
            asked = session.execute(select(jobs.kind).where(jobs.vault_id == 1001, jobs.requested_at.is_not(None)))
            assert list(asked.scalars()) == [JobKind.RECEIVE]
        assert "at once" in app.screen.query_one("#next-runs", Bar).text


async def test_actions_that_cannot_be_done_say_why(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "5", "R")
        assert "The list is empty." in told(app)
        await press(pilot, "x")
        assert isinstance(app.screen, PickList)
        assert "The list is empty." in app.screen.query_one(Bar).text
        await press(pilot, "enter")
        assert isinstance(app.screen, PickList)


async def test_help_names_the_keys_of_what_has_the_focus(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "2", "question_mark")
        assert isinstance(app.screen, HelpScreen)
        text = app.screen.query_one(DetailView).text
        for words in ("Assumed", "Next row", "Activate or inactivate the integration", "Switch to another Vault"):
            assert words in text
        await press(pilot, "escape")
        assert area(app).AREA == "integrations"


async def test_the_command_palette_finds_commands_by_what_is_said_about_them_too(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "ctrl+p", *"clock")
        await pilot.pause()
        shown = [str(option.prompt) for option in app.screen.query_one(OptionList).options]
        assert any("Pause" in text for text in shown)


async def test_the_command_palette_knows_the_actions_of_the_area(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test() as pilot:
        await settle(pilot)
        await press(pilot, "2")
        names = [command.title for command in app.get_system_commands(app.screen)]
        assert {"Activate", "Run now", "Go to Jobs", "Vault", "Quit"} <= set(names)


async def test_a_vault_that_is_not_there_ends_the_console_with_a_refusal(store: Store) -> None:
    fill(store)
    app = console(store, vault="Nowhere")
    async with app.run_test() as pilot:
        await settle(pilot)
    assert app.return_code == 1
    assert app.refusal is not None
    assert "no Vault Nowhere" in app.refusal.message


async def test_a_viewer_says_why_it_only_watches(store: Store) -> None:
    fill(store)

    class Watching:
        viewer = "Process 77 runs this lab's jobs."

        def stop(self) -> None: ...

    from console.app import ConsoleApp
    from console.lab import OpenedLab

    app = ConsoleApp(lambda: OpenedLab(store, Watching), vault=1001)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await settle(pilot)
        assert "viewer" in app.screen.query_one(ClockBar).text
        assert app.screen.query_one(NoticeBar).display
        assert "Process 77" in app.screen.query_one(NoticeBar).text


async def test_quitting_stops_the_engine_and_ends(store: Store) -> None:
    fill(store)
    stopped: list[bool] = []

    class Running:
        viewer = None

        def stop(self) -> None:
            stopped.append(True)

    from console.app import ConsoleApp
    from console.lab import OpenedLab

    app = ConsoleApp(lambda: OpenedLab(store, Running), vault=1001)
    async with app.run_test() as pilot:
        await settle(pilot)
        await settle(pilot)
        assert "running" in app.screen.query_one(ClockBar).text
        await pilot.press("ctrl+q")
        await pilot.app.workers.wait_for_complete()
    assert stopped == [True]
    assert app.return_code == 0


async def test_a_lab_without_vaults_says_so(store: Store) -> None:
    app = console(store, vault=None)
    async with app.run_test() as pilot:
        await settle(pilot)
        assert "This lab has no Vault yet." in "\n".join(lines(area(app).table))
