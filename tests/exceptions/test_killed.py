"""Retry Transfer while the engine's process is killed again and again, with all other jobs running beside it."""

import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from models.opening import open_store
from models.services.objects import FieldSpec
from models.tables import (
    ExceptionItem,
    FieldType,
    ItemStatus,
    JobRun,
    RetryState,
    RetryTransfer,
    RetryTransferMessage,
    RunStatus,
    table_of,
)
from tests.builders import build_pair
from tests.conftest import ManualClock
from tests.exceptions.trouble import ask, ids, result
from tests.stages.lab import Lab
from tests.stages.test_exactly_once import engines_on

ITEMS = 60
KILLS = 6

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked and killed"),
]


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    clock = ManualClock()
    store = open_store(tmp_path / "lab.sqlite3", clock=clock)
    source = [FieldSpec("amount__c", "Amount")]
    target = [FieldSpec("amount__c", "Amount", FieldType.NUMBER)]
    yield Lab(store, clock, build_pair(store, source_fields=source, target_fields=target))
    store.close()


def solved(lab: Lab) -> int:
    items = table_of(ExceptionItem).c
    with lab.store.read() as session:
        statement = select(func.count()).where(items.status == ItemStatus.RESOLVED)
        number: int = session.execute(statement).scalar_one()
    return number


def test_a_retry_whose_engine_is_killed_goes_on_with_the_next_and_applies_nothing_twice(lab: Lab) -> None:
    records = [lab.create(f"Product {place}", amount__c="no number") for place in range(ITEMS)]
    lab.transfer()
    assert len(lab.items()) == ITEMS
    for record in records:
        lab.change(record, amount__c="7")
    plan = ask(lab, lab.target, ids(lab))
    assert plan.items == ITEMS
    path = lab.store.path
    assert path is not None
    pause = threading.Event()
    with engines_on(path) as engines:
        for place in range(KILLS):
            process = engines.start()
            before = solved(lab)
            looks = 0
            # Killed as soon as it has done something more, or was given the time to.
            while solved(lab) == before and looks < 100 * (place + 1):
                pause.wait(0.002)
                looks += 1
            engines.kill(process)
        engines.finish()
    done = result(lab, plan)
    assert (done.state, done.failed) == (RetryState.DONE, 0)
    assert lab.items() == []
    assert sorted(row["name__v"] for row in lab.targets()) == sorted(f"Product {place}" for place in range(ITEMS))
    assert {row["amount__c"] for row in lab.targets()} == {7}
    assert not [line for line in lab.rows(RetryTransferMessage) if line.under_way]
    runs = lab.rows(JobRun, retry_id=plan.retry_id)
    assert runs
    sys.stdout.write(f"{len(runs)} runs, {len([run for run in runs if run.status is RunStatus.CANCELLED])} killed\n")
    assert not [run for run in runs if run.status is RunStatus.RUNNING]
    assert sum(run.created + run.updated + run.unchanged for run in runs) == done.applied
    assert lab.exceptions(lab.target) == []
    assert len(lab.rows(RetryTransfer)) == 1
