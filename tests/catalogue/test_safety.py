"""What is special about the connections of Safety and of Medical with its neighbours: document by document."""

from sqlalchemy import select

from models.store import Store
from models.tables import CrossLink, table_of
from seed.catalogue.load import catalogue
from tests.catalogue.lab import DOCUMENTS, CatalogueLab

BINDING = "Specific Document Version"
REPRINT = {"name__v": "Reprint", "type__v": "Reference", "subtype__v": "Reprint"}


# PromoMats and Medical.


def test_promomats_and_medical_have_the_same_integrations() -> None:
    promomats, medical = catalogue().connections["promomats_medical"].sides
    assert [integration.name for integration in promomats.integrations] == [
        "Inbound Documents",
        "Outbound Documents",
        "Anchors",
    ]
    assert promomats.integrations == medical.integrations
    assert (promomats.name, promomats.api_name) == (medical.name, medical.api_name)


def test_a_crosslink_in_medical_begins_in_its_own_steady_state(store: Store) -> None:
    lab = CatalogueLab.of(store, "promomats_medical")
    reprint = lab.create("promomats", DOCUMENTS, REPRINT)
    lab.live("promomats", reprint, ("approved__c",))
    lab.run()
    (crosslink,) = lab.linked("medical", DOCUMENTS, lab.record("promomats", reprint)["global_id__sys"])
    assert crosslink["state__v"] == "approved__c"
    assert crosslink["major_version_number__v"] == 1


def test_earlier_steady_versions_become_versions_of_the_crosslink(store: Store) -> None:
    lab = CatalogueLab.of(store, "promomats_medical")
    reprint = lab.create("promomats", DOCUMENTS, REPRINT)
    lab.live("promomats", reprint, ("approved__c", "draft"))
    lab.change("promomats", reprint, {"title__v": "Second edition"})
    lab.live("promomats", reprint, ("approved__c",))
    lab.run()
    (crosslink,) = lab.linked("medical", DOCUMENTS, lab.record("promomats", reprint)["global_id__sys"])
    links = table_of(CrossLink)
    with store.read() as session:
        rows = session.execute(select(links).order_by(links.c.source_major)).all()
    bound = [(row.source_major, row.source_minor, row.major, row.minor, row.binding.value) for row in rows]
    assert bound == [(1, 0, 1, 0, BINDING), (2, 0, 2, 0, BINDING)]
    assert crosslink["title__v"] == "Second edition"


def test_a_document_waits_for_a_product_of_the_same_name(store: Store) -> None:
    lab = CatalogueLab.of(store, "promomats_medical")
    product = lab.create("promomats", "sim_product__c", {"name__v": "Nyaxa"})
    reprint = lab.create("promomats", DOCUMENTS, {**REPRINT, "sim_product__c": product})
    lab.live("promomats", reprint, ("approved__c",))
    lab.run()
    assert lab.records("medical", DOCUMENTS) == []
    (trouble, *_) = lab.troubles()
    assert "Nyaxa" in trouble

    theirs = lab.create("medical", "sim_product__c", {"name__v": "Nyaxa"})
    lab.run()
    assert [row["sim_product__c"] for row in lab.records("medical", DOCUMENTS)] == [theirs]
    assert lab.troubles() == []


def test_an_anchor_that_came_with_a_crosslink_does_not_go_back(store: Store) -> None:
    lab = CatalogueLab.of(store, "promomats_medical")
    reprint = lab.create("promomats", DOCUMENTS, REPRINT)
    lab.live("promomats", reprint, ("approved__c",))
    lab.create("promomats", "sim_anchor__c", {"name__v": "Endpoint", "sim_document__c": reprint})
    lab.run()
    assert len(lab.records("medical", "sim_anchor__c")) == 1
    assert len(lab.records("promomats", "sim_anchor__c")) == 1
    assert len(lab.records("promomats", DOCUMENTS)) == 1
