"""Special behaviour of integration points by name: where it steps in, and that dry run and explanation tell of it."""

from collections.abc import Iterable

import pytest
from sqlalchemy import ColumnElement
from sqlmodel import Session

import scheduler.behaviour
from models.data_model import load_object
from models.errors import NotPossible
from models.record_writer import Draft, Effect, write_records
from models.services.objects import FieldSpec, add_fields, create_object
from models.store import Store, WriteSession
from models.tables import FieldType, IntegrationPoint
from scheduler.behaviour import Asking, Behaviour, Dependents, Receiving, Sending, find_behaviour, known_behaviours
from scheduler.explain import explain_record
from scheduler.rehearsal import rehearse_integration
from seed.catalogue.load import catalogue
from tests.conftest import ManualClock
from tests.stages.lab import Lab, counts, make_lab

FIELDS = (FieldSpec("code__c", "Code"), FieldSpec("strength__c", "Strength", FieldType.NUMBER))


class OnlyA(Behaviour):
    about = "Products whose names begin with A are sent."

    def narrow(self, session: Session, sending: Sending) -> Iterable[ColumnElement[bool]]:  # noqa: ARG002
        return [sending.table.c.name.startswith("A")]


class Lettered(Behaviour):
    """Codes come in capitals, x is left out, and n is never an update."""

    def asks(self, asking: Asking) -> Iterable[str]:  # noqa: ARG002
        return ("code__c",)

    def before(self, write: WriteSession, receiving: Receiving) -> None:  # noqa: ARG002
        for row, draft in receiving.pairs:
            code = row.values["code__c"]
            if code == "x":
                draft.skip("x is left out.")
            elif code == "n":
                draft.existing = None
            draft.values["code__c"] = str(code).upper()


class Noted(Behaviour):
    """Each product that was written gets a note."""

    def after(self, write: WriteSession, receiving: Receiving) -> Iterable[Dependents]:
        model = load_object(write, receiving.route.vault_id, "note__c")
        pairs = [
            (row, Draft({"name__v": f"Note on {row.name}", "product__c": draft.record_id}))
            for row, draft in receiving.pairs
            if draft.effect is Effect.CREATED
        ]
        write_records(write, model, [draft for _, draft in pairs], receiving.route.writes_as)
        return [(model, pairs)]


@pytest.fixture
def lab(store: Store, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> Lab:
    made = {"only_a": OnlyA(), "lettered": Lettered(), "noted": Noted()}
    monkeypatch.setattr(scheduler.behaviour, "find_behaviour", made.__getitem__)
    lab = make_lab(store, clock, source_fields=FIELDS, target_fields=FIELDS)
    with store.write() as write:
        create_object(
            write,
            lab.target.vault_id,
            "note__c",
            "Note",
            "Notes",
            "V0N",
            [FieldSpec("product__c", "Product", FieldType.OBJECT, reference_object="product__v")],
        )
    return lab


def behave(lab: Lab, *names: str) -> None:
    """Give the outbound or the inbound point these behaviours."""
    point = lab.source.point_id if "only_a" in names else lab.target.point_id
    lab.update_row(IntegrationPoint, point, behaviours=list(names))


def test_an_outbound_point_sends_what_its_behaviour_lets_through(lab: Lab) -> None:
    behave(lab, "only_a")
    lab.create("Aspirin", code__c="a")
    lab.create("Ibuprofen", code__c="b")
    lab.transfer()
    assert [row["name__v"] for row in lab.targets()] == ["Aspirin"]


def test_an_explanation_tells_which_behaviour_holds_a_record_back(lab: Lab) -> None:
    behave(lab, "only_a")
    for name, verdict in (("Aspirin", "ok"), ("Ibuprofen", "stops")):
        (story,) = explain_record(lab.store, lab.source.system, lab.create(name, code__c="a"))
        (step,) = [step for step in story.steps if step.name == "Behaviour"]
        assert (step.verdict, step.text) == (verdict, OnlyA.about)


def test_an_inbound_behaviour_changes_and_skips_drafts_by_what_it_asks_the_source_for(lab: Lab) -> None:
    behave(lab, "lettered")
    lab.create("Aspirin", code__c="a")
    lab.create("Left out", code__c="x")
    result = lab.transfer()
    assert [row["code__c"] for row in lab.targets()] == ["A"]
    assert counts(result) == {"received": 2, "created": 1, "skipped": 1}


def test_a_behaviour_has_a_new_record_made_where_one_would_be_updated(lab: Lab) -> None:
    behave(lab, "lettered")
    product = lab.create("Aspirin", code__c="a")
    lab.transfer()
    lab.clock.advance(minutes=1)
    lab.change(product, code__c="n")
    assert counts(lab.transfer()) == {"received": 1, "created": 1}
    assert [row["code__c"] for row in lab.targets()] == ["A", "N"]


def test_dependent_records_are_written_counted_and_told_of(lab: Lab) -> None:
    behave(lab, "noted")
    product = lab.create("Aspirin", code__c="a")
    planned = rehearse_integration(lab.store, lab.source.system, lab.source.integration_id)
    assert planned.created == 2
    assert [one.target_object for one in planned.planned] == ["product__v", "note__c"]
    (story,) = explain_record(lab.store, lab.source.system, product)
    assert [target.target_object for target in story.targets] == ["product__v", "note__c"]
    assert lab.targets("note__c") == []
    assert counts(lab.transfer()) == {"received": 1, "created": 2}
    (note,) = lab.targets("note__c")
    assert note["product__c"] == lab.targets()[0]["id"]


def test_a_dependent_record_that_cannot_be_written_makes_an_item_of_its_source(lab: Lab) -> None:
    behave(lab, "noted")
    with lab.store.write() as write:
        add_fields(write, lab.target.vault_id, "note__c", [FieldSpec("reason__c", "Reason", required=True)])
    product = lab.create("Aspirin", code__c="a")
    lab.transfer()
    assert lab.problems() == {product: {"reason__c": "Reason is required."}}


def test_an_unknown_behaviour_is_a_clear_error_on_either_side(store: Store, clock: ManualClock) -> None:
    with pytest.raises(NotPossible, match="There is no behaviour magic"):
        find_behaviour("magic")
    lab = make_lab(store, clock)
    lab.update_row(IntegrationPoint, lab.target.point_id, behaviours=["magic"])
    lab.create("Aspirin")
    lab.transfer()
    (told,) = lab.exceptions(lab.target)
    assert "There is no behaviour magic" in str(told)
    lab.update_row(IntegrationPoint, lab.source.point_id, behaviours=["magic"])
    lab.create("Ibuprofen")
    lab.clock.advance(minutes=1)
    assert "There is no behaviour magic" in str(lab.run_row(lab.send()))


def test_every_behaviour_that_the_catalogue_names_is_there_and_tells_what_it_does() -> None:
    named = {
        name
        for connection in catalogue().connections.values()
        for side in connection.sides
        for integration in side.integrations
        for point in integration.points
        for name in point.behaviours
    }
    assert named <= set(known_behaviours())
    assert all(find_behaviour(name).about for name in known_behaviours())
