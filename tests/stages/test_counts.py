"""Whatever happens in the Vaults between runs, the numbers add up, and in the end every record has arrived once."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.services.objects import FieldSpec
from models.store import Store
from models.tables import (
    COUNTS,
    CertificateState,
    ConnectionState,
    Counts,
    FieldType,
    ItemStatus,
    JobRun,
    LogEntryType,
    MessageState,
    QueueLogEntry,
    RunStatus,
    SigningCertificate,
)
from scheduler import deliver, incoming, send
from scheduler.runs import RunResult
from tests.builders import Pair, build_pair, make_certificate
from tests.conftest import ManualClock
from tests.stages.lab import Lab
from tests.stores import filled, made_once

SOURCE_FIELDS = (FieldSpec("code__c"), FieldSpec("amount__c"), FieldSpec("note__c"))
TARGET_FIELDS = (
    FieldSpec("code__c", unique=True),
    FieldSpec("amount__c", type=FieldType.NUMBER, required=True),
    FieldSpec("note__c", max_length=5),
)


@made_once
def build(store: Store) -> Pair:
    """Two Vaults, and a certificate that has seen its day."""
    pair = build_pair(store, source_fields=SOURCE_FIELDS, target_fields=TARGET_FIELDS)
    with store.write() as write:
        make_certificate(store, write, "00002").state = CertificateState.RETIRED
    return pair


@contextmanager
def new_lab() -> Iterator[Lab]:
    """A lab in a folder of its own, for one example."""
    clock = ManualClock()
    with TemporaryDirectory() as folder, filled(Path(folder) / "lab.sqlite3", clock, build) as (store, pair):
        yield Lab(store, clock, pair)


@dataclass
class Day:
    """A random day in the two Vaults. Actions that do not fit the moment do nothing."""

    lab: Lab
    alive: list[str] = field(default_factory=list)
    deleted: set[str] = field(default_factory=set)
    received: list[RunResult] = field(default_factory=list)

    def do(self, action: tuple[Any, ...]) -> None:
        name, *arguments = action
        getattr(self, name)(*arguments)

    def create(self, values: dict[str, Any]) -> None:
        self.alive.append(self.lab.create(f"Product {len(self.alive)}", **values))

    def change(self, place: int, values: dict[str, Any]) -> None:
        if self.alive:
            self.lab.change(self.alive[place % len(self.alive)], **values)

    def swap(self, one: int, other: int) -> None:
        """Two records exchange their codes."""
        if len(self.alive) > 1:
            ids = [self.alive[place % len(self.alive)] for place in (one, other)]
            codes = [self.lab.record(self.lab.source, each).get("code__c") for each in ids]
            for each, code in zip(ids, reversed(codes), strict=True):
                self.lab.change(each, code__c=code)

    def delete(self, place: int) -> None:
        if self.alive:
            record = self.alive.pop(place % len(self.alive))
            self.lab.delete(record)
            self.deleted.add(record)

    def edit_target(self, place: int, code: str) -> None:
        """Somebody gives a target record a code of the target's own."""
        targets = self.lab.targets()
        if targets and code not in {row.get("code__c") for row in targets}:
            self.lab.change(targets[place % len(targets)]["id"], side=self.lab.target, code__c=code)

    def set_route(self, works: bool) -> None:
        self.lab.set_connection(self.lab.source, state=ConnectionState.ACTIVE if works else ConnectionState.INACTIVE)

    def set_certificate(self, valid: bool) -> None:
        (retired,) = self.lab.rows(SigningCertificate, certificate_id="00002")
        self.lab.set_connection(self.lab.source, certificate_id=None if valid else retired.id)

    def set_rules(self, active: bool) -> None:
        self.lab.set_integration_active(self.lab.target, active)

    def advance(self, minutes: int) -> None:
        self.lab.clock.advance(minutes=minutes)

    def run(self, stages: str) -> None:
        for stage in stages:
            match stage:
                case "s":
                    result = self.lab.send()
                    assert result.counts.found == result.counts.sent
                case "d":
                    self.lab.deliver()
                case _:
                    result = self.lab.receive()
                    self.received.append(result)
                    check_receive(result.counts)
            check_run(self.lab, self.lab.results[-1])

    def mend_everything(self) -> None:
        self.set_route(True)
        self.set_certificate(True)
        self.set_rules(True)
        self.lab.clock.advance(hours=6)
        for place, record in enumerate(self.alive):
            self.lab.change(record, code__c=f"final {place}", amount__c=str(place), note__c=None)
        for _ in range(3):
            self.run("sdr")


def check_receive(counts: Counts) -> None:
    """With one target object per rule, every item that came is counted once more as what became of it."""
    came = counts.received + counts.retried
    assert came == counts.created + counts.updated + counts.unchanged + counts.deleted + counts.skipped + counts.failed


def check_run(lab: Lab, result: RunResult) -> None:
    """A run's totals are the sum of its lines, in the answer as in the store."""
    row, lines = lab.run_row(result), lab.lines(result)
    totals = {name: sum(getattr(line, name) for line in lines) for name in COUNTS}
    assert {name: getattr(row, name) for name in COUNTS} == totals
    assert {name: getattr(result.counts, name) for name in COUNTS} == totals
    assert row.status is result.status
    assert row.finished_at is not None
    assert (row.status is RunStatus.ERRORS_ENCOUNTERED) == bool(row.error or row.failed)


def check_numbers(lab: Lab) -> None:
    """Statistics, job runs and messages tell the same."""
    sent = lab.messages(lab.source)
    arrived = lab.messages(lab.target)
    delivered = [row for row in sent if row.state is MessageState.DELIVERED]
    assert lab.stats(lab.source)["sent"] == len(delivered) == lab.stats(lab.target)["received"] == len(arrived)
    refused = lab.rows(QueueLogEntry, vault_id=lab.target.vault_id, entry_type=LogEntryType.REFUSAL)
    assert lab.stats(lab.target)["failures"] == len(refused) <= lab.stats(lab.source)["failures"]
    assert Counter(row.message_id for row in arrived) == Counter(row.message_id for row in delivered)
    runs = lab.rows(JobRun)
    assert sum(run.delivered for run in runs) == len(delivered)
    assert sum(run.sent for run in runs) == sum(row.item_count for row in sent)
    processed = [row for row in arrived if row.state is MessageState.PROCESSED]
    assert sum(run.received for run in runs) == sum(row.item_count for row in processed)
    assert len(lab.targets()) == sum(run.created for run in runs)
    open_items = [item.item for item in lab.items()]
    assert len(set(open_items)) == len(open_items)
    assert {item.message_id for item in lab.items()} <= {message.id for message in lab.exceptions(lab.target)}


values = st.fixed_dictionaries(
    {},
    optional={
        "code__c": st.sampled_from([None, "A", "B", "C", "D"]),
        "amount__c": st.sampled_from([None, "1", "2.5", "3", "many"]),
        "note__c": st.sampled_from([None, "ok", "too long"]),
    },
)
places = st.integers(0, 9)
actions = st.one_of(
    st.tuples(st.just("create"), values),
    st.tuples(st.just("create"), values.map(lambda given: {"amount__c": "1", **given})),
    st.tuples(st.just("change"), places, values),
    st.tuples(st.just("swap"), places, places),
    st.tuples(st.just("delete"), places),
    st.tuples(st.just("edit_target"), places, st.sampled_from(["A", "B", "own"])),
    st.tuples(st.just("set_route"), st.booleans()),
    st.tuples(st.just("set_rules"), st.booleans()),
    st.tuples(st.just("set_certificate"), st.booleans()),
    st.tuples(st.just("advance"), st.sampled_from([1, 5, 60])),
    st.tuples(st.just("run"), st.sampled_from(["s", "d", "r", "sd", "sdr", "sdr", "sdrr", "ssddrr"])),
)


@given(day=st.lists(actions, min_size=5, max_size=30))
@settings(max_examples=20)
def test_the_numbers_add_up_and_every_record_arrives_once(
    day: list[tuple[Any, ...]],
) -> None:
    with pytest.MonkeyPatch.context() as patch, new_lab() as lab:
        patch.setattr(send, "ITEMS_IN_A_MESSAGE", 3)
        patch.setattr(deliver, "BATCH", 2)
        patch.setattr(incoming, "CLAIM", 2)
        patch.setattr(incoming, "RETRY_BATCH", 2)
        life = Day(lab)
        for action in day:
            life.do(action)
        check_numbers(lab)
        life.mend_everything()
        check_numbers(lab)
        every_record_has_arrived_once(lab, life)


def every_record_has_arrived_once(lab: Lab, life: Day) -> None:
    assert lab.items() == []
    assert lab.exceptions(lab.target) == []
    assert {item.status for item in lab.items(None)} <= {ItemStatus.RESOLVED}
    assert not lab.messages(lab.target, MessageState.QUEUED)
    links = Counter(row["link__sys"] for row in lab.targets())
    assert all(number == 1 for number in links.values())
    targets = {row["link__sys"]: row for row in lab.targets()}
    assert {row["id"] for row in lab.records(lab.source)} == set(life.alive)
    for source in lab.records(lab.source):
        target = targets[source["global_id__sys"]]
        assert (target["name__v"], target["code__c"]) == (source["name__v"], source["code__c"])
        assert target["amount__c"] == float(source["amount__c"])
        assert "note__c" not in target
    last = lab.receive()
    assert (last.status, last.counts) == (RunStatus.SUCCESS, Counts())
