"""The last day of a Vault as charts: what waited when, and how long jobs took."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from console.modals.page import PageScreen
from models.queries.lab import ask
from models.queries.trends import HOURS, Trends, trends
from models.store import Store
from models.tables import JobKind, JobRun, MessageEvent, MessageState, RunStatus, SparkMessage, table_of
from tests.builders import Pair, two_vaults
from tests.console.lab import START, console, fill, press, settle

NOW = START + timedelta(days=1)


def message(pair: Pair, name: str, entered: datetime, left: datetime | None) -> dict[str, Any]:
    return {
        "vault_id": 1001,
        "queue_id": pair.source.queue_id,
        "connection_id": pair.source.connection_id,
        "message_id": name,
        "state": MessageState.QUEUED if left is None else MessageState.DELIVERED,
        "object_name": "product__v",
        "event": MessageEvent.CHANGED,
        "integration_point": "product_inbound__c",
        "entered_at": entered,
        "left_at": left,
    }


def at(hours_ago: float) -> datetime:
    return NOW - timedelta(hours=hours_ago)


@pytest.fixture
def day(store: Store) -> Trends:
    """Messages that waited for some hours of the last day, and runs of every kind."""
    pair = two_vaults(store)
    with store.write() as write:
        rows = [
            message(pair, "short", at(5.5), at(3.5)),
            message(pair, "waits", at(2.5), None),
            message(pair, "held for days", at(80), None),
            message(pair, "before", at(26), at(22.5)),
            message(pair, "long gone", at(90), at(89)),
        ]
        write.execute(insert(table_of(SparkMessage)), rows)
        for hours, kind, took in ((0.5, "send", 40), (0.6, "send", 90), (7.2, "receive", 1200), (30, "send", 9999)):
            started = at(hours)
            values = {"started_at": started, "finished_at": started, "duration_ms": took}
            write.execute(
                insert(table_of(JobRun)).values(
                    id=1000 - int(hours * 10), vault_id=1001, kind=JobKind(kind), status=RunStatus.SUCCESS, **values
                )
            )
    return ask(store, trends, 1001, NOW)


def ago(values: tuple[int, ...]) -> dict[int, int]:
    """What is not zero, by how many hours ago it was."""
    return {HOURS - 1 - place: value for place, value in enumerate(values) if value}


def test_a_message_counts_at_each_hour_at_which_it_waited(day: Trends) -> None:
    waited = dict.fromkeys(range(24), 1) | {5: 2, 4: 2, 2: 2, 1: 2, 0: 2, 23: 2}
    assert ago(day.waiting_out) == waited
    assert not any(day.waiting_in)


def test_what_came_and_went_is_counted_in_its_hour(day: Trends) -> None:
    assert ago(day.entered) == {5: 1, 2: 1}
    assert ago(day.left) == {3: 1, 22: 1}


def test_the_longest_run_of_each_hour_is_told(day: Trends) -> None:
    assert {kind: ago(values) for kind, values in day.longest.items()} == {
        "send": {0: 90},
        "deliver": {},
        "receive": {7: 1200},
    }


@pytest.mark.parametrize(("area", "size"), [("0", (80, 24)), ("3", (120, 40)), ("7", (80, 24))])
async def test_the_charts_are_one_key_away_where_the_numbers_stand(
    store: Store, area: str, size: tuple[int, int]
) -> None:
    fill(store)
    app: Any = console(store)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        await press(pilot, area, "h")
        assert isinstance(app.screen, PageScreen)
        text = app.screen.shown.text
        assert "Waiting outbound" in text
        assert "Send: longest run" in text
        await press(pilot, "end", "escape")
        assert not isinstance(app.screen, PageScreen)
