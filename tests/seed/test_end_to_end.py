"""The demo in motion: send, deliver and receive until nothing moves, and what has then arrived where.

What ought to arrive is worked out here from the source records alone, in plain Python.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import select

from models.permissions import Actor, actor_for
from models.services.records import change_record, create_record
from models.store import Store
from models.tables import ExceptionItem, ExceptionMessage, ItemStatus, Vault, table_of
from scheduler import deliver, receive, send
from scheduler.runs import RunResult
from scheduler.scope import Scope
from seed.generator import ChangeGenerator
from tests.conftest import ManualClock
from tests.seed.conftest import open_copy, records_of

Row = dict[str, Any]

SPECIALTIES = {
    "car__c": "cardiology__c",
    "der__c": "dermatology__c",
    "gp__c": "general_practice__c",
    "hem__c": "hematology__c",
    "neu__c": "neurology__c",
    "onc__c": "oncology__c",
    "pha__c": "pharmacy__c",
    "rhe__c": "rheumatology__c",
}
CHANNELS = {"email__c": "email__c", "mail__c": "letter__c", "phone__c": "phone__c", "in_person__c": "visit__c"}


def run_until_quiet(store: Store) -> None:
    """Run every job of every Vault until a whole round moves nothing."""
    clock = cast("ManualClock", store.clock)
    with store.read() as session:
        vault_ids = list(session.execute(select(table_of(Vault).c.id)).scalars())
    stages: tuple[Callable[..., RunResult], ...] = (send.run_once, deliver.run_once, receive.run_once)
    for _ in range(12):
        moved = 0
        for stage in stages:
            for vault_id in vault_ids:
                clock.advance(seconds=10)
                counts = stage(store, clock, Scope(vault_id)).counts
                moved += counts.sent + counts.delivered + counts.received + counts.created + counts.updated
        if not moved:
            return
    pytest.fail("the demo does not come to rest")


@pytest.fixture(scope="session")
def quiet_template(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a demo in which everything has moved; copy it, never open it."""
    path = tmp_path_factory.mktemp("moved") / "moved.sqlite3"
    store = open_copy(template, path)
    run_until_quiet(store)
    store.close()
    return path


@pytest.fixture
def moved(quiet_template: Path, tmp_path: Path) -> Iterator[Store]:
    store = open_copy(quiet_template, tmp_path / "moved.sqlite3")
    yield store
    store.close()


def by_id(rows: list[Row]) -> dict[str, Row]:
    return {row["id"]: row for row in rows}


def by_link(rows: list[Row]) -> dict[str, Row]:
    linked = [row for row in rows if row["link__sys"]]
    assert len({row["link__sys"] for row in linked}) == len(linked), "a source record has two targets"
    return {row["link__sys"]: row for row in linked}


def open_items(store: Store, vault: str) -> set[tuple[str, str]]:
    """(target object, source record id) of the open items in a Vault; each under an active message."""
    items, messages, vaults = table_of(ExceptionItem), table_of(ExceptionMessage), table_of(Vault)
    statement = (
        select(items.c.target_object, items.c.item, messages.c.active)
        .join(messages, messages.c.id == items.c.message_id)
        .join(vaults, vaults.c.id == items.c.vault_id)
        .where(vaults.c.name == vault, items.c.status == ItemStatus.OPEN)
    )
    with store.read() as session:
        rows = list(session.execute(statement))
    assert all(row.active for row in rows)
    return {(row.target_object, row.item) for row in rows}


DO_NOT_PULL, WITH_INQUIRIES = "do_not_pull__c", "with_inquiries__c"


def expected_accounts(store: Store) -> tuple[list[Row], list[Row], list[Row]]:
    """The accounts that must arrive in Medical, those that cannot, and those that no rule takes; each with its rule.

    Which of the three account rules takes an account is said by its country (seed S3, "Data Usage Agreements").
    """
    countries = by_id(records_of(store, "Vault CRM", "country__v"))
    known = {country["code__sys"] for country in records_of(store, "Medical", "country__v")}
    asking = {inquiry["account__v"] for inquiry in records_of(store, "Vault CRM", "medical_inquiry__v")}
    good, bad, left, emails = [], [], [], set()
    for account in records_of(store, "Vault CRM", "account__v"):
        country = countries[account["country__v"]]
        account |= {"code": country["code__sys"], "rule": country["pull_accounts_rule__c"]}
        pulled = account["rule"] != DO_NOT_PULL
        fits = "last_name__c" in account and account["specialty__c"] in SPECIALTIES
        if account["rule"] == WITH_INQUIRIES and account["id"] not in asking:
            left.append(account)
        elif account["code"] in known and (not pulled or (fits and account["email__c"] not in emails)):
            good.append(account)
            emails |= {account["email__c"]} if pulled else set()
        else:
            bad.append(account)
    return good, bad, left


def test_every_account_becomes_case_contact_source_data_or_an_open_item_unless_its_rule_leaves_it(moved: Store) -> None:
    good, bad, left = expected_accounts(moved)
    assert (len(good), len(bad), len(left)) == (54, 5, 5)
    targets = by_link(records_of(moved, "Medical", "case_contact_source_data__c"))
    countries = by_id(records_of(moved, "Medical", "country__v"))
    assert set(targets) == {account["global_id__sys"] for account in good}
    for account in good:
        target = targets[account["global_id__sys"]]
        assert countries[target["country__v"]]["code__sys"] == account["code"]
        assert (target["crm_id__c"], target["crm_org__c"]) == (account["id"], "Verteo CRM")
        if account["rule"] == DO_NOT_PULL:
            assert (target["name__v"], target["last_name__c"]) == ("Contact of an Inquiry", "Not pulled")
            assert not {"first_name__c", "specialty__c", "email__c", "phone__c", "city__c"} & set(target)
            continue
        same = ("name__v", "first_name__c", "last_name__c", "email__c", "phone__c", "city__c", "external_id__c")
        assert [target.get(name) for name in same] == [account.get(name) for name in same]
        assert target["specialty__c"] == SPECIALTIES[account["specialty__c"]]
    items = {item for target, item in open_items(moved, "Medical") if target == "case_contact_source_data__c"}
    assert items == {account["id"] for account in bad}


def test_all_three_account_rules_take_accounts_of_the_demo(moved: Store) -> None:
    good, _, left = expected_accounts(moved)
    assert {account["rule"] for account in good} == {"pull_accounts__c", WITH_INQUIRIES, DO_NOT_PULL}
    assert {account["rule"] for account in left} == {WITH_INQUIRIES}


def test_every_submitted_inquiry_becomes_a_case_and_a_case_request_or_open_items(moved: Store) -> None:
    accounts = {account["id"]: account for account in expected_accounts(moved)[0]}
    products = by_id(records_of(moved, "Vault CRM", "crm_product__v"))
    medical_products = {row["external_id__c"]: row for row in records_of(moved, "Medical", "product__c")}
    cases = by_link(records_of(moved, "Medical", "case__c"))
    requests = by_link(records_of(moved, "Medical", "case_request__c"))
    contacts = by_link(records_of(moved, "Medical", "case_contact_source_data__c"))
    expected_items = set()
    outcomes = {"case and request": 0, "case only": 0, "neither": 0, "saved": 0}
    for inquiry in records_of(moved, "Vault CRM", "medical_inquiry__v"):
        source = inquiry["global_id__sys"]
        if inquiry["state__v"] != "submitted_state__c":
            assert source not in cases
            assert source not in requests
            assert inquiry["transfer_status__c"] == "not_sent__c"
            outcomes["saved"] += 1
            continue
        account = accounts.get(inquiry["account__v"])
        is_case = account is not None and "submitted__c" in inquiry
        product = products.get(inquiry.get("product__c", ""), {}).get("external_id__c")
        fits = len(inquiry["inquiry_text__c"]) <= 500 and inquiry["delivery_method__c"] in CHANNELS
        is_request = is_case and fits and product in medical_products
        assert (source in cases) is is_case, inquiry["name__v"]
        assert (source in requests) is is_request, inquiry["name__v"]
        if not is_case:
            expected_items.add(("case__c", inquiry["id"]))
        if not is_request:
            expected_items.add(("case_request__c", inquiry["id"]))
            assert inquiry["transfer_status__c"] == "not_sent__c"
        if is_case and account is not None:
            case = cases[source]
            assert case["received__c"] == inquiry["submitted__c"]
            assert case["priority__c"] == {"normal__c": "standard__c", "rush__c": "high__c"}[inquiry["urgency__c"]]
            assert case["contact_source__c"] == contacts[account["global_id__sys"]]["id"]
        if is_request:
            request = requests[source]
            assert request["case__c"] == cases[source]["id"]
            assert request["request_text__c"] == inquiry["inquiry_text__c"]
            assert request["delivery_channel__c"] == CHANNELS[inquiry["delivery_method__c"]]
            assert request["product__c"] == medical_products[product]["id"]
            assert request["state__v"] == "new_state__c"
            assert inquiry["transfer_status__c"] == "success__c"
            assert inquiry["medical_inquiry_case_status__c"] == "received__c"
        outcomes["case and request" if is_request else "case only" if is_case else "neither"] += 1
    found = {item for item in open_items(moved, "Medical") if item[0] in ("case__c", "case_request__c")}
    assert found == expected_items
    assert outcomes["saved"] == 16
    assert outcomes["case and request"] > 60
    assert outcomes["case only"] >= 4
    assert outcomes["neither"] >= 1


def test_every_product_family_becomes_a_product_or_an_open_item(moved: Store) -> None:
    areas = {"onc__c": "oncology__c", "cv__c": "cardiology__c", "imm__c": "immunology__c", "cns__c": "neurology__c"}
    products = by_link(records_of(moved, "Clinical Operations", "product__c"))
    wrong = set()
    for family in records_of(moved, "RIM", "product__v"):
        if family["name__v"] in ("Ibrentis", "Quorivia", "Rovelia"):
            assert family["global_id__sys"] not in products
            wrong.add(("product__c", family["id"]))
            continue
        product = products.pop(family["global_id__sys"])
        same = ("name__v", "generic_name__c", "abbreviation__c")
        assert [product[name] for name in same] == [family[name] for name in same]
        assert product["therapeutic_area__c"] == areas[family["therapeutic_area__c"]]
    assert not products
    assert open_items(moved, "Clinical Operations") == wrong


def test_a_product_made_by_hand_without_a_link_arrives_a_second_time(moved: Store) -> None:
    names = [product["name__v"] for product in records_of(moved, "Clinical Operations", "product__c")]
    assert {name for name in names if names.count(name) > 1} == {"Jantova"}


def test_studies_study_products_and_sites_arrive_in_rim(moved: Store) -> None:
    types = {"interventional__c": "clinical_trial__c", "observational__c": "non_interventional__c"}
    families = by_id(records_of(moved, "RIM", "product__v"))
    products = by_id(records_of(moved, "Clinical Operations", "product__c"))
    studies = by_id(records_of(moved, "Clinical Operations", "study__v"))
    in_rim = by_link(records_of(moved, "RIM", "clinical_study__v"))
    wrong = set()
    for study in studies.values():
        if study["name__v"] in ("VER-DOR-202", "VER-DOR-901", "VER-FER-201"):
            assert study["global_id__sys"] not in in_rim
            wrong.add(("clinical_study__v", study["id"]))
            continue
        target = in_rim[study["global_id__sys"]]
        assert target["clinical_study_number__c"] == study["name__v"]
        assert target["study_type__c"] == types[study["study_type__v"]]
        assert target["study_phase__c"] == study["study_phase__v"].replace("phase", "p")
        family = families.get(target.get("primary_product_family__c", ""))
        assert (family["global_id__sys"] if family else None) == products[study["product__c"]]["link__sys"]

    for source, target_object in (
        ("study_product__c", "product_family_clinical_study__c"),
        ("site__v", "clinical_site__v"),
    ):
        targets = by_link(records_of(moved, "RIM", target_object))
        for record in records_of(moved, "Clinical Operations", source):
            study = studies[record["study__v"]]
            linked = source != "study_product__c" or products[record["product__c"]]["link__sys"]
            if study["global_id__sys"] in in_rim and linked:
                target = targets[record["global_id__sys"]]
                assert target["clinical_study__c"] == in_rim[study["global_id__sys"]]["id"]
            else:
                assert record["global_id__sys"] not in targets
                wrong.add((target_object, record["id"]))
    assert open_items(moved, "RIM") == wrong
    assert {target for target, _ in wrong} == {
        "clinical_study__v",
        "clinical_site__v",
        "product_family_clinical_study__c",
    }


def test_the_site_country_in_rim_is_that_of_the_study_country(moved: Store) -> None:
    countries = by_id(records_of(moved, "RIM", "country__v"))
    study_countries = by_id(records_of(moved, "Clinical Operations", "study_country__v"))
    sites = by_link(records_of(moved, "RIM", "clinical_site__v"))
    compared = 0
    for site in records_of(moved, "Clinical Operations", "site__v"):
        if site["global_id__sys"] in sites:
            target = sites[site["global_id__sys"]]
            assert (
                countries[target["site_country__c"]]["name__v"] == study_countries[site["study_country__v"]]["name__v"]
            )
            compared += 1
    assert compared > 50


def test_only_connected_studies_go_to_edc_and_a_study_is_only_updated_there(moved: Store) -> None:
    studies = by_id(records_of(moved, "Clinical Operations", "study__v"))
    in_edc = by_link(records_of(moved, "EDC", "study__c"))
    states = {"planning_state__c": "Planning", "active_state__c": "Active", "closing_state__c": "Closing"}
    for study in studies.values():
        if not study["connect_to_vault_cdms__c"] or study["name__v"] == "VER-GAL-205":
            assert study["global_id__sys"] not in in_edc
        else:
            target = in_edc.pop(study["global_id__sys"])
            assert target["study_number__c"] == study["name__v"]
            assert (
                target["study_phase__c"]
                == {"phase1__c": "i__c", "phase2__c": "ii__c", "phase3__c": "iii__c"}[study["study_phase__v"]]
            )
            assert target["clinops_state__c"] == states[study["state__v"]]
    assert not in_edc


def test_study_countries_and_sites_arrive_in_edc_unless_what_they_belong_to_is_missing(moved: Store) -> None:
    studies = by_id(records_of(moved, "Clinical Operations", "study__v"))
    in_edc = by_link(records_of(moved, "EDC", "study__c"))
    countries = by_link(records_of(moved, "EDC", "study_country__c"))
    sites = by_link(records_of(moved, "EDC", "site__c"))
    wrong = set()
    source_countries = by_id(records_of(moved, "Clinical Operations", "study_country__v"))
    for country in source_countries.values():
        study = studies[country["study__v"]]
        if not study["connect_to_vault_cdms__c"]:
            assert country["global_id__sys"] not in countries
        elif study["global_id__sys"] in in_edc:
            target = countries[country["global_id__sys"]]
            assert target["study__c"] == in_edc[study["global_id__sys"]]["id"]
            assert (target["name__v"], target["study_number__c"]) == (country["name__v"], study["name__v"])
        else:
            wrong.add(("study_country__c", country["id"]))
    for site in records_of(moved, "Clinical Operations", "site__v"):
        study = studies[site["study__v"]]
        parent = countries.get(source_countries[site["study_country__v"]]["global_id__sys"])
        fits = len(site["site_name__c"]) <= 100 and site["timezone__c"] != "africa_johannesburg__c"
        if not study["connect_to_vault_cdms__c"]:
            assert site["global_id__sys"] not in sites
        elif fits and parent is not None and study["global_id__sys"] in in_edc:
            target = sites[site["global_id__sys"]]
            assert target["study_country__c"] == parent["id"]
            assert target["site_timezone__c"] == site["timezone__c"]
        else:
            assert site["global_id__sys"] not in sites
            wrong.add(("site__c", site["id"]))
    assert open_items(moved, "EDC") == wrong
    assert sum(target == "site__c" for target, _ in wrong) >= 4


def test_nothing_reaches_vaults_whose_connections_are_pending(moved: Store) -> None:
    for vault in ("Quality", "Safety", "Medical Sandbox"):
        assert not open_items(moved, vault)
    assert not records_of(moved, "Medical Sandbox", "case__c")


def test_closing_a_case_request_brings_status_and_notes_back_to_the_inquiry(moved: Store) -> None:
    request = next(row for row in records_of(moved, "Medical", "case_request__c") if row["link__sys"])
    with moved.write() as write:
        agent = actor_for(write, 21063, "priya.anand@verteo.example")
        change_record(
            write, agent, request["id"], {"state__v": "closed_state__c", "response_notes__c": "Two references sent."}
        )
    run_until_quiet(moved)
    inquiries = {row["global_id__sys"]: row for row in records_of(moved, "Vault CRM", "medical_inquiry__v")}
    inquiry = inquiries[request["link__sys"]]
    assert inquiry["medical_inquiry_case_status__c"] == "closed__c"
    assert inquiry["response_notes__c"] == "Two references sent."


def test_adding_the_forgotten_country_lets_what_waited_for_it_arrive(moved: Store) -> None:
    before = open_items(moved, "Medical")
    with moved.write() as write:
        create_record(write, Actor.system(21063), "country__v", {"name__v": "New Zealand", "code__sys": "NZ"})
    cast("ManualClock", moved.clock).moment += timedelta(minutes=5)
    run_until_quiet(moved)
    gone = before - open_items(moved, "Medical")
    assert sum(target == "case_contact_source_data__c" for target, _ in gone) == 2
    assert not open_items(moved, "Medical") - before


def test_what_the_generator_changes_arrives_too(moved: Store) -> None:
    generator = ChangeGenerator(moved, 7)
    happened = [one for _ in range(8) for one in generator.step()]
    run_until_quiet(moved)
    requests = by_link(records_of(moved, "Medical", "case_request__c"))
    inquiries = by_id(records_of(moved, "Vault CRM", "medical_inquiry__v"))
    new = [inquiries[one.record_id] for one in happened if one.words == "submits a new Inquiry"]
    assert new
    waiting = {item for target, item in open_items(moved, "Medical") if target == "case_request__c"}
    for inquiry in new:
        assert (inquiry["global_id__sys"] in requests) is not (inquiry["id"] in waiting)


def test_a_new_version_that_a_user_approves_up_versions_the_crosslink(moved: Store) -> None:
    generator = ChangeGenerator(moved, 7)
    words = "approves a new version of a promotional piece"
    approved: list[str] = []
    while not approved:
        approved = [one.record_id for one in generator.step() if one.words == words]
    run_until_quiet(moved)
    (piece,) = (row for row in records_of(moved, "PromoMats", "documents") if row["id"] == approved[0])
    (crosslink,) = (
        row for row in records_of(moved, "Medical", "documents") if row["link__sys"] == piece["global_id__sys"]
    )
    assert (piece["state__v"], crosslink["state__v"]) == ("approved__c", "approved_for_use__c")
    assert piece["major_version_number__v"] == crosslink["major_version_number__v"] > 1
