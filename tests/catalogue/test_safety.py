"""What is special about the connections of Safety and of Medical with its neighbours: document by document."""

from sqlalchemy import select

from models.store import Store
from models.tables import CrossLink, table_of
from seed.catalogue.load import catalogue
from tests.catalogue.lab import DOCUMENTS, CatalogueLab

BINDING = "Specific Document Version"
SHOWN = ("name__v", "type__v", "subtype__v", "sim_classification__c")
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


def test_anchors_of_a_draft_follow_when_it_becomes_steady(store: Store) -> None:
    lab = CatalogueLab.of(store, "promomats_medical")
    reprint = lab.create("promomats", DOCUMENTS, REPRINT)
    lab.create("promomats", "sim_anchor__c", {"name__v": "Endpoint", "sim_document__c": reprint})
    lab.run()
    assert lab.records("medical", "sim_anchor__c") == []
    lab.live("promomats", reprint, ("approved__c",))
    lab.run()
    assert lab.troubles() == []
    (anchor,) = lab.records("medical", "sim_anchor__c")
    assert lab.at("medical", anchor, "sim_document__c.name__v") == "Reprint"


def test_an_anchor_that_came_with_a_crosslink_does_not_go_back(store: Store) -> None:
    lab = CatalogueLab.of(store, "promomats_medical")
    reprint = lab.create("promomats", DOCUMENTS, REPRINT)
    lab.live("promomats", reprint, ("approved__c",))
    lab.create("promomats", "sim_anchor__c", {"name__v": "Endpoint", "sim_document__c": reprint})
    lab.run()
    assert len(lab.records("medical", "sim_anchor__c")) == 1
    assert len(lab.records("promomats", "sim_anchor__c")) == 1
    assert len(lab.records("promomats", DOCUMENTS)) == 1


# Medical and Safety.


def test_medical_and_safety_write_their_connection_with_and_without_a_hyphen() -> None:
    connection = catalogue().connections["medical_safety"]
    names = {side.vault: (side.name, side.api_name) for side in connection.sides}
    assert names == {
        "medical": ("Medical-Safety Connection", "medical_safety__v"),
        "safety": ("Medical Safety Connection", "medical_safety__v"),
    }


def test_the_points_of_safety_for_adverse_events_share_a_label_and_have_published_api_names() -> None:
    side = catalogue().connections["medical_safety"].side("safety")
    assert side is not None
    points = [(point.name, point.api_name, point.direction.value) for one in side.integrations for point in one.points]
    assert points == [
        ("Adverse Event Integration Point", "adverse_event_oip__v", "outbound"),
        ("Adverse Event Integration Point", "adverse_event_iip__v", "inbound"),
    ]


def test_an_adverse_event_becomes_an_inbox_item_with_narrative_and_attachments(store: Store) -> None:
    lab = CatalogueLab.of(store, "medical_safety")
    event = lab.create("medical", "sim_adverse_event__c", {"name__v": "AE-7", "sim_case_narrative__c": "Fell asleep"})
    for name in ("Letter", "Photograph"):
        lab.create("medical", "sim_adverse_event_attachment__c", {"name__v": name, "sim_adverse_event__c": event})
    lab.run()
    assert lab.records("safety", "inbox_item__v") == []

    lab.change("medical", event, {"sim_transfer_to_safety__c": True})
    lab.run()
    assert lab.troubles() == []
    (item,) = lab.records("safety", "inbox_item__v")
    assert (item["state__v"], item["sim_narrative_preview__c"]) == ("new_state__c", "Fell asleep")
    found = {(*map(row.get, SHOWN), row["sim_inbox_item__c"]) for row in lab.records("safety", DOCUMENTS)}
    assert found == {
        ("AE-7", "Narrative Document", None, None, item["id"]),
        ("Letter", "Case", "Source", "Non Re-Transmittable", item["id"]),
        ("Photograph", "Case", "Source", "Non Re-Transmittable", item["id"]),
    }


# Safety and EDC.


def form(lab: CatalogueLab, **values: object) -> str:
    """A form on a serious adverse event that has arrived in Safety."""
    made = lab.create("edc", "sim_sae_form__c", {"name__v": "SAE 7", "sim_serious__c": True, **values})
    lab.run()
    assert [row["state__v"] for row in lab.records("safety", "inbox_item__v")] == ["new_state__c"]
    return made


def test_each_update_of_a_form_makes_a_follow_up_on_the_same_case(store: Store) -> None:
    lab = CatalogueLab.of(store, "safety_edc")
    sae = form(lab, sim_event__c="Fall")
    (first,) = lab.records("safety", "inbox_item__v")
    case = lab.create("safety", "sim_case__c", {"name__v": "Case 1"})
    lab.change("safety", first["id"], {"sim_case__c": case, "state__v": "promoted_state__c"})
    lab.run()
    for event in ("Fall with fracture", "Fall", "Fall"):
        lab.change("edc", sae, {"sim_event__c": event})
        lab.run()
    assert lab.troubles() == []
    shown = ("sim_event_reported__c", "state__v", "sim_case__c")
    assert [tuple(row[name] for name in shown) for row in lab.records("safety", "inbox_item__v")] == [
        ("Fall", "promoted_state__c", case),
        ("Fall with fracture", "follow_up_state__c", case),
        ("Fall", "follow_up_state__c", case),
    ]


def test_a_form_that_is_no_longer_serious_or_is_reset_is_nullified(store: Store) -> None:
    lab = CatalogueLab.of(store, "safety_edc")
    sae = form(lab, sim_event__c="Fall")
    never = lab.create("edc", "sim_sae_form__c", {"name__v": "Never serious", "sim_serious__c": False})
    lab.change("edc", sae, {"sim_serious__c": False})
    lab.run()
    lab.change("edc", never, {"sim_form_reset__c": True})
    lab.change("edc", sae, {"sim_form_reset__c": True})
    lab.run()
    assert lab.troubles() == []
    shown = ("name__v", "state__v", "sim_edc_reason__c")
    assert [tuple(row.get(name) for name in shown) for row in lab.records("safety", "inbox_item__v")] == [
        ("SAE 7", "new_state__c", None),
        ("SAE 7", "follow_up_state__c", "Changed to non-serious"),
        ("SAE 7", "follow_up_state__c", "Form reset"),
    ]


def test_subject_data_of_each_of_thirteen_kinds_arrives_in_an_object_of_its_own(store: Store) -> None:
    lab = CatalogueLab.of(store, "safety_edc")
    sae = form(lab)
    (item,) = lab.records("safety", "inbox_item__v")
    (transfer,) = [one for one in catalogue().connections["safety_edc"].transfers if one.key == "subject_data"]
    assert len(transfer.becomes) == 13
    kinds = {name: name.removeprefix("sim_cdms_subject_") for name in transfer.becomes}
    for kind in kinds.values():
        values = {"name__v": kind, "sim_sae_form__c": sae, "sim_kind__c": kind}
        lab.create("edc", "sim_subject_data__c", values)
    lab.run()
    assert lab.troubles() == []
    for name, kind in kinds.items():
        found = [(row["name__v"], row["sim_inbox_item__c"]) for row in lab.records("safety", name)]
        assert found == [(kind, item["id"])]


def test_the_decision_on_a_case_comes_back_and_makes_no_follow_up(store: Store) -> None:
    lab = CatalogueLab.of(store, "safety_edc")
    sae = form(lab)
    assert lab.record("edc", sae)["sim_safety_case_status__c"] == "New"
    (item,) = lab.records("safety", "inbox_item__v")
    decision = {"state__v": "promoted_state__c", "sim_case_decision__c": "Initial Case"}
    lab.change("safety", item["id"], decision)
    lab.run()
    row = lab.record("edc", sae)
    assert (row["sim_safety_case_status__c"], row["sim_case_decision__c"]) == ("Promoted", "Initial Case")
    assert len(lab.records("safety", "inbox_item__v")) == 1
