"""Clinical Operations and its partners: gates, directions, contradictions and traps of these connections."""

import pytest
from sqlalchemy import delete, select

from models.errors import InvalidInput, NotPossible
from models.services.connection_editing import duplicate_connection
from models.services.connections import create_connection
from models.services.integrations import set_integration_active
from models.services.vault_settings import change_vault_settings
from models.store import Store
from models.tables import (
    Connection,
    ConnectionType,
    Direction,
    DocumentVersion,
    Integration,
    ReferenceLookupKey,
    table_of,
)
from scheduler.explain import explain_record
from seed.catalogue.assemble import State
from seed.catalogue.load import catalogue
from tests.catalogue.lab import CatalogueLab, Row

_connections = table_of(Connection)

FROM_EDC = {"sim_connect_to_clinical_operations__c": True}


def names_of_points(connection: str, vault: str, direction: Direction) -> set[str]:
    """The labels of a Vault's points of one direction."""
    side = catalogue().connections[connection].side(vault)
    assert side is not None
    points = [point for integration in side.integrations for point in integration.points]
    return {point.name for point in points if point.direction is direction}


def only(rows: list[Row]) -> Row:
    """The one row that there is."""
    assert len(rows) == 1
    return rows[0]


def approved_document(lab: CatalogueLab, vault: str, values: Row) -> str:
    """A document of a Vault that is in its steady state; answers its id."""
    made = lab.create(vault, "documents", values)
    lab.live(vault, made, ("approved__c",))
    return made


# Clinical Operations-EDC.


def connected_study(lab: CatalogueLab, **settings: bool) -> None:
    """A Study in both Vaults, linked by hand, with a site that has gone to EDC."""
    lab.create("clinops", "study__v", {"name__v": "VRT-1", "sim_connect_to_vault_cdms__c": True}, "study")
    link = {"name__v": "VRT-1", "link__sys": "@study.global_id__sys"}
    lab.create("edc", "sim_study__c", {**link, **FROM_EDC, **settings}, "edc_study")
    lab.create("clinops", "site__v", {"name__v": "DE-01", "study__v": "@study"}, "site")
    lab.run()


def test_the_hyphen_of_the_edc_connection_is_the_vendors_own(store: Store) -> None:
    lab = CatalogueLab.of(store, "clinops_edc")
    with store.read() as session:
        names = session.execute(select(_connections.c.api_name)).scalars().all()
    assert names == ["cdms_clin-ops_connection__v"] * 2
    with store.write() as write, pytest.raises(InvalidInput) as refused:
        create_connection(
            write,
            lab.actor(write, "clinops"),
            type=ConnectionType.VAULT_TO_VAULT,
            name="One of our own",
            api_name="cdms_clin-ops_connection__c",
        )
    assert refused.value.fields.keys() == {"api_name"}


@pytest.mark.parametrize("gates", [(False, False), (True, False), (False, True)])
def test_each_direction_between_clinical_operations_and_edc_has_its_own_gate(
    store: Store, gates: tuple[bool, bool]
) -> None:
    lab = CatalogueLab.of(store, "clinops_edc")
    to_edc, from_edc = gates
    lab.create("clinops", "study__v", {"name__v": "VRT-1", "sim_connect_to_vault_cdms__c": to_edc}, "study")
    values = {"link__sys": "@study.global_id__sys", "sim_connect_to_clinical_operations__c": from_edc}
    lab.create("edc", "sim_study__c", {"name__v": "Made in EDC", **values}, "edc_study")
    lab.create("clinops", "study_country__v", {"name__v": "Germany", "study__v": "@study"})
    lab.create("edc", "sim_event_definition__c", {"name__v": "Screening", "sim_study__c": "@edc_study"})
    lab.run()
    assert lab.troubles() == []
    assert lab.record(*lab.made["edc_study"]).get("sim_study_number__c") == ("VRT-1" if to_edc else None)
    assert len(lab.records("edc", "sim_study_country__c")) == int(to_edc)
    assert len(lab.records("clinops", "visit_def__v")) == int(from_edc)


def test_subjects_and_visits_come_from_edc_and_never_go_there(store: Store) -> None:
    inbound = names_of_points("clinops_edc", "clinops", Direction.INBOUND)
    assert {
        "Subject Integration Point",
        "Subject Visit Integration Point",
        "Visit Definition Integration Point",
    } <= inbound
    assert names_of_points("clinops_edc", "clinops", Direction.OUTBOUND) == {
        "Study Integration Point",
        "Study Country Integration Point",
        "Site Integration Point",
    }
    lab = CatalogueLab.of(store, "clinops_edc")
    connected_study(lab)
    lab.create(
        "clinops", "subject__clin", {"name__v": "1", "sim_study__c": "@study", "sim_site__c": "@site"}, "subject"
    )
    lab.create("clinops", "visit_def__v", {"name__v": "Screening", "sim_study__c": "@study"})
    lab.create("clinops", "sim_subject_visit__c", {"name__v": "Screening", "sim_subject__c": "@subject"})
    lab.run()
    for name in ("sim_subject__c", "sim_event_definition__c", "sim_event__c"):
        assert lab.records("edc", name) == []


def test_a_study_that_edc_does_not_know_is_not_made_there_and_holds_its_countries_up(store: Store) -> None:
    lab = CatalogueLab.of(store, "clinops_edc")
    lab.create("clinops", "study__v", {"name__v": "VRT-1", "sim_connect_to_vault_cdms__c": True}, "study")
    lab.create("edc", "sim_study__c", {"name__v": "VRT-1"}, "edc_study")
    lab.create("clinops", "study_country__v", {"name__v": "Germany", "study__v": "@study"})
    lab.run()
    study = only(lab.records("edc", "sim_study__c"))
    assert "sim_study_number__c" not in study, "an equal name links nothing"
    assert lab.records("edc", "sim_study_country__c") == []
    assert len(lab.troubles()) == 2, "an exception message with one item"

    lab.change("edc", study["id"], {"link__sys": "@study.global_id__sys"})
    lab.run()
    assert lab.troubles() == []
    assert only(lab.records("edc", "sim_study_country__c"))["sim_study__c"] == study["id"]
    # The Study itself was passed over; it goes again with its next change.
    assert "sim_study_number__c" not in lab.record("edc", study["id"])
    lab.change("clinops", lab.made["study"][1], {"sim_study_phase__c": "phase3__c"})
    lab.run()
    assert lab.record("edc", study["id"])["sim_study_number__c"] == "VRT-1"


@pytest.mark.parametrize(
    ("settings", "arrived"),
    [
        ({}, {}),
        ({"sim_sdv_requiredness__c": True}, {"sim_sdv_required__c": True}),
        ({"sim_repeating_visits__c": True}, {"sim_repeat_number__c": 3}),
    ],
)
def test_fields_of_repeating_visits_and_sdv_come_only_where_the_study_has_them_switched_on(
    store: Store, settings: dict[str, bool], arrived: Row
) -> None:
    lab = CatalogueLab.of(store, "clinops_edc")
    connected_study(lab, **settings)
    subject = {"name__v": "1", "sim_study__c": "@edc_study", "sim_site__c": "@sim_site__c/DE-01"}
    lab.create("edc", "sim_subject__c", subject, "subject")
    event = {"name__v": "Week 4", "sim_study__c": "@edc_study", "sim_subject__c": "@subject"}
    lab.create("edc", "sim_event__c", {**event, "sim_sdv_required__c": True, "sim_event_sequence__c": 3})
    lab.run()
    assert lab.troubles() == []
    visit = only(lab.records("clinops", "sim_subject_visit__c"))
    conditional = ("sim_sdv_required__c", "sim_sdv_complete__c", "sim_repeat_number__c")
    assert {name: visit[name] for name in conditional if name in visit} == arrived


def test_opening_a_gate_sends_what_the_study_has_already(store: Store) -> None:
    lab = CatalogueLab.of(store, "clinops_edc")
    study = lab.create("clinops", "study__v", {"name__v": "VRT-1"}, "study")
    values = {"name__v": "Made in EDC", "link__sys": "@study.global_id__sys"}
    edc_study = lab.create("edc", "sim_study__c", values, "edc_study")
    lab.create("clinops", "study_country__v", {"name__v": "Germany", "study__v": "@study"})
    lab.create("edc", "sim_event_definition__c", {"name__v": "Screening", "sim_study__c": "@edc_study"})
    closeout = {"name__v": "Closeout", "type__v": "Closeout CRF", "sim_study__c": "@edc_study"}
    approved_document(lab, "edc", closeout)
    lab.run()
    assert lab.records("edc", "sim_study_country__c") == lab.records("clinops", "visit_def__v") == []
    lab.change("clinops", study, {"sim_connect_to_vault_cdms__c": True})
    lab.run()
    assert len(lab.records("edc", "sim_study_country__c")) == 1
    assert lab.records("clinops", "visit_def__v") == lab.records("clinops", "documents") == []
    lab.change("edc", edc_study, FROM_EDC)
    lab.run()
    assert len(lab.records("clinops", "visit_def__v")) == len(lab.records("clinops", "documents")) == 1
    assert lab.troubles() == []


def test_explain_tells_that_an_opened_gate_sends_what_nobody_has_touched(store: Store) -> None:
    lab = CatalogueLab.of(store, "clinops_edc")
    study = lab.create("clinops", "study__v", {"name__v": "VRT-1"}, "study")
    country = lab.create("clinops", "study_country__v", {"name__v": "Germany", "study__v": "@study"})
    lab.run()

    def change() -> tuple[str, str]:
        with store.write() as write:
            actor = lab.actor(write, "clinops")
        (story,) = explain_record(store, actor, country)
        (step,) = [step for step in story.steps if step.name == "Change"]
        return step.verdict, step.text

    assert change()[0] == "note"
    lab.change("clinops", study, {"sim_connect_to_vault_cdms__c": True})
    verdict, text = change()
    assert verdict == "waits"
    assert "the record that its gate is on has changed" in text
    lab.run()
    assert change()[0] == "note"


def test_clinical_operations_has_at_most_five_edc_vaults(store: Store) -> None:
    lab = CatalogueLab.of(store, "clinops_edc")
    with store.read() as session:
        ids = {row.vault_id: row.id for row in session.execute(select(_connections))}

    def duplicate(vault: str, original: int, number: int) -> int:
        with store.write() as write:
            name, api_name = f"EDC {number}", f"edc_{number}__c"
            made = duplicate_connection(write, lab.actor(write, vault), original, name=name, api_name=api_name)
            return made.id or 0

    newest = ids[lab.vaults["clinops"]]
    for number in range(2, 6):
        # A duplicate of a duplicate counts as well.
        newest = duplicate("clinops", newest, number)
    with pytest.raises(NotPossible, match="5 times at most"):
        duplicate("clinops", newest, 6)
    with pytest.raises(NotPossible, match="only once"):
        duplicate("edc", ids[lab.vaults["edc"]], 2)


# RIM-Clinical Operations.


def test_a_product_made_by_hand_without_a_link_gets_a_double(store: Store) -> None:
    lab = CatalogueLab.of(store, "rim_clinops")
    family = lab.create("rim", "product__v", {"name__v": "Vertazol"})
    by_hand = lab.create("clinops", "sim_product__c", {"name__v": "Vertazol"})
    lab.run()
    products = lab.records("clinops", "sim_product__c")
    assert [row["name__v"] for row in products] == ["Vertazol", "Vertazol"]
    assert lab.record("clinops", by_hand)["link__sys"] is None
    made = only([row for row in products if row["id"] != by_hand])
    assert made["link__sys"] == lab.record("rim", family)["global_id__sys"]


def test_type_subtype_and_control_go_to_rim_only_where_they_are_filled(store: Store) -> None:
    lab = CatalogueLab.of(store, "rim_clinops")
    names = ("sim_study_type__c", "sim_study_subtype__c", "sim_type_of_control__c")
    study = lab.create("clinops", "study__v", {"name__v": "VRT-1", "sim_study_subtype__c": "Safety"})
    lab.run()
    target = only(lab.records("rim", "clinical_study__v"))
    assert {name: target[name] for name in names if name in target} == {"sim_study_subtype__c": "Safety"}

    lab.change("rim", target["id"], {"sim_type_of_control__c": "Placebo"})
    lab.change("clinops", study, {"sim_study_subtype__c": None, "sim_study_description__c": "Shorter"})
    lab.run()
    assert lab.troubles() == []
    after = lab.record("rim", target["id"])
    assert after["sim_study_description__c"] == "Shorter"
    assert {name: after[name] for name in names if name in after} == {
        "sim_study_subtype__c": "Safety",
        "sim_type_of_control__c": "Placebo",
    }


def test_no_milestone_is_made_for_a_regulatory_objective(store: Store) -> None:
    lab = CatalogueLab.of(store, "rim_clinops")
    application = {"name__v": "CTA", "sim_application_type__c": "Clinical Trial Approval"}
    lab.create("rim", "sim_application__c", application, "cta")
    lab.create("rim", "regulatory_objective__rim", {"name__v": "Initial CTA", "sim_application__c": "@cta"})
    lab.run()
    assert lab.records("clinops", "milestone__v") == []
    assert lab.troubles() == []


def versions_of(lab: CatalogueLab, record_id: str) -> list[tuple[int, int, str | None]]:
    """A document's versions with their states, the oldest first."""
    columns = table_of(DocumentVersion).c
    statement = (
        select(columns.major, columns.minor, columns.state)
        .where(columns.record_id == record_id, columns.vault_id == lab.vaults["clinops"])
        .order_by(columns.major, columns.minor)
    )
    with lab.store.read() as session:
        return [(row.major, row.minor, row.state) for row in session.execute(statement)]


def test_a_superseded_version_of_a_rim_document_is_superseded_on_its_crosslink(store: Store) -> None:
    lab = CatalogueLab.of(store, "rim_clinops")
    brochure = approved_document(lab, "rim", {"name__v": "Brochure", "type__v": "Investigator Brochure"})
    lab.run()
    lab.live("rim", brochure, ("draft", "approved__c"))
    lab.run()
    crosslink = only(lab.records("clinops", "documents"))
    assert versions_of(lab, crosslink["id"]) == [(1, 0, "superseded__c"), (2, 0, "approved__c")]


def test_a_document_type_that_the_reference_model_does_not_pair_fails(store: Store) -> None:
    lab = CatalogueLab.of(store, "rim_clinops")
    keys = table_of(ReferenceLookupKey)
    with store.write() as write:
        write.execute(delete(keys).where(keys.c.source_key == "Regulatory Approval"))
    approved_document(lab, "rim", {"name__v": "Approval", "type__v": "Regulatory Approval"})
    lab.run()
    assert lab.records("clinops", "documents") == []
    assert any("RIM Reference Model Mapping" in trouble for trouble in lab.troubles())


def test_a_crosslink_from_rim_does_not_go_back_there(store: Store) -> None:
    lab = CatalogueLab.of(store, "rim_clinops")
    approved_document(lab, "rim", {"name__v": "Protocol", "type__v": "Clinical Study Protocol"})
    lab.run()
    crosslink = only(lab.records("clinops", "documents"))
    assert crosslink["type__v"] == "Protocol", "a type that Clinical Operations sends to RIM"
    lab.change("clinops", crosslink["id"], {"title__v": "Read here"})
    lab.run()
    assert [row["name__v"] for row in lab.records("rim", "documents")] == ["Protocol"]


# Safety-Clinical Operations.


def test_the_organization_of_a_study_is_chosen_in_safety_and_stays(store: Store) -> None:
    lab = CatalogueLab.of(store, "safety_clinops")
    study = lab.create("clinops", "study__v", {"name__v": "VRT-1"})
    lab.run()
    target = only(lab.records("safety", "sim_study__c"))
    assert "sim_organization__c" not in target
    organization = lab.create("safety", "organization__v", {"name__v": "Verteo"})
    lab.change("safety", target["id"], {"sim_organization__c": organization})
    lab.change("clinops", study, {"sim_protocol_title__c": "Another title"})
    lab.run()
    after = lab.record("safety", target["id"])
    assert after["sim_protocol_title__c"] == "Another title"
    assert after["sim_organization__c"] == organization


def test_what_comes_to_safety_begins_in_the_starting_state_and_keeps_its_own(store: Store) -> None:
    lab = CatalogueLab.of(store, "safety_clinops")
    study = lab.create("clinops", "study__v", {"name__v": "VRT-1", "state__v": "active_state__c"})
    lab.run()
    target = only(lab.records("safety", "sim_study__c"))
    assert (target["state__v"], target["sim_clinops_study_state__c"]) == ("draft_state__c", "Active")
    lab.change("safety", target["id"], {"state__v": "active_state__c"})
    lab.change("clinops", study, {"state__v": "closed_state__c"})
    lab.run()
    after = lab.record("safety", target["id"])
    assert (after["state__v"], after["sim_clinops_study_state__c"]) == ("active_state__c", "Closed")


def test_a_study_linked_by_hand_before_go_live_is_not_doubled_in_safety(store: Store) -> None:
    lab = CatalogueLab.of(store, "safety_clinops")
    lab.create("clinops", "study__v", {"name__v": "VRT-1"}, "first")
    lab.create("clinops", "study__v", {"name__v": "VRT-2"}, "second")
    lab.create("safety", "sim_study__c", {"name__v": "Old 1", "link__sys": "@first.global_id__sys"}, "linked")
    lab.create("safety", "sim_study__c", {"name__v": "VRT-2"}, "not linked")
    lab.run()
    studies = lab.records("safety", "sim_study__c")
    assert [row["name__v"] for row in studies] == ["VRT-1", "VRT-2", "VRT-2"]
    assert studies[0]["id"] == lab.made["linked"][1]


def test_the_state_of_a_safety_distribution_goes_back_to_the_transmission_that_it_came_from(store: Store) -> None:
    lab = CatalogueLab.of(store, "safety_clinops")
    values = {"name__v": "SUSAR", "sim_send_to_vault_clinical__c": True}
    sent = lab.create("safety", "transmission__v", values)
    other = lab.create("safety", "transmission__v", {"name__v": "SUSAR"})
    lab.run()
    distribution = only(lab.records("clinops", "sim_safety_distribution__c"))
    assert (distribution["state__v"], lab.record("safety", sent)["state__v"]) == ("received_state__c", "draft_state__c")
    for state, there in (
        ("ready_state__c", "pending_distribution_state__c"),
        ("distributed_state__c", "distributed_state__c"),
    ):
        lab.change("clinops", distribution["id"], {"state__v": state})
        lab.run()
        assert lab.troubles() == []
        assert lab.record("safety", sent)["state__v"] == there
    assert lab.record("safety", other)["state__v"] == "draft_state__c"


def test_the_user_action_pushes_a_distribution_with_letters_that_were_ready_before(store: Store) -> None:
    lab = CatalogueLab.of(store, "safety_clinops")
    susar = lab.create("safety", "transmission__v", {"name__v": "SUSAR"}, "susar")
    letter = {"name__v": "Letter", "type__v": "Letter", "sim_transmission__c": "@susar"}
    approved_document(lab, "safety", letter)
    lab.create("safety", "documents", {**letter, "name__v": "Only a draft"})
    lab.run()
    assert lab.records("clinops", "documents") == []
    lab.change("safety", susar, {"sim_send_to_vault_clinical__c": True})
    lab.run()
    assert lab.troubles() == []
    distribution = only(lab.records("clinops", "sim_safety_distribution__c"))
    crosslink = only(lab.records("clinops", "documents"))
    assert (crosslink["name__v"], crosslink["sim_safety_distribution__c"]) == ("Letter", distribution["id"])


# Quality-Clinical Operations.


def test_issue_management_needs_deviations_configured_in_quality(store: Store) -> None:
    lab = CatalogueLab.of(store, "quality_clinops", state=State.ESTABLISHED)
    integrations = table_of(Integration)
    with store.read() as session:
        ids = {(row.vault_id, row.api_name): row.id for row in session.execute(select(integrations))}
    issues = ids[lab.vaults["quality"], "sim_issue_management__c"]
    studies = ids[lab.vaults["quality"], "sim_study_data__c"]
    with store.write() as write:
        change_vault_settings(write, lab.actor(write, "quality"), features=[])
    with store.write() as write, pytest.raises(NotPossible, match="Deviations"):
        set_integration_active(write, lab.actor(write, "quality"), issues, active=True)
    with store.write() as write:
        assert set_integration_active(write, lab.actor(write, "quality"), studies, active=True)
        change_vault_settings(write, lab.actor(write, "quality"), features=["Deviations"])
        assert set_integration_active(write, lab.actor(write, "quality"), issues, active=True)


def test_a_gcp_deviation_is_prefilled_once_and_then_belongs_to_quality(store: Store) -> None:
    lab = CatalogueLab.of(store, "quality_clinops")
    lab.create("clinops", "study__v", {"name__v": "VRT-1"}, "study")
    issue = lab.create("clinops", "pdv__ctms", {"name__v": "ISS-1", "sim_study__c": "@study"})
    lab.run()
    assert lab.records("quality", "sim_gcp_deviation__c") == []
    lab.change("clinops", issue, {"sim_send_to_qms__c": True})
    lab.run()
    deviation = only(lab.records("quality", "sim_gcp_deviation__c"))
    assert deviation["sim_study_number__c"] == "VRT-1"
    lab.change("quality", deviation["id"], {"sim_description__c": "Assessed"})
    lab.change("clinops", issue, {"sim_description__c": "Written later", "name__v": "ISS-1 B"})
    lab.run()
    after = only(lab.records("quality", "sim_gcp_deviation__c"))
    assert (after["name__v"], after["sim_description__c"]) == ("ISS-1", "Assessed")


# Study Training-Clinical Operations.


def trained_person(lab: CatalogueLab, role: str, *, grants: bool = True) -> Row:
    """A Person with a role in a Study, as far as it goes; answers the Study Person."""
    lab.create("clinops", "study__v", {"name__v": "VRT-1"}, "study")
    lab.create("clinops", "person__sys", {"name__v": "Elif"}, "person")
    lab.create(
        "clinops", "sim_study_team_role__c", {"name__v": role, "sim_training_grants_access__c": grants}, f"role {role}"
    )
    values = {"sim_study__c": "@study", "sim_person__c": "@person", "sim_study_team_role__c": f"@role {role}"}
    made = lab.create("clinops", "study_person__clin", {"name__v": "Elif in VRT-1", **values})
    lab.run()
    return lab.record("clinops", made)


def complete_curriculum(lab: CatalogueLab) -> None:
    """Complete the curriculum of the one learner that there is."""
    learner = only(lab.records("training", "sim_study_learner_role_person__c"))
    values = {"sim_learner_role_person__c": learner["id"], "sim_study__c": learner["sim_study__c"]}
    outcome = {"name__v": "Good clinical practice", "sim_completion_date__c": "2026-03-01", **values}
    lab.create("training", "sim_curriculum_outcome__c", {**outcome, "state__v": "completed_state__c"})
    lab.run()
    assert lab.troubles() == []


@pytest.mark.parametrize("grants", [True, False])
def test_training_opens_a_study_only_where_the_role_says_so(store: Store, *, grants: bool) -> None:
    lab = CatalogueLab.of(store, "study_training_clinops")
    person = trained_person(lab, "Principal Investigator", grants=grants)
    assert "sim_grant_access__c" not in person
    complete_curriculum(lab)
    assert lab.record("clinops", person["id"]).get("sim_grant_access__c") == (True if grants else None)
    assert len(lab.records("clinops", "sim_user_role_setup__c")) == int(grants)


def test_completed_training_dates_the_learner_and_sets_up_the_role(store: Store) -> None:
    lab = CatalogueLab.of(store, "study_training_clinops")
    person = trained_person(lab, "Study Coordinator")
    complete_curriculum(lab)
    learner = only(lab.records("training", "sim_study_learner_role_person__c"))
    assert learner["sim_access_training_date__c"] == "2026-03-01"
    assert learner["sim_learner_role__c"] == "Site Staff"
    setup = only(lab.records("clinops", "sim_user_role_setup__c"))
    assert setup["sim_study_person__c"] == person["id"]
    assert lab.at("clinops", setup, "sim_study_team_role__c.name__v") == "Study Coordinator"


def test_a_role_without_clinical_mapping_fails(store: Store) -> None:
    lab = CatalogueLab.of(store, "study_training_clinops")
    trained_person(lab, "Night Watch")
    assert lab.records("training", "sim_study_learner_role_person__c") == []
    assert any("Clinical Mapping" in trouble for trouble in lab.troubles())


def test_a_user_of_the_domain_is_found_by_the_user_name(store: Store) -> None:
    lab = CatalogueLab.of(store, "study_training_clinops")
    values = {"name__v": "T. Lindahl", "sim_user_name__c": "tomas.lindahl@verteo.example"}
    known = lab.create("training", "sim_user__c", values)
    lab.create("clinops", "sim_user__c", {**values, "name__v": "Tomas Lindahl"})
    lab.run()
    user = only(lab.records("training", "sim_user__c"))
    assert (user["id"], user["name__v"]) == (known, "Tomas Lindahl")
