"""Documents in scenarios: their lifecycle with its types, criteria by state type, and what the demo has of them."""

from pathlib import Path

import pytest

from models.queries.documents import document_lines
from models.store import Store
from models.versions import StateType
from seed.checks import check_scenario
from seed.load import SCENARIOS, ScenarioError, read_scenario

PROMOMATS, MEDICAL = 21077, 21063


@pytest.mark.parametrize("vault_id", [PROMOMATS, MEDICAL])
def test_the_demo_has_documents_in_several_states_numbered_by_them(demo: Store, vault_id: int) -> None:
    with demo.read() as session:
        total, lines = document_lines(session, vault_id)

    assert total == len(lines) > 5
    assert {line.version for line in lines} == {"0.1", "1.0"}
    assert all((line.version == "1.0") == (line.state_type in ("steady", "obsolete")) for line in lines)


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
