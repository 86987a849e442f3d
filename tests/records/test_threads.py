"""Several threads and processes write records of the same Vault at the same time."""

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from sqlalchemy import select

from models.errors import InvalidInput
from models.opening import open_store
from models.services.records import change_record, create_record
from models.store import Store
from models.tables import Record, table_of
from tests.records.conftest import SYSTEM, VAULT, all_records, make, stored

THREADS, ROUNDS = 4, 25


def together(work: Callable[[int], None]) -> None:
    """Run the work in several threads that begin at the same moment; what goes wrong in one fails the test."""
    troubles: list[BaseException] = []
    start = threading.Barrier(THREADS)

    def run(number: int) -> None:
        try:
            start.wait(30)
            work(number)
        except BaseException as trouble:  # noqa: BLE001 - a thread's failure would be nobody's
            troubles.append(trouble)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not troubles


def test_no_two_records_get_the_same_number(vault: Store) -> None:
    def work(number: int) -> None:
        for place in range(ROUNDS):
            make(vault, name__v=f"{number}/{place}")

    together(work)
    rows = all_records(vault)
    assert len(rows) == THREADS * ROUNDS
    numbers = sorted(int(row.global_id.removeprefix(f"{VAULT}_")) for row in rows)
    assert numbers == list(range(numbers[0], numbers[0] + len(rows)))
    assert len({row.modified_at for row in rows}) == len(rows)


def test_no_two_stores_of_the_same_file_give_the_same_number(vault: Store, tmp_path: Path) -> None:
    stores = [open_store(tmp_path / "lab.sqlite3", clock=vault.clock) for _ in range(THREADS)]

    def work(number: int) -> None:
        for place in range(ROUNDS):
            make(stores[number], name__v=f"{number}/{place}")

    together(work)
    for store in stores:
        store.close()
    rows = all_records(vault)
    assert len({row.global_id for row in rows}) == len({row.modified_at for row in rows}) == THREADS * ROUNDS


def test_no_change_of_a_record_is_lost(vault: Store) -> None:
    record = make(vault, number__c=0)
    records = table_of(Record)

    def work(_number: int) -> None:
        for _ in range(ROUNDS):
            with vault.write() as write:
                data = write.execute(select(records.c.data).where(records.c.record_id == record)).scalar_one()
                change_record(write, SYSTEM, record, {"number__c": data["number__c"] + 1})

    together(work)
    assert stored(vault, record)["data"]["number__c"] == THREADS * ROUNDS


def test_only_one_of_many_gets_a_unique_value(vault: Store) -> None:
    won: list[str] = []

    def work(number: int) -> None:
        for place in range(ROUNDS):
            with suppress(InvalidInput), vault.write() as write:
                create_record(
                    write, SYSTEM, "site__v", {"name__v": str(number), "must__c": "x", "only__c": f"V{place}"}
                )
                won.append(f"V{place}")

    together(work)
    assert sorted(won) == sorted(f"V{place}" for place in range(ROUNDS))
    assert sorted(row.data["only__c"] for row in all_records(vault)) == sorted(won)
