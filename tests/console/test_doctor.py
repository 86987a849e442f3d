"""The doctor by keyboard: it says why a connection does not move, and goes there."""

from typing import Any

from sqlalchemy import select, update
from textual.pilot import Pilot

from console.modals.page import PageScreen
from console.screens.connections import ConnectionsScreen
from console.screens.design import DesignScreen
from console.screens.exceptions import ExceptionsScreen
from console.screens.lookups import LookupsScreen
from console.screens.queues import QueuesScreen
from console.targets import Goto
from models.doctor import examine
from models.doctor.finding import FindingKind
from models.permissions import Actor
from models.services.lookups import create_lookup
from models.store import Store
from models.tables import FieldRule, Lab, LookupType, Queue, table_of
from tests.console.lab import START, area, console, fill, press, settle
from tests.console.test_connection_actions import WIDE
from tests.console.test_lookup_actions import in_front


async def test_the_doctor_names_what_is_broken_and_enter_goes_there(store: Store) -> None:
    pair = fill(store)
    with store.write() as write:
        write.execute(update(table_of(Queue)).where(table_of(Queue).c.id == pair.source.queue_id).values(active=False))
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "1", "D")
        assert isinstance(app.screen, PageScreen)
        text = app.screen.view.text
        assert "A queue is inactive" in text
        assert "vault-console queues activate" in text
        while (line := app.screen.view.current) is not None and line.target != Goto(
            "queues", pair.source.queue_id, 1001
        ):
            await press(pilot, "down")
        await press(pilot, "enter")
        assert isinstance(app.screen, QueuesScreen)
        row = area(app).table.cursor_row
        assert row is not None
        assert row.key == pair.source.queue_id


async def test_the_doctor_reads_again_when_something_was_mended(store: Store) -> None:
    pair = fill(store)
    queues = table_of(Queue)
    mended = queues.c.id == pair.source.queue_id
    with store.write() as write:
        write.execute(update(queues).where(mended).values(delivery_enabled=False))
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "1", "D")
        assert isinstance(app.screen, PageScreen)
        assert "Delivery is disabled" in app.screen.view.text
        with store.write() as write:
            write.execute(update(queues).where(mended).values(delivery_enabled=True))
            write.execute(update(table_of(Lab)).values(paused=False))
        await press(pilot, "r")
        assert "Delivery is disabled" not in app.screen.view.text
        await press(pilot, "escape")
        assert area(app).table.has_focus


async def follow(pilot: Pilot[Any], kind: FindingKind) -> None:
    """Let the doctor look at the Vault's connection, and go to what a finding of a kind is about."""
    app = pilot.app
    await press(pilot, "1", "D")
    assert isinstance(app.screen, PageScreen)
    with app.store.read() as session:  # type: ignore[attr-defined]
        found = examine(session, 1002, 2, START, START)
    place = next(finding.place for finding in found if finding.kind is kind)
    assert place is not None
    goto = Goto(place.area, place.key, place.vault_id, place.within)
    for _ in found:
        line = app.screen.view.current
        if line is not None and line.target == goto:
            break
        await press(pilot, "down")
    await press(pilot, "enter")


async def test_findings_lead_to_the_very_rule_lookup_or_exceptions(store: Store) -> None:
    pair = fill(store)
    actor = Actor.system(1002)
    with store.write() as write:
        rules = table_of(FieldRule)
        field = write.execute(select(rules.c.id).where(rules.c.target_field == "code__c")).scalar_one()
        write.execute(update(rules).where(rules.c.id == field).values(target_field="gone__c"))
        lookup = create_lookup(
            write, actor, pair.target.connection_id, name="Names", api_name="names", type=LookupType.GENERIC
        )
        named = write.execute(select(rules.c.id).where(rules.c.target_field == "name__v")).scalar_one()
        write.execute(update(rules).where(rules.c.id == named).values(reference_lookup_id=lookup.id))
        create_lookup(write, actor, pair.target.connection_id, name="A", api_name="a", type=LookupType.GENERIC)
    app = console(store, vault=1002)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await follow(pilot, FindingKind.TARGET_FIELD_GONE)
        assert in_front(app, DesignScreen)
        row = area(app).table.cursor_row
        assert row is not None
        assert row.key == f"field:{field}"
        await follow(pilot, FindingKind.LOOKUP_KEY_MISSING)
        assert in_front(app, LookupsScreen)
        row = area(app).table.cursor_row
        assert row is not None
        assert row.name == "Names"
        # The key of the area in use leads out of the lists that were opened in it.
        await press(pilot, "1")
        assert in_front(app, ConnectionsScreen)
        await follow(pilot, FindingKind.EXCEPTIONS_OPEN)
        assert in_front(app, ExceptionsScreen)
        assert "only active, of one connection" in "".join(text for text, _ in area(app).list_title())
