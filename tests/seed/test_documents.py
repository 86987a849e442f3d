"""Documents in scenarios: their lifecycle with its types, criteria by state type, and what the demo has of them."""

from pathlib import Path
from typing import cast

import pytest

from models.permissions import Actor
from models.queries.documents import document_facts, document_lines
from models.services.documents import change_state, create_document, new_version
from models.store import Store
from models.versions import StateType
from seed.checks import check_scenario
from seed.load import SCENARIOS, read_scenario
from seed.story import Recipe
from seed.yaml_files import ScenarioError
from tests.conftest import ManualClock
from tests.seed.conftest import records_of
from tests.seed.test_end_to_end import run_until_quiet

PROMOMATS, MEDICAL = 21077, 21063


@pytest.mark.parametrize("vault_id", [PROMOMATS, MEDICAL])
def test_the_demo_has_documents_in_several_states_and_versions(demo: Store, vault_id: int) -> None:
    with demo.read() as session:
        total, lines = document_lines(session, vault_id)

    assert total == len(lines) > 5
    assert {line.version for line in lines} > {"1.0", "2.0"}
    assert {line.state_type for line in lines} > {"initial", "steady"}
    assert all(line.version.endswith(".0") for line in lines if line.state_type in ("steady", "obsolete"))


def test_a_document_of_the_demo_has_a_story(demo: Store) -> None:
    with demo.read() as session:
        _, lines = document_lines(session, PROMOMATS)
        second = next(line for line in lines if line.version == "2.0")
        facts = document_facts(session, PROMOMATS, second.record_id)

    assert facts is not None
    assert [(line.version, line.state_type) for line in facts.versions] == [("2.0", "steady"), ("1.0", "superseded")]


def test_only_documents_go_through_a_life() -> None:
    scenario, _ = read_scenario(SCENARIOS / "demo")
    recipe = next(each for each in scenario.records if each.object != "documents")

    with pytest.raises(ValueError, match="only documents"):
        Recipe.model_validate(recipe.model_dump(exclude_defaults=True) | {"lives": [["draft"]]})


def test_the_sandbox_of_medical_has_documents_too(demo: Store) -> None:
    with demo.read() as session:
        assert document_lines(session, 33063) == (0, ())


def test_a_state_is_a_label_or_a_label_with_a_type() -> None:
    scenario, _ = read_scenario(SCENARIOS / "demo")
    (promomats,) = (vault for vault in scenario.vaults if vault.key == "promomats")
    (documents,) = (item for item in promomats.objects if item.name == "documents")

    assert documents.lifecycle[1:3] == [
        ("in_review__c", "In Review", None),
        ("approved__c", "Approved for Distribution", StateType.STEADY),
    ]


def test_a_type_that_states_do_not_have_is_a_mistake_with_its_line(tmp_path: Path) -> None:
    for path in (SCENARIOS / "demo").glob("*.yaml"):
        text = path.read_text(encoding="utf-8").replace("type: superseded", "type: replaced")
        (tmp_path / path.name).write_text(text, encoding="utf-8")

    with pytest.raises(ScenarioError) as refused:
        check_scenario(*read_scenario(tmp_path))

    assert {(each.file, each.key.rpartition(".")[2]) for each in refused.value.mistakes} >= {
        ("15_medical.yaml", "type"),
        ("16_promomats.yaml", "type"),
    }


def crosslinks_of(store: Store, vault: str) -> set[str]:
    """The names of the documents of a Vault that came from another one."""
    return {row["name__v"] for row in records_of(store, vault, "documents") if row["link__sys"]}


def published(store: Store, vault_id: int) -> set[str]:
    """The names of a Vault's documents with a version that is steady or has been followed by a steady one."""
    names: set[str] = set()
    with store.read() as session:
        _, lines = document_lines(session, vault_id)
        for line in lines:
            facts = document_facts(session, vault_id, line.record_id)
            assert facts is not None
            if {version.state_type for version in facts.versions} & {"steady", "superseded"}:
                names.add(line.name)
    return names


def test_documents_of_promomats_and_medical_become_crosslinks_of_each_other_by_themselves(demo: Store) -> None:
    """Previous steady versions cross too; drafts and what was withdrawn stay at home, and no CrossLink comes back."""
    expected = {"Medical": published(demo, PROMOMATS), "PromoMats": published(demo, MEDICAL)}

    run_until_quiet(demo)

    assert {vault: crosslinks_of(demo, vault) for vault in expected} == expected
    assert all(len(names) > 2 for names in expected.values())


def test_a_piece_of_the_demo_that_gets_a_new_version_up_versions_its_crosslink(demo: Store) -> None:
    cast("ManualClock", demo.clock).advance(minutes=1)
    source = Actor.system(PROMOMATS)
    product, there = (
        next(row["id"] for row in records_of(demo, name, "product__c") if row["name__v"] == "Calvexa")
        for name in ("PromoMats", "Medical")
    )
    with demo.write() as write:
        values = {"name__v": "Calvexa Detail Aid", "type__v": "promotional_piece__c", "product__c": product}
        document = create_document(write, source, values)
        change_state(write, source, document, "approved__c")
        new_version(write, source, document)
        change_state(write, source, document, "approved__c")

    run_until_quiet(demo)

    (crosslink,) = (row for row in records_of(demo, "Medical", "documents") if row["name__v"] == "Calvexa Detail Aid")
    with demo.read() as session:
        facts = document_facts(session, MEDICAL, crosslink["id"])
    assert facts is not None
    assert crosslink["product__c"] == there
    assert [(line.version, line.state, line.binding and line.binding.source_version) for line in facts.versions] == [
        ("2.0", "approved_for_use__c", "2.0"),
        ("1.0", "superseded__c", "1.0"),
    ]
