"""Both halves of a connection beside each other: what is paired, what is missing, and every step on either side."""

from typing import Any

import pytest
from rich.cells import cell_len
from sqlalchemy import select, update
from textual.pilot import Pilot

from console.details.split import next_step, split_lines
from console.doing.split import Split, read_split, rehearse_hand_over
from console.modals.dialog import Dialog
from console.modals.picker import PickList
from console.screens.home import HomeScreen
from console.screens.jobs import JobsScreen
from console.screens.split import SplitScreen
from console.session import Who
from models.queries.lab import ask
from models.queries.split import halves, other_halves, partner_of
from models.services.connection_pairing import reset_connection
from models.services.integrations import set_integration_active
from models.store import Store
from models.tables import (
    Connection,
    ConnectionState,
    Integration,
    IntegrationPoint,
    Job,
    QueueConnection,
    Vault,
    table_of,
)
from tests.builders import ADMIN, make_vault, two_vaults, user
from tests.console.lab import START, console, fill, press, settle, type_in
from tests.console.test_connection_actions import pending, ready, states, stored, told
from tests.contents import digest_of

ACTIVE, APPROVED, PENDING = ConnectionState.ACTIVE, ConnectionState.APPROVED, ConnectionState.PENDING
WIDE, SMALL = (120, 40), (80, 24)
OURS, THEIRS = Who(1001, ADMIN, read_only=False), Who(1002, ADMIN, read_only=False)


def split_of(store: Store, connection_id: int, other: int | None = None, who: Who = OURS) -> Split:
    found = ask(store, read_split, who, connection_id, other, START.date())
    assert found is not None
    return found


def is_at(app: Any, screen: type[Any]) -> bool:
    return isinstance(app.screen, screen)


def at(app: Any, screen: type[Any]) -> None:
    assert is_at(app, screen)


def shown(app: Any) -> str:
    assert isinstance(app.screen, SplitScreen)
    return app.screen.view.text


async def go_to(pilot: Pilot[Any], text: str) -> None:
    """Move the cursor down to the line that holds a text, by keyboard."""
    screen = pilot.app.screen
    assert isinstance(screen, SplitScreen)
    for _ in range(80):
        line = screen.view.line
        if line is not None and text in line.text:
            return
        await press(pilot, "down")
    raise AssertionError(f"There is no line with {text}.")


# What is paired


def test_an_established_connection_is_shown_with_both_halves_of_everything(store: Store) -> None:
    pair = fill(store)
    found = ask(store, halves, pair.source.connection_id, pair.target.connection_id)
    (integrations,) = found.integrations
    assert integrations.near is not None
    assert integrations.far is not None
    assert (integrations.near.key, integrations.far.key) == (pair.source.integration_id, pair.target.integration_id)
    (points,) = found.points
    assert (points.way, points.near and points.near.key, points.far and points.far.key) == (
        "out",
        pair.source.point_id,
        pair.target.point_id,
    )
    (queues,) = found.queues
    assert (queues.way, queues.near and queues.near.waiting) == ("out", 1)


def test_from_the_other_side_the_same_halves_stand_the_other_way_round(store: Store) -> None:
    pair = fill(store)
    here = ask(store, halves, pair.source.connection_id, pair.target.connection_id)
    there = ask(store, halves, pair.target.connection_id, pair.source.connection_id)
    for ours, theirs in (
        (here.integrations, there.integrations),
        (here.points, there.points),
        (here.queues, there.queues),
    ):
        assert [(one.far, one.near) for one in ours] == [(one.near, one.far) for one in theirs]
    assert there.points[0].way == "in"


def test_a_half_that_is_missing_leaves_its_place_empty(store: Store) -> None:
    pair = fill(store)
    with store.write() as write:
        points = table_of(IntegrationPoint)
        write.execute(update(points).where(points.c.id == pair.target.point_id).values(api_name="renamed__c"))
        served = table_of(QueueConnection)
        write.execute(served.delete().where(served.c.queue_id == pair.target.queue_id))
    found = ask(store, halves, pair.source.connection_id, pair.target.connection_id)
    assert [(bool(one.near), bool(one.far)) for one in found.points] == [(True, False), (False, True)]
    assert [(bool(one.near), bool(one.far)) for one in found.queues] == [(True, False)]
    lines = split_lines(split_of(store, pair.source.connection_id), START.date(), 120)
    assert sum("no point here" in line.text for line in lines) == 2
    assert sum("no queue here" in line.text for line in lines) == 1


def test_a_connection_without_another_end_offers_the_vaults_it_can_be_established_with(store: Store) -> None:
    two_vaults(store)
    with store.write() as write:
        make_vault(write, 1003, "Third")
    pending(store)
    key = stored(store, "walk__c").id
    assert ask(store, partner_of, key) is None
    others = ask(store, other_halves, key)
    assert [(other.vault_id, other.connection_id) for other in others] == [(1002, None), (1003, None)]
    assert split_of(store, key).far is None
    assert split_of(store, key, other=1003).far is not None
    assert "Choose the Vault" in next_step(split_of(store, key))


def test_what_a_reset_left_behind_is_still_known_as_the_other_half(store: Store) -> None:
    pair = fill(store)
    with store.write() as write:
        reset_connection(write, user(store, 1001), pair.source.connection_id)
    split = split_of(store, pair.source.connection_id)
    assert split.far is not None
    assert (split.near.state, split.far.state, split.established) == ("pending", "active", False)
    assert "was reset" in next_step(split)


def test_rehearsing_to_hand_a_file_over_changes_nothing(store: Store) -> None:
    ready(store)
    pending(store)
    before = digest_of(store)
    preview = rehearse_hand_over(store, OURS, THEIRS, stored(store, "walk__c").id)
    assert preview.refusal is None
    assert digest_of(store) == before


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_names_of_any_kind_leave_the_two_halves_in_their_columns(store: Store, width: int) -> None:
    pair = fill(store)
    with store.write() as write:
        for table in (Vault, Connection, Integration):
            write.execute(update(table_of(table)).where(table_of(table).c.id == 1002).values(name="製品" * 40))
        write.execute(update(table_of(Connection)).values(name="[b]長い[/b]\x1b[31m" * 5))
        write.execute(update(table_of(Integration)).values(name="👩‍🔬 e\u0301" * 12))
    lines = split_lines(split_of(store, pair.source.connection_id), START.date(), width)
    compared = [line for line in lines if line.links]
    assert compared
    assert all(cell_len(line.text) <= width for line in lines)
    assert len({cell_len(line.text) for line in compared}) == 1
    assert "\x1b" not in "".join(line.text for line in lines)


# Walks by keyboard


@pytest.mark.parametrize("size", [WIDE, SMALL])
async def test_a_connection_is_established_from_both_sides_without_leaving_the_view(
    store: Store, size: tuple[int, int]
) -> None:
    ready(store)
    pending(store)
    app = console(store)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await press(pilot, "G", "S")
        assert "not known yet" in shown(app)
        assert app.screen.why_not("hand_over") == "There is no Vault on the other side: choose one first."  # type: ignore[attr-defined]
        await press(pilot, "o")
        at(app, PickList)
        await type_in(pilot, "Target")
        await press(pilot, "enter")
        assert "no connection here" in shown(app)
        await press(pilot, "f")
        at(app, Dialog)
        await press(pilot, "tab", "enter")
        assert states(store, "walk__c") == {1001: PENDING, 1002: PENDING}
        assert "waits for approval in both Vaults" in told(app)
        await press(pilot, "c")
        at(app, Dialog)
        await press(pilot, "tab", "tab", "enter")
        assert states(store, "walk__c") == {1001: APPROVED, 1002: PENDING}
        await press(pilot, "tab", "c")
        await press(pilot, "tab", "tab", "enter")
        assert states(store, "walk__c") == {1001: ACTIVE, 1002: ACTIVE}
        assert "Established" in shown(app)
        await press(pilot, "escape")
        assert not is_at(app, SplitScreen)


async def test_after_a_reset_the_other_side_takes_the_new_file_and_both_are_active_again(store: Store) -> None:
    ready(store)
    pair_id = stored(store, "lab_connection__c").id
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "S", "x")
        await type_in(pilot, "reset")
        await press(pilot, "enter", "tab", "enter")
        assert states(store, "lab_connection__c") == {1001: PENDING, 1002: ACTIVE}
        assert "was reset" in shown(app)
        await press(pilot, "f", "tab", "enter", "c", "tab", "tab", "enter", "tab", "c", "tab", "tab", "enter")
        assert states(store, "lab_connection__c") == {1001: ACTIVE, 1002: ACTIVE}
        assert ask(store, partner_of, pair_id) is not None


async def test_an_integration_is_switched_on_on_both_sides_at_once_or_on_one(store: Store) -> None:
    pair = fill(store)
    with store.write() as write:
        set_integration_active(write, user(store, 1001), pair.source.integration_id, active=False)
    app = console(store)

    def active() -> dict[int, bool]:
        columns = table_of(Integration).c
        with store.read() as session:
            return {row[0]: row[1] for row in session.execute(select(columns.vault_id, columns.active))}

    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        await press(pilot, "S")
        assert app.screen.why_not("both") == "The cursor is on no integration."  # type: ignore[attr-defined]
        await go_to(pilot, "≠")
        await press(pilot, "b")
        assert active() == {1001: True, 1002: True}
        assert app.screen.why_not("both") == "It is Active on both sides already."  # type: ignore[attr-defined]
        await press(pilot, "tab", "a")
        assert active() == {1001: True, 1002: False}


async def test_jobs_of_the_cursors_side_are_asked_for(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        await press(pilot, "S", "tab", "r")
        columns = table_of(Job).c
        with store.read() as session:
            asked = session.execute(select(columns.vault_id).where(columns.requested_at.is_not(None))).scalars()
            assert list(asked) == [1002, 1002, 1002]


async def test_a_number_of_either_side_opens_what_it_counts_there(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "S")
        await go_to(pilot, "Received")
        await press(pilot, "tab", "enter")
        at(app, JobsScreen)
        assert app.session.vault_id == 1002
        await press(pilot, "escape")
        at(app, SplitScreen)
        assert "Source  1001" in shown(app).splitlines()[2]


async def test_who_may_not_manage_connections_is_told_so_on_both_sides(store: Store) -> None:
    fill(store)
    app = console(store, user="reader@lab.example.com")
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "S")
        for name in ("hand_over", "complete", "reset"):
            assert "Manage Connections is missing" in app.screen.why_not(name)  # type: ignore[attr-defined]
        await press(pilot, "f")
        at(app, SplitScreen)


async def test_a_read_only_console_looks_at_both_sides_and_changes_neither(store: Store) -> None:
    ready(store)
    pending(store)
    before = digest_of(store)
    app = console(store, read_only=True)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "G", "S", "f", "c", "t", "escape", "escape")
        await press(pilot, "g", "S", "f", "c", "t", "r", "tab", "r", "escape")
    assert digest_of(store) == before


async def test_the_view_is_opened_from_home_and_only_for_vault_to_vault_connections(store: Store) -> None:
    fill(store)
    app = console(store, area="home")
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        assert app.screen.why_not("split") == "The cursor is on no connection."  # type: ignore[attr-defined]
        await press(pilot, "down", "S")
        at(app, SplitScreen)
        await press(pilot, "escape")
        at(app, HomeScreen)


async def test_what_changes_elsewhere_is_seen_and_a_deleted_connection_leaves_a_word(store: Store) -> None:
    fill(store)
    pending(store)
    app = console(store)
    async with app.run_test(size=SMALL) as pilot:
        await settle(pilot)
        await press(pilot, "G", "S")
        assert "Walk" in shown(app)
        from models.services.connection_deleting import delete_connection

        with store.write() as write:
            delete_connection(write, user(store, 1001), stored(store, "walk__c").id)
        await settle(pilot)
        assert "no longer there" in shown(app)
        await press(pilot, "f", "c", "o", "escape")
        assert not is_at(app, SplitScreen)
