"""The command line does the whole establish walk, and everything else about connections (seed S1)."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from models.permissions import READ_ONLY_USER
from models.services.vaults import create_user
from models.store import Store
from tests.builders import ADMIN
from tests.cli.conftest import Answer, Call
from tests.lifecycle.conftest import Desk

SOURCE, TARGET, THIRD = ("--vault", "Source"), ("--vault", "Target"), ("--vault", "Third")


class Line:
    """The command line on the store of the desk, always answering in JSON."""

    def __init__(self, call: Call, path: Path) -> None:
        self._call = call
        self._path = path

    def __call__(self, *words: str, code: int = 0) -> dict[str, Any]:
        answer = self.words(*words, "--json", code=code)
        return answer.document if code == 0 else answer.error

    def words(self, *words: str, code: int = 0) -> Answer:
        return self._call("--store", str(self._path), *words, code=code)

    def state(self, connection: str, vault: tuple[str, str]) -> str:
        found = self("connections", "show", connection, *vault)["connection"]["state"]
        assert isinstance(found, str)
        return found


@pytest.fixture
def line(desk: Desk, call: Call, tmp_path: Path) -> Iterator[Line]:
    assert desk.store.path is not None
    yield Line(call, desk.store.path)
    with closing(sqlite3.connect(tmp_path / "lab.sqlite3")) as database:
        assert not database.execute("PRAGMA foreign_key_check").fetchall()


def test_the_whole_walk_with_approval_in_both_vaults(line: Line, tmp_path: Path) -> None:
    made = line("connections", "create", "Lab Link", "--api-name", "lab_link__c", *SOURCE)["connection"]
    assert (made["state"], made["type"], made["record_id"]) == ("pending", "vault_to_vault__sys", "V17000000001001")
    written = line("connections", "download", "lab_link__c", "--to", str(tmp_path), *SOURCE)
    file = str(tmp_path / "lab_link__c-1001.vaultconnection")
    assert written["file"] == file
    preview = line("connections", "connect", file, "--preview", *TARGET)["preview"]
    assert (preview["refusal"], preview["creates"], preview["needs_approval"]) == (None, True, True)
    assert line("connections", "connect", file, *TARGET)["connection"]["state"] == "pending"
    waits = line("connections", "timeline", "lab_link__c", *SOURCE)["approval"]
    assert (waits["own_open"], waits["remote_open"]) == (True, True)
    assert line("connections", "approve", "lab_link__c", *SOURCE)["connection"]["state"] == "approved"
    assert "Target" in line.words("connections", "timeline", "lab_link__c", *SOURCE).out
    done = line("connections", "approve", "lab_link__c", *TARGET)["connection"]
    assert (done["state"], done["remote_vault_id"]) == ("active", 1001)
    assert line.state("lab_link__c", SOURCE) == "active"
    verdicts = [row["verdict"] for row in line("connections", "timeline", "lab_link__c", *TARGET)["timeline"]]
    assert verdicts.count("approved") == 2


def test_the_walk_of_re_establishing_with_sandboxes(line: Line, tmp_path: Path) -> None:
    for vault in (SOURCE, TARGET):
        line("connections", "create", "Lab Link", "--api-name", "lab_link__c", *vault)
    ours = ("--vault", str(line("sandbox", "create", "Source Sandbox", *SOURCE)["sandbox"]["id"]))
    theirs = ("--vault", str(line("sandbox", "create", "Target Sandbox", "--id", "7002", *TARGET)["sandbox"]["id"]))
    assert theirs[1] == "7002"
    file = str(tmp_path / "one.vaultconnection")
    line("connections", "edit", "lab_link__c", "remote_vault_id=7002", *ours)
    line("connections", "download", "lab_link__c", "--to", file, *ours)
    line("connections", "connect", file, *theirs)
    assert (line.state("lab_link__c", ours), line.state("lab_link__c", theirs)) == ("active", "active")
    assert line("sandbox", "refresh", "Source Sandbox")["sandbox"]["id"] == int(ours[1])
    assert (line.state("lab_link__c", ours), line.state("lab_link__c", theirs)) == ("pending", "active")
    again = str(tmp_path / "two.vaultconnection")
    line("connections", "download", "lab_link__c", "--to", again, *ours)
    line("connections", "connect", again, *theirs)
    line("connections", "approve", "lab_link__c", *theirs)
    line("connections", "approve", "lab_link__c", *ours)
    assert (line.state("lab_link__c", ours), line.state("lab_link__c", theirs)) == ("active", "active")
    assert line("connections", "reset", "lab_link__c", *ours)["connection"]["state"] == "pending"
    assert line.state("lab_link__c", theirs) == "active"


def test_a_connection_is_shown_with_its_clients_and_what_can_be_done(line: Line) -> None:
    line("connections", "create", "Lab Link", "--api-name", "lab_link__c", *SOURCE)
    shown = line("connections", "show", "lab_link__c", *SOURCE)["connection"]
    assert [client["client_id"] for client in shown["clients"]] == ["veeva-vault-lab_link__c"]
    assert (shown["lookups"], shown["approval"], shown["client_id_filtering"]) == ([], None, False)
    assert "veeva-vault-lab_link__c  Active" in line.words("connections", "show", "lab_link__c", *SOURCE).out
    reasons = {row["name"]: row["reason"] for row in line("connections", "actions", "lab_link__c", *SOURCE)["actions"]}
    assert [name for name, reason in reasons.items() if reason is None] == ["edit", "duplicate", "download", "delete"]
    assert "is Pending, not Active" in line.words("connections", "actions", "lab_link__c", *SOURCE).out


def test_a_rejection_and_a_refused_file(line: Line, tmp_path: Path) -> None:
    line("connections", "create", "Lab Link", "--api-name", "lab_link__c", *SOURCE)
    file = tmp_path / "lab.vaultconnection"
    line("connections", "download", "lab_link__c", "--to", str(file), *SOURCE)
    again = line("connections", "download", "lab_link__c", "--to", str(file), *SOURCE, code=1)
    assert (again["message"], "--force" in again["remedy"]) == (f"There is a file {file} already.", True)
    refused = line("connections", "connect", str(file), *SOURCE, code=1)
    assert (refused["title"], "this very Vault" in refused["message"]) == ("Connection file refused", True)
    assert "would be refused" in line.words("connections", "connect", str(file), "--preview", *SOURCE).out
    line("connections", "connect", str(file), *TARGET)
    line("connections", "approve", "lab_link__c", *SOURCE)
    assert line("connections", "reject", "lab_link__c", *TARGET)["connection"]["state"] == "pending"
    assert line.state("lab_link__c", SOURCE) == "pending"
    assert "already used" in line("connections", "connect", str(file), *TARGET, code=1)["message"]
    assert "cannot be read" in line("connections", "connect", str(tmp_path / "none"), *TARGET, code=1)["message"]


def test_a_file_that_could_not_be_written_was_not_issued(line: Line, tmp_path: Path) -> None:
    line("connections", "create", "Lab Link", "--api-name", "lab_link__c", *SOURCE)
    file = tmp_path / "lab.vaultconnection"
    line("connections", "download", "lab_link__c", "--to", str(file), *SOURCE)
    line("connections", "download", "lab_link__c", "--to", str(tmp_path / "no" / "folder"), *SOURCE, code=1)
    assert line("connections", "connect", str(file), "--preview", *TARGET)["preview"]["refusal"] is None


def test_connections_are_edited_duplicated_and_deleted(line: Line) -> None:
    line("connections", "create", "Out", "--type", "external", "--api-name", "out__c", *SOURCE)
    words = ("connections", "edit", "out__c", "url=https://example.com:8443", "remote_vault_id=5", *SOURCE)
    assert set(line(*words, code=1)["fields"]) == {"url", "remote_vault_id"}
    assert set(line("connections", "edit", "out__c", "colour=red", *SOURCE, code=1)["fields"]) == {"colour"}
    line("connections", "edit", "out__c", "url=https://example.com", f"authorized_user={ADMIN}", *SOURCE)
    assert (
        "veeva-vault-out__c" in line("connections", "edit", "out__c", "api_name=out_2__c", *SOURCE, code=1)["message"]
    )
    line("connections", "edit", "out__c", "api_name=out_2__c", "--confirm-api-name", *SOURCE)
    copy = line("connections", "duplicate", "out_2__c", "Other", "--api-name", "other__c", *SOURCE)["connection"]
    assert (copy["name"], copy["state"]) == ("Other", "active")
    shown = line("connections", "show", "other__c", *SOURCE)["connection"]
    assert (shown["url"], shown["authorized_user"]) == ("https://example.com", ADMIN)
    assert line("connections", "delete", "other__c", "--preview", *SOURCE)["deleted"] is False
    assert line("connections", "delete", "other__c", *SOURCE)["deleted"] is True
    line("connections", "show", "other__c", *SOURCE, code=1)


def test_clients_are_added_changed_and_inactivated(line: Line) -> None:
    line("connections", "create", "Out", "--type", "external", "--api-name", "out__c", *SOURCE)
    line("clients", "add", "out__c", "my-client", *SOURCE)
    line("clients", "change", "out__c", "my-client", "my-other-client", *SOURCE)
    assert line("clients", "inactivate", "out__c", "veeva-vault-out__c", *SOURCE)["changed"] is True
    assert line("clients", "filtering", "--on", *SOURCE)["client_id_filtering"] is True
    found = line("clients", "list", "out__c", *SOURCE)
    assert found["client_id_filtering"] is True
    assert [(row["client_id"], row["active"]) for row in found["clients"]] == [
        ("veeva-vault-out__c", False),
        ("my-other-client", True),
    ]


def test_a_secret_is_read_from_a_file_and_never_shown(line: Line, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hush-hush\n")
    words = ("authorizations", "create", "Lab", "--identity", "ada", "--secret-file", str(tmp_path / "secret"), *SOURCE)
    assert line(*words)["authorization"]["identity"] == "ada"
    line(
        "connections",
        "create",
        "Out",
        "--type",
        "external",
        "--api-name",
        "o__c",
        "--set",
        "authorization=Lab",
        *SOURCE,
    )
    told = line.words("authorizations", "list").out + line.words("audit", "list", "--json").out
    assert "ada" in told
    assert "hush" not in told
    assert "used by Out" in line("authorizations", "delete", "Lab", *SOURCE, code=1)["message"]


def test_users_and_the_audit_trail_are_listed(line: Line) -> None:
    line("connections", "create", "Lab Link", "--api-name", "lab_link__c", *SOURCE)
    assert ADMIN in {row["username"] for row in line("users", "list", *SOURCE)["users"]}
    rows = line("audit", "list", "--object", "connection__sys", *SOURCE)["audit"]
    assert [(row["user"], row["action"], row["item"]) for row in rows] == [(ADMIN, "Create", "Lab Link")]
    assert line("audit", "list", "--by", "nobody", *SOURCE)["total"] == 0
    assert "Lab Link" in line.words("audit", "list", "--find", "Lab Link").out


def test_the_audit_trail_is_filtered_by_everything_at_once(line: Line, desk: Desk) -> None:
    line("connections", "create", "Lab Link", "--api-name", "lab_link__c", *SOURCE)
    record_id = line("connections", "show", "lab_link__c", *SOURCE)["connection"]["record_id"]
    today = f"{desk.clock.now():%Y-%m-%d}"
    every = (
        "--by",
        "admin",
        "--action",
        "create",
        "--object",
        "connection__sys",
        "--item",
        "lab",
        "--record",
        record_id,
    )
    found = line("audit", "list", *every, "--from", today, "--to", today)
    assert [(row["item"], row["record_id"]) for row in found["audit"]] == [("Lab Link", record_id)]
    assert line("audit", "list", *every, "--to", "2020-01-01")["total"] == 0
    assert line("audit", "list", *every, "--item", "other")["total"] == 0
    refused = line("audit", "list", "--from", "monday", "--to", "2026-13-01", code=1)["fields"]
    assert refused["--from"].startswith("monday is no time. Write 2026-01-31")
    assert refused["--to"].startswith("2026-13-01 is no time.")
    refused = line("audit", "list", "--from", "2026-02-01", "--to", "2026-01-01", code=1)["fields"]
    assert refused == {"--to": "This is before the beginning."}


def test_the_verdicts_of_an_approval_are_in_the_audit_trail(line: Line, tmp_path: Path) -> None:
    file = str(tmp_path / "lab.vaultconnection")
    line("connections", "create", "Lab Link", "--api-name", "lab_link__c", *SOURCE)
    line("connections", "download", "lab_link__c", "--to", file, *SOURCE)
    line("connections", "connect", file, *TARGET)
    line("connections", "reject", "lab_link__c", *TARGET)
    (row,) = line("audit", "list", "--action", "Reject", *TARGET)["audit"]
    assert (row["workflow"], row["task"], row["verdict"]) == ("Approval Workflow", "Approve Connection", "rejected")
    assert "rejected" in line.words("audit", "list", "--action", "Reject", *TARGET).out


def test_every_changing_command_checks_the_user_and_the_read_only_session(line: Line, store: Store) -> None:
    with store.write() as write:
        create_user(write, 1001, "reader", "", "", READ_ONLY_USER)
    line("connections", "create", "Lab Link", "--api-name", "lab_link__c", *SOURCE)
    for words in (
        ("connections", "create", "X", "--api-name", "x__c"),
        ("connections", "edit", "lab_link__c", "name=X"),
        ("connections", "duplicate", "lab_link__c", "X", "--api-name", "x__c"),
        ("connections", "download", "lab_link__c"),
        ("connections", "approve", "lab_link__c"),
        ("connections", "reject", "lab_link__c"),
        ("connections", "reset", "lab_link__c"),
        ("connections", "delete", "lab_link__c"),
        ("clients", "add", "lab_link__c", "x"),
        ("clients", "inactivate", "lab_link__c", "veeva-vault-lab_link__c"),
        ("clients", "filtering", "--on"),
        ("sandbox", "create", "X"),
    ):
        assert line(*words, *SOURCE, "--user", "reader", code=1)["title"] == "Permission missing"
        assert line("--readonly", *words, *SOURCE, code=1)["title"] == "Permission missing"
