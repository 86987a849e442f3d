"""An empty store asks what it is to begin with, shows how that is made, and offers a tour."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from console.app import ConsoleApp
from console.lab import NOTHING, Beginning, OpenedLab
from console.modals.dialog import Dialog
from console.modals.picker import PickList
from console.modals.progress import ProgressScreen
from console.screens.home import HomeScreen
from console.screens.tour import STEPS, TourStop
from models.errors import NotPossible
from models.queries.lab import ask, vault_list
from models.store import Store
from tests.builders import ADMIN, two_vaults
from tests.console.lab import console, fill, press, settle
from tests.contents import digest_of


class Filling:
    """Fills a store with two Vaults, or refuses the first time."""

    def __init__(self, store: Store, *, refuses: bool = False) -> None:
        self.store, self.refuses = store, refuses
        self.filled: list[str] = []

    @property
    def beginnings(self) -> Sequence[Beginning]:
        return (Beginning("two", "Two Vaults", "They know each other."),)

    def fill(self, name: str, tell: Callable[[str, float], None], cancelled: Callable[[], bool]) -> str:
        tell("Making two Vaults", 0.5)
        if self.refuses:
            self.refuses = False
            raise NotPossible("Cancelled: nothing was made.")
        self.filled.append(name)
        if name != NOTHING:
            two_vaults(self.store)
        assert not cancelled()
        return "There is what you wanted."


class Running:
    viewer = None

    def stop(self) -> None: ...


def begun(store: Store, filling: Filling, engines: list[int]) -> ConsoleApp:
    def start() -> Any:
        engines.append(len(filling.filled))
        return Running()

    return ConsoleApp(lambda: OpenedLab(store, start, filling))


def at(app: Any, screen: type[Any]) -> bool:
    return isinstance(app.screen, screen)


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_an_empty_store_asks_what_to_begin_with_and_only_then_starts_its_engine(
    store: Store, size: tuple[int, int]
) -> None:
    filling, engines = Filling(store), list[int]()
    app = begun(store, filling, engines)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        assert at(app, PickList)
        assert engines == []
        await press(pilot, "enter")
        await settle(pilot)
        assert at(app, Dialog)
        assert filling.filled == ["two"]
        await press(pilot, "escape")
        await settle(pilot)
        assert at(app, HomeScreen)
        assert app.session.vault_id == 1001
        assert engines == [1]
        assert "Source" in app.screen.view.text  # type: ignore[attr-defined]


async def test_who_leaves_the_question_begins_with_nothing_and_is_told_what_to_do(store: Store) -> None:
    filling, engines = Filling(store), list[int]()
    app = begun(store, filling, engines)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "escape")
        await settle(pilot)
        await press(pilot, "escape")
        await settle(pilot)
        assert filling.filled == [NOTHING]
        assert ask(store, vault_list) == ()
        assert "no Vault yet" in app.screen.view.text  # type: ignore[attr-defined]


async def test_what_was_refused_or_cancelled_asks_again(store: Store) -> None:
    filling, engines = Filling(store, refuses=True), list[int]()
    app = begun(store, filling, engines)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "enter")
        await settle(pilot)
        assert at(app, PickList)
        assert engines == []
        await press(pilot, "enter")
        await settle(pilot)
        assert filling.filled == ["two"]
        assert not at(app, ProgressScreen)


async def test_the_tour_goes_through_the_areas_and_changes_nothing(store: Store) -> None:
    fill(store)
    before = digest_of(store)
    app = console(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "f10")
        for place, step in enumerate(STEPS):
            assert at(app, TourStop)
            assert app.current_mode == step.area
            box = app.screen.query_one("Vertical")
            assert f"{place + 1} of {len(STEPS)}" in str(box.border_title)
            assert box.region.bottom <= 24
            await press(pilot, "enter")
        assert at(app, HomeScreen)
        await press(pilot, "f10", "left", "right", "escape")
        assert not at(app, TourStop)
    assert digest_of(store) == before


def test_the_tour_names_keys_by_bindings_that_exist() -> None:
    from console.keymap import every_binding

    known = every_binding()
    for step in STEPS:
        for piece in step.text.split("{")[1:]:
            assert piece.split("}")[0] in known, step.title


async def test_a_lab_that_holds_vaults_asks_nothing(store: Store) -> None:
    two_vaults(store)
    app = ConsoleApp(lambda: OpenedLab(store, Running), vault=1001, user=ADMIN)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert at(app, HomeScreen)
