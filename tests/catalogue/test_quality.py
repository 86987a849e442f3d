"""What the Quality, RIM, LIMS and complaint connections do beside moving data: their special points, one by one."""

import pytest
from sqlalchemy import select

from models.errors import NotPossible
from models.permissions import actor_for
from models.store import Store
from models.tables import Direction, DocumentVersion, Integration, table_of
from scheduler.explain import explain_record
from scheduler.rehearsal import rehearse_integration
from seed.catalogue.assemble import State
from seed.catalogue.load import catalogue
from tests.catalogue.lab import CatalogueLab

_integrations = table_of(Integration)


def active_features(lab: CatalogueLab, vault: str) -> set[str]:
    statement = select(_integrations.c.feature).where(
        _integrations.c.vault_id == lab.vaults[vault], _integrations.c.active
    )
    with lab.store.read() as session:
        return set(session.execute(statement).scalars())


def test_enhanced_change_control_needs_product_transfer(store: Store) -> None:
    lab = CatalogueLab.of(store, "quality_rim", state=State.ESTABLISHED)
    with pytest.raises(NotPossible, match="Product Transfer"):
        lab.switch("quality_rim", "Enhanced Change Control", active=True)
    lab.switch("quality_rim", "Product Transfer", active=True)
    lab.switch("quality_rim", "Enhanced Change Control", active=True)
    assert active_features(lab, "quality") == {"Product Transfer", "Enhanced Change Control"}
    with pytest.raises(NotPossible, match="Enhanced Change Control"):
        lab.switch("quality_rim", "Product Transfer", active=False)


def test_enhanced_change_control_needs_change_control_in_quality(store: Store) -> None:
    lab = CatalogueLab.of(store, "quality_rim", state=State.ESTABLISHED)
    lab.switch("quality_rim", "Product Transfer", active=True)
    lab.configure("quality", features=("Deviations",))
    with pytest.raises(NotPossible, match="Change Control"):
        lab.switch("quality_rim", "Enhanced Change Control", active=True)


def test_variation_management_stays_off_beside_enhanced_change_control(store: Store) -> None:
    lab = CatalogueLab.of(store, "quality_rim")
    running = {"Document Exchange", "Enhanced Change Control", "Product Transfer"}
    assert active_features(lab, "quality") == active_features(lab, "rim") == running
    with pytest.raises(NotPossible, match="Enhanced Change Control"):
        lab.switch("quality_rim", "Variation Management", active=True)
    control = lab.create("quality", "change_control__v", {"name__v": "CC-1"})
    lab.run()
    assert lab.records("rim", "sim_event__c") == []
    assert lab.record("quality", control)["name__v"] == "CC-1"


def test_a_product_with_a_known_external_id_is_linked_and_not_made_twice(store: Store) -> None:
    lab = CatalogueLab.of(store, "quality_rim")
    known = {"name__v": "Corvaxin", "sim_external_id__c": "RIM-7"}
    here = lab.create("quality", "sim_product__c", known)
    lab.create("quality", "sim_product__c", {"name__v": "Corvaxin 20 mg", "sim_external_id__c": "RIM-8"})
    there = lab.create("rim", "drug_product__v", {"name__v": "Corvaxin 20 mg", "sim_external_id__c": "RIM-7"})
    lab.run()
    assert len(lab.records("quality", "sim_product__c")) == 2, "a name alone links nothing"
    linked = lab.record("quality", here)
    assert linked["link__sys"] == lab.record("rim", there)["global_id__sys"]
    assert linked["name__v"] == "Corvaxin 20 mg", "and from then on it follows"


def test_a_product_without_external_id_is_found_by_its_link(store: Store) -> None:
    lab = CatalogueLab.of(store, "quality_rim")
    product = lab.create("rim", "drug_product__v", {"name__v": "Velmora"})
    lab.run()
    lab.change("rim", product, {"name__v": "Velmora 5 mg", "sim_external_id__c": "RIM-9"})
    lab.run()
    (only,) = lab.records("quality", "sim_product__c")
    assert (only["name__v"], only["sim_external_id__c"]) == ("Velmora 5 mg", "RIM-9")


def test_a_regulatory_change_item_has_exactly_one_change_item(store: Store) -> None:
    lab = CatalogueLab.of(store, "quality_rim")
    lab.create("quality", "change_control__v", {"name__v": "CC-2"}, "control")
    items = [
        lab.create(
            "quality",
            "sim_regulatory_change_item__c",
            {"name__v": f"RCI-{number}", "sim_change_control__c": "@control", "state__v": "ready_state__c"},
        )
        for number in range(3)
    ]
    lab.run()
    for item in items:
        lab.change("quality", item, {"sim_description__c": "Changed", "state__v": "implemented_state__c"})
    lab.run()
    lab.send_again("quality_rim", "quality", "sim_enhanced_change_control__c")
    lab.run()
    links = [row["link__sys"] for row in lab.records("rim", "sim_change_item__c")]
    assert sorted(links) == sorted(lab.record("quality", item)["global_id__sys"] for item in items)


def test_change_items_of_an_event_are_grouped(store: Store) -> None:
    lab = CatalogueLab.of(store, "quality_rim")
    event = lab.create("rim", "sim_event__c", {"name__v": "New site"})
    lab.create("quality", "change_control__v", {"name__v": "CC-3", "sim_rim_event__c": "New site"}, "with_event")
    lab.create("quality", "change_control__v", {"name__v": "CC-4"}, "without")
    for control in ("with_event", "without"):
        for number in (1, 2):
            values = {"name__v": f"{control} {number}", "sim_change_control__c": f"@{control}"}
            lab.create("quality", "sim_regulatory_change_item__c", {**values, "state__v": "ready_state__c"})
    lab.run()
    groupings = lab.records("rim", "sim_change_item_grouping__c")
    assert [(row["name__v"], row["sim_event__c"]) for row in groupings] == [
        ("with_event 1", event),
        ("with_event 2", event),
    ]
    assert len(lab.records("rim", "sim_change_item__c")) == 4
    lab.change("quality", lab.made["without"][1], {"sim_rim_event__c": "New site"})
    lab.run()
    assert len(lab.records("rim", "sim_change_item_grouping__c")) == 4, "an Event that is named later groups them too"
    assert lab.troubles() == []


def test_document_exchange_has_one_inbound_point_and_one_rule_in_quality() -> None:
    side = catalogue().connections["quality_rim"].side("quality")
    assert side is not None
    (integration,) = [one for one in side.integrations if one.feature == "Document Exchange"]
    (point,) = integration.points
    (rule,) = point.rules
    assert point.direction is Direction.INBOUND
    assert rule.fields
    assert rule.only_where == ""


def test_the_two_sides_of_quality_rim_bear_different_names() -> None:
    named = {side.vault: (side.name, side.api_name) for side in catalogue().connections["quality_rim"].sides}
    assert named == {
        "quality": ("QMS to RIM", "qms_to_rim__v"),
        "rim": ("QMS RIM Connection", "qms_rim_connection__v"),
    }


def versions(lab: CatalogueLab, vault: str, document_id: str) -> list[tuple[str, str | None]]:
    """The versions of a document: number and lifecycle state."""
    table = table_of(DocumentVersion)
    statement = (
        select(table.c.major, table.c.minor, table.c.state)
        .where(table.c.vault_id == lab.vaults[vault], table.c.record_id == document_id)
        .order_by(table.c.major, table.c.minor)
    )
    with lab.store.read() as session:
        return [(f"{row.major}.{row.minor}", row.state) for row in session.execute(statement)]


def test_a_reference_record_is_deleted_in_lims_but_a_document_stays(store: Store) -> None:
    lab = CatalogueLab.of(store, "quality_lims")
    asset = lab.create("quality", "sim_asset__c", {"name__v": "Oven 3"})
    document = lab.create("quality", "documents", {"name__v": "SOP-1", "type__v": "SOP"})
    lab.live("quality", document, ("approved__c",))
    lab.run()
    lab.delete("quality", asset)
    lab.delete("quality", document)
    lab.run()
    assert lab.records("lims", "sim_asset__c") == []
    assert [row["name__v"] for row in lab.records("lims", "documents")] == ["SOP-1"]


def test_a_lifecycle_state_in_lims_follows_its_source(store: Store) -> None:
    lab = CatalogueLab.of(store, "quality_lims")
    batch = lab.create("quality", "sim_batch__c", {"name__v": "B-1", "state__v": "active_state__c"})
    lab.run()
    (there,) = lab.records("lims", "sim_batch__c")
    assert there["state__v"] == "in_use_state__c"
    lab.change("lims", there["id"], {"state__v": "planned_state__c"})
    lab.change("quality", batch, {"state__v": "retired_state__c"})
    lab.run()
    assert lab.record("lims", there["id"])["state__v"] == "retired_state__c"


def test_lims_has_the_earlier_steady_versions_too(store: Store) -> None:
    lab = CatalogueLab.of(store, "quality_lims")
    document = lab.create("quality", "documents", {"name__v": "SOP-2", "type__v": "SOP"})
    lab.live("quality", document, ("approved__c", "draft", "approved__c", "draft"))
    lab.run()
    (crosslink,) = lab.records("lims", "documents")
    assert versions(lab, "lims", crosslink["id"]) == [("1.0", "superseded__c"), ("2.0", "approved__c")]


def test_an_obsolete_document_is_obsolete_in_lims(store: Store) -> None:
    lab = CatalogueLab.of(store, "quality_lims")
    document = lab.create("quality", "documents", {"name__v": "SOP-3", "type__v": "SOP"})
    lab.live("quality", document, ("approved__c",))
    lab.run()
    lab.live("quality", document, ("obsolete__c",))
    lab.run()
    (crosslink,) = lab.records("lims", "documents")
    assert crosslink["state__v"] == "obsolete__c"


APPLICATIONS = "AdPromo Submission Management"
UNITED_STATES = "@country__v/US"


def package(lab: CatalogueLab, name: str, state: str = "submission_ready_state__c") -> str:
    """A compliance package whose Application and Applicant are linked to those of RIM."""
    if "application" not in lab.made:
        for name_of, object_name in (("applicant", "sim_applicant__c"), ("application", "sim_application__c")):
            there = lab.create("rim", object_name, {"name__v": f"RIM {name_of}"}, f"rim_{name_of}")
            link = lab.record("rim", there)["global_id__sys"]
            lab.create("promomats", object_name, {"name__v": name_of, "link__sys": link}, name_of)
    values = {
        "name__v": name,
        "sim_package_format__c": "ectd__c",
        "sim_application__c": "@application",
        "sim_applicant__c": "@applicant",
        "state__v": state,
    }
    return lab.create("promomats", "sim_compliance_package__c", values)


def names(lab: CatalogueLab, vault: str, object_name: str) -> list[str]:
    return [row["name__v"] for row in lab.records(vault, object_name)]


def test_the_first_activation_sends_the_us_applications_that_are_there(store: Store) -> None:
    lab = CatalogueLab.of(store, "rim_promomats", state=State.ESTABLISHED)
    lab.create("rim", "sim_applicant__c", {"name__v": "Verteo Inc."}, "applicant")
    for country in ("US", "CA"):
        values = {"name__v": f"{country} 1", "sim_applicant__c": "@applicant", "country__v": f"@country__v/{country}"}
        lab.create("rim", "sim_application__c", values)
    lab.create("rim", "drug_product__v", {"name__v": "Corvaxin"})
    for feature in ("Product Data Transfer", APPLICATIONS):
        lab.switch("rim_promomats", feature, active=True)
    lab.run()
    assert names(lab, "promomats", "sim_application__c") == ["US 1"]
    assert names(lab, "promomats", "sim_applicant__c") == ["Verteo Inc."]
    assert names(lab, "promomats", "sim_product__c") == [], "products begin with what changes from now on"
    lab.switch("rim_promomats", APPLICATIONS, active=False)
    lab.create("rim", "sim_application__c", {"name__v": "US 2", "country__v": UNITED_STATES})
    lab.switch("rim_promomats", APPLICATIONS, active=True)
    lab.run()
    assert names(lab, "promomats", "sim_application__c") == ["US 1"], "a later activation begins anew"


def test_an_application_that_is_linked_by_hand_is_not_made_again(store: Store) -> None:
    lab = CatalogueLab.of(store, "rim_promomats")
    there = lab.create("rim", "sim_application__c", {"name__v": "NDA 1", "country__v": UNITED_STATES})
    link = lab.record("rim", there)["global_id__sys"]
    here = lab.create("promomats", "sim_application__c", {"name__v": "Our name", "link__sys": link})
    lab.run()
    assert [(row["id"], row["name__v"]) for row in lab.records("promomats", "sim_application__c")] == [(here, "NDA 1")]
    assert lab.troubles() == []


def test_a_namesake_waits_until_its_link_is_pasted(store: Store) -> None:
    lab = CatalogueLab.of(store, "rim_promomats")
    here = lab.create("promomats", "sim_application__c", {"name__v": "NDA 2"})
    values = {"name__v": "NDA 2", "sim_application_type__c": "NDA", "country__v": UNITED_STATES}
    there = lab.create("rim", "sim_application__c", values)
    lab.run()
    assert names(lab, "promomats", "sim_application__c") == ["NDA 2"]
    global_id = lab.record("rim", there)["global_id__sys"]
    assert any(global_id in trouble for trouble in lab.troubles()), "the item says what to paste where"
    lab.change("promomats", here, {"link__sys": global_id})
    lab.run()
    assert lab.troubles() == []
    (only,) = lab.records("promomats", "sim_application__c")
    assert (only["id"], only["sim_application_type__c"]) == (here, "nda__c")


def test_the_first_submission_ready_package_has_all_of_them_fetched(store: Store) -> None:
    lab = CatalogueLab.of(store, "rim_promomats", state=State.ESTABLISHED)
    package(lab, "Ready before")
    package(lab, "Draft", "draft_state__c")
    lab.switch("rim_promomats", APPLICATIONS, active=True)
    lab.run()
    assert names(lab, "rim", "sim_submission__c") == [], "what was ready before waits for the first one"
    package(lab, "The first")
    lab.run()
    assert sorted(names(lab, "rim", "sim_submission__c")) == ["Ready before", "The first"]
    assert sorted(names(lab, "rim", "sim_content_plan__c")) == ["Ready before", "The first"]
    assert lab.troubles() == []


def test_dry_run_and_explanation_tell_of_the_packages_that_are_fetched(store: Store) -> None:
    lab = CatalogueLab.of(store, "rim_promomats", state=State.ESTABLISHED)
    package(lab, "Ready before")
    lab.switch("rim_promomats", APPLICATIONS, active=True)
    first = package(lab, "The first")
    with store.read() as session:
        actor = actor_for(session, lab.vaults["promomats"], "admin@verteo.example")
    integration = lab.integration("rim_promomats", "promomats", "sim_compliance_package__c")
    planned = rehearse_integration(store, actor, integration)
    assert planned.created == 4, "two Submissions with their content plans"
    stories = explain_record(store, actor, first)
    told = {target.target_object for story in stories for target in story.targets}
    assert told == {"sim_submission__c", "sim_content_plan__c"}
    assert names(lab, "rim", "sim_submission__c") == []


def test_later_packages_come_by_themselves(store: Store) -> None:
    lab = CatalogueLab.of(store, "rim_promomats")
    package(lab, "The first")
    lab.run()
    lab.switch("rim_promomats", APPLICATIONS, active=False)
    package(lab, "Missed")
    lab.switch("rim_promomats", APPLICATIONS, active=True)
    package(lab, "The next")
    lab.run()
    assert names(lab, "rim", "sim_submission__c") == ["The first", "The next"]


def test_revise_and_resubmit_sends_a_package_once_more(store: Store) -> None:
    lab = CatalogueLab.of(store, "rim_promomats")
    own = package(lab, "Detail aid")
    lab.run()
    (submission,) = lab.records("rim", "sim_submission__c")
    lab.change("rim", submission["id"], {"state__v": "failed_state__c"})
    lab.run()
    assert lab.record("promomats", own)["sim_submission_status__c"] == "Publishing failed"
    lab.change("promomats", own, {"state__v": "revise_state__c", "sim_package_description__c": "Mended"})
    lab.run()
    assert lab.record("rim", submission["id"]).get("sim_submission_description__c") is None, "it is being revised"
    lab.change("promomats", own, {"state__v": "submission_ready_state__c"})
    lab.run()
    assert lab.record("rim", submission["id"])["sim_submission_description__c"] == "Mended"
    assert len(lab.records("rim", "sim_submission__c")) == 1


def test_rim_and_promomats_label_the_connection_alike_under_different_api_names() -> None:
    rim, promomats = catalogue().connections["rim_promomats"].sides
    assert rim.name == promomats.name == "RIM to PromoMats Connection"
    assert (rim.api_name, promomats.api_name) == ("rim_to_promomats_connection__v", "promomats_to_rim__v")


def test_registrations_need_rim_registrations(store: Store) -> None:
    lab = CatalogueLab.of(store, "rim_promomats", state=State.ESTABLISHED)
    lab.configure("rim", applications=("Submissions",))
    lab.switch_one("rim_promomats", "rim", "sim_product_data__c", active=True)
    with pytest.raises(NotPossible, match="Registrations"):
        lab.switch_one("rim_promomats", "rim", "sim_registration__c", active=True)


def crosslinks(lab: CatalogueLab) -> list[tuple[str, str | None]]:
    """Number of version and title of the documents of Medical."""
    rows = lab.records("medical", "documents")
    return [(f"{row['major_version_number__v']}.{row['minor_version_number__v']}", row["title__v"]) for row in rows]


def test_rim_documents_go_to_medical_by_three_triggers(store: Store) -> None:
    lab = CatalogueLab.of(store, "rim_medical")
    own = lab.create("rim", "documents", {"name__v": "SmPC", "type__v": "Labeling", "title__v": "First"})
    lab.run()
    assert crosslinks(lab) == [], "a draft stays"
    lab.live("rim", own, ("approved__c",))
    lab.run()
    assert crosslinks(lab) == [("1.0", "First")], "it became steady"
    lab.change("rim", own, {"title__v": "Corrected"})
    lab.run()
    assert crosslinks(lab) == [("1.0", "Corrected")], "its fields changed while it was steady"
    lab.live("rim", own, ("draft",))
    lab.change("rim", own, {"title__v": "Revised"})
    lab.run()
    assert crosslinks(lab) == [("1.0", "Corrected")], "a revision stays until it is approved"
    lab.live("rim", own, ("approved__c",))
    lab.run()
    assert crosslinks(lab) == [("2.0", "Revised")], "it became steady again"


def test_medical_sends_no_document_to_rim() -> None:
    side = catalogue().connections["rim_medical"].side("medical")
    assert side is not None
    assert {point.direction for one in side.integrations for point in one.points} == {Direction.INBOUND}


def test_without_registrations_medical_gets_products_but_no_local_data(store: Store) -> None:
    lab = CatalogueLab.of(store, "rim_medical", state=State.ESTABLISHED)
    lab.configure("rim", applications=("Submissions",))
    for vault in ("rim", "medical"):
        lab.switch_one("rim_medical", vault, "sim_product_data__c", active=True)
    with pytest.raises(NotPossible, match="Registrations"):
        lab.switch_one("rim_medical", "rim", "sim_local_product_data__c", active=True)
    lab.create("rim", "drug_product__v", {"name__v": "Corvaxin"}, "product")
    values = {"name__v": "Corvaxin Japan", "sim_product__c": "@product", "country__v": "@country__v/JP"}
    lab.create("rim", "sim_local_product_data__c", values)
    lab.run()
    assert names(lab, "medical", "sim_product__c") == ["Corvaxin"]
    assert names(lab, "medical", "sim_local_product_data__c") == []


def test_medical_quality_has_two_points_on_each_side() -> None:
    points = {
        side.vault: {(point.name, point.direction) for one in side.integrations for point in one.points}
        for side in catalogue().connections["medical_quality"].sides
    }
    assert points == {
        "medical": {
            ("Product Quality Complaint Outbound Integration Point", Direction.OUTBOUND),
            ("Product Quality Complaint Inbound Integration Point", Direction.INBOUND),
        },
        "quality": {
            ("Medical-Quality: PQC Outbound Integration Point", Direction.OUTBOUND),
            ("Medical-Quality: PQC Inbound Integration Point", Direction.INBOUND),
        },
    }


def test_a_complaint_of_another_origin_is_not_told_to_medical(store: Store) -> None:
    """Quality takes complaints in from both; each hears of its own alone."""
    lab = CatalogueLab.of(store, "medical_quality", "quality_safety")
    lab.create("medical", "sim_product_quality_complaint__c", {"name__v": "M", "sim_transfer_to_quality__c": True})
    lab.create("safety", "sim_case__c", {"name__v": "Case", "sim_transfer_pqcs_to_quality__c": True}, "case")
    lab.create("safety", "sim_product_quality_complaint__c", {"name__v": "S", "sim_case__c": "@case"})
    lab.run()
    for row in lab.records("quality", "complaint_intake__v"):
        lab.change("quality", row["id"], {"state__v": "closed_state__c", "sim_outcome__c": f"About {row['name__v']}"})
    lab.run()
    (medical,) = lab.records("medical", "sim_product_quality_complaint__c")
    (safety,) = lab.records("safety", "sim_product_quality_complaint__c")
    assert (medical["sim_quality_outcome__c"], safety["sim_pqc_outcome__c"]) == ("About M", "About S")
    assert lab.troubles() == []


def test_transferring_the_pqcs_of_a_case_sends_all_of_them(store: Store) -> None:
    lab = CatalogueLab.of(store, "quality_safety")
    case = lab.create("safety", "sim_case__c", {"name__v": "Case 1"}, "case")
    for name in ("PQC 1", "PQC 2"):
        lab.create("safety", "sim_product_quality_complaint__c", {"name__v": name, "sim_case__c": "@case"})
    lab.run()
    assert names(lab, "quality", "complaint_intake__v") == []
    lab.change("safety", case, {"sim_transfer_pqcs_to_quality__c": True})
    lab.run()
    assert names(lab, "quality", "complaint_intake__v") == ["PQC 1", "PQC 2"]


def test_a_complaint_has_one_inbox_item(store: Store) -> None:
    lab = CatalogueLab.of(store, "quality_safety")
    complaint = lab.create("quality", "complaint__v", {"name__v": "C-1", "sim_transfer_to_safety__c": True})
    lab.run()
    lab.change("quality", complaint, {"sim_event_reported__c": "Dizziness"})
    lab.run()
    lab.send_again("quality_safety", "quality", "sim_quality_safety_adverse_event__c")
    lab.run()
    (item,) = lab.records("safety", "inbox_item__v")
    assert (item["name__v"], item["sim_event_reported__c"]) == ("C-1", "Dizziness")


def test_quality_safety_needs_complaints(store: Store) -> None:
    lab = CatalogueLab.of(store, "quality_safety", state=State.ESTABLISHED)
    lab.configure("quality", features=("Change Control",))
    for api_name in ("sim_quality_safety_pqc__c", "sim_quality_safety_adverse_event__c"):
        with pytest.raises(NotPossible, match="Complaints"):
            lab.switch_one("quality_safety", "quality", api_name, active=True)


def test_an_outcome_reaches_the_complaint_it_is_about(store: Store) -> None:
    lab = CatalogueLab.of(store, "quality_safety")
    lab.create("safety", "sim_case__c", {"name__v": "Case 2", "sim_transfer_pqcs_to_quality__c": True}, "case")
    for name in ("PQC 1", "PQC 2"):
        lab.create("safety", "sim_product_quality_complaint__c", {"name__v": name, "sim_case__c": "@case"})
    lab.run()
    (second,) = [row for row in lab.records("quality", "complaint_intake__v") if row["name__v"] == "PQC 2"]
    lab.change("quality", second["id"], {"state__v": "closed_state__c", "sim_outcome__c": "Confirmed"})
    lab.run()
    outcomes = [row.get("sim_pqc_outcome__c") for row in lab.records("safety", "sim_product_quality_complaint__c")]
    assert outcomes == [None, "Confirmed"]
