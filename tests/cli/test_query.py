"""`vault-console query`: rows, columns, CSV, history, and an error with its place."""

from pathlib import Path

import pytest

from tests.cli.conftest import ODD, Call, Lab

SOURCE = ("--vault", "Source")


def test_rows_are_shown_as_a_table_and_as_a_vault_s_own_answer(on: Call, lab: Lab) -> None:
    text = "SELECT id, name__v, strength__c FROM product__v WHERE strength__c > 2 ORDER BY strength__c"
    shown = on("query", text, *SOURCE).out
    assert shown.splitlines()[0].split() == ["id", "name__v", "strength__c"]
    assert "2 rows." in shown
    assert "\x1b" not in shown
    assert on("query", text, *SOURCE, "--json").document == {
        "responseStatus": "SUCCESS",
        "responseDetails": {"pagesize": 1000, "pageoffset": 0, "size": 2, "total": 2},
        "data": [
            {"id": lab.odd, "name__v": ODD, "strength__c": 2.5},
            {"id": lab.good, "name__v": "Good", "strength__c": 5},
        ],
    }


def test_a_page_says_where_it_stands_and_how_to_get_the_next(on: Call) -> None:
    shown = on("query", "SELECT id FROM product__v", "--page-size", "2", *SOURCE).out
    assert "Rows 1 to 2 of 3." in shown
    assert "Next page: SELECT id FROM product__v PAGESIZE 2 PAGEOFFSET 2" in shown


def test_columns_are_described(on: Call) -> None:
    assert "Strength" in on("query", "SELECT strength__c FROM product__v", "--describe", *SOURCE).out
    document = on("query", "SELECT strength__c FROM product__v", "--describe", "--json", *SOURCE).document
    assert document["queryDescribe"]["fields"] == [
        {"name": "strength__c", "label": "Strength", "type": "Number", "required": False, "max_length": None}
    ]


def test_an_error_points_at_its_place(on: Call) -> None:
    text = "SELECT id\nFROM product__v ORDER name__v"
    lines = on("query", text, *SOURCE, code=1).err.splitlines()
    assert lines[:2] == ["FROM product__v ORDER name__v", f"{' ' * 22}^"]
    assert "found near position [23] at line [2]" in lines[2]
    error = on("query", text, "--json", *SOURCE, code=1).error
    assert (error["type"], error["line"], error["position"]) == ("INCORRECT_QUERY_SYNTAX", 2, 23)


def test_a_user_sees_what_he_may(on: Call) -> None:
    on("query", "SELECT id FROM nothing__v", *SOURCE, code=1)
    assert "no user" in on("query", "SELECT id FROM product__v", "--user", "nobody", *SOURCE, code=1).err


def test_all_rows_are_written_as_csv_and_no_file_is_overwritten(on: Call, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    words = ("query", "SELECT name__v, code__c, marketed__c FROM product__v", "--csv", str(path), *SOURCE)
    assert "3 rows" in on(*words).out
    assert path.read_bytes().decode().split("\r\n")[:2] == ["name__v,code__c,marketed__c", "Good,G-1,true"]
    assert "--force" in on(*words, code=1).err
    assert "3 rows" in on(*words, "--force").out


def test_queries_are_remembered(on: Call) -> None:
    on("query", "SELECT id FROM product__v", *SOURCE)
    on("query", "SELECT name__v FROM product__v", *SOURCE)
    on("query", "SELECT odd", *SOURCE, code=1)
    assert on("query", "--history", "--json").document == {
        "queries": ["SELECT name__v FROM product__v", "SELECT id FROM product__v"]
    }


def test_a_query_is_needed(on: Call) -> None:
    assert "Say what to ask" in on("query", *SOURCE, code=1).err


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("missing/rows.csv", "There is no folder {folder}/missing: make it first"),
        ("there", "{folder}/there is a folder: name a file in it."),
        ("file/rows.csv", "{folder}/file is no folder"),
    ],
)
def test_a_csv_file_that_cannot_be_names_its_option_and_what_to_do(
    on: Call, tmp_path: Path, name: str, told: str
) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "file").write_text("")
    refused = on("query", "SELECT id FROM product__v", "--csv", str(tmp_path / name), *SOURCE, "--json", code=1).error

    assert set(refused["fields"]) == {"--csv"}
    assert told.format(folder=tmp_path) in refused["fields"]["--csv"]
