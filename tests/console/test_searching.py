"""Searching a connected Vault while a record is made: what is picked is taken over."""

from textual.widgets import OptionList

from console.modals.picker import PickList
from models.store import Store
from models.tables import Connection, ConnectionState, Record, table_of
from tests.console.gallery import searched
from tests.console.lab import area, console, fill, press, settle
from tests.console.walking import picture


def targets(store: Store) -> list[str]:
    records = table_of(Record)
    with store.read() as session:
        statement = records.select().where(records.c.vault_id == 1002).order_by(records.c.id)
        return [row.name for row in session.execute(statement)]


def told(app: object) -> str:
    return " ".join(note.message for note in app._notifications)  # type: ignore[attr-defined]


async def test_a_record_that_is_found_in_the_other_vault_is_taken_over(store: Store) -> None:
    fill(store)
    searched(store)
    app = console(store, vault=1002)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "6", "N")
        assert isinstance(app.screen, PickList)
        await press(pilot, *"product 007")
        assert app.screen.query_one(OptionList).option_count == 1
        await press(pilot, "enter")
        assert area(app).AREA == "records"
        assert "Product 007 is taken over" in told(app)
    assert targets(store) == ["Product 001", "Product 007"]


async def test_a_record_that_is_known_here_says_so(store: Store) -> None:
    fill(store)
    searched(store)
    app = console(store, vault=1002)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "6", "N", *"product 001")
        assert "known" in picture(app)


async def test_an_object_without_a_search_says_so(store: Store) -> None:
    fill(store)
    app = console(store, vault=1002)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "6", "N")
        assert area(app).AREA == "records"
        assert "No connection of this Vault offers a search for product__v" in told(app)


async def test_a_search_is_refused_with_the_reason_while_the_connection_is_not_active(store: Store) -> None:
    fill(store)
    searched(store)
    with store.write() as write:
        connections = table_of(Connection)
        write.execute(connections.update().where(connections.c.vault_id == 1002).values(state=ConnectionState.INACTIVE))
    app = console(store, vault=1002)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "6", "N")
        assert area(app).AREA == "records"
        assert "is inactive, not active" in told(app)
    assert targets(store) == ["Product 001"]
