"""Several messages in one transaction: what happens to one of them is no other one's matter."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from models.refusals import StoreFailed
from models.services.objects import FieldSpec
from models.store import Store
from models.tables import FieldType, ItemStatus, JobRun, MessageState, RunStatus, SparkMessage
from scheduler import receive, send
from scheduler.failures import settle_items
from scheduler.work import Work
from tests.builders import build_pair
from tests.conftest import ManualClock
from tests.stages.lab import Lab, before_write, counts

FIRST_SET = 4
"""The write of a receive run that applies its first messages: it begins, claims, and asks for more before that."""


class Oddity(Exception):
    """What nobody foresaw."""


@pytest.fixture(autouse=True)
def one_record_in_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(send, "ITEMS_IN_A_MESSAGE", 1)


def waiting(lab: Lab, number: int) -> list[str]:
    """As many messages on the inbound queue, each about one new record."""
    records = lab.create_many(number)
    lab.send()
    lab.deliver()
    return records


def names(lab: Lab) -> list[str]:
    return [row["name__v"] for row in lab.targets()]


def trip_over(monkeypatch: pytest.MonkeyPatch, *records: str, error: Callable[[], Exception] = Oddity) -> None:
    """Have messages about these records fail in the midst of being applied, with what they wrote still unsettled."""

    def trip(write: Any, run: Any, route: Any, work: Work, failures: Any) -> None:
        if set(records) & set(work.items):
            raise error()
        settle_items(write, run, route, work, failures)

    monkeypatch.setattr(receive, "settle_items", trip)


def test_messages_that_are_applied_together_are_written_at_one_moment(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receive, "TOGETHER", 3)
    waiting(lab, 7)
    assert counts(lab.receive()) == {"received": 7, "created": 7}
    moments = Counter(row.left_at for row in lab.messages(lab.target))
    assert [moments[moment] for moment in sorted(moments)] == [3, 3, 1]


def test_a_transaction_takes_no_further_message_when_its_time_is_over(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receive, "LONGEST_WRITE", 0)
    waiting(lab, 4)
    assert counts(lab.receive()) == {"received": 4, "created": 4}
    assert max(Counter(row.left_at for row in lab.messages(lab.target)).values()) == 1


@pytest.mark.parametrize("place", [0, 1, 3])
def test_a_message_that_fails_in_an_unforeseen_way_does_not_hold_back_the_others(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    records = waiting(lab, 7)
    with monkeypatch.context() as patch:
        patch.setattr(receive, "TOGETHER", 4)
        trip_over(patch, records[place])
        with pytest.raises(Oddity):
            lab.receive()
    all_names = [lab.record(lab.source, record)["name__v"] for record in records]
    assert names(lab) == [name for name in all_names if name != all_names[place]]
    (left,) = lab.messages(lab.target, MessageState.QUEUED)
    assert left.content == [records[place]]
    tripped = lab.rows(JobRun)[-1]
    assert (tripped.status, tripped.received, tripped.created) == (RunStatus.ERRORS_ENCOUNTERED, 6, 6)
    assert "Oddity inside the program." in tripped.error
    assert counts(lab.receive()) == {"received": 1, "created": 1}
    assert sorted(names(lab)) == sorted(all_names)


def test_of_several_messages_that_fail_so_the_first_is_told_of(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    records = waiting(lab, 4)
    errors = iter([Oddity("in the set"), Oddity("first"), Oddity("second")])
    trip_over(monkeypatch, records[1], records[2], error=lambda: next(errors))
    with pytest.raises(Oddity, match="first"):
        lab.receive()
    assert len(names(lab)) == 2


def test_a_store_that_fails_ends_the_run_at_once(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    records = waiting(lab, 4)
    trip_over(monkeypatch, records[1], error=lambda: StoreFailed("The disk is full.", "Free some space."))
    with pytest.raises(StoreFailed):
        lab.receive()
    assert names(lab) == []
    assert len(lab.messages(lab.target, MessageState.QUEUED)) == 4


def test_an_item_that_was_settled_together_with_a_failing_message_is_settled_all_the_same(
    store: Store, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = Lab(
        store,
        clock,
        build_pair(
            store,
            source_fields=[FieldSpec("amount__c", "Amount")],
            target_fields=[FieldSpec("amount__c", "Amount", FieldType.NUMBER)],
        ),
    )
    wrong = lab.create("Wrong", amount__c="no number")
    lab.transfer()
    assert len(lab.items()) == 1
    lab.change(wrong, amount__c="7")
    lab.send()
    odd = waiting(lab, 2)[-1]
    trip_over(monkeypatch, odd)
    with pytest.raises(Oddity):
        lab.receive()
    assert [item.status for item in lab.items(None)] == [ItemStatus.RESOLVED]
    assert lab.exceptions(lab.target) == []


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_message_that_another_run_took_meanwhile_is_left_out_of_its_set(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    waiting(lab, 3)
    taken = lab.messages(lab.target)[place]
    before_write(monkeypatch, lab, FIRST_SET, lambda: lab.update_row(SparkMessage, taken.id, claimed_by=None))
    assert counts(lab.receive()) == {"received": 2, "created": 2}
    assert [row.id for row in lab.messages(lab.target, MessageState.QUEUED)] == [taken.id]


def test_a_set_that_another_run_took_meanwhile_is_not_applied_at_all(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting(lab, 3)

    def take() -> None:
        for row in lab.messages(lab.target):
            lab.update_row(SparkMessage, row.id, claimed_by=None)

    before_write(monkeypatch, lab, FIRST_SET, take)
    assert counts(lab.receive()) == {}
    assert names(lab) == []
