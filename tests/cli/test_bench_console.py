"""The bench of the console presses keys in it, and says how long it takes beside its floor."""

import sys

import pytest

from console import measuring_console
from models.store import Store
from tests.cli.conftest import Call
from tests.console.lab import fill


@pytest.mark.skipif(sys.platform == "win32", reason="there is no pseudo terminal")
def test_the_bench_measures_keys_and_filters_of_a_store_beside_a_floor(
    store: Store, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store)
    for name, value in (("LOOKED_AT", 0.1), ("MOVES", 4), ("PAGES", 2)):
        monkeypatch.setattr(measuring_console, name, value)
    answer = call("bench", "console", str(store.path), "--rounds", "1", "--json")
    measured = {each["what"]: each for each in answer.document["console"]}
    assert {"first data", "area, first visit", "area", "cursor"} <= set(measured)
    assert all(each["p50_seconds"] > 0 and each["floor_p50_seconds"] > 0 for each in measured.values())
    assert all(each["p95_seconds"] >= each["p50_seconds"] for each in measured.values())
    assert measured["area"]["times"] == 20
    assert answer.document["messages"] > 0
    filters = {each["filter"].partition(":")[0]: each for each in answer.document["filters"]}
    assert filters
    assert all(each["messages"] < answer.document["messages"] for each in filters.values())
    assert all(each["seconds"] > 0 and each["floor_seconds"] > 0 for each in filters.values())


def test_a_store_that_is_not_there_is_not_measured(call: Call) -> None:
    answer = call("bench", "console", "no-such-store.sqlite3", code=1)
    assert "There is no no-such-store.sqlite3." in answer.err
