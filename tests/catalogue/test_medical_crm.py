"""Medical-CRM: Inquiries and Cases, several Vault CRMs, country routing, content and its metrics (seeds S2, S3)."""

from typing import Any

import pytest
from sqlalchemy import select, update

from models.errors import NotPossible
from models.services.connections import establish
from models.services.user_actions import perform_action
from models.store import Store
from models.tables import Connection, ConnectionState, Direction, Integration, IntegrationPoint, Queue, Vault, table_of
from scheduler.explain import explain_record
from scheduler.rehearsal import rehearse_integration
from seed.catalogue.assemble import State
from tests.catalogue.crms import three_crms
from tests.catalogue.lab import CatalogueLab, Row

CRMS = ("crm", "crm_b", "crm_c")
SETTINGS, CONNECTION_COUNTRY = "sim_connection_settings__c", "sim_connection_country__c"
SOURCE_DATA, PERSON = "sim_case_contact_source_data__c", "person__sys"
CASE, REQUEST = "sim_case__c", "sim_case_request__c"
INQUIRY = "medical_inquiry__v"
DOCUMENTS = "documents"


@pytest.fixture
def lab(store: Store) -> CatalogueLab:
    return CatalogueLab.of(store, "medical_crm")


@pytest.fixture
def three(store: Store) -> CatalogueLab:
    """Medical with Vault CRM A, B and C: the connection was duplicated twice."""
    return three_crms(store, "medical_crm", "medical", "medical_crm__v")


def account(lab: CatalogueLab, crm: str = "crm", name: str = "account", **values: Any) -> str:
    values = {"name__v": "Dr. Ada Lindqvist", "country__v": "@country__v/US", **values}
    return lab.create(crm, "account__v", values, name)


def inquiry(lab: CatalogueLab, crm: str = "crm", **values: Any) -> str:
    """An Inquiry of the account, submitted with Transfer to Medical."""
    filled = {"name__v": "INQ-1", "account__v": "@account", "sim_inquiry_text__c": "Dose", **values}
    made = lab.create(crm, INQUIRY, {**filled, "sim_transfer_to_medical__c": True}, "inquiry")
    lab.live(crm, made, ("submitted_state__c",))
    return made


def act(lab: CatalogueLab, record_id: str) -> None:
    """Perform Transfer to Medical."""
    lab.once()
    with lab.store.write() as write:
        perform_action(write, lab.actor(write, "crm"), record_id, "Transfer to Medical")


def settings(lab: CatalogueLab, crm: str, countries: str, kind: str = "clm_integration_settings__c") -> str:
    values = {"name__v": "CLM", "sim_settings_type__c": kind, "sim_country_filter__c": countries}
    made = lab.create(crm, SETTINGS, values)
    lab.run()
    return made


def presentation(lab: CatalogueLab, name: str, country: str, **values: Any) -> str:
    filled = {"type__v": "Multichannel Presentation", "clm_content__v": True, **values}
    made = lab.create("medical", DOCUMENTS, {"name__v": name, "country__v": f"@country__v/{country}", **filled}, name)
    lab.live("medical", made, ("approved__c",))
    lab.run()
    return made


def only(lab: CatalogueLab, vault: str, object_name: str) -> Row:
    (row,) = lab.records(vault, object_name)
    return row


def titles(lab: CatalogueLab, name: str) -> dict[str, Any]:
    """In which CRMs a document is, with the title that it has there."""
    crms = [crm for crm in CRMS if crm in lab.vaults]
    return {crm: row.get("title__v") for crm in crms for row in lab.records(crm, DOCUMENTS) if row["name__v"] == name}


def connection_countries(lab: CatalogueLab) -> dict[str, set[str]]:
    """The active Connection Countries by connection."""
    found: dict[str, set[str]] = {}
    for row in lab.records("medical", CONNECTION_COUNTRY):
        if row["status__v"] == "active__v":
            country = lab.at("medical", row, "country__v.name__v")
            found.setdefault(row["sim_connection__c"], set()).add(country)
    return found


# Names


def test_the_integration_in_vault_crm_is_called_as_in_medical(lab: CatalogueLab) -> None:
    columns = table_of(Integration).c
    with lab.store.read() as session:
        vaults = session.execute(
            select(columns.vault_id).where(columns.name == "Medical Inquiry Details Integration")
        ).scalars()
        assert set(vaults) == {lab.vaults["medical"], lab.vaults["crm"]}


def test_medical_has_the_integrations_and_points_of_seed_s3(lab: CatalogueLab) -> None:
    integrations, points = table_of(Integration), table_of(IntegrationPoint)
    with lab.store.read() as session:
        rows = session.execute(
            select(integrations.c.name, points.c.name)
            .join(points, points.c.integration_id == integrations.c.id)
            .where(integrations.c.vault_id == lab.vaults["medical"], points.c.name.not_like("%(simulated)"))
            .order_by(integrations.c.id, points.c.id)
        ).all()
    found: dict[str, list[str]] = {}
    for integration, point in rows:
        found.setdefault(integration, []).append(point.removesuffix(" Integration Point"))
    assert found == {
        "Medical Inquiry Details Integration": [
            "Medical Inquiry Details Outbound",
            "Account Inbound",
            "Medical Inquiry Details Inbound",
            "CRM Lookup",
        ],
        "Country Integration": ["Country Inbound"],
        "CLM Integration": ["CLM Outbound"],
        "CRM Metadata Sync Product Content Integration": [
            "CRM Content Group Inbound",
            "CRM Detail Group Inbound",
            "CRM Product Inbound",
            "CRM Product Group Inbound",
        ],
        "CRM Metadata Sync Survey Integration": ["CRM Survey Configuration Inbound"],
        "CRM Metadata Sync Content Type Integration": ["CRM Content Type Inbound"],
        "CRM Metadata Sync Directory Integration": ["CRM Directory Inbound"],
        "CRM Metadata Sync Event Management Integration": [
            "CRM Event Configuration Inbound",
            "CRM Event Topic Inbound",
        ],
    }


def test_the_queues_have_the_names_that_no_pattern_makes(lab: CatalogueLab) -> None:
    columns = table_of(Queue).c
    with lab.store.read() as session:
        rows = session.execute(select(columns.vault_id, columns.type, columns.label, columns.api_name)).all()
    assert {tuple(row) for row in rows} == {
        (lab.vaults["medical"], Direction.OUTBOUND, "Medical to CRM", "medical_crm_outbound_queue__v"),
        (lab.vaults["medical"], Direction.INBOUND, "Medical-CRM", "medical_crm_inbound_queue__v"),
        (lab.vaults["crm"], Direction.OUTBOUND, "CRM to Medical", "crm_to_medical_outbound_queue__v"),
        (lab.vaults["crm"], Direction.INBOUND, "Medical to CRM", "medical_to_crm_inbound__v"),
    }


# Contacts


def test_an_account_updates_the_case_contact_with_its_veeva_id_and_makes_none(lab: CatalogueLab) -> None:
    known = lab.create("medical", PERSON, {"name__v": "A. Lindqvist", "sim_veeva_id__c": "77"})
    account(lab, sim_veeva_id__c="77", sim_external_id__c="E-1", sim_last_name__c="Lindqvist")
    lab.run()
    person = only(lab, "medical", PERSON)
    assert (person["id"], person["sim_last_name__c"]) == (known, "Lindqvist")
    assert only(lab, "medical", SOURCE_DATA)["sim_case_contact__c"] == known


def test_without_a_veeva_id_the_external_id_finds_the_case_contact(lab: CatalogueLab) -> None:
    known = lab.create("medical", PERSON, {"name__v": "A. Lindqvist", "sim_external_id__c": "E-1"})
    lab.create("medical", PERSON, {"name__v": "Dr. Ada Lindqvist"})
    account(lab, sim_external_id__c="E-1")
    lab.run()
    assert lab.record("medical", known)["name__v"] == "Dr. Ada Lindqvist"
    assert len(lab.records("medical", PERSON)) == 2


def test_an_account_of_a_with_inquiries_country_comes_with_its_first_inquiry(lab: CatalogueLab) -> None:
    account(lab, country__v="@country__v/CA", sim_last_name__c="Lindqvist")
    lab.run()
    assert lab.records("medical", SOURCE_DATA) == []
    inquiry(lab)
    lab.run()
    assert lab.troubles() == []
    assert only(lab, "medical", SOURCE_DATA)["sim_last_name__c"] == "Lindqvist"
    assert only(lab, "medical", CASE)["sim_case_contact__c"] == only(lab, "medical", PERSON)["id"]


def test_an_account_that_is_not_pulled_leaves_the_contact_to_what_the_inquiry_says(lab: CatalogueLab) -> None:
    account(lab, country__v="@country__v/MX", sim_last_name__c="Secret", sim_email__c="secret@clinic.example")
    inquiry(lab, sim_contact_name__c="The doctor", sim_contact_email__c="front.desk@clinic.example")
    lab.run()
    assert lab.troubles() == []
    person = only(lab, "medical", PERSON)
    assert (person["name__v"], person["sim_email__c"]) == ("The doctor", "front.desk@clinic.example")
    assert "sim_last_name__c" not in person
    assert only(lab, "medical", CASE)["sim_case_contact__c"] == person["id"]


def test_of_several_ways_to_reach_the_contact_the_inquiry_s_is_the_preferred_one(lab: CatalogueLab) -> None:
    account(lab, sim_email__c="ada@clinic.example", sim_phone__c="555-0100")
    inquiry(lab, sim_delivery_contact__c="555-0100")
    lab.run()
    assert {row["sim_value__c"] for row in lab.records("medical", "sim_person_information__c")} == {
        "ada@clinic.example",
        "555-0100",
    }
    preferred = lab.at("medical", only(lab, "medical", CASE), "sim_preferred_contact_information__c.name__v")
    assert preferred == "Phone: 555-0100"


def test_a_case_whose_delivery_contact_nobody_knows_prefers_none(lab: CatalogueLab) -> None:
    account(lab, sim_email__c="ada@clinic.example")
    inquiry(lab, sim_delivery_contact__c="other@clinic.example")
    lab.run()
    assert lab.troubles() == []
    assert "sim_preferred_contact_information__c" not in only(lab, "medical", CASE)


def test_dry_run_and_explanation_tell_of_case_contact_and_person_information(lab: CatalogueLab) -> None:
    made = account(lab, sim_email__c="ada@clinic.example")
    columns = table_of(Integration).c
    with lab.store.read() as session:
        integration = session.execute(
            select(columns.id).where(
                columns.vault_id == lab.vaults["crm"], columns.name == "Medical Inquiry Details Integration"
            )
        ).scalar_one()
        actor = lab.actor(session, "crm")  # type: ignore[arg-type]
    planned = rehearse_integration(lab.store, actor, integration)
    expected = [PERSON, SOURCE_DATA, "sim_person_information__c"]
    assert [one.target_object for one in planned.planned] == expected
    (story,) = explain_record(lab.store, actor, made)
    assert sorted(target.target_object for target in story.targets) == sorted(expected)


# Inquiry, Case and back


def test_an_inquiry_is_transferred_by_the_user_action_once_it_is_submitted(lab: CatalogueLab) -> None:
    account(lab)
    made = lab.create("crm", INQUIRY, {"name__v": "INQ-1", "account__v": "@account"})
    with pytest.raises(NotPossible, match="Lifecycle State is Submitted"):
        act(lab, made)
    lab.live("crm", made, ("submitted_state__c",))
    lab.run()
    assert lab.records("medical", CASE) == []
    act(lab, made)
    lab.run()
    assert only(lab, "medical", CASE)["name__v"] == "INQ-1"
    with pytest.raises(NotPossible, match="locked"):
        lab.change("crm", made, {"sim_transfer_to_medical__c": False})


def test_a_transferred_inquiry_is_locked_for_users_and_still_follows_its_case_request(lab: CatalogueLab) -> None:
    account(lab)
    made = inquiry(lab)
    lab.change("crm", made, {"sim_inquiry_text__c": "Dose for children"})
    lab.run()
    assert lab.record("crm", made)["sim_transfer_status__c"] == "success__c"
    with pytest.raises(NotPossible, match="INQ-1 is locked: Transfer Status is Success"):
        lab.change("crm", made, {"sim_inquiry_text__c": "Dose for adults"})
    request = only(lab, "medical", REQUEST)["id"]
    for state, status in (("in_progress_state__c", "in_progress__c"), ("closed_state__c", "closed__c")):
        lab.change("medical", request, {"state__v": state, "sim_response_notes__c": "Note"})
        lab.run()
        row = lab.record("crm", made)
        assert (row["sim_medical_inquiry_case_status__c"], row["sim_response_notes__c"]) == (status, "Note")


def test_case_requests_go_back_from_the_last_successful_run_time_on(lab: CatalogueLab) -> None:
    columns = table_of(Integration).c
    statement = select(columns.last_successful_send).where(
        columns.vault_id == lab.vaults["medical"], columns.name == "Medical Inquiry Details Integration"
    )
    with lab.store.read() as session:
        before = session.execute(statement).scalar_one()
    account(lab)
    inquiry(lab)
    lab.run()
    with lab.store.read() as session:
        assert session.execute(statement).scalar_one() > before


def test_a_case_request_without_a_link_finds_its_inquiry_by_external_id(lab: CatalogueLab) -> None:
    account(lab)
    values = {"name__v": "INQ-9", "account__v": "@account", "sim_external_id__c": "X-9"}
    made = lab.create("crm", INQUIRY, values)
    case = lab.create("medical", CASE, {"name__v": "INQ-9"})
    values = {"name__v": "INQ-9", "sim_case__c": case, "sim_origin__c": "vault_crm__c", "sim_external_id__c": "X-9"}
    lab.create("medical", REQUEST, values)
    lab.run()
    assert lab.record("crm", made)["sim_transfer_status__c"] == "success__c"


# Several Vault CRMs


def test_each_vault_crm_gets_back_the_status_of_its_own_inquiries_only(three: CatalogueLab) -> None:
    for crm in ("crm", "crm_b"):
        account(three, crm)
        inquiry(three, crm)
        three.run()
    assert three.troubles() == []
    assert len(three.records("medical", CASE)) == 2
    request = next(row for row in three.records("medical", REQUEST) if row["sim_crm_org__c"] == "Vault CRM B")
    three.change("medical", request["id"], {"state__v": "in_progress_state__c"})
    three.run()
    statuses = {crm: only(three, crm, INQUIRY).get("sim_medical_inquiry_case_status__c") for crm in ("crm", "crm_b")}
    assert statuses == {"crm": None, "crm_b": "in_progress__c"}


@pytest.mark.parametrize(
    "keys",
    [
        {"sim_crm_org__c": "Vault CRM B", "sim_crm_id__c": "@product"},
        {"sim_external_id__c": "CHO"},
        {"link__sys": "@product.global_id__sys"},
    ],
    ids=["CRM Org and CRM ID", "External ID", "Link"],
)
def test_a_record_with_the_same_key_is_updated(three: CatalogueLab, keys: dict[str, str]) -> None:
    product = three.create("crm_b", "crm_product__v", {"name__v": "Cholecap", "sim_external_id__c": "CHO"}, "product")
    known = three.create("medical", "sim_crm_product__c", {"name__v": "Known before", **keys})
    three.run()
    row = only(three, "medical", "sim_crm_product__c")
    assert (row["id"], row["name__v"]) == (known, "Cholecap")
    assert row["link__sys"] == three.record("crm_b", product)["global_id__sys"]


def test_the_same_name_with_other_keys_is_a_new_record(three: CatalogueLab) -> None:
    for crm in CRMS:
        three.create(crm, "crm_product__v", {"name__v": "Cholecap", "sim_external_id__c": f"CHO-{crm}"})
    three.run()
    rows = three.records("medical", "sim_crm_product__c")
    assert [row["name__v"] for row in rows] == ["Cholecap"] * 3
    assert {row["sim_crm_org__c"] for row in rows} == {"Vault CRM", "Vault CRM B", "Vault CRM C"}


def test_the_worked_example_of_three_vault_crms(three: CatalogueLab) -> None:
    # Vault CRM A selects the United States, B also Canada, C Mexico and Canada.
    for crm, countries in zip(CRMS, ("us__c", "us__c,ca__c", "mx__c,ca__c"), strict=True):
        settings(three, crm, countries)
    assert connection_countries(three) == {
        "medical_crm__v": {"United States", "Global"},
        "medical_crm_b__c": {"United States", "Canada", "Global"},
        "medical_crm_c__c": {"Mexico", "Canada", "Global"},
    }
    # Document A is of the United States, and is updated with a new description: A and B have it.
    document = presentation(three, "Document A", "US", title__v="First")
    assert titles(three, "Document A") == {"crm": "First", "crm_b": "First"}
    three.change("medical", document, {"title__v": "New description"})
    three.run()
    assert titles(three, "Document A") == {"crm": "New description", "crm_b": "New description"}
    # Document B is made for Global: all three have it.
    presentation(three, "Document B", "ZZ", title__v="For all")
    assert titles(three, "Document B") == dict.fromkeys(CRMS, "For all")
    assert three.troubles() == []


# Country routing


def test_a_country_that_is_no_longer_selected_is_connected_no_more(lab: CatalogueLab) -> None:
    made = settings(lab, "crm", "us__c,ca__c")
    lab.change("crm", made, {"sim_country_filter__c": "ca__c"})
    lab.run()
    assert connection_countries(lab) == {"medical_crm__v": {"Canada", "Global"}}
    presentation(lab, "Late", "US")
    assert titles(lab, "Late") == {}


def test_what_is_there_goes_when_its_country_is_selected(lab: CatalogueLab) -> None:
    made = settings(lab, "crm", "us__c")
    presentation(lab, "Diapositivas", "MX")
    assert titles(lab, "Diapositivas") == {}
    lab.change("crm", made, {"sim_country_filter__c": "us__c,mx__c"})
    lab.run()
    assert titles(lab, "Diapositivas") == {"crm": None}


def test_each_feature_has_countries_of_its_own(lab: CatalogueLab) -> None:
    settings(lab, "crm", "us__c", "approved_email_settings__c")
    presentation(lab, "Slides", "US")
    presentation(lab, "Invitation", "US", type__v="Email Template", clm_content__v=None)
    assert [row["name__v"] for row in lab.records("crm", DOCUMENTS)] == ["Invitation"]


def test_a_document_that_moves_to_another_country_is_withdrawn(lab: CatalogueLab) -> None:
    settings(lab, "crm", "us__c")
    document = presentation(lab, "Slides", "US")
    lab.change("medical", document, {"country__v": "@country__v/JP"})
    lab.run()
    assert only(lab, "crm", DOCUMENTS)["state__v"] == "obsolete__c"


def test_an_explanation_says_that_no_connection_country_lets_a_document_through(lab: CatalogueLab) -> None:
    settings(lab, "crm", "us__c")
    document = presentation(lab, "Slides", "JP")
    with lab.store.read() as session:
        actor = lab.actor(session, "medical")  # type: ignore[arg-type]
    (clm,) = [story for story in explain_record(lab.store, actor, document) if story.integration.startswith("CLM")]
    (step,) = [step for step in clm.steps if step.name == "Behaviour"]
    assert (step.verdict, "Connection Country" in step.text) == ("stops", True)


# Content


def test_a_binder_is_published_with_its_slides_and_withdrawn_by_no_or_obsolete(lab: CatalogueLab) -> None:
    settings(lab, "crm", "us__c")
    binder = presentation(lab, "Binder", "US")
    slides = [
        presentation(
            lab, f"Slide {at}", "US", type__v="Multichannel Slide", sim_presentation__c="@Binder", sim_slide_order__c=at
        )
        for at in (1, 2)
    ]
    there = {row["name__v"]: row for row in lab.records("crm", DOCUMENTS)}
    assert [there[f"Slide {at}"]["sim_presentation__c"] for at in (1, 2)] == [there["Binder"]["id"]] * 2
    lab.change("medical", slides[0], {"clm_content__v": False})
    lab.live("medical", slides[1], ("obsolete__c",))
    lab.run()
    states = {row["name__v"]: row["state__v"] for row in lab.records("crm", DOCUMENTS)}
    assert states == {"Binder": "approved__c", "Slide 1": "obsolete__c", "Slide 2": "obsolete__c"}
    lab.change("medical", slides[0], {"clm_content__v": True})
    lab.change("medical", binder, {"clm_content__v": False})
    lab.run()
    states = {row["name__v"]: row["state__v"] for row in lab.records("crm", DOCUMENTS)}
    assert states == {"Binder": "obsolete__c", "Slide 1": "approved__c", "Slide 2": "obsolete__c"}


def test_slides_find_their_binder_though_they_come_in_the_same_message(lab: CatalogueLab) -> None:
    settings(lab, "crm", "us__c")
    values = {"country__v": "@country__v/US", "clm_content__v": True}
    binder = lab.create("medical", DOCUMENTS, {"name__v": "B", "type__v": "Multichannel Presentation", **values}, "b")
    slide = {"type__v": "Multichannel Slide", "sim_presentation__c": "@b", **values}
    lab.create("medical", DOCUMENTS, {"name__v": "S", **slide})
    lab.change("medical", binder, {"title__v": "Changed after its slide was made"})
    lab.once()
    assert lab.troubles() == []
    there = {row["name__v"]: row for row in lab.records("crm", DOCUMENTS)}
    assert there["S"]["sim_presentation__c"] == there["B"]["id"]


def test_accounts_of_one_person_in_one_message_make_one_case_contact(lab: CatalogueLab) -> None:
    for name in ("Dr. A. Lindqvist", "Dr. Ada Lindqvist"):
        account(lab, name__v=name, sim_veeva_id__c="77")
    lab.run()
    assert lab.troubles() == []
    contact = only(lab, "medical", PERSON)["id"]
    assert [row["sim_case_contact__c"] for row in lab.records("medical", SOURCE_DATA)] == [contact] * 2


def test_a_transferred_document_is_up_versioned_with_its_source(lab: CatalogueLab) -> None:
    made = lab.create("medical", DOCUMENTS, {"name__v": "Letter", "type__v": "Medical Letter"})
    lab.run()
    there = only(lab, "crm", DOCUMENTS)
    assert (there["major_version_number__v"], there["minor_version_number__v"]) == (0, 1)
    lab.live("medical", made, ("approved__c",))
    lab.run()
    assert only(lab, "crm", DOCUMENTS)["major_version_number__v"] == 1
    lab.live("medical", made, ("draft", "approved__c"))
    lab.run()
    there = only(lab, "crm", DOCUMENTS)
    assert (there["major_version_number__v"], there["state__v"]) == (2, "approved__c")


def test_an_administrator_adds_a_document_type_to_the_group(lab: CatalogueLab) -> None:
    first = lab.create("medical", DOCUMENTS, {"name__v": "Poster", "type__v": "Poster"})
    lab.run()
    assert lab.records("crm", DOCUMENTS) == []
    values = {"name__v": "Poster", "sim_document_type_group__c": "@sim_document_type_group__c/Medical-CRM Connection"}
    lab.create("medical", "sim_grouped_document_type__c", values)
    lab.change("medical", first, {"title__v": "At the congress"})
    lab.run()
    assert only(lab, "crm", DOCUMENTS)["title__v"] == "At the congress"


@pytest.mark.parametrize("key", ["medical_crm", "promomats_crm"])
def test_it_is_established_with_a_vault_crm_of_another_domain(store: Store, key: str) -> None:
    lab = CatalogueLab.of(store, key, state=State.UNTOUCHED)
    vaults, connections = table_of(Vault), table_of(Connection)
    with store.write() as write:
        write.execute(update(vaults).where(vaults.c.id == lab.vaults["crm"]).values(domain="other.example"))
        sides = [write.get_one(Connection, each) for each in write.execute(select(connections.c.id)).scalars().all()]
        establish(write, *sides)
        assert {side.state for side in sides} == {ConnectionState.ACTIVE}


def test_a_sandbox_crm_gets_content_of_production_and_gives_no_data_back(lab: CatalogueLab) -> None:
    settings(lab, "crm", "us__c")
    vaults = table_of(Vault)
    with lab.store.write() as write:
        write.execute(update(vaults).where(vaults.c.id == lab.vaults["crm"]).values(sandbox=True))
    presentation(lab, "Slides", "US")
    assert titles(lab, "Slides") == {"crm": None}
    account(lab)
    for _ in range(3):
        lab.once()
    assert lab.records("medical", SOURCE_DATA) == []
    assert any("production Vaults take no data of sandboxes" in trouble for trouble in lab.troubles())
