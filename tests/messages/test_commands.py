"""The browser's twins on the command line: list, show and tail."""

import json
from pathlib import Path
from threading import Thread
from typing import Any, Protocol

import pytest
from typer.testing import CliRunner

from console.cli.program import application
from models.services.messages import put_message
from models.tables import MessageState
from tests.exceptions.trouble import bad_items
from tests.messages.browsing import browse, write_messages
from tests.stages.lab import Lab


class Shell(Protocol):
    """Calls the command line on the lab's store; answers what it printed."""

    def __call__(self, *words: str, code: int = 0) -> str: ...


@pytest.fixture
def shell(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.delenv("NO_COLOR", raising=False)

    def call(*words: str, code: int = 0) -> str:
        result = CliRunner().invoke(application, ["--store", str(lab.store.path), *words], prog_name="vault-console")
        assert result.exit_code == code, (result.stdout, result.stderr)
        return result.stdout if code == 0 else result.stderr

    return call


def listed(shell: Shell, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(shell("messages", "list", *words, "--json"))["messages"]
    return found


def test_messages_of_all_vaults_or_of_one_queue_are_listed(lab: Lab, shell: Shell) -> None:
    lab.create("Alpha")
    lab.transfer()
    both = listed(shell)
    assert {(row["vault"], row["direction"], row["state"]) for row in both} == {
        ("Source", "outbound", "delivered"),
        ("Target", "inbound", "processed"),
    }
    assert len({row["message_id"] for row in both}) == 1
    assert [row["vault"] for row in listed(shell, "lab_outbound__c")] == ["Source"]
    assert [row["vault"] for row in listed(shell, "--vault", "Target")] == ["Target"]


def test_every_option_means_what_the_filter_line_means(lab: Lab, shell: Shell) -> None:
    record = lab.create("Alpha Centauri")
    run = lab.send().run_id
    lab.deliver()
    with lab.store.write() as write:
        put_message(write, lab.source.system, lab.source.queue_id, {"color": "red", "object": "thing__c"}, ["V0A9"])
    lab.deliver()
    write_messages(lab.store, lab.source, 2, state=MessageState.QUEUED, last_error="No answer.")
    (first,) = browse(lab.store, 1001, f"run:{run}")
    for words, line in {
        ("--state", "failed"): "state:failed",
        ("--state", "queued,delivered"): "state:queued,delivered",
        ("--direction", "out"): "direction:out",
        ("--point", "product"): "point:product",
        ("--connection", "lab_connection__c"): "connection:lab_connection__c",
        ("--object", "thing__c"): "object:thing__c",
        ("--event", "changed"): "event:changed",
        ("--item", record): f"item:{record}",
        ("--key", "Alpha Centauri"): 'key:"Alpha Centauri"',
        ("--attribute", "color=red"): "attr:color=red",
        ("--id", first.message_id[:8]): f"id:{first.message_id[:8]}",
        ("--run", str(run)): f"run:{run}",
        ("--since", "2026-01-05"): "since:2026-01-05",
        ("--until", "2026-01-05"): "until:2026-01-05",
        ("--filter", "alpha state:queued"): "alpha state:queued",
        ("--filter", "state:queued", "--key", "Alpha*"): "state:queued key:Alpha*",
    }.items():
        found = [row["id"] for row in listed(shell, "--vault", "Source", *words)]
        assert found == [row.key for row in browse(lab.store, 1001, line)], words


def test_an_option_that_cannot_be_read_is_named(shell: Shell) -> None:
    wrong = ("--state", "lost", "--since", "soon", "--attribute", "x", "--filter", "colour:red")
    error = json.loads(shell("messages", "list", *wrong, "--json", code=1))["error"]
    assert set(error["fields"]) == {"state", "since", "attribute", "filter"}


def test_a_name_that_no_vault_knows_is_an_error(lab: Lab, shell: Shell) -> None:
    write_messages(lab.store, lab.source, 1)
    error = json.loads(shell("messages", "list", "--connection", "nowhere", "--json", code=1))["error"]
    assert error["message"] == "No connection of this Vault is called “nowhere”."


def test_one_message_tells_what_it_names_and_what_is_wrong_with_it(lab: Lab, shell: Shell) -> None:
    bad, *_ = bad_items(lab, 1)
    (row,) = listed(shell, "--vault", "Target")
    shown = json.loads(shell("messages", "show", str(row["id"]), "--json"))["message"]
    assert {item["item"]: item["name"] for item in shown["named"]}[bad] == "Bad 0"
    assert [(line["item"], line["open"]) for line in shown["exceptions"]] == [(bad, True)]
    assert shown["signature"]["valid"]
    text = shell("messages", "show", str(row["id"]))
    assert "Bad 0" in text
    assert "User exceptions" in text
    assert shell("messages", "show", str(row["id"]), "--body") == lab.messages(lab.target)[0].body


def test_a_body_is_saved_and_nothing_is_replaced_by_accident(lab: Lab, shell: Shell, tmp_path: Path) -> None:
    lab.create("Alpha")
    lab.transfer()
    (message,) = lab.messages(lab.target)
    words = ("messages", "show", str(message.id), "--output", str(tmp_path / "body.json"))
    shell(*words)
    assert (tmp_path / "body.json").read_text() == message.body
    assert "--force" in shell(*words, code=1)
    shell(*words, "--force")


def test_a_message_without_a_body_says_so(lab: Lab, shell: Shell) -> None:
    (key,) = write_messages(lab.store, lab.source, 1)
    assert "no body yet" in shell("messages", "show", str(key), "--body", code=1)


def test_tail_begins_with_the_last_ones_and_ends_after_a_number(lab: Lab, shell: Shell) -> None:
    keys = write_messages(lab.store, lab.source, 5)
    rows = [
        json.loads(line) for line in shell("messages", "tail", "--last", "3", "--count", "3", "--json").splitlines()
    ]
    assert [row["id"] for row in rows] == keys[-3:]
    (line,) = shell("messages", "tail", "--last", "1", "--count", "1").splitlines()
    assert "Source  outbound  delivered  product_inbound__c  1 item" in line


def test_tail_ends_after_a_time(lab: Lab, shell: Shell) -> None:
    write_messages(lab.store, lab.source, 1)
    assert shell("messages", "tail", "--for", "0.01s") == ""


def test_tail_loses_none_of_thousands_that_come_while_it_looks(lab: Lab, shell: Shell) -> None:
    write_messages(lab.store, lab.source, 1)
    written: list[int] = []

    def write() -> None:
        for batch in range(20):
            side, first = (lab.source, lab.target)[batch % 2], 2 + 100 * batch
            written.extend(write_messages(lab.store, side, 100, first=first))

    writer = Thread(target=write)
    writer.start()
    printed = shell("messages", "tail", "--last", "5000", "--count", "2001", "--for", "2m", "--json")
    writer.join()
    assert sorted(json.loads(line)["id"] for line in printed.splitlines()) == [1, *written]


def test_tail_shows_only_what_is_meant(lab: Lab, shell: Shell) -> None:
    write_messages(lab.store, lab.source, 2)
    (queued,) = write_messages(lab.store, lab.source, 1, first=3, state=MessageState.QUEUED)
    words = ("--last", "9", "--count", "1", "--state", "queued", "lab_outbound__c", "--json")
    assert json.loads(shell("messages", "tail", *words))["id"] == queued
