"""A scenario's files are checked before anything is built; every mistake names its file, line and key."""

import shutil
from pathlib import Path

import pytest

from models.store import Store
from seed.checks import check_scenario
from seed.demo import DEMO, build_demo
from seed.load import read_scenario
from seed.yaml_files import ScenarioError
from tests.seed.conftest import everything, no_key

LAB = """\
lab:
  name: Lab
  configured: 2026-01-12T07:30:00Z
  starts: 2026-03-02T08:00:00Z
  certificate_from: 2025-06-01T00:00:00Z
  certificate_until: 2028-06-01T00:00:00Z
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A scenario that describes a lab, and nothing in it yet."""
    (tmp_path / "scenario").mkdir()
    (tmp_path / "scenario" / "lab.yaml").write_text(LAB)
    return tmp_path / "scenario"


def mistakes(folder: Path) -> list[tuple[str, int, str, str]]:
    with pytest.raises(ScenarioError) as caught:
        check_scenario(*read_scenario(folder))
    return [(found.file, found.line, found.key, found.problem) for found in caught.value.mistakes]


def test_a_missing_key_is_named_with_the_line_of_what_lacks_it(folder: Path) -> None:
    (folder / "vault.yaml").write_text(
        """\
vaults:
  - key: one
    id: 1
    name: One
    domain: verteo.example
    family: RIM
"""
    )
    assert mistakes(folder) == [("vault.yaml", 2, "vaults[0].dns_host", "Field required")]


def test_an_unknown_key_and_a_wrong_type_are_both_named_on_their_lines(folder: Path) -> None:
    (folder / "vault.yaml").write_text(
        """\
vaults:
  - key: one
    id: twelve
    name: One
    dns_host: one.example
    domain: verteo.example
    family: RIM
    colour: green
"""
    )
    (number, extra) = mistakes(folder)
    assert number[:3] == ("vault.yaml", 3, "vaults[0].id")
    assert "valid integer" in number[3]
    assert extra == ("vault.yaml", 8, "vaults[0].colour", "Extra inputs are not permitted")


def test_a_value_of_no_known_kind_is_named_by_its_field(folder: Path) -> None:
    (folder / "records.yaml").write_text(
        """\
records:
  - key: account
    vault: crm
    object: account__v
    by: somebody
    when: [2026-01-12T09:00:00Z, 2026-01-12T10:00:00Z]
    count: 1
    values:
      name__v: {guess: 7}
"""
    )
    ((file, line, key, problem),) = mistakes(folder)
    assert (file, line, key) == ("records.yaml", 9, "records[0].values.name__v")
    assert problem.startswith("a value is plain, or has one of the keys: get, pick")


def test_a_mistake_inside_a_value_is_named_by_its_key(folder: Path) -> None:
    (folder / "records.yaml").write_text(
        """\
records:
  - key: account
    vault: crm
    object: account__v
    by: somebody
    when: [2026-01-12T09:00:00Z, 2026-01-12T10:00:00Z]
    count: 1
    values:
      name__v:
        chance: 2
        then: Somebody
"""
    )
    ((file, line, key, _),) = mistakes(folder)
    assert (file, line, key) == ("records.yaml", 10, "records[0].values.name__v.chance")


def test_a_key_that_stands_twice_is_refused_instead_of_the_first_one_being_lost(folder: Path) -> None:
    (folder / "words.yaml").write_text("words:\n  cities: [Leeds]\n  towns: [Bath]\n  cities: [Kobe]\n")
    assert mistakes(folder) == [("words.yaml", 4, "words.cities", "the key stands here twice")]


def test_a_file_that_is_no_yaml_is_named_with_the_line(folder: Path) -> None:
    (folder / "broken.yaml").write_text("vaults:\n  - {key: one\n  - key: two\n")
    ((file, line, _, problem),) = mistakes(folder)
    assert (file, line) == ("broken.yaml", 3)
    assert "not readable as YAML" in problem


def test_all_files_are_read_before_the_mistakes_are_told(folder: Path) -> None:
    (folder / "a.yaml").write_text("vault: []\n")
    (folder / "b.yaml").write_text("words: 7\n")
    assert [found[0] for found in mistakes(folder)] == ["a.yaml", "b.yaml"]


def test_the_lab_is_described_once(folder: Path) -> None:
    (folder / "more.yaml").write_text(LAB)
    assert mistakes(folder) == [("more.yaml", 1, "lab", "another file already describes the lab")]
    for path in folder.glob("*.yaml"):
        path.write_text("")
    ((_, _, key, problem),) = mistakes(folder)
    assert (key, problem) == ("lab", "no file of the scenario describes the lab")


def test_a_time_without_a_zone_is_refused(folder: Path) -> None:
    (folder / "lab.yaml").write_text(LAB.replace("07:30:00Z", "07:30:00"))
    ((_, line, key, problem),) = mistakes(folder)
    assert (line, key) == (3, "lab.configured")
    assert "timezone" in problem


@pytest.mark.parametrize(
    ("file", "before", "after", "key", "problem"),
    [
        (
            "21_rim_clinical_operations.yaml",
            "to: clinical_study__v.name__v",
            "to: clinical_study__v.title__c",
            "connections[0].sides[0].integrations[1].points[0].rules[0].fields[0].to",
            "clinical_study__v has no field title__c that can be written",
        ),
        (
            "21_rim_clinical_operations.yaml",
            "get: product__cr.link__sys",
            "get: product__vr.link__sys",
            "connections[0].sides[0].integrations[1].points[0].rules[0].fields[2].get",
            "study__v has no relationship product__vr",
        ),
        (
            "21_rim_clinical_operations.yaml",
            "lookup: sim_study_type__c",
            "lookup: sim_type__c",
            "connections[0].sides[0].integrations[1].points[0].rules[0].fields[4].lookup",
            "this side of the connection has no reference lookup sim_type__c",
        ),
        (
            "21_rim_clinical_operations.yaml",
            "get: product__cr.link__sys, match: global_id__sys",
            "get: product__cr.link__sys",
            "connections[0].sides[0].integrations[1].points[0].rules[0].fields[2].to",
            "an object reference needs a field to be matched on (match)",
        ),
        (
            "22_clinical_operations_edc.yaml",
            "criteria: {connect_to_vault_cdms__c: true}",
            "criteria: {connect__c: true}",
            "connections[0].sides[0].integrations[0].points[0].sources[0].criteria.connect__c",
            "study__v has no field connect__c",
        ),
        (
            "20_medical_crm.yaml",
            "to_point: sim_inquiry_in__c",
            "to_point: sim_inquiry_on__c",
            "connections[0].sides[0].integrations[0].points[0].sources[0].to_point",
            "the other side has no inbound integration point sim_inquiry_on__c",
        ),
        (
            "20_medical_crm.yaml",
            "deliver_to: medical_to_crm_inbound__v",
            "deliver_to: medical_to_crm_inbound_queue__v",
            "connections[0].sides[0].queues[0].deliver_to",
            "the other side has no inbound queue medical_to_crm_inbound_queue__v",
        ),
        (
            "33_accounts_and_inquiries.yaml",
            "by: henrik.stromvall@verteo.example",
            "by: nobody@verteo.example",
            "records[2].by",
            "Vault crm has no user nobody@verteo.example",
        ),
        (
            "33_accounts_and_inquiries.yaml",
            'name__v: "INQ-{n:05}"',
            'name__v: "INQ-{number}"',
            "records[3].values.name__v",
            "there is nothing called number to take number from",
        ),
        (
            "40_changes.yaml",
            "make: account",
            "make: acount",
            "changes[2].make",
            "there is no recipe acount",
        ),
        (
            "12_quality.yaml",
            "picklist: severities__c",
            "picklist: severity__c",
            "vaults[0].objects[2].fields[1].picklist",
            "there is no picklist severity__c",
        ),
        (
            "17_vault_crm.yaml",
            "sets: {transfer_to_medical__c: true}",
            "sets: {transfer_to_quality__c: true}",
            "vaults[0].objects[3].actions[0].sets.transfer_to_quality__c",
            "medical_inquiry__v has no field transfer_to_quality__c that can be written",
        ),
        (
            "17_vault_crm.yaml",
            "sets: {transfer_to_medical__c: true}",
            "sets: {transfer_to_medical__c: soon}",
            "vaults[0].objects[3].actions[0].sets.transfer_to_medical__c",
            "'soon' is neither yes nor no.",
        ),
        (
            "17_vault_crm.yaml",
            "when: {state__v: submitted_state__c}",
            "when: {state__v: sent_state__c}",
            "vaults[0].objects[3].actions[0].when.state__v",
            "the lifecycle of Inquiry has no state sent_state__c",
        ),
    ],
)
def test_a_name_that_does_not_exist_is_found_across_files(
    tmp_path: Path, file: str, before: str, after: str, key: str, problem: str
) -> None:
    shutil.copytree(DEMO, tmp_path / "demo")
    text = (tmp_path / "demo" / file).read_text()
    assert before in text
    (tmp_path / "demo" / file).write_text(text.replace(before, after, 1))
    line = text[: text.index(before)].count("\n") + 1
    assert mistakes(tmp_path / "demo") == [(file, line, key, problem)]


def test_a_scenario_with_a_mistake_is_not_built_at_all(store: Store, tmp_path: Path) -> None:
    shutil.copytree(DEMO, tmp_path / "demo")
    (tmp_path / "demo" / "40_changes.yaml").write_text("changes: [{key: nothing, weight: 1, words: does nothing}]\n")
    before = everything(store)
    with pytest.raises(ScenarioError, match=r"40_changes\.yaml, line 1, changes\[0\]"):
        build_demo(store, issue=no_key, folder=tmp_path / "demo")
    assert everything(store) == before
