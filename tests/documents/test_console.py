"""Documents in the Records area: versions, state types and CrossLinks are shown, and can be acted on by keyboard."""

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from console.details.messages import document as document_of
from console.doing.messages import read_page
from console.modals.form import FormScreen
from console.modals.picker import PickList
from console.targets import Goto
from console.widgets.document import Grid
from console.widgets.fields import FieldLine
from models.queries.exception_detail import detail as exception_detail
from models.queries.records import detail as record_detail
from models.services.vaults import create_user
from tests.builders import DOMAIN
from tests.console.lab import area, console, press, settle
from tests.documents.lab import STEADY, DocumentLab, send_documents

SIZE = (140, 40)


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.fixture
def crossed(lab: DocumentLab) -> DocumentLab:
    """A lab with a document in its second steady version, its CrossLink, and a document of the target's own."""
    send_documents(lab, STEADY)
    document = lab.steady("Prescribing Information [/foo]", title__v="Prescribing information, 2026")
    lab.transfer()
    lab.up_version(document)
    lab.transfer()
    lab.document("Local Note", vault_id=lab.target.vault_id)
    return lab


async def show(pilot: Pilot[Any], lab: DocumentLab, name: str, *, target: bool = False) -> None:
    """Go to a document in the Records area."""
    side = lab.target if target else lab.source
    (row,) = (row for row in lab.records(side, "documents") if row["name__v"] == name)
    await settle(pilot)
    pilot.app.go_to(Goto("records", row["id"], side.vault_id, within="documents"))  # type: ignore[attr-defined]
    await settle(pilot)


NAME = "Prescribing Information [/foo]"


async def test_a_document_shows_its_versions_and_who_is_bound_to_it(crossed: DocumentLab) -> None:
    app = console(crossed.store)
    async with app.run_test(size=SIZE) as pilot:
        await show(pilot, crossed, NAME)
        text = area(app).pane.text

    assert "Version" in text
    assert "2.0" in text
    assert "Superseded" in text
    assert "CrossLinks bound to it" in text


async def test_a_crosslink_shows_its_source_and_the_version_it_is_bound_to(crossed: DocumentLab) -> None:
    app = console(crossed.store, vault=crossed.target.vault_id)
    async with app.run_test(size=SIZE) as pilot:
        await show(pilot, crossed, NAME, target=True)
        text = area(app).pane.text

    assert "CrossLink of" in text
    assert "version 2.0" in text
    assert "Binding rule" in text


async def test_a_draft_is_begun_and_approved_by_keyboard(crossed: DocumentLab) -> None:
    (document,) = (row["id"] for row in crossed.records(crossed.source, "documents"))
    app = console(crossed.store)
    async with app.run_test(size=SIZE) as pilot:
        await show(pilot, crossed, NAME)
        await press(pilot, "V")
        assert crossed.history(document)[0] == ("2.1", "draft__c")
        # Whoever looks at a document sees its version and state first, not that the record is active.
        assert "2.1 Draft" in area(app).pane.text.splitlines()[0]

        await press(pilot, "S")
        assert isinstance(app.screen, PickList)
        await press(pilot, *"approved", "enter")

    assert crossed.history(document)[:2] == [("3.0", "approved__c"), ("2.0", "superseded__c")]


async def test_an_integration_that_sends_documents_says_what_becomes_of_withdrawn_ones(crossed: DocumentLab) -> None:
    app = console(crossed.store)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await press(pilot, "2")
        assert "stay as they are" in area(app).pane.text
        await press(pilot, "c")
        assert isinstance(app.screen, FormScreen)
        await press(pilot, "enter", *"yes", "enter", "f2")
        assert "are withdrawn too" in area(app).pane.text


async def test_the_form_of_a_document_has_no_field_for_its_number(crossed: DocumentLab) -> None:
    app = console(crossed.store)
    async with app.run_test(size=SIZE) as pilot:
        await show(pilot, crossed, NAME)
        await press(pilot, "E")
        names = {line.field.name for line in app.screen.query(FieldLine)}

    assert "title__v" in names
    assert not names & {"major_version_number__v", "minor_version_number__v"}


async def test_what_cannot_be_done_with_a_record_says_why(crossed: DocumentLab) -> None:
    crossed.create("Aspirin")
    app = console(crossed.store, vault=crossed.target.vault_id)
    async with app.run_test(size=SIZE) as pilot:
        await show(pilot, crossed, NAME, target=True)
        assert "source document" in area(app).why_not_version()  # type: ignore[attr-defined]
        await show(pilot, crossed, "Local Note", target=True)
        assert area(app).why_not_version() == ""  # type: ignore[attr-defined]


async def test_a_product_is_no_document(crossed: DocumentLab) -> None:
    product = crossed.create("Aspirin")
    app = console(crossed.store)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        app.go_to(Goto("records", product, crossed.source.vault_id, within="product__v"))
        await settle(pilot)

        assert "Only documents" in area(app).why_not_state()  # type: ignore[attr-defined]
        assert "Only documents" in area(app).why_not_version()  # type: ignore[attr-defined]


async def test_who_may_not_edit_documents_is_told_the_missing_right(crossed: DocumentLab) -> None:
    (document,) = (row["id"] for row in crossed.records(crossed.source, "documents"))
    with crossed.store.write() as write:
        create_user(write, crossed.source.vault_id, f"reader@{DOMAIN}", "A", "Reader", "Read-Only User")
    app = console(crossed.store, user=f"reader@{DOMAIN}")
    async with app.run_test(size=SIZE) as pilot:
        await show(pilot, crossed, NAME)
        await press(pilot, "V")

    assert crossed.history(document)[0] == ("2.0", "approved__c")


@pytest.mark.parametrize("target", [False, True])
def test_a_document_looks_as_it_did(crossed: DocumentLab, snap_compare: Callable[..., bool], target: bool) -> None:
    async def open_document(pilot: Pilot[Any]) -> None:
        await show(pilot, crossed, NAME, target=target)

    app = console(crossed.store, vault=(crossed.target if target else crossed.source).vault_id)
    assert snap_compare(app, terminal_size=SIZE, run_before=open_document)


def test_from_an_item_that_failed_one_gets_to_its_document(crossed: DocumentLab) -> None:
    crossed.connection_user_may()
    document = crossed.steady("Refused")
    crossed.transfer()
    (message,) = crossed.exceptions(crossed.target)

    with crossed.store.read() as session:
        found = exception_detail(session, crossed.target.vault_id, message.id)
        record = record_detail(session, crossed.source.vault_id, document)

    assert found is not None
    assert [(item.source_name, item.source_record_id) for item in found.items] == [("Refused", document)]
    assert record is not None
    assert [item.message_key for item in record.open_items] == [message.id]


def test_from_a_message_one_gets_to_its_documents(crossed: DocumentLab) -> None:
    (document,) = (row["id"] for row in crossed.records(crossed.source, "documents"))
    last = crossed.messages(crossed.target)[-1]

    with crossed.store.read() as session:
        page = read_page(session, crossed.store, crossed.target.vault_id, last.id)

    assert page is not None
    targets = [line.target for part in document_of(page) if isinstance(part, Grid) for line in part.lines]
    assert Goto("records", document, crossed.source.vault_id) in targets
