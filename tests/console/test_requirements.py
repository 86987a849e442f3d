"""What integrations need, on their page, in the split view, and in the settings of a Vault, by keyboard."""

from textual.pilot import Pilot

from console.app import ConsoleApp
from console.modals.form import FormScreen
from console.screens.split import SplitScreen
from models.permissions import Actor
from models.services.vaults import create_user
from models.store import Store
from models.tables import Vault
from tests.builders import user
from tests.console.lab import area, console, press, settle, type_in
from tests.console.test_connection_actions import WIDE, act, line, said, told
from tests.console.test_design import enter, problem
from tests.console.test_split import go_to
from tests.console.test_split import shown as split_text
from tests.quality import ENHANCED, QUALITY, RIM, TRANSFER, VARIATION, Quality, is_active, quality_and_rim, switch


def give(store: Store, vault_id: int, **values: list[str]) -> None:
    with store.write() as write:
        vault = write.get_one(Vault, vault_id)
        for name, names in values.items():
            setattr(vault, name, names)
        write.add(vault)


def shown(app: ConsoleApp) -> str:
    return " ".join(area(app).pane.text.split())


async def at_integration(pilot: Pilot[None], name: str) -> None:
    await settle(pilot)
    await press(pilot, "2", "slash")
    await type_in(pilot, name)
    await press(pilot, "enter")


async def test_an_integration_tells_in_words_what_it_needs_and_what_is_missing(store: Store) -> None:
    quality_and_rim(store)
    give(store, QUALITY, applications=["QualityDocs"])
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await at_integration(pilot, "Enhanced")
        text = shown(app)
        for words in (
            "✕ Application QMS: missing. Add the application QMS in the settings of Quality.",
            "✓ Local feature Change Control: there",
            "✓ Application Registrations of the partner Vault: there",
            "✕ Depends on Product Transfer: inactive. Activate Product Transfer first.",
            "✓ Supersedes Variation Management: inactive",
        ):
            assert words in text


async def test_without_signs_the_words_stay(store: Store) -> None:
    quality_and_rim(store)
    app = console(store, plain=True)
    async with app.run_test(size=WIDE) as pilot:
        await at_integration(pilot, "Enhanced")
        assert "x Depends on Product Transfer: inactive." in shown(app)


async def test_activating_is_refused_beforehand_with_what_is_missing(store: Store) -> None:
    lab: Quality = quality_and_rim(store)
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await at_integration(pilot, "Enhanced")
        assert "Activate Product Transfer first." in area(app).why_not("toggle")
        await press(pilot, "a")
        assert "Product Transfer, which it needs, is inactive." in told(app)
        assert not is_active(store, lab.id(ENHANCED))
        await press(pilot, "2", "slash", "ctrl+u")
        await type_in(pilot, "Transfer")
        await press(pilot, "enter", "a")
        assert is_active(store, lab.id(TRANSFER))


async def test_what_another_one_needs_says_so_before_it_is_inactivated(store: Store) -> None:
    lab: Quality = quality_and_rim(store)
    for name in (TRANSFER, ENHANCED):
        switch(store, Actor.system(QUALITY), lab.id(name))
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await at_integration(pilot, "Transfer")
        assert "Needed by Enhanced Change Control" in shown(app)
        assert "Inactivate Enhanced Change Control first." in area(app).why_not("toggle")


async def test_the_partner_vault_is_told_to_lack_what_it_lacks(store: Store) -> None:
    lab: Quality = quality_and_rim(store)
    for name in (TRANSFER, ENHANCED):
        switch(store, Actor.system(QUALITY), lab.id(name))
    give(store, RIM, applications=[])
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await at_integration(pilot, "Enhanced")
        assert "✕ Application Registrations of the partner Vault: missing. Add" in shown(app)
        assert "1 of its requirements is not met, see below" in shown(app)


async def test_the_split_view_says_where_an_integration_cannot_be_switched_on(store: Store) -> None:
    lab: Quality = quality_and_rim(store)
    give(store, RIM, applications=[])
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "S")
        assert isinstance(app.screen, SplitScreen)
        assert f"{VARIATION}  lacks something" in split_text(app)
        await go_to(pilot, VARIATION)
        assert "In RIM: Variation Management cannot be activated." in app.screen.why_not("both")
        await press(pilot, "b")
        assert not is_active(store, lab.id(VARIATION))
        await press(pilot, "a")
        assert is_active(store, lab.id(VARIATION))


async def test_the_settings_of_the_vault_are_edited_from_everywhere(store: Store) -> None:
    lab: Quality = quality_and_rim(store)
    for name in (TRANSFER, ENHANCED):
        switch(store, user(store, QUALITY), lab.id(name))
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "6", "A")
        assert isinstance(app.screen, FormScreen)
        assert (line(app, "applications").value, line(app, "features").value) == ("QMS, QualityDocs", "Change Control")
        line(app, "features").editor.focus()
        await settle(pilot)
        assert "Deviations" in said(app)
        await enter(pilot, "features", ", a|b")
        await press(pilot, "f2")
        assert problem(app, "features") == "✕ A name holds no |."
        await press(pilot, "ctrl+u", *"Deviations", "f2")
        assert "Active integrations that lack something: Enhanced Change Control." in told(app)
        assert app.calls[0].call.endswith("vaults edit --feature Deviations --no-feature 'Change Control'")
        await press(pilot, "U", "left", "enter")
    with store.read() as session:
        assert session.get_one(Vault, QUALITY).features == ["Change Control"]


async def test_a_reader_is_told_what_he_lacks_to_edit_them(store: Store) -> None:
    quality_and_rim(store)
    with store.write() as write:
        create_user(write, QUALITY, "reader@lab.example.com", "Rita", "Reader", "Read-Only User")
    app = console(store, user="reader@lab.example.com")
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "A")
        assert not isinstance(app.screen, FormScreen)
        assert "Manage Connections" in told(app)


async def test_they_are_found_by_name_among_all_actions(store: Store) -> None:
    quality_and_rim(store)
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await act(pilot, "Vault settings")
        assert isinstance(app.screen, FormScreen)
