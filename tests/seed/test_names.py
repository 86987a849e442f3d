"""The demo's names: exactly the published ones, and nothing invented in a namespace of the vendor."""

import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from models.store import Store
from models.tables import (
    Connection,
    Integration,
    IntegrationPoint,
    IntegrationRule,
    Queue,
    QueueConnection,
    Vault,
    table_of,
)
from seed.load import SCENARIOS

# The configuring page of the Medical-CRM Connection (seed S3).
MEDICAL_CRM_IN_MEDICAL: dict[str, dict[str, list[str]]] = {
    "Medical Inquiry Details Integration": {
        "Medical Inquiry Details Outbound Integration Point": [],
        "Account Inbound Integration Point": [
            "Account Integration Rule",
            "Only Accounts with Inquiries Integration Rule",
            "Do Not Pull from Accounts Integration Rule",
        ],
        "Medical Inquiry Details Inbound Integration Point": ["Medical Inquiries Integration Rule"],
        "CRM Lookup Integration Point": [],
    },
    "Country Integration": {"Country Inbound Integration Point": []},
    "CLM Integration": {"CLM Outbound Integration Point": []},
    "CRM Metadata Sync Product Content Integration": {
        "CRM Content Group Inbound Integration Point": [],
        "CRM Detail Group Inbound Integration Point": [],
        "CRM Product Inbound Integration Point": [],
        "CRM Product Group Inbound Integration Point": [],
    },
    "CRM Metadata Sync Survey Integration": {"CRM Survey Configuration Inbound Integration Point": []},
    "CRM Metadata Sync Content Type Integration": {"CRM Content Type Inbound Integration Point": []},
    "CRM Metadata Sync Directory Integration": {"CRM Directory Inbound Integration Point": []},
    "CRM Metadata Sync Event Management Integration": {
        "CRM Event Configuration Inbound Integration Point": [],
        "CRM Event Topic Inbound Integration Point": [],
    },
}
MEDICAL_CRM_QUEUES = {
    ("Medical", "Medical to CRM", "medical_crm_outbound_queue__v", "outbound", "medical_to_crm_inbound__v"),
    ("Medical", "Medical-CRM", "medical_crm_inbound_queue__v", "inbound", None),
    ("Vault CRM", "CRM to Medical", "crm_to_medical_outbound_queue__v", "outbound", "medical_crm_inbound_queue__v"),
    ("Vault CRM", "Medical to CRM", "medical_to_crm_inbound__v", "inbound", None),
}

# The catalogue of standard connections: Vault, label, API name (None: not published).
CONNECTIONS = {
    ("Clinical Operations", "CDMS/Clinical Operations Connection", "cdms_clin-ops_connection__v"),
    ("EDC", "CDMS/Clinical Operations Connection", "cdms_clin-ops_connection__v"),
    ("Quality", "Quality to ClinOps Connection", "quality_to_clinops_connection__v"),
    ("Clinical Operations", "Quality to ClinOps Connection", "quality_to_clinops_connection__v"),
    ("Clinical Operations", "Clinical to RIM Connection", "clinical_to_rim_connection__v"),
    ("RIM", "RIM to Clinical Connection", "rim_to_clinical_connection__v"),
    ("Safety", "Safety to Clinical Connection", "safety_to_clinical_connection__v"),
    ("Clinical Operations", "Safety to Clinical Connection", "safety_to_clinical_connection__v"),
    ("PromoMats", "RIM to PromoMats Connection", "promomats_to_rim__v"),
    ("RIM", "RIM to PromoMats Connection", "rim_to_promomats_connection__v"),
    ("RIM", "QMS RIM Connection", "qms_rim_connection__v"),
    ("Quality", "QMS to RIM", "qms_to_rim__v"),
    ("Safety", "Safety to RIM", "safety_to_rim__v"),
    ("RIM", "Safety RIM", "safety_rim_connection__v"),
    ("Safety", "Safety-EDC Connection", "safety_cdms_connection__v"),
    ("EDC", "Safety-EDC Connection", "safety_cdms_connection__v"),
    ("Medical", "Medical-Safety Connection", "medical_safety__v"),
    ("Safety", "Medical Safety Connection", "medical_safety__v"),
    ("Quality", "Quality-Safety Connection", "quality_safety_connection__v"),
    ("Safety", "Quality-Safety Connection", "quality_safety_connection__v"),
    ("Medical", "Medical-CRM Connection", "medical_crm__v"),
    ("Vault CRM", "Medical-CRM Connection", None),
    ("Medical", "Medical-Quality Connection", "medical_quality__v"),
    ("Quality", "Medical-Quality Connection", "medical_quality__v"),
    ("PromoMats", "PromoMats-CRM Connection", "promomats_crm__v"),
    ("Vault CRM", "PromoMats-CRM (simulated)", None),
    ("PromoMats", "PromoMats Medical Connection", "promomats_medical__v"),
    ("Medical", "PromoMats Medical Connection", "promomats_medical__v"),
    ("RIM", "RIM-Medical (simulated)", None),
    ("Medical", "RIM-Medical (simulated)", None),
    ("RIM", "RIM Local Connection", None),
}
# Published integrations with their points, of the two other active connections.
RIM_CLINICAL_IN_RIM = {
    "Product Family Integration": {"Product Family Outbound Integration Point"},
    "Clinical Study Integration": {"Clinical Study Inbound Integration Point"},
    "Product Family Clinical Study Integration": {"Product Family Clinical Study Inbound Integration Point"},
    "Submission Tracking Integration": set(),
}
CDMS_IN_CLINICAL = {
    "Study Data Integration": {
        "Study Integration Point",
        "Study Country Integration Point",
        "Site Integration Point",
    },
    "Subject Data Integration": {"Subject Integration Point"},
    "Visit Definition (Event Definition)": {
        "Visit Definition Integration Point",
        "Visit Group Definition Transfer Integration Point",
        "Visit Definition to Visit Group Definition Integration Point",
    },
    "Subject Visit Data": {"Subject Visit Integration Point"},
    "Protocol Deviation": {"Protocol Deviation Transfer Integration Point"},
    "Procedure Integration": {
        "Procedure Transfer Integration Point",
        "Procedure Definition Transfer Integration Point",
    },
}

# Names in the vendor's namespaces that its help prints, or that public code of its customers uses.
PUBLISHED = {api_name for _, _, api_name in CONNECTIONS if api_name} | {name for _, _, name, _, _ in MEDICAL_CRM_QUEUES}
PUBLISHED |= {"adverse_event_oip__v", "adverse_event_iip__v", "qs_pqc_oip__v", "qs_pqc_iip__v"}
PUBLISHED |= {"name__v", "state__v", "link__sys", "global_id__sys", "local__sys"}
PUBLISHED |= {
    "account__v",
    "brand__v",
    "change_control__v",
    "clinical_site__v",
    "clinical_study__v",
    "clm_content_metrics__v",
    "code__sys",
    "complaint__v",
    "complaint_intake__v",
    "country__v",
    "crm_product__v",
    "drug_product__v",
    "inbox_item__v",
    "medical_inquiry__v",
    "milestone__v",
    "person__sys",
    "product__v",
    "product_family__v",
    "regulatory_objective__rim",
    "site__v",
    "site_status__v",
    "study__v",
    "study_country__v",
    "study_phase__v",
    "study_type__v",
    "subject__clin",
    "transmission__v",
}
# Fields of documents: of Veeva's own sample code, and Publish for CRM (CLM) of seed S2.
PUBLISHED |= {"type__v", "subtype__v", "title__v", "clm_content__v"}
_STANDARD_NAME = re.compile(r"\b[a-z0-9_-]+?__(?!c\b|cr\b)[a-z]+\b")


@pytest.fixture
def hierarchy(demo: Store) -> dict[tuple[str, str], dict[str, dict[str, list[str]]]]:
    """(Vault, connection API name) -> integration -> point -> rules, by their labels."""
    found: dict[tuple[str, str], dict[str, dict[str, list[str]]]] = {}
    vaults, connections, integrations = table_of(Vault), table_of(Connection), table_of(Integration)
    points, rules = table_of(IntegrationPoint), table_of(IntegrationRule)
    statement = (
        select(
            vaults.c.name,
            connections.c.api_name,
            integrations.c.name.label("integration"),
            points.c.name.label("point"),
            rules.c.name.label("rule"),
        )
        .join(connections, connections.c.vault_id == vaults.c.id)
        .join(integrations, integrations.c.connection_id == connections.c.id)
        .outerjoin(points, points.c.integration_id == integrations.c.id)
        .outerjoin(rules, rules.c.point_id == points.c.id)
        .order_by(integrations.c.id, points.c.position, rules.c.position)
    )
    with demo.read() as session:
        for row in session.execute(statement):
            below = found.setdefault((row.name, row.api_name), {}).setdefault(row.integration, {})
            if row.point is not None:
                below.setdefault(row.point, []).extend([row.rule] if row.rule else [])
    return found


def test_medical_crm_has_the_published_integrations_points_and_rules_in_their_order(hierarchy: Any) -> None:
    assert hierarchy["Medical", "medical_crm__v"] == MEDICAL_CRM_IN_MEDICAL
    assert list(hierarchy["Medical", "medical_crm__v"]) == list(MEDICAL_CRM_IN_MEDICAL)
    in_crm = hierarchy["Vault CRM", "sim_medical_crm__c"]["Medical Inquiry Details Integration"]
    assert in_crm["Inquiry Integration Point"] == ["Inquiries Integration Rule"]
    assert "Inquiry Outbound Integration Point" in in_crm


def test_the_four_queues_of_medical_crm_are_named_and_paired_as_published(demo: Store) -> None:
    vaults, queues, serves, connections = (table_of(model) for model in (Vault, Queue, QueueConnection, Connection))
    statement = (
        select(vaults.c.name, queues.c.label, queues.c.api_name, queues.c.type, serves.c.deliver_to_queue)
        .join(queues, queues.c.vault_id == vaults.c.id)
        .join(serves, serves.c.queue_id == queues.c.id)
        .join(connections, connections.c.id == serves.c.connection_id)
        .where(connections.c.name == "Medical-CRM Connection", vaults.c.parent_id.is_(None))
    )
    with demo.read() as session:
        found = {(row[0], row[1], row[2], row[3].value, row[4]) for row in session.execute(statement)}
    assert found == MEDICAL_CRM_QUEUES


def test_every_connection_of_the_catalogue_between_two_vaults_of_the_lab_is_there(demo: Store) -> None:
    vaults, connections = table_of(Vault), table_of(Connection)
    with demo.read() as session:
        rows = session.execute(
            select(vaults.c.name, connections.c.name, connections.c.api_name)
            .join(connections, connections.c.vault_id == vaults.c.id)
            .where(vaults.c.parent_id.is_(None))
        )
        found = {(vault, label, None if name.startswith("sim_") else name) for vault, label, name in rows}
    assert found == CONNECTIONS


@pytest.mark.parametrize(
    ("vault", "connection", "published"),
    [
        ("RIM", "rim_to_clinical_connection__v", RIM_CLINICAL_IN_RIM),
        ("Clinical Operations", "cdms_clin-ops_connection__v", CDMS_IN_CLINICAL),
    ],
)
def test_the_other_active_connections_have_the_published_integrations_and_points(
    hierarchy: Any, vault: str, connection: str, published: dict[str, set[str]]
) -> None:
    found = {integration: set(points) for integration, points in hierarchy[vault, connection].items()}
    assert {name: points for name, points in found.items() if "(simulated)" not in name} == published


def test_no_name_in_a_namespace_of_the_vendor_is_invented() -> None:
    for path in sorted((SCENARIOS / "demo").glob("*.yaml")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            for name in _STANDARD_NAME.findall(line.partition("#")[0]):
                # A reference field's relationship is the field's name and an r.
                known = name in PUBLISHED or name.removesuffix("r") in PUBLISHED
                assert known, f"{path.name}, line {number}: {name}"


@pytest.mark.parametrize("model", [Connection, Integration, IntegrationPoint, IntegrationRule, Queue])
def test_a_connection_integration_point_rule_or_queue_of_our_own_naming_says_that_it_is_simulated(
    demo: Store, model: Any
) -> None:
    with demo.read() as session:
        names = list(session.execute(select(table_of(model).c.api_name)).scalars())
    assert names
    for name in names:
        assert name in PUBLISHED or re.fullmatch(r"sim_[a-z0-9_]+__c", name), name


def test_the_files_hold_no_address_of_a_real_company() -> None:
    for path in Path(SCENARIOS).rglob("*.yaml"):
        for host in re.findall(r"[@.]([a-z0-9-]+\.[a-z]{2,})\b", path.read_text(encoding="utf-8")):
            if "__" not in host:
                assert host.endswith(".example"), f"{path.name}: {host}"
