"""`snapshot` on the command line."""

from models.opening import open_store
from models.store import Store
from models.tables import Record, table_of
from scheduler.lease import acquire
from tests.cli.conftest import Call, Lab


def records(store: Store) -> int:
    again = open_store(store.path or "")
    with again.read() as session:
        number = len(session.execute(table_of(Record).select()).all())
    again.close()
    return number


def test_the_store_is_saved_and_put_back(on: Call, lab: Lab) -> None:
    assert "There are no snapshots." in on("snapshot", "list").out
    saved = on("snapshot", "save", "before", "--json").document["snapshot"]
    assert saved["path"] == str(lab.path.with_name("lab.sqlite3.snapshots") / "before.sqlite3")
    on("records", "delete", lab.good, "--vault", "Source")
    assert records(lab.store) == 2
    assert "before is back, at lab time 2026-01-05" in on("snapshot", "restore", "before").out
    assert records(lab.store) == 3
    names = [row["name"] for row in on("snapshot", "list", "--json").document["snapshots"]]
    assert names == ["before-restore", "before"]
    assert on("snapshot", "restore", "before-restore", "--json").document["kept"] == "before-restore"
    assert records(lab.store) == 2


def test_a_name_is_replaced_only_on_demand_and_a_snapshot_deleted_by_its_name(on: Call) -> None:
    on("snapshot", "save", "one")
    assert "There is a snapshot one already." in on("snapshot", "save", "one", code=1).err
    on("snapshot", "save", "one", "--replace")
    assert "name: 1 to 60 letters" in on("snapshot", "save", "../one", code=1).err
    assert "Deleted the snapshot one." in on("snapshot", "delete", "one").out
    assert "There is no snapshot one." in on("snapshot", "delete", "one", code=1).err
    assert "There is no snapshot one." in on("snapshot", "restore", "one", code=1).err


def test_nothing_is_put_back_while_an_engine_runs(on: Call, lab: Lab) -> None:
    on("snapshot", "save", "one")
    engine = open_store(lab.path)
    lease = acquire(engine)
    assert lease is not None
    assert "Another engine runs on this store" in on("snapshot", "restore", "one", code=1).err
    lease.release()
    engine.close()
    on("snapshot", "restore", "one")


def test_a_read_only_session_changes_no_snapshot(on: Call) -> None:
    on("snapshot", "save", "one")
    for words in (("save", "two"), ("restore", "one"), ("delete", "one")):
        assert "read-only" in on("--readonly", "snapshot", *words, code=1).err
    assert len(on("--readonly", "snapshot", "list", "--json").document["snapshots"]) == 1
