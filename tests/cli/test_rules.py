"""Custom integrations and rules by the command line: from nothing, changed, as text, and what is refused."""

from pathlib import Path

import pytest
from sqlalchemy import update

from models.permissions import READ_ONLY_USER
from models.services.vaults import create_user
from models.tables import IntegrationRule, LookupType, ReferenceLookup, table_of
from tests.cli.conftest import Call, Lab

SOURCE, TARGET = ("--vault", "Source"), ("--vault", "Target")


def test_a_custom_integration_is_made_from_nothing_on_both_sides(on: Call) -> None:
    made = on("integrations", "create", "Copies", "--connection", "lab_connection__c", *TARGET, "--json").document
    assert made["api_name"] == "copies__c"
    point = on(
        "integrations", "create-point", "copies__c", "Copies In", "--direction", "inbound", "--matching",
        "external_id", "--no-updates", *TARGET, "--json",
    ).document  # fmt: skip
    assert point["api_name"] == "copies_in__c"
    on("rules", "create", "Copy Rule", "--point", "copies_in__c", "--primary-query-object", "product__v", *TARGET)
    fields = ("target_object=product__v", "target_object_field=name__v", "query_field=name__v", "field_default=none")
    assert on("rules", "add-field", "copy_rule__c", *fields, "--json").document["name"] == "name__c"
    on("rules", "add-query", "copy_rule__c", "query_object=product__v", "filter_clause=strength__c > 1")
    shown = on("rules", "show", "copy_rule__c", "--json").document
    assert shown["place"]["point"] == "copies_in__c"
    assert shown["rule"]["field_rules"][0]["default_value"] == "none"
    assert shown["rule"]["query_object_rules"][0]["filter_clause"] == "strength__c > 1"

    on("integrations", "create", "Copies", "--connection", "lab_connection__c", *SOURCE)
    on("integrations", "create-point", "copies__c", "Copies Out", "--direction", "outbound", *SOURCE)
    watch = ("integrations", "watch", "copies_out__c", "product__v", "--to")
    assert on(*watch, "copies_in__c", "--where", "marketed__c=true", "--json").document["changed"]
    assert not on(*watch, "copies_in__c", "--where", "marketed__c=yes", "--json").document["changed"]
    (source,) = on("integrations", "show", "copies__c", *SOURCE, "--json").document["integration"]["points"][0][
        "sources"
    ]
    assert (source["remote_point"], source["criteria"]) == ("copies_in__c", {"marketed__c": True})
    on(*watch, "copies_in__c", "--where", "strength__c=1|2.5", "--where", "code__c=")
    (source,) = on("integrations", "show", "copies__c", *SOURCE, "--json").document["integration"]["points"][0][
        "sources"
    ]
    assert source["criteria"] == {"strength__c": [1, 2.5], "code__c": ""}


def test_points_and_integrations_are_changed_and_deleted(on: Call) -> None:
    on("integrations", "create", "Copies", "--connection", "lab_connection__c", "--feature", "Test", *SOURCE)
    on("integrations", "edit", "copies__c", "name=Doubles", *SOURCE)
    on("integrations", "create-point", "Doubles", "Out", "--direction", "outbound", *SOURCE)
    on("integrations", "edit-point", "out__c", "name=Way Out", "updates=false", *SOURCE)
    assert "unchanged" in on("integrations", "edit-point", "out__c", "name=Way Out", *SOURCE).out
    on("integrations", "watch", "out__c", "product__v", "--to", "product_inbound__c", *SOURCE)
    assert on("integrations", "unwatch", "out__c", "product__v", *SOURCE, "--json").document["removed"] == 1
    assert "does not watch" in on("integrations", "unwatch", "out__c", "product__v", *SOURCE, code=1).err
    on("integrations", "delete-point", "out__c", *SOURCE)
    on("integrations", "delete", "Doubles", *SOURCE)
    assert [row["api_name"] for row in on("integrations", "list", *SOURCE, "--json").document["integrations"]] == [
        "product_integration__c"
    ]


def test_a_rule_is_changed_switched_and_deleted(on: Call) -> None:
    assert "was saved" in on("rules", "edit", "product_rule__c", "label=Products").out
    assert on("rules", "inactivate", "product_rule__c", "--json").document["changed"]
    assert "already" in on("rules", "inactivate", "product_rule__c").out
    on("rules", "activate", "product_rule__c", "--with-children")
    assert "Active" in on("rules", "list", "--connection", "lab_connection__c", *TARGET).out
    assert on("rules", "edit-field", "product_rule__c", "code__c", "active=false", "--json").document["changed"]
    assert "unchanged" in on("rules", "edit-field", "product_rule__c", "code__c", "active=no").out
    on("rules", "delete-field", "product_rule__c", "code__c")
    on("rules", "add-query", "product_rule__c", "query_object=product__v")
    on("rules", "edit-query", "product_rule__c", "product__c", "label=All", "active=false")
    on("rules", "delete-query", "product_rule__c", "product__c")
    text = on("rules", "show", "product_rule__c").out
    assert "product__v.name__v" in text
    assert "code__c" not in text
    on("rules", "delete", "product_rule__c")
    assert on("rules", "list", "--json").document["rules"] == []


def test_a_lookup_is_named_and_what_the_source_lacks_is_told(on: Call, lab: Lab) -> None:
    with lab.store.write() as write:
        write.add(
            ReferenceLookup(
                connection_id=lab.pair.target.connection_id, name="Codes", api_name="codes__c", type=LookupType.GENERIC
            )
        )
    edit = ("rules", "edit-field", "product_rule__c", "code__c")
    told = on(*edit, "reference_lookup=codes__c", "query_field=colour__c", "--json").document
    assert told["warnings"] == {"query_field": "Product in the source Vault has no field colour__c."}
    assert "has no reference lookup none__c" in on(*edit, "reference_lookup=none__c", code=1).err
    on(*edit, "reference_lookup=", "query_field=code__c")


@pytest.mark.parametrize(
    ("words", "field", "told"),
    [
        (("add-query", "filter_clause=colour__c = 'red'"), "filter_clause", "[colour__c] is not a queryable field"),
        (("add-query", "filter_clause=strength__c > 5"), "", ""),
        (("edit-field", "code__c", "query_field_select=TOLABEL(colour__c)"), "query_field_select", "[colour__c]"),
        (("edit-field", "strength__c", "field_default=many"), "default_value", "Strength does not take this default."),
        (("edit-field", "strength__c", "field_default=5"), "", ""),
    ],
)
def test_what_could_never_be_answered_or_written_is_told(
    on: Call, words: tuple[str, ...], field: str, told: str
) -> None:
    more = ("query_object=product__v",) if words[0] == "add-query" else ()
    warnings = on("rules", words[0], "product_rule__c", *words[1:], *more, "--json").document["warnings"]

    assert set(warnings) == ({field} if field else set())
    assert told in " ".join(warnings.values())


def test_a_point_that_sends_to_nobody_is_told(on: Call) -> None:
    words = ("integrations", "watch", "product_outbound__c", "product__v", *SOURCE)
    told = on(*words, "--to", "none__c").out
    assert "has no inbound point none__c. It has product_inbound__c." in told
    assert "Note" not in on(*words, "--to", "product_inbound__c").out
    assert set(on(*words, "--to", "x__c", "--where", "none__c=1", "--json", code=1).error["fields"]) == {
        "--where none__c"
    }


def test_refusals_name_fields_as_the_help_does(on: Call) -> None:
    words = ("rules", "edit-field", "product_rule__c", "code__c")
    assert set(on(*words, "target_object_field=none__c", "--json", code=1).error["fields"]) == {"target_object_field"}
    assert set(on(*words, "target_field=none__c", "--json", code=1).error["fields"]) == {"target_field"}


def test_a_deleted_rule_comes_back_from_its_text(on: Call, tmp_path: Path) -> None:
    file = tmp_path / "rules.mdl"
    on("rules", "export", *TARGET, "--output", str(file))
    on("rules", "delete", "product_rule__c")
    assert "There are no integration rules" in on("rules", "list", *TARGET).out

    assert "product_rule__c is added" in on("rules", "import", str(file), *TARGET).out

    assert on("rules", "export", *TARGET).out == file.read_text()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            "integrations create-point product_integration__c X --direction up --vault Source",
            "one of inbound, outbound",
        ),
        ("integrations edit-point product_outbound__c creates=maybe", "true or false"),
        ("integrations edit product_integration__c colour=red --vault Source", "name, api_name, feature"),
        ("integrations watch product_outbound__c product__v --to x__c --where marketed__c=blue", "neither yes nor no"),
        ("rules create X --point product_outbound__c", "is outbound"),
        ("rules edit product_rule__c colour=red", "label, api_name, primary_query_object"),
        ("rules edit-field product_rule__c none__c label=x", "has no field rule none__c"),
        ("rules add-field product_rule__c target_object=product__v target_field=name__v", "query field, a default"),
        ("rules add-query product_rule__c filter_clause=", "This is needed"),
        ("rules show none__c", "There is no integration rule none__c here"),
    ],
)
def test_what_cannot_be_is_refused_in_words(on: Call, words: str, told: str) -> None:
    assert told in on(*words.split(), code=1).err


def test_rules_leave_as_text_and_come_back_with_the_difference_shown_first(on: Call, tmp_path: Path) -> None:
    file = tmp_path / "rules.mdl"
    assert "Wrote 1 rule" in on("rules", "export", *TARGET, "--output", str(file)).out
    assert "already" in on("rules", "export", *TARGET, "--output", str(file), code=1).err
    text = file.read_text()
    assert on("rules", "export", "product_rule__c").out == text
    assert on("rules", "export", "--point", "product_inbound__c", "--json").document["mdl"] == text

    file.write_text(text.replace("'Product Rule'", "'Products'"))
    dry = on("rules", "import", str(file), "--dry-run", *TARGET).out
    assert "label: “Product Rule” becomes “Products”" in dry
    assert "dry run" in dry
    assert on("rules", "export", *TARGET).out == text
    changed = on("rules", "import", str(file), *TARGET, "--json").document["changes"]
    assert changed[0]["values"] == {"label": ["Product Rule", "Products"]}
    file.write_text(file.read_text(), encoding="utf-8-sig")
    assert "Nothing differs." in on("rules", "import", str(file), *TARGET).out


def test_a_broken_text_is_refused_with_line_and_column(on: Call, tmp_path: Path) -> None:
    file = tmp_path / "rules.mdl"
    file.write_text("RECREATE Integrationrule a__c (\n  label(5));")
    assert "Line 2, column 3: label takes text in quotes" in on("rules", "import", str(file), *TARGET, code=1).err
    file.write_text("-- nothing\n")
    assert set(on("rules", "import", str(file), *TARGET, "--json", code=1).error["fields"]) == {"FILE"}
    file.write_bytes(b"\xff\xfe")
    assert "no text in UTF-8" in on("rules", "import", str(file), *TARGET, code=1).err
    assert "No such file" in on("rules", "import", str(tmp_path / "none"), *TARGET, code=1).err


def test_a_reader_changes_nothing(on: Call, lab: Lab, tmp_path: Path) -> None:
    with lab.store.write() as write:
        for vault_id in (1001, 1002):
            create_user(write, vault_id, "viewer@lab.example.com", "V", "Iewer", READ_ONLY_USER)
    file = tmp_path / "rules.mdl"
    file.write_text(on("rules", "export", *TARGET).out)
    viewer = ("--user", "viewer@lab.example.com")
    for words in (
        ("rules", "delete", "product_rule__c"),
        ("rules", "import", str(file), *TARGET),
        ("rules", "edit-field", "product_rule__c", "code__c", "active=false"),
    ):
        assert "Application: Manage Integrations" in on(*words, *viewer, code=1).err
    assert (
        "Application: Manage Connections"
        in on("integrations", "create", "X", "--connection", "lab_connection__c", *SOURCE, *viewer, code=1).err
    )


def test_a_standard_rule_says_why_it_stays(on: Call, lab: Lab) -> None:
    with lab.store.write() as write:
        write.execute(update(table_of(IntegrationRule)).values(standard=True))
    assert "is a standard rule" in on("rules", "delete", "product_rule__c", code=1).err
