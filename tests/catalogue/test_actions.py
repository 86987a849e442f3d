"""User actions of the catalogue: each one, performed on a record that its gate held back, makes the transfer happen."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from models.errors import NotPossible
from models.services.user_actions import perform_action
from models.store import Store
from seed.catalogue.assemble import joined_object
from seed.catalogue.checks import check_catalogue
from seed.catalogue.load import CATALOGUE, catalogue, read_catalogue
from seed.catalogue.schema import StandardObject, Transfer
from seed.catalogue.stories import Closed, Story, stories_of
from seed.schema import PlannedAction
from seed.yaml_files import ScenarioError
from tests.catalogue.lab import CatalogueLab
from tests.catalogue.test_transfers import begin, check, find, holds

Gated = tuple[Transfer, Story, Closed, str]
"""A transfer that waits for an action: its story, the gate that is closed without it, and the waiting record's name."""


def gated(key: str, vault: str, object_name: str, action: PlannedAction) -> Iterator[Gated]:
    """The transfers that wait for an action, each by a closed gate of its story."""
    for transfer in catalogue().connections[key].transfers:
        story = stories_of(key).get(transfer.key)
        if story is None or transfer.source != vault:
            continue
        for gate in story.closed:
            if transfer.object == object_name and gate.create.keys() & action.sets.keys():
                yield transfer, story, gate, story.source or "it"
            for name, values in gate.given.items():
                if story.given[name].object == object_name and values.keys() & action.sets.keys():
                    yield transfer, story, gate, name


def actions() -> Iterator[tuple[str, str, str, PlannedAction]]:
    for key, connection in catalogue().connections.items():
        for vault, model in connection.data.items():
            for item in model.objects:
                for action in item.actions:
                    yield key, vault, item.name, action


def cases() -> Iterator[Any]:
    for key, vault, object_name, action in actions():
        for number, (transfer, story, gate, name) in enumerate(gated(key, vault, object_name, action)):
            yield pytest.param(
                key, action, transfer, story, gate, name, id=f"{key}-{action.label}-{transfer.key}-{number}"
            )


def test_every_action_opens_a_gate_of_some_transfer() -> None:
    found = list(actions())
    assert found
    idle = [(key, action.label) for key, vault, name, action in found if not list(gated(key, vault, name, action))]
    assert idle == []


@pytest.mark.parametrize(("key", "action", "transfer", "story", "gate", "name"), cases())
def test_the_action_makes_the_transfer_happen(
    store: Store, key: str, action: PlannedAction, transfer: Transfer, story: Story, gate: Closed, name: str
) -> None:
    lab = CatalogueLab.of(store, key)
    source = begin(lab, key, transfer, story, gate)
    lab.run()
    for target_object, target in story.arrives.items():
        found = find(lab, transfer, source, target_object, target)
        assert found == [] or not holds(lab, transfer, found[0], target), f"{target_object} arrived without the action"
    lab.act(*lab.made[name], action.label)
    lab.run()
    assert lab.troubles() == []
    check(lab, transfer, source, story.arrives)
    vault, record_id = lab.made[name]
    with store.write() as write:
        assert not perform_action(write, lab.actor(write, vault), record_id, action.label), "it was done already"


def test_an_inquiry_is_transferred_to_medical_once_it_is_submitted(store: Store) -> None:
    lab = CatalogueLab.of(store, "medical_crm")
    (transfer,) = [one for one in catalogue().connections["medical_crm"].transfers if one.key == "inquiry"]
    saved = Closed(why="The Inquiry is only saved", create={"sim_transfer_to_medical__c": None}, life=())
    inquiry = begin(lab, "medical_crm", transfer, stories_of("medical_crm")["inquiry"], saved)
    with pytest.raises(NotPossible, match="Transfer to Medical is possible once Lifecycle State is Submitted"):
        lab.act("crm", inquiry["id"], "Transfer to Medical")
    lab.live("crm", inquiry["id"], ("submitted_state__c",))
    lab.act("crm", inquiry["id"], "Transfer to Medical")


Found = tuple[str, int, str, str]
"""A mistake: its file, how many lines below the changed text it is, the key in its object, and the problem."""


def changed(folder: Path, *changes: tuple[str, str, str]) -> list[Found]:
    """The mistakes that are found when texts in files of the catalogue are others: file, text before and after."""
    shutil.copytree(CATALOGUE / "connections", folder / "connections")
    shutil.copy(CATALOGUE / "vaults.yaml", folder)
    lines = {}
    for file, before, after in changes:
        path = folder / "connections" / file
        text = path.read_text(encoding="utf-8")
        assert before in text
        path.write_text(text.replace(before, after, 1), encoding="utf-8")
        lines[file] = text[: text.index(before)].count("\n") + 1
    with pytest.raises(ScenarioError) as caught:
        check_catalogue(read_catalogue(folder))
    return [
        (one.file, one.line - lines[one.file], one.key.partition(".actions")[2], one.problem)
        for one in caught.value.mistakes
    ]


def test_an_action_that_sets_what_the_object_does_not_have_is_found_in_its_file(tmp_path: Path) -> None:
    before, after = "sets: {sim_send_to_qms__c: true}", "sets: {sim_send_to_qsm__c: true}"
    problem = "pdv__ctms has no field sim_send_to_qsm__c that can be written"
    found = changed(tmp_path, ("quality_clinops.yaml", before, after))
    assert found == [("quality_clinops.yaml", 0, "[0].sets.sim_send_to_qsm__c", problem)]


def test_two_actions_of_one_object_have_different_labels(tmp_path: Path) -> None:
    before = "          - label: Send to QMS\n"
    after = "          - {label: send to qms, sets: {name__v: X}}\n          - label: Send to QMS\n"
    found = changed(tmp_path, ("quality_clinops.yaml", before, after))
    assert found == [("quality_clinops.yaml", 1, "[1].label", "Issue has an action Send to QMS already")]


def test_actions_that_several_files_give_an_object_are_joined_and_must_not_differ(tmp_path: Path) -> None:
    def part(*actions: str) -> StandardObject:
        described = [{"label": label, "sets": {"name__v": "X"}} for label in actions]
        return StandardObject.model_validate({"name": "a__c", "label": "A", "actions": described})

    joined = joined_object([part("One", "Two"), part("Two", "Three")], iter(["S00"]))
    assert [action.label for action in joined.actions] == ["One", "Two", "Three"]

    fields = "      - name: study__v\n        label: Study\n"
    gives = fields + "        actions: [{{label: Close, sets: {{name__v: {0}}}}}]\n"
    files = ("quality_clinops.yaml", "safety_clinops.yaml")
    found = changed(tmp_path, *((file, fields, gives.format(file[0])) for file in files))
    assert {(file, key, problem) for file, _, key, problem in found} == {
        (one, "[0]", f"{other} describes the action Close in another way") for one, other in (files, files[::-1])
    }
