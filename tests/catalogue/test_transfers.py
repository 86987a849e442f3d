"""Every transfer of every standard connection: what is made in one Vault is found in the other, as its story tells."""

from collections.abc import Iterator
from typing import Any

import pytest

from models.store import Store
from seed.catalogue.load import catalogue
from seed.catalogue.schema import Kind, OnDelete, Transfer
from seed.catalogue.stories import Closed, Story, Target, stories_of
from tests.catalogue.lab import CatalogueLab, Row


def told() -> Iterator[Any]:
    for key, connection in catalogue().connections.items():
        stories = stories_of(key)
        for transfer in connection.transfers:
            if transfer.key in stories:
                yield pytest.param(key, transfer, stories[transfer.key], id=f"{key}-{transfer.key}")


def gates() -> Iterator[Any]:
    for parameters in told():
        key, transfer, story = parameters.values
        for at, gate in enumerate(story.closed):
            yield pytest.param(key, transfer, story, gate, id=f"{key}-{transfer.key}-{at}")


def test_every_transfer_has_a_story_and_every_story_a_transfer() -> None:
    for key, connection in catalogue().connections.items():
        wanted = {transfer.key for transfer in connection.transfers if transfer.kind is not Kind.LOOKUP}
        assert set(stories_of(key)) == wanted, f"{key}: its stories lie in seed/catalogue/stories"


@pytest.mark.parametrize(("key", "transfer", "story"), told())
def test_what_is_made_arrives_and_follows(store: Store, key: str, transfer: Transfer, story: Story) -> None:
    lab = CatalogueLab.of(store, key)
    source = begin(lab, key, transfer, story)
    lab.run()
    assert lab.troubles() == []
    arrived = check(lab, transfer, source, story.arrives)
    if story.change or story.change_life:
        lab.change(transfer.source, source["id"], story.change or {})
        lab.live(transfer.source, source["id"], story.change_life)
        lab.run()
        assert lab.troubles() == []
        changed = check(lab, transfer, source, story.then)
        assert changed, "the story does not say what the change does"
        repeated = {
            row["id"] for name, rows in arrived.items() if story.then.get(name, Target()).count == 1 for row in rows
        }
        kept = {row["id"] for name, rows in changed.items() if story.then[name].count == 1 for row in rows}
        assert kept <= repeated, "a change makes no second target"
    if story.inactivated:
        lab.change(transfer.source, source["id"], {"status__v": "inactive__v"})
        lab.run()
        for name, rows in arrived.items():
            assert [lab.record(transfer.target, row["id"])["status__v"] for row in rows] == ["inactive__v"] * len(
                rows
            ), name
    if story.deleted is not None:
        go(lab, transfer, story, source, arrived)


def go(lab: CatalogueLab, transfer: Transfer, story: Story, source: Row, arrived: dict[str, list[Row]]) -> None:
    """Delete the source, and look what becomes of its targets."""
    assert story.deleted == transfer.on_delete
    before = {row["id"]: lab.record(transfer.target, row["id"]) for rows in arrived.values() for row in rows}
    lab.delete(transfer.source, source["id"])
    lab.run()
    there = {row["id"]: row for name in arrived for row in lab.records(transfer.target, name)}
    after = {record_id: there.get(record_id) for record_id in before}
    match transfer.on_delete:
        case OnDelete.STAYS:
            assert after == before
        case OnDelete.DELETED:
            assert set(after.values()) == {None}
        case OnDelete.INACTIVATED:
            assert {row["status__v"] for row in after.values() if row} == {"inactive__v"}
            assert None not in after.values()
        case OnDelete.MARKED:
            assert story.marked, "the story does not say what the mark is"
            check(lab, transfer, source, story.marked)


@pytest.mark.parametrize(("key", "transfer", "story", "gate"), gates())
def test_a_closed_gate_holds_it_back(store: Store, key: str, transfer: Transfer, story: Story, gate: Closed) -> None:
    lab = CatalogueLab.of(store, key)
    source = begin(lab, key, transfer, story, gate)
    lab.run()
    for name, target in story.arrives.items():
        found = find(lab, transfer, source, name, target)
        if gate.change is None:
            assert found == [] or not holds(lab, transfer, found[0], target), f"{gate.why}: {name} arrived all the same"


def begin(lab: CatalogueLab, key: str, transfer: Transfer, story: Story, gate: Closed | None = None) -> Row:
    """Make what is given, let it arrive, and make the record that the story is about; answers that record."""
    for feature in story.features:
        lab.use(key, feature)
    others = gate.given if gate else {}
    for name, given in story.given.items():
        lab.create(given.vault, given.object, {**given.values, **others.get(name, {})}, name)
        lab.live(given.vault, lab.made[name][1], given.life)
        if given.runs:
            lab.run()
    if story.given:
        lab.run()
    life = gate.life if gate is not None and gate.life is not None else story.life
    if story.source is not None:
        vault, record_id = lab.made[story.source]
        assert vault == transfer.source
        lab.change(vault, record_id, {**(story.create or {}), **(gate.create if gate else {})})
    else:
        assert story.create is not None, "the story makes nothing"
        values = {**story.create, **(gate.create if gate else {})}
        record_id = lab.create(transfer.source, transfer.object, values, "it")
    lab.live(transfer.source, record_id, life)
    return lab.record(transfer.source, record_id)


def find(lab: CatalogueLab, transfer: Transfer, source: Row, name: str, target: Target) -> list[Row]:
    if target.found is None:
        return lab.linked(transfer.target, name, source["global_id__sys"])
    wanted = lab.filled(transfer.target, target.found)
    rows = lab.records(transfer.target, name)
    return [row for row in rows if all(lab.at(transfer.target, row, path) == value for path, value in wanted.items())]


def holds(lab: CatalogueLab, transfer: Transfer, row: Row, target: Target) -> bool:
    wanted = lab.filled(transfer.target, target.holds)
    return all(lab.at(transfer.target, row, path) == value for path, value in wanted.items())


def check(lab: CatalogueLab, transfer: Transfer, source: Row, targets: dict[str, Target]) -> dict[str, list[Row]]:
    """Check that the targets are there and hold what is told; answers them."""
    answer = {}
    for name, target in targets.items():
        found = find(lab, transfer, source, name, target)
        assert len(found) == target.count, f"{name}: {len(found)} of {target.count} arrived"
        wanted = lab.filled(transfer.target, target.holds)
        for row in found:
            assert {path: lab.at(transfer.target, row, path) for path in wanted} == wanted
            if target.linked:
                assert row["link__sys"] == source["global_id__sys"]
        answer[name] = found
    return answer
