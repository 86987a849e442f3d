"""Clinical Operations and Medical CRM (seed S4): automatic activities, identifiers, organisations, permissions."""

from typing import Any

import pytest
from sqlalchemy import select

from models.errors import InvalidInput, NotAllowed, NotPossible
from models.permissions import Actor, actor_for
from models.services.connection_editing import duplicate_connection
from models.services.identifiers import Identifiers, clear_identifiers, set_identifiers
from models.services.integrations import set_integration_active
from models.services.records import change_record, create_record, delete_record
from models.services.vaults import create_profile, create_user
from models.store import Store
from models.tables import Connection, Integration, table_of
from tests.catalogue.lab import CatalogueLab, Row

KEY = "clinops_medical_crm"
CLINICAL, MEDICAL = "sim_clinical_activity__c", "sim_medical_activity__c"
IDA, OMAR, PIA = (f"@person__sys/Dr. {name}" for name in ("Ida Sternfeld", "Omar Quellen", "Pia Nordhaug"))


@pytest.fixture
def lab(store: Store) -> CatalogueLab:
    return CatalogueLab.of(store, KEY)


def activity(lab: CatalogueLab, name: str, person: str = IDA, **values: Any) -> str:
    fields = {"name__v": name, "object_type__v": CLINICAL, "sim_person__c": person, **values}
    return lab.create("clinops", "crm_activity__v", fields)


def interactions(lab: CatalogueLab, vault: str = "medical_crm_org") -> dict[str, Row]:
    return {row["name__v"]: row for row in lab.records(vault, "sim_clinical_interaction__c")}


def connection_of(lab: CatalogueLab, vault: str) -> int:
    columns = table_of(Connection).c
    statement = select(columns.id).where(columns.vault_id == lab.vaults[vault], columns.standard_connection == KEY)
    with lab.store.read() as session:
        return int(session.execute(statement.order_by(columns.id)).scalars().first() or 0)


def switch(lab: CatalogueLab, vault: str, api_name: str, *, active: bool) -> None:
    columns = table_of(Integration).c
    with lab.store.write() as write:
        statement = select(columns.id).where(columns.vault_id == lab.vaults[vault], columns.api_name == api_name)
        key = int(write.execute(statement).scalar_one())
        set_integration_active(write, Actor.system(lab.vaults[vault]), key, active=active)


def event(lab: CatalogueLab, **values: Any) -> str:
    fields = {"name__v": "Monitoring visit 3", "sim_person__c": IDA, "sim_date__c": "2026-03-20", **values}
    return lab.create("clinops", "sim_monitoring_event__c", fields)


def test_a_monitoring_event_becomes_an_activity_that_is_sent_by_itself(lab: CatalogueLab) -> None:
    made = event(lab, sim_monitoring_visit_method__c="sim_remote__c")
    lab.run()
    (found,) = lab.records("clinops", "crm_activity__v")
    assert found["object_type__v"] == CLINICAL
    assert found["sim_monitoring_event__c"] == made
    assert (found["sim_channel__c"], found["sim_complete__c"]) == ("sim_video__c", False)
    arrived = interactions(lab)["Monitoring visit 3"]
    assert lab.at("medical_crm_org", arrived, "sim_account__c.name__v") == "Ida Sternfeld"
    assert arrived["sim_call_channel__c"] == "sim_video__c"
    assert lab.troubles() == []


def test_a_communication_log_item_becomes_an_activity_with_its_own_channel(lab: CatalogueLab) -> None:
    values = {"name__v": "Call on enrolment", "sim_person__c": OMAR, "sim_date__c": "2026-02-01"}
    lab.create("clinops", "sim_communication_log__c", {**values, "sim_channel__c": "sim_email__c"})
    lab.run()
    (found,) = lab.records("clinops", "crm_activity__v")
    assert (found["sim_channel__c"], found["sim_complete__c"]) == ("sim_email__c", True)
    assert interactions(lab)["Call on enrolment"]["sim_status__c"] == "sim_submitted__c"


def test_an_event_that_changes_keeps_its_one_activity_as_it_is(lab: CatalogueLab) -> None:
    made = event(lab)
    lab.run()
    lab.change("clinops", made, {"sim_date__c": "2026-03-25"})
    lab.run()
    (found,) = lab.records("clinops", "crm_activity__v")
    assert found["sim_date__c"] == "2026-03-20"


def test_activity_update_required_brings_the_activity_up_to_date_once(lab: CatalogueLab) -> None:
    made = event(lab)
    lab.run()
    lab.change("clinops", made, {"sim_date__c": "2026-03-25", "sim_activity_update_required__c": True})
    lab.run()
    (found,) = lab.records("clinops", "crm_activity__v")
    assert found["sim_date__c"] == "2026-03-25"
    assert lab.record("clinops", made)["sim_activity_update_required__c"] is False
    assert interactions(lab)["Monitoring visit 3"]["sim_date__c"] == "2026-03-25"


def test_a_person_whom_no_account_knows_is_told_of_by_the_identifier_and_goes_when_there_is_one(
    lab: CatalogueLab,
) -> None:
    activity(lab, "Visit", PIA)
    lab.run()
    assert interactions(lab) == {}
    (trouble,) = [text for text in lab.troubles() if "HCP-77" in text]
    assert "No Account has sim_external_id__c HCP-77" in trouble
    lab.create("medical_crm_org", "sim_account__c", {"name__v": "Pia Nordhaug", "sim_external_id__c": "HCP-77"})
    lab.run()
    assert lab.troubles() == []
    assert set(interactions(lab)) == {"Visit"}


def test_a_global_identifier_of_the_vault_serves_all_its_connections(lab: CatalogueLab) -> None:
    with lab.store.write() as write:
        wanted = Identifiers("sim_crm_account_id__c", "sim_account_number__c")
        assert set_identifiers(write, lab.actor(write, "clinops"), wanted)
        assert not set_identifiers(write, lab.actor(write, "clinops"), wanted)
    omar = next(row for row in lab.records("medical_crm_org", "sim_account__c") if row["name__v"] == "Omar Quellen")
    lab.change("medical_crm_org", omar["id"], {"sim_account_number__c": "A-901"})
    ida = next(row for row in lab.records("medical_crm_org", "sim_account__c") if row["name__v"] == "Ida Sternfeld")
    lab.change("medical_crm_org", ida["id"], {"sim_account_number__c": "A-000"})
    activity(lab, "Visit", IDA)
    lab.run()
    assert lab.at("medical_crm_org", interactions(lab)["Visit"], "sim_account__c.name__v") == "Omar Quellen"


def test_the_identifiers_of_a_connection_go_before_those_of_the_vault(lab: CatalogueLab) -> None:
    with lab.store.write() as write:
        actor = lab.actor(write, "clinops")
        set_identifiers(write, actor, Identifiers("sim_nowhere__c", "sim_nowhere__c"))
        mine = connection_of(lab, "clinops")
        set_identifiers(write, actor, Identifiers("sim_crm_account_id__c", "sim_account_number__c"), connection_id=mine)
    activity(lab, "Visit", OMAR)
    lab.run()
    assert set(interactions(lab)) == {"Visit"}
    with lab.store.write() as write:
        assert clear_identifiers(write, lab.actor(write, "clinops"), connection_id=mine)
    activity(lab, "Another visit", OMAR)
    lab.run()
    assert set(interactions(lab)) == {"Visit"}
    assert any("Person has no field sim_nowhere__c" in text for text in lab.troubles())


def test_an_identifier_needs_both_fields_by_their_api_names(lab: CatalogueLab) -> None:
    with lab.store.write() as write, pytest.raises(InvalidInput) as refusal:
        set_identifiers(write, lab.actor(write, "clinops"), Identifiers("", "No API name"))
    assert set(refusal.value.fields) == {"person_field", "account_field"}


def test_an_activity_names_its_study_only_where_studies_are_sent(lab: CatalogueLab) -> None:
    switch(lab, "clinops", "sim_study_and_site__c", active=False)
    before = lab.create("clinops", "study__v", {"name__v": "CRM-1"})
    activity(lab, "Without", IDA, study__v=before)
    lab.run()
    assert interactions(lab)["Without"].get("sim_clinical_study__c") is None
    switch(lab, "clinops", "sim_study_and_site__c", active=True)
    after = lab.create("clinops", "study__v", {"name__v": "CRM-2"})
    lab.run()
    activity(lab, "With", IDA, study__v=after)
    lab.run()
    assert lab.at("medical_crm_org", interactions(lab)["With"], "sim_clinical_study__c.name__v") == "CRM-2"
    assert lab.troubles() == []


def test_an_update_whose_counterpart_is_gone_makes_a_new_one(lab: CatalogueLab) -> None:
    study = lab.create("clinops", "study__v", {"name__v": "CRM-9"})
    lab.run()
    (first,) = lab.records("medical_crm_org", "sim_clinical_study__c")
    lab.delete("medical_crm_org", first["id"])
    lab.change("clinops", study, {"name__v": "CRM-9b"})
    lab.run()
    assert lab.troubles() == []
    (second,) = lab.records("medical_crm_org", "sim_clinical_study__c")
    assert second["id"] != first["id"]
    assert second["name__v"] == "CRM-9b"


def test_a_clinical_user_edits_clinical_activities_and_only_reads_medical_ones(lab: CatalogueLab) -> None:
    vault = lab.vaults["clinops"]
    rights = [f"Object: crm_activity__v, Object Type: {CLINICAL}: {right}" for right in ("Create", "Edit", "Delete")]
    with lab.store.write() as write:
        create_profile(write, vault, "CTMS User", ["Object: *: Read", *rights])
        create_user(write, vault, "cra@verteo.example", "Mona", "Field", "CTMS User")
    own = activity(lab, "Visit")
    medical = activity(lab, "Call", object_type__v=MEDICAL)
    values = lab.filled("clinops", {"name__v": "Mine", "object_type__v": CLINICAL, "sim_person__c": IDA})
    with lab.store.write() as write:
        user = actor_for(write, vault, "cra@verteo.example")
        assert create_record(write, user, "crm_activity__v", values)
        assert change_record(write, user, own, {"name__v": "Visit, moved"})
    with lab.store.write() as write:
        user = actor_for(write, vault, "cra@verteo.example")
        with pytest.raises(NotAllowed, match=f"Object: crm_activity__v, Object Type: {MEDICAL}: Create"):
            create_record(write, user, "crm_activity__v", {**values, "object_type__v": MEDICAL})
        with pytest.raises(NotAllowed, match=f"{MEDICAL}: Edit"):
            change_record(write, user, medical, {"name__v": "Call, moved"})
        with pytest.raises(NotAllowed, match=f"{MEDICAL}: Edit"):
            change_record(write, user, own, {"object_type__v": MEDICAL})
        with pytest.raises(NotAllowed, match=f"{MEDICAL}: Delete"):
            delete_record(write, user, medical)
        with pytest.raises(NotAllowed, match="Object: crm_activity__v: Create"):
            create_record(write, user, "crm_activity__v", {"name__v": "Without a type"})


def test_several_crm_organisations_have_a_connection_each(store: Store) -> None:
    lab = CatalogueLab.of(store, KEY)
    lab.another("medical_crm_org", "second_org", KEY, vault_id=21094)
    lab.create("second_org", "sim_account__c", {"name__v": "Pia Nordhaug", "sim_external_id__c": "HCP-77"})
    activity(lab, "For the first", IDA)
    activity(lab, "For the second", PIA)
    lab.run()
    assert set(interactions(lab)) == {"For the first"}
    assert set(interactions(lab, "second_org")) == {"For the second"}


def test_a_ctms_vault_has_at_most_ten_of_these_connections(lab: CatalogueLab) -> None:
    original = connection_of(lab, "clinops")
    with lab.store.write() as write:
        actor = lab.actor(write, "clinops")
        for number in range(2, 11):
            duplicate_connection(write, actor, original, name=f"Organisation {number}", api_name=f"org{number}__c")
    with lab.store.write() as write, pytest.raises(NotPossible, match="10"):
        duplicate_connection(write, lab.actor(write, "clinops"), original, name="One more", api_name="more__c")
