"""What the Quality, RIM, LIMS and complaint connections do beside moving data: their special points, one by one."""

from sqlalchemy import select

from models.store import Store
from models.tables import Direction, DocumentVersion, Integration, table_of
from seed.catalogue.load import catalogue
from tests.catalogue.lab import CatalogueLab

_integrations = table_of(Integration)


def active_features(lab: CatalogueLab, vault: str) -> set[str]:
    statement = select(_integrations.c.feature).where(
        _integrations.c.vault_id == lab.vaults[vault], _integrations.c.active
    )
    with lab.store.read() as session:
        return set(session.execute(statement).scalars())


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
