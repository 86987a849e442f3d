"""What is special about the connections of Safety and of Medical with its neighbours: document by document."""

from sqlalchemy import select

from models.store import Store
from models.tables import CrossLink, ExceptionItem, Vault, table_of
from seed.catalogue.assemble import State
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


def test_what_a_case_processor_corrects_is_no_update_of_the_form(store: Store) -> None:
    lab = CatalogueLab.of(store, "safety_edc")
    sae = form(lab, sim_event__c="Fall")
    (item,) = lab.records("safety", "inbox_item__v")
    lab.change("safety", item["id"], {"sim_event_reported__c": "Fall at home", "state__v": "promoted_state__c"})
    lab.run()
    assert lab.record("edc", sae)["sim_safety_case_status__c"] == "Promoted"
    assert [row["sim_event_reported__c"] for row in lab.records("safety", "inbox_item__v")] == ["Fall at home"]
    lab.change("edc", sae, {"sim_event__c": "Fall on stairs"})
    lab.run()
    assert [row["sim_event_reported__c"] for row in lab.records("safety", "inbox_item__v")] == [
        "Fall at home",
        "Fall on stairs",
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


# Safety and RIM.


def product_data(lab: CatalogueLab) -> dict[str, str]:
    """A record of each object of RIM that crosses, all made one right after the other."""
    made = {}

    def make(key: str, object_name: str, **values: object) -> str:
        made[key] = lab.create("rim", object_name, {"name__v": key, **values})
        return made[key]

    holder = make("holder", "organization__rim", sim_registration_holder__c=True)
    family = make("family", "product__v", sim_therapeutic_area__c="hematology__c")
    tablet = make("tablet", "drug_product__v", sim_product_family__c=family)
    kit = make("kit", "drug_product__v", sim_product_family__c=family, sim_complex__c=True)
    substance = make("substance", "drug_substance__v")
    registration = make("registration", "registration__rim", sim_product__c=tablet, sim_registration_holder__c=holder)
    make("alias", "registered_regulatory_text__v", sim_product__c=tablet)
    make("medicinal", "medicinal_product_registration__v", sim_registration__c=registration)
    make("of the family", "product_active_substance__rim", sim_product_family__c=family, sim_substance__c=substance)
    make("component", "product_component__rim", sim_product__c=kit, sim_component_product__c=tablet)
    make("variant", "product_detail__v", sim_product__c=tablet)
    make("pharma", "product_pharmaceutical_product__rim", sim_product_family__c=family, sim_product__c=tablet)
    make("classification", "product_classification__v", sim_product__c=tablet, sim_fda_product_code__c="KXA")
    make("form", "sim_product_dose_form__c", sim_product__c=tablet)
    # What others refer to is changed last, and so stands last in the order of changes.
    for key in ("tablet", "kit", "family", "holder"):
        lab.change("rim", made[key], {"name__v": f"{key} renamed"})
    return made


def test_product_data_that_is_made_at_once_arrives_in_one_run(store: Store) -> None:
    lab = CatalogueLab.of(store, "safety_rim")
    product_data(lab)
    lab.once()
    with store.read() as session:
        assert session.execute(select(table_of(ExceptionItem))).all() == []
    expected = {
        "organization__v": ["holder renamed"],
        "product_family__v": ["family renamed"],
        "product__v": ["tablet renamed", "kit renamed"],
        "product_family_product__v": ["pharma"],
        "product_variant__v": ["variant"],
        "product_constituent__v": ["component"],
        "substance__v": ["substance"],
        "product_family_substance__v": ["of the family"],
        "product_registration__v": ["registration"],
        "product_alias__v": ["alias"],
        "sim_product_dose_form__c": ["form"],
    }
    assert {name: [row["name__v"] for row in lab.records("safety", name)] for name in expected} == expected
    tablet, kit = lab.records("safety", "product__v")
    assert (tablet["sim_fda_product_code__c"], kit["sim_object_type__c"]) == ("KXA", "Combination Product")
    (registration,) = lab.records("safety", "product_registration__v")
    assert registration["sim_medicinal_product__c"] == "medicinal"
    assert lab.at("safety", registration, "sim_registration_holder__c.name__v") == "holder renamed"
    (constituent,) = lab.records("safety", "product_constituent__v")
    assert (constituent["sim_product__c"], constituent["sim_constituent_product__c"]) == (kit["id"], tablet["id"])


def test_safety_names_its_eleven_points_as_published() -> None:
    side = catalogue().connections["safety_rim"].side("safety")
    assert side is not None
    (integration,) = side.integrations
    assert integration.name == "RIM-Safety: Product Integration"
    labels = (
        "Organization, Product Family, Product, Product Family Product, Product Variant, Product Constituent, "
        "Substance, Product Family Substance, Product Registration, Product Alias, Product Dose Form"
    )
    assert [point.name for point in integration.points] == [f"RIM-Safety: {label}" for label in labels.split(", ")]


def test_product_data_waits_until_the_integration_is_activated_in_both_vaults(store: Store) -> None:
    lab = CatalogueLab.of(store, "safety_rim", state=State.ESTABLISHED)
    early = lab.create("rim", "product__v", {"name__v": "Early"})
    lab.run()
    assert lab.records("safety", "product_family__v") == []
    lab.switch("safety_rim", "Product Data Transfer", active=True)
    lab.create("rim", "product__v", {"name__v": "Late"})
    lab.run()
    assert [row["name__v"] for row in lab.records("safety", "product_family__v")] == ["Late"]
    lab.change("rim", early, {"name__v": "Early, changed"})
    lab.run()
    found = [row["name__v"] for row in lab.records("safety", "product_family__v")]
    assert found == ["Late", "Early, changed"]


def test_a_deleted_product_is_marked_and_what_refers_to_it_stays(store: Store) -> None:
    lab = CatalogueLab.of(store, "safety_rim")
    tablet = lab.create("rim", "drug_product__v", {"name__v": "Tablet"})
    variant = lab.create("rim", "product_detail__v", {"name__v": "Blister", "sim_product__c": tablet})
    lab.run()
    lab.delete("rim", variant)
    lab.delete("rim", tablet)
    lab.run()
    (product,) = lab.records("safety", "product__v")
    (marked,) = lab.records("safety", "product_variant__v")
    assert product["sim_marked_for_deletion__c"] is True
    assert (marked["sim_marked_for_deletion__c"], marked["sim_product__c"]) == (True, product["id"])


def test_a_classification_updates_the_product_that_it_is_about(store: Store) -> None:
    lab = CatalogueLab.of(store, "safety_rim")
    tablet = lab.create("rim", "drug_product__v", {"name__v": "Tablet"})
    for code in ("KXA", "KXB"):
        values = {"name__v": code, "sim_product__c": tablet, "sim_fda_product_code__c": code}
        last = lab.create("rim", "product_classification__v", values)
    lab.create("rim", "product_classification__v", {"name__v": "Of no product", "sim_fda_product_code__c": "KXC"})
    lab.run()
    assert lab.troubles() == []
    (product,) = lab.records("safety", "product__v")
    assert product["sim_fda_product_code__c"] == "KXB"
    assert product["link__sys"] == lab.record("rim", tablet)["global_id__sys"]
    lab.delete("rim", last)
    lab.run()
    assert lab.records("safety", "product__v") == [product]


def test_registrations_need_rim_registrations(store: Store) -> None:
    lab = CatalogueLab.of(store, "safety_rim")
    with store.write() as write:
        vault = write.get_one(Vault, lab.vaults["rim"])
        vault.applications = ["Submissions"]
        write.add(vault)
    product_data(lab)
    lab.run()
    assert lab.troubles() == []
    assert lab.records("safety", "product_registration__v") == []
    assert len(lab.records("safety", "product__v")) == 2


def test_an_organization_that_holds_no_registrations_is_not_transferred(store: Store) -> None:
    lab = CatalogueLab.of(store, "safety_rim")
    lab.create("rim", "organization__rim", {"name__v": "Packager"})
    lab.run()
    assert lab.records("safety", "organization__v") == []
    assert lab.troubles() == []


def test_a_therapeutic_area_that_safety_does_not_have_holds_the_family_back(store: Store) -> None:
    lab = CatalogueLab.of(store, "safety_rim")
    family = lab.create("rim", "product__v", {"name__v": "Oncaris", "sim_therapeutic_area__c": "oncology__c"})
    lab.run()
    assert lab.records("safety", "product_family__v") == []
    assert "oncology__c" in str(lab.troubles())
    lab.change("rim", family, {"sim_therapeutic_area__c": "hematology__c"})
    lab.run()
    assert len(lab.records("safety", "product_family__v")) == 1
    assert lab.troubles() == []
