"""Exactly once in effect: whenever the engine's process is killed, every change arrives, and arrives once."""

import os
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from models import sqlite
from models.opening import open_store
from models.services.objects import FieldSpec
from models.tables import COUNTS, FieldType, JobKind, JobRun, JobRunLine, MessageState, RunStatus
from scheduler import send
from tests.builders import build_pair
from tests.conftest import ManualClock
from tests.stages.lab import Lab

ROUNDS = 25
CHANGES = 15
"""How many things people do before an engine starts: so it has work from its first moment on."""
PAUSES = 3
"""How many things people do while it runs."""
WRONG = "no number"
LONGEST_LIFE = 0.3
"""Seconds from the moment an engine runs until it is killed, at most."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked and killed"),
]


class Engines:
    """Engines in processes of their own, one after the other."""

    def __init__(self, starter: "subprocess.Popen[str]") -> None:
        self._starter = starter

    def start(self, order: str = "go") -> int:
        """Have an engine run; answers its process."""
        self._order(order)
        return int(self._hear("ready"))

    def kill(self, process: int) -> None:
        os.kill(process, signal.SIGKILL)
        self._hear("dead")

    def die(self, at: int) -> None:
        """Have a receive run killed when it has written so many messages."""
        self.start(f"die {at}")
        self._hear("dead")

    def finish(self) -> None:
        """Have an engine run until nothing moves any more."""
        self.start("finish")
        self._hear("quiet")
        self._hear("dead")

    def _order(self, order: str) -> None:
        assert self._starter.stdin is not None
        self._starter.stdin.write(f"{order}\n")
        self._starter.stdin.flush()

    def _hear(self, word: str) -> str:
        assert self._starter.stdout is not None
        line = self._starter.stdout.readline().strip()
        assert line.startswith(word), line
        return line.removeprefix(word).strip()


@contextmanager
def engines_on(path: Path) -> Iterator[Engines]:
    starter = subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "tests.stages.engine_child", str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    with starter:
        try:
            yield Engines(starter)
        finally:
            if starter.stdin is not None:
                starter.stdin.close()
            starter.terminate()


class People:
    """Those who change records of the source Vault all the time, and sometimes make mistakes."""

    def __init__(self, lab: Lab, chance: random.Random) -> None:
        self.lab = lab
        self.chance = chance
        self.amounts: dict[str, str] = {}
        """What each record that lives holds."""

    def do_something(self) -> None:
        what = self.chance.random()
        amount = WRONG if self.chance.random() < 0.15 else str(self.chance.randrange(1000))
        if what < 0.6 or not self.amounts:
            record = self.lab.create(f"Product {len(self.amounts)}", amount__c=amount)
            self.amounts[record] = amount
        elif what < 0.95:
            self._change(self.chance.choice(list(self.amounts)), amount)
        else:
            record = self.chance.choice(list(self.amounts))
            self.lab.delete(record)
            del self.amounts[record]

    def mend_mistakes(self) -> None:
        """Only the mistakes: a change that was lost must not be made good by another one."""
        for record, amount in self.amounts.items():
            if amount == WRONG:
                self._change(record, "0")

    def _change(self, record: str, amount: str) -> None:
        self.lab.change(record, amount__c=amount)
        self.amounts[record] = amount


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    # The clock of this process stands still: the tick of each write is one after the last one of any process.
    clock = ManualClock()
    store = open_store(tmp_path / "lab.sqlite3", clock=clock)
    source = [FieldSpec("amount__c", "Amount")]
    target = [FieldSpec("amount__c", "Amount", FieldType.NUMBER)]
    yield Lab(store, clock, build_pair(store, source_fields=source, target_fields=target))
    store.close()


def test_an_engine_that_is_killed_again_and_again_loses_nothing_and_doubles_nothing(lab: Lab) -> None:
    seed = int.from_bytes(os.urandom(4), "big")
    tell(f"seed {seed}")
    chance = random.Random(seed)
    people = People(lab, chance)
    path = lab.store.path
    assert path is not None
    pause = threading.Event()
    with engines_on(path) as engines:
        for _ in range(ROUNDS):
            for _ in range(CHANGES):
                people.do_something()
            process = engines.start()
            for _ in range(PAUSES):
                pause.wait(chance.uniform(0, LONGEST_LIFE / PAUSES))
                people.do_something()
            engines.kill(process)
        people.mend_mistakes()
        engines.finish()
    killed_at_work = [run for run in lab.rows(JobRun) if run.status is RunStatus.CANCELLED]
    tell(f"{len(people.amounts)} records, {len(lab.messages(lab.target))} messages, {len(killed_at_work)} runs killed")
    assert killed_at_work
    every_change_arrived_once(lab, people)
    no_message_was_lost_or_doubled(lab)
    the_runs_tell_what_moved(lab)
    with lab.store.engine.connect() as connection:
        assert sqlite.damages(connection) == []
        assert sqlite.broken_references(connection) == []


@pytest.mark.parametrize("at", [1, 2, 3, 5])
def test_a_run_that_is_killed_amid_messages_that_are_written_together_has_written_none_of_them(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    monkeypatch.setattr(send, "ITEMS_IN_A_MESSAGE", 1)
    people = People(lab, random.Random(at))
    people.amounts = {lab.create(f"Product {number}", amount__c="7"): "7" for number in range(5)}
    lab.send()
    lab.deliver()
    path = lab.store.path
    assert path is not None
    with engines_on(path) as engines:
        engines.die(at)
        # Two are written together, and of four that are claimed the fifth comes after.
        whole = (at - 1) // 2 * 2
        assert len(lab.targets()) == whole
        states = [row.state for row in lab.messages(lab.target)]
        assert states == [MessageState.PROCESSED] * whole + [MessageState.QUEUED] * (5 - whole)
        engines.finish()
    every_change_arrived_once(lab, people)
    no_message_was_lost_or_doubled(lab)
    the_runs_tell_what_moved(lab)


def tell(line: str) -> None:
    """For whom the test fails, or who looks."""
    sys.stdout.write(f"{line}\n")


def every_change_arrived_once(lab: Lab, people: People) -> None:
    sources = lab.records(lab.source)
    assert {row["id"] for row in sources} == set(people.amounts)
    targets = lab.targets()
    assert max(Counter(row["link__sys"] for row in targets).values()) == 1
    by_link = {row["link__sys"]: row for row in targets}
    for source in sources:
        target = by_link[source["global_id__sys"]]
        amount = int(people.amounts[source["id"]])
        assert (target["name__v"], target["amount__c"]) == (source["name__v"], amount)
    assert lab.items() == []
    assert lab.exceptions(lab.target) == lab.exceptions(lab.source) == []


def no_message_was_lost_or_doubled(lab: Lab) -> None:
    sent, arrived = lab.messages(lab.source), lab.messages(lab.target)
    assert {row.state for row in sent} == {MessageState.DELIVERED}
    assert {row.state for row in arrived} == {MessageState.PROCESSED}
    assert Counter(row.message_id for row in arrived) == Counter(row.message_id for row in sent)
    assert max(Counter(row.message_id for row in arrived).values()) == 1
    assert {row.message_id: row.content for row in arrived} == {row.message_id: row.content for row in sent}
    assert {row.claimed_by for row in (*sent, *arrived)} == {None}
    assert lab.stats(lab.source)["sent"] == len(sent)
    assert lab.stats(lab.target)["received"] == len(arrived)
    assert lab.stats(lab.source)["failures"] == 0


def the_runs_tell_what_moved(lab: Lab) -> None:
    runs, lines = lab.rows(JobRun), lab.rows(JobRunLine)
    assert all(run.status is not RunStatus.RUNNING and run.finished_at is not None for run in runs)
    for name in COUNTS:
        assert {run.id: getattr(run, name) for run in runs if getattr(run, name)} == {
            line.run_id: getattr(line, name) for line in lines if getattr(line, name)
        }
    messages = lab.messages(lab.source)
    assert sum(run.delivered for run in runs) == len(messages)
    assert sum(run.sent for run in runs) == sum(run.received for run in runs) == sum(row.item_count for row in messages)
    assert sum(run.created for run in runs) == len(lab.targets())
    for run in runs:
        if run.kind is JobKind.RECEIVE:
            came = run.received + run.retried
            assert came == run.created + run.updated + run.unchanged + run.deleted + run.skipped + run.failed
