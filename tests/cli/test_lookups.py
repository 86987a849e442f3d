"""Reference lookups on the command line."""

from pathlib import Path

from sqlalchemy import update

from models.services.integrations import add_field_rule
from models.services.records import create_record
from models.store import Store
from models.tables import Connection, FieldRule, table_of
from scheduler import deliver, receive, send
from scheduler.scope import Scope
from tests.cli.conftest import ODD, Call, Lab
from tests.conftest import ManualClock

TARGET = ("--vault", "Target")
OF = ("--connection", "lab_connection__c")


def make(on: Call, *options: str) -> None:
    on("lookups", "create", "Country Names", *OF, *options, *TARGET)


def test_a_lookup_is_created_and_listed(on: Call) -> None:
    document = on("lookups", "create", "Country Names", *OF, *TARGET, "--json").document
    listed = on("lookups", "list", "lab_connection__c", *TARGET, "--json").document

    assert document["api_name"] == "country_names__c"
    assert [(row["name"], row["type"], row["keys"]) for row in listed["lookups"]] == [("Country Names", "generic", 0)]
    assert "Country Names" in on("lookups", "list", "lab_connection__c", *TARGET).out
    assert "no reference lookups" in on("lookups", "list", "lab_connection__c", "--vault", "Source").out


def test_an_object_lookup_is_held_to_the_data_model(on: Call) -> None:
    words = (
        "lookups",
        "create",
        "P",
        *OF,
        "--type",
        "object",
        "--target-object",
        "product__v",
        *TARGET,
    )

    assert set(on(*words, "--target-key-field", "no__c", "--json", code=1).error["fields"]) == {"target_key_field"}
    assert on(*words, "--target-key-field", "code__c", "--json").document["type"] == "object"
    assert set(on("lookups", "create", "P", *OF, "--type", "other", "--json", code=1).error["fields"])


def test_keys_are_set_shown_and_unset(on: Call) -> None:
    make(on)
    assert on("lookups", "set", "country_names__c", "U.S.", "United States", "--json").document["action"] == "added"
    assert on("lookups", "set", "Country Names", "U.S.", "USA", "--json").document["action"] == "changed"
    on("lookups", "set", "country_names__c", ODD, ODD)

    keys = on("lookups", "show", "country_names__c", "--json").document["keys"]
    assert [(key["source_key"], key["target_key"], key["uses"]) for key in keys] == [
        ("U.S.", "USA", 0),
        (ODD, ODD, 0),
    ]
    shown = on("lookups", "show", "country_names__c").out
    assert "\x1b" not in shown
    assert "No field rule uses it" in shown
    assert on("lookups", "unset", "country_names__c", "U.S.", ODD, "--json").document["removed"] == 2
    assert "no such key" in on("lookups", "unset", "country_names__c", "U.S.", code=1).err


def test_a_lookup_is_edited_and_deleted(on: Call) -> None:
    make(on)
    assert on("lookups", "edit", "country_names__c", "--name", "Countries", "--json").document["changed"] == ["name"]
    assert "unchanged" in on("lookups", "edit", "country_names__c", "--name", "Countries").out
    on("lookups", "delete", "Countries")
    assert on("lookups", "list", "lab_connection__c", *TARGET, "--json").document["lookups"] == []


def test_a_lookup_in_use_is_not_deleted(on: Call, lab: Lab) -> None:
    make(on)
    lookup = on("lookups", "show", "country_names__c", "--json").document["lookup"]["id"]
    with lab.store.write() as write:
        add_field_rule(
            write,
            lab.pair.target.system,
            lab.pair.rule_id,
            target_object="product__v",
            target_field="code__c",
            query_field="code__c",
            reference_lookup_id=lookup,
        )
    assert "Product Rule: product__v.code__c" in on("lookups", "delete", "country_names__c", code=1).err
    assert "Product Rule" in on("lookups", "show", "country_names__c").out


def test_a_mapping_file_is_checked_loaded_and_exported(on: Call, tmp_path: Path) -> None:
    make(on)
    file = tmp_path / "map.csv"
    file.write_text("source_key;target_key\nDE;Germany\nFR;\n", encoding="utf-8-sig")
    words = ("lookups", "load", "country_names__c", str(file))

    checked = on(*words, "--check", "--json").document
    assert (checked["loaded"], checked["added"], checked["refused"]) == (False, 1, 1)
    assert "Nothing was loaded, as asked" in on(*words, "--check").out
    assert on(*words, "--all-or-nothing", "--json", code=1).document["loaded"] is False
    loaded = on(*words, "--json").document
    assert [(row["line"], row["action"]) for row in loaded["rows"]] == [(2, "added"), (3, "refused")]
    assert "target_key: This is needed." in on(*words).out

    assert on("lookups", "export", "country_names__c").out.split() == ["source_key,target_key", "DE,Germany"]
    assert on("lookups", "export", "country_names__c", "--json").document["keys"] == {"DE": "Germany"}
    saved = tmp_path / "out.csv"
    on("lookups", "export", "country_names__c", str(saved))
    assert "--force" in on("lookups", "export", "country_names__c", str(saved), code=1).err
    on("lookups", "export", "country_names__c", str(saved), "--force")
    assert (
        on("lookups", "load", "country_names__c", str(saved), "--mode", "replace", "--json").document["unchanged"] == 1
    )


def test_a_bad_file_is_told_of_with_its_line(on: Call, tmp_path: Path) -> None:
    make(on)
    file = tmp_path / "map.csv"
    file.write_bytes(b"source_key,target_key\nDE,Germany\n\xff,x\n")

    assert "Line 3" in on("lookups", "load", "country_names__c", str(file), code=1).err
    assert "map2.csv" in on("lookups", "load", "country_names__c", str(tmp_path / "map2.csv"), code=1).err
    assert set(on("lookups", "load", "country_names__c", str(file), "--mode", "x", "--json", code=1).error["fields"])


def test_misses_are_listed_and_forgotten(on: Call) -> None:
    make(on)
    assert "No value was asked for" in on("lookups", "misses", "country_names__c").out
    assert "No key is missing." in on("lookups", "misses").out
    assert on("lookups", "misses", "country_names__c", "--json").document["total"] == 0
    assert on("lookups", "misses", "country_names__c", "--forget", "--json").document["forgotten"] == 0


def test_lookups_of_the_same_name_are_told_apart_by_their_vault(on: Call, store: Store) -> None:
    make(on)
    on("lookups", "create", "Country Names", *OF, "--vault", "Source")
    with store.read() as session:
        assert len(session.execute(table_of(Connection).select()).all()) == 2

    assert "Several are called" in on("lookups", "show", "country_names__c", code=1).err
    assert on("lookups", "show", "country_names__c", *TARGET, "--json").document["vault_id"] == 1002
    connection = on("connections", "list", *TARGET, "--json").document["connections"][0]["id"]
    shown = on("lookups", "show", "country_names__c", "--connection", str(connection), "--json").document
    assert shown["vault_id"] == 1002
    assert "no reference lookup" in on("lookups", "show", "other", code=1).err.lower()


def test_a_read_only_session_changes_no_lookup(on: Call) -> None:
    make(on)
    for words in (("set", "country_names__c", "a", "b"), ("delete", "country_names__c"), ("edit", "country_names__c")):
        assert "read-only" in on("--readonly", "lookups", *words, code=1).err


def use_for_codes(lab: Lab, lookup: int) -> None:
    """Have the only rule's codes looked up."""
    with lab.store.write() as write:
        fields = table_of(FieldRule)
        write.execute(
            update(fields)
            .where(fields.c.rule_id == lab.pair.rule_id, fields.c.target_field == "code__c")
            .values(reference_lookup_id=lookup)
        )


def test_misses_tell_attempts_and_waiting_records_apart(on: Call, lab: Lab, clock: ManualClock) -> None:
    make(on)
    use_for_codes(lab, on("lookups", "show", "country_names__c", "--json").document["lookup"]["id"])
    with lab.store.write() as write:
        values = {"name__v": "Twin", "code__c": "G-1"}
        create_record(write, lab.pair.source.system, "product__v", values)
    clock.advance(minutes=5)
    for stage, vault_id in ((send, 1001), (deliver, 1001), (receive, 1002), (receive, 1002), (receive, 1002)):
        stage.run_once(lab.store, clock, Scope(vault_id))
        clock.advance(minutes=5)

    missing = on("lookups", "misses", "country_names__c", "--json").document["missing_keys"]
    counts = {line["source_key"]: (line["records_waiting"], line["misses"]) for line in missing}
    assert counts == {"G-1": (2, 6), "O-1": (1, 3), "TOO-LONG": (1, 3)}
    shown = on("lookups", "misses").out
    assert "Records waiting" in shown
    assert "counts attempts" in shown
    assert "Asked in vain" in on("lookups", "list").out
    assert "counts attempts" in on("lookups", "show", "country_names__c").out

    on("lookups", "set", "country_names__c", "G-1", "G1")
    receive.run_once(lab.store, clock, Scope(1002))
    assert {line["source_key"] for line in on("lookups", "misses", "--json").document["missing_keys"]} == {
        "O-1",
        "TOO-LONG",
    }


def test_every_command_takes_the_connection_in_the_same_way(on: Call, tmp_path: Path) -> None:
    make(on)
    for words in (
        ("list",),
        ("show", "country_names__c"),
        ("set", "country_names__c", "a", "b"),
        ("edit", "country_names__c", "--name", "Country Names"),
        ("misses",),
        ("misses", "country_names__c"),
        ("export", "country_names__c", str(tmp_path / "keys.csv")),
        ("load", "country_names__c", str(tmp_path / "keys.csv")),
        ("unset", "country_names__c", "a"),
        ("delete", "country_names__c"),
    ):
        # The name stands for the records of both Vaults; only one of them has the lookup.
        on("lookups", *words, *OF)


def test_a_connection_that_is_not_there_is_named(on: Call) -> None:
    make(on)
    for words in (("list",), ("show", "country_names__c"), ("misses",), ("create", "Zones")):
        assert "There is no connection other" in on("lookups", *words, "--connection", "other", code=1).err
    refused = on("lookups", "list", "lab_connection__c", "--connection", "other", "--json", code=1).error
    assert set(refused["fields"]) == {"--connection"}


def test_a_connection_in_the_place_of_a_lookup_is_told_of(on: Call) -> None:
    refused = on("lookups", "show", "lab_connection__c", code=1).err
    assert "lab_connection__c is a connection: vault-console lookups list --connection lab_connection__c" in refused
    assert "vault-console lookups create makes one" in on("lookups", "show", "zones__c", code=1).err


def test_all_lookups_are_listed_with_their_vaults_and_connections(on: Call) -> None:
    make(on)
    on("lookups", "create", "Zones", *OF, "--vault", "Source")

    rows = on("lookups", "list", "--json").document["lookups"]

    assert [(row["vault"], row["connection"], row["api_name"]) for row in rows] == [
        ("Source", "lab_connection__c", "zones__c"),
        ("Target", "lab_connection__c", "country_names__c"),
    ]


def test_forgetting_needs_to_know_which_lookup(on: Call) -> None:
    assert set(on("lookups", "misses", "--forget", "--json", code=1).error["fields"]) == {"LOOKUP"}
