"""Figures that Safety shows of its connections beside their Connection Stats."""

import json
from dataclasses import replace

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from console.app import ConsoleApp
from console.cli.program import application
from console.modals.stats import StatsPage
from models.store import Store
from models.tables import Connection, table_of
from seed.catalogue.checks import check_catalogue
from seed.catalogue.figures import figures_of
from seed.catalogue.load import catalogue
from seed.yaml_files import ScenarioError
from tests.catalogue.lab import CatalogueLab
from tests.console.lab import console, press, settle
from tests.console.walking import picture


def figures(lab: CatalogueLab, vault: str) -> dict[str, int]:
    connections = table_of(Connection)
    with lab.store.read() as session:
        statement = select(connections.c.id).where(connections.c.vault_id == lab.vaults[vault])
        found = figures_of(session, session.execute(statement).scalar_one())
    return {figure.label: figure.number for figure in found}


def test_safety_counts_product_families_and_registrations_created(store: Store) -> None:
    lab = CatalogueLab.of(store, "safety_rim")
    assert figures(lab, "safety") == {"RIM: Product Families Created": 0, "RIM: Registrations Created": 0}
    for name in ("Nyaxa", "Oncaris"):
        lab.create("rim", "product__v", {"name__v": name})
    lab.create("rim", "registration__rim", {"name__v": "EU/1/26/1900"})
    lab.create("safety", "product_family__v", {"name__v": "Made by hand"})
    lab.run()
    assert figures(lab, "safety") == {"RIM: Product Families Created": 2, "RIM: Registrations Created": 1}
    assert figures(lab, "rim") == {}


def test_connection_stats_on_the_command_line_tell_the_figures(store: Store) -> None:
    lab = CatalogueLab.of(store, "safety_rim")
    lab.create("rim", "product__v", {"name__v": "Nyaxa"})
    lab.run()
    words = [
        "--store",
        str(store.path),
        "--vault",
        str(lab.vaults["safety"]),
        "connections",
        "stats",
        "safety_to_rim__v",
    ]
    answer = CliRunner().invoke(application, ["--json", *words])
    assert json.loads(answer.stdout)["figures"] == [
        {"label": "RIM: Product Families Created", "number": 1},
        {"label": "RIM: Registrations Created", "number": 0},
    ]
    assert "RIM: Product Families Created" in CliRunner().invoke(application, words).stdout


async def test_the_page_of_connection_stats_shows_the_figures(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ConsoleApp, "AHEAD", False)
    lab = CatalogueLab.of(store, "safety_rim")
    lab.create("rim", "product__v", {"name__v": "Nyaxa"})
    lab.run()
    app = console(store, vault=lab.vaults["safety"], user="admin@verteo.example")
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        await press(pilot, "h")
        await settle(pilot)
        assert isinstance(app.screen, StatsPage)
        text = " ".join(picture(app).split())
        assert "RIM: Product Families Created 1" in text


def test_safety_counts_inbox_items_received_and_promoted(store: Store) -> None:
    lab = CatalogueLab.of(store, "medical_safety")
    for name in ("AE 1", "AE 2"):
        lab.create("medical", "sim_adverse_event__c", {"name__v": name, "sim_transfer_to_safety__c": True})
    lab.run()
    item, _ = lab.records("safety", "inbox_item__v")
    lab.change("safety", item["id"], {"state__v": "promoted_state__c"})
    assert figures(lab, "safety") == {"Medical: Inbox Items Received": 2, "Medical: Inbox Items Promoted": 1}


def test_safety_counts_complaints_sent_and_outcomes_received(store: Store) -> None:
    lab = CatalogueLab.of(store, "quality_safety")
    case = lab.create("safety", "sim_case__c", {"name__v": "Case 1", "sim_transfer_pqcs_to_quality__c": True})
    for name in ("Broken seal", "Wrong colour"):
        lab.create("safety", "sim_product_quality_complaint__c", {"name__v": name, "sim_case__c": case})
    lab.run()
    intake, _ = lab.records("quality", "complaint_intake__v")
    lab.change("quality", intake["id"], {"sim_outcome__c": "Confirmed", "state__v": "closed_state__c"})
    lab.run()
    assert figures(lab, "safety") == {
        "Quality: Inbox Items Received": 0,
        "Quality: PQCs Sent": 2,
        "Quality: PQC Outcomes Received": 1,
    }


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"vault": "quality"}, "statistics[0].vault: the connection has no side in Vault quality"),
        ({"object": "sim_gone__c"}, "statistics[0].object: there is no object sim_gone__c in that Vault"),
        ({"state": "gone__c"}, "statistics[0].state: inbox_item__v has no lifecycle state gone__c"),
        ({"filled": "sim_gone__c"}, "statistics[0].filled: inbox_item__v has no field sim_gone__c"),
    ],
)
def test_a_figure_that_names_what_is_not_there_is_a_mistake_at_its_place(wrong: dict[str, str], problem: str) -> None:
    whole = catalogue()
    (file,) = [file for file in whole.files if file.content.key == "medical_safety"]
    figure = file.content.statistics[0].model_copy(update=wrong)
    broken = replace(file, content=file.content.model_copy(update={"statistics": (figure,)}))
    with pytest.raises(ScenarioError) as refused:
        check_catalogue(replace(whole, files=(broken,)))
    assert problem in str(refused.value)
    assert "medical_safety.yaml, line " in str(refused.value)
