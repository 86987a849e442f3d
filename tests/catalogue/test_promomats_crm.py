"""PromoMats-CRM: the product hierarchy with its marks, and one Vault CRM with content of two Vaults."""

from typing import Any

import pytest

from models.store import Store
from tests.catalogue.crms import three_crms
from tests.catalogue.lab import CatalogueLab

DOCUMENTS = "documents"


@pytest.fixture
def lab(store: Store) -> CatalogueLab:
    return CatalogueLab.of(store, "promomats_crm")


def present(lab: CatalogueLab, vault: str, name: str, country: str = "US") -> str:
    values = {"name__v": name, "type__v": "Multichannel Presentation", "clm_content__v": True}
    made = lab.create(vault, DOCUMENTS, {**values, "country__v": f"@country__v/{country}"})
    lab.live(vault, made, ("approved__c",))
    return made


def select_countries(lab: CatalogueLab, crm: str, countries: str) -> None:
    values: dict[str, Any] = {"name__v": "CLM", "sim_settings_type__c": "clm_integration_settings__c"}
    lab.create(crm, "sim_connection_settings__c", {**values, "sim_country_filter__c": countries})
    lab.run()


def test_what_is_deleted_at_the_source_keeps_where_it_came_from(lab: CatalogueLab) -> None:
    family = lab.create("promomats", "sim_product_family__c", {"name__v": "Cholecap Family"}, "family")
    product = lab.create("promomats", "sim_product__c", {"name__v": "Cholecap", "sim_product_family__c": "@family"})
    lab.run()
    lab.delete("promomats", product)
    lab.run()
    (brand,) = lab.records("crm", "brand__v")
    assert brand["deleted_in_source__v"] is True
    assert (brand["source_vault_id__v"], brand["original_source_id__v"]) == (str(lab.vaults["promomats"]), product)
    (there,) = lab.records("crm", "product_family__v")
    assert (there["deleted_in_source__v"], there["original_source_id__v"]) == (False, family)


def test_a_brand_that_has_no_link_yet_is_found_by_its_external_id(lab: CatalogueLab) -> None:
    known = lab.create("crm", "brand__v", {"name__v": "Chole", "vexternal_id__v": "CHO"})
    lab.create("promomats", "sim_product__c", {"name__v": "Cholecap", "sim_external_id__c": "CHO"})
    lab.create("promomats", "sim_product__c", {"name__v": "Cholecap", "sim_external_id__c": "CHO-2"})
    lab.run()
    brands = lab.records("crm", "brand__v")
    assert [(row["id"] == known, row["name__v"]) for row in brands] == [(True, "Cholecap"), (False, "Cholecap")]


def test_content_goes_to_those_vault_crms_that_have_selected_its_country(store: Store) -> None:
    lab = three_crms(store, "promomats_crm", "promomats", "promomats_crm__v")
    crms = ("crm", "crm_b", "crm_c")
    for crm, countries in zip(crms, ("us__c", "us__c,ca__c", "mx__c,ca__c"), strict=True):
        select_countries(lab, crm, countries)
    for name, country in (("United States", "US"), ("Canada", "CA"), ("Global", "ZZ"), ("Japan", "JP")):
        present(lab, "promomats", name, country)
    lab.run()
    assert lab.troubles() == []
    assert {crm: {row["name__v"] for row in lab.records(crm, DOCUMENTS)} for crm in crms} == {
        "crm": {"United States", "Global"},
        "crm_b": {"United States", "Canada", "Global"},
        "crm_c": {"Canada", "Global"},
    }


def test_content_of_two_vaults_and_its_metrics_are_kept_apart(store: Store) -> None:
    lab = CatalogueLab.of(store, "medical_crm", "promomats_crm")
    select_countries(lab, "crm", "us__c")
    for vault in ("medical", "promomats"):
        present(lab, vault, f"Of {vault}")
    lab.run()
    for row in lab.records("crm", DOCUMENTS):
        values = {"name__v": f"Calls: {row['name__v']}", "sim_document__c": row["id"], "sim_times_shown__c": 5}
        lab.create("crm", "sim_clm_statistics__c", values)
    lab.run()
    assert lab.troubles() == []
    for vault in ("medical", "promomats"):
        (metrics,) = lab.records(vault, "clm_content_metrics__v")
        assert lab.at(vault, metrics, "sim_document__c.name__v") == f"Of {vault}"
