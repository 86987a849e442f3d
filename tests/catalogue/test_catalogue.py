"""The catalogue's files: complete, true to each other, and free of invented names of the vendor."""

import re
from pathlib import Path

from seed.catalogue.checks import check_catalogue
from seed.catalogue.load import catalogue
from seed.catalogue.schema import Evidence
from tests.catalogue.page import PAGE, page

TESTS = Path(__file__).parents[1]
PROOF = re.compile(r"`([a-z_]+/test_[a-z_]+\.py)::(test_[a-z0-9_]+)")


def test_the_files_of_the_catalogue_say_nothing_that_does_not_exist() -> None:
    check_catalogue(catalogue())


def test_the_page_of_the_standard_connections_is_written_from_the_catalogue() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(catalogue()), "write it anew: python -m tests.catalogue.page"


def test_every_test_that_the_page_names_exists() -> None:
    named = set(PROOF.findall(page(catalogue())))
    assert named
    missing = [
        f"{file}::{name}"
        for file, name in sorted(named)
        if not re.search(rf"^(?:async )?def {name}\(", (TESTS / file).read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert missing == []


# Names that the vendor publishes, as the connections' pages and the data models of the help name them. Every other name
# in the catalogue must be an artificial one: a name is never invented in a namespace of the vendor.
PUBLISHED_COMPONENTS = {
    "adverse_event_iip__v",
    "adverse_event_oip__v",
    "cdms_clin-ops_connection__v",
    "clinical_to_rim_connection__v",
    "crm_to_medical_outbound_queue__v",
    "epro_clinops_connection__v",
    "medical_crm__v",
    "medical_crm_inbound_queue__v",
    "medical_crm_outbound_queue__v",
    "medical_quality__v",
    "medical_safety__v",
    "medical_to_crm_inbound__v",
    "promomats_crm__v",
    "promomats_medical__v",
    "promomats_to_rim__v",
    "qms_rim_connection__v",
    "qms_to_rim__v",
    "qs_pqc_iip__v",
    "qs_pqc_oip__v",
    "quality_lims_connection__v",
    "quality_safety_connection__v",
    "quality_to_clinops_connection__v",
    "quality_to_lims__v",
    "rim_to_clinical_connection__v",
    "rim_to_promomats_connection__v",
    "safety_cdms_connection__v",
    "safety_rim_connection__v",
    "safety_to_clinical_connection__v",
    "safety_to_rim__v",
    "study_training_to_clinops_connection__v",
}
PUBLISHED_OBJECTS = {
    "account__v",
    "brand__v",
    "change_control__v",
    "clinical_site__v",
    "clinical_study__v",
    "clm_content_metrics__v",
    "complaint__v",
    "complaint_intake__v",
    "country__v",
    "crm_activity__v",
    "crm_product__v",
    "drug_product__v",
    "drug_substance__v",
    "inbox_item__v",
    "indication__v",
    "medical_inquiry__v",
    "medicinal_product_registration__v",
    "milestone__v",
    "organization__rim",
    "organization__v",
    "pdv__ctms",
    "person__sys",
    "product__v",
    "product_active_substance__rim",
    "product_alias__v",
    "product_classification__v",
    "product_component__rim",
    "product_constituent__v",
    "product_detail__v",
    "product_family__v",
    "product_family_product__v",
    "product_family_substance__v",
    "product_pharmaceutical_product__rim",
    "product_registration__v",
    "product_variant__v",
    "registered_regulatory_text__v",
    "registration__rim",
    "regulatory_objective__rim",
    "site__v",
    "site_closeout_pdf__v",
    "study__v",
    "study_country__v",
    "study_person__clin",
    "subject__clin",
    "substance__v",
    "transmission__v",
    "visit_def__v",
}
ARTIFICIAL = re.compile(r"sim_[a-z0-9_]+__c")


def test_what_is_not_published_has_an_artificial_name() -> None:
    components, objects = set[str](), set[str]()
    for connection in catalogue().connections.values():
        for side in connection.sides:
            components |= {side.api_name, *(queue.api_name for queue in side.queues)}
            components |= {lookup.api_name for lookup in side.lookups}
            for integration in side.integrations:
                components |= {integration.api_name, *(point.api_name for point in integration.points)}
                components |= {rule.api_name for point in integration.points for rule in point.rules}
        objects |= {item.name for model in connection.data.values() for item in model.objects}
    assert {name for name in components if not ARTIFICIAL.fullmatch(name)} <= PUBLISHED_COMPONENTS
    assert {name for name in objects if not ARTIFICIAL.fullmatch(name)} <= PUBLISHED_OBJECTS | {"documents"}


def test_every_transfer_says_what_is_documented_and_what_is_assumed_of_it() -> None:
    for connection in catalogue().connections.values():
        for transfer in connection.transfers:
            known = transfer.documented is not None or transfer.evidence in (Evidence.ASSUMED, Evidence.DERIVED)
            assert known, f"{connection.key}: {transfer.key}"


# How many transfers the documents name, by connection: 140 in all. One that goes in both directions may stand here as
# two.
TRANSFERS = {
    "clinops_edc": 10,
    "ecoa_clinops": 5,
    "quality_clinops": 4,
    "rim_clinops": 8,
    "safety_clinops": 5,
    "study_training_clinops": 9,
    "rim_promomats": 9,
    "rim_medical": 4,
    "quality_rim": 7,
    "safety_rim": 13,
    "safety_edc": 4,
    "medical_safety": 3,
    "quality_safety": 3,
    "quality_lims": 13,
    "medical_crm": 18,
    "medical_network": 1,
    "medical_quality": 2,
    "promomats_crm": 16,
    "promomats_medical": 2,
    "clinops_medical_crm": 4,
}


def test_no_connection_and_no_transfer_of_the_documents_is_missing() -> None:
    assert sum(TRANSFERS.values()) == 140
    found = {key: len(connection.transfers) for key, connection in catalogue().connections.items()}
    assert found.keys() == TRANSFERS.keys()
    assert {key: count for key, count in found.items() if count < TRANSFERS[key]} == {}
