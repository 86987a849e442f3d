"""The command line of queues, messages and certificates, and the two servers for labs as processes of their own."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from typer.testing import CliRunner

from console.cli.program import application
from models.store import Store
from models.tables import MessageState
from tests.conftest import ManualClock
from tests.queues.lab import Sender, make_sender


@dataclass
class Shell:
    """Calls the command line on the store of a sender."""

    sender: Sender
    place: Path

    def __call__(self, *words: str, code: int = 0) -> dict[str, Any]:
        result = CliRunner().invoke(
            application, ["--store", str(self.place), *words, "--json"], prog_name="vault-console"
        )
        assert result.exit_code == code, (result.stdout, result.stderr)
        found = json.loads(result.stdout if code == 0 else result.stderr)
        assert isinstance(found, dict)
        return found if code == 0 else dict(found["error"])

    def text(self, *words: str) -> str:
        result = CliRunner().invoke(application, ["--store", str(self.place), *words], prog_name="vault-console")
        assert result.exit_code == 0, (result.stdout, result.stderr)
        return result.stdout

    @contextmanager
    def server(self, *words: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
        """A server as a process of its own, and the port it listens at."""
        command = [sys.executable, "-c", "from console.cli import main; main()", "--store", str(self.place), *words]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | {"NO_COLOR": "1"}
        ) as process:
            try:
                assert process.stderr is not None
                said = process.stderr.readline()
                listening = re.search(r":(\d+); Ctrl\+C", said)
                assert listening is not None, said + process.stderr.read()
                yield process, int(listening[1])
            finally:
                process.terminate()


@pytest.fixture
def shell(store: Store, clock: ManualClock) -> Shell:
    sender = make_sender(store, clock)
    assert store.path is not None
    return Shell(sender, store.path)


def test_a_queue_is_made_edited_connected_paused_reset_and_deleted(shell: Shell) -> None:
    made = shell("queues", "create", "My Queue", "--type", "outbound", "--retry", "1,2", "--sequential")
    assert made["api_name"] == "my_queue__c"
    assert shell("queues", "edit", "my_queue__c", "--label", "Renamed", "--retry", "default")["changed"]
    assert not shell("queues", "edit", "my_queue__c", "--label", "Renamed")["changed"]
    assert shell("queues", "connect", "my_queue__c", "warehouse", "--path", "/a")["changed"]
    assert shell("queues", "connect", "my_queue__c", "warehouse", "--path", "/b", "--inactive")["changed"]
    assert shell("messages", "put", "my_queue__c", code=1)["title"] == "Not possible now"
    assert shell("queues", "connect", "my_queue__c", "warehouse", "--active")["changed"]
    for word in ("disable-delivery", "enable-delivery", "inactivate", "activate"):
        assert shell("queues", word, "my_queue__c")["changed"]
        assert not shell("queues", word, "my_queue__c")["changed"]
    shell("messages", "put", "my_queue__c")
    assert set(shell("queues", "reset", "my_queue__c", code=1)["fields"]) == {"name"}
    assert shell("queues", "reset", "my_queue__c", "--type-name", "my_queue__c")["deleted"] == 1
    shell("messages", "put", "my_queue__c")
    assert "still holds 1 message" in shell("queues", "delete", "my_queue__c", code=1)["message"]
    assert shell("queues", "delete", "my_queue__c", "--confirm")["messages"] == 1
    assert [row["api_name"] for row in shell("queues", "list")["queues"]] == ["orders__c"]


def test_a_handler_is_set_with_its_user_and_taken_off_again(shell: Shell) -> None:
    owner = "app.owner@lab.example.com"
    assert shell("queues", "edit", "orders__c", "--delivery-handler", "notify", "--handler-user", owner)["changed"]
    assert shell("queues", "edit", "orders__c", "--delivery-handler", "")["changed"]
    assert "no user nobody" in shell("queues", "edit", "orders__c", "--handler-user", "nobody", code=1)["message"]
    assert "list of minutes" in shell("queues", "edit", "orders__c", "--retry", "soon", code=1)["message"]


def test_a_message_is_put_with_typed_attributes_and_looked_at_without_taking_it(shell: Shell) -> None:
    put = shell(
        "messages", "put", "orders", "--attribute", "event=new", "--attribute", "count=3",
        "--attribute", "urgent=true", "--attribute", 'code="7"', "--item", "V0A1",
    )  # fmt: skip
    (message_id,) = put["queued"]
    listed = shell("messages", "list", "orders__c")
    assert [row["message_id"] for row in listed["messages"]] == [message_id]
    shown = shell("messages", "show", message_id)["message"]
    assert shown["attributes"] == {"event": "new", "count": 3, "urgent": True, "code": "7"}
    assert shown["items"] == ["V0A1"]
    assert shown["signature"]["valid"] is False
    assert "not been signed yet" in shell.text("messages", "show", message_id)
    assert shell.sender.messages()[0].state is MessageState.QUEUED
    assert set(shell("messages", "put", "orders", "--attribute", "x", code=1)["fields"]) == {"attribute"}
    assert shell("messages", "show", "nothing", code=1)["title"] == "Not found"


def test_the_log_shows_the_vendor_s_columns_and_a_message_is_put_back(shell: Shell) -> None:
    shell("queues", "edit", "orders__c", "--retry", "")
    shell.sender.reach(1)
    (message_id,) = shell.sender.put()
    assert "has not left its queue" in shell("messages", "put-back", message_id, code=1)["message"]
    shell.sender.deliver()
    day = f"{shell.sender.clock.now():%Y-%m-%d}"
    (entry,) = shell("queues", "log", "--day", day)["entries"]
    assert (entry["entry_type"], entry["message_id"], entry["attempts"]) == ("REMOVAL", message_id, 1)
    assert entry["connection_name"] == shell.sender.connection.record_id
    heads = shell.text("queues", "log", "--day", day)
    for column in ("TimeStamp", "VaultId", "QueueName", "ConnectionName", "MessageId", "EntryType", "QueueTime"):
        assert column in heads
    assert shell("queues", "log", "--days")["days"] == [{"day": day, "entries": 1}]
    assert "monday is no time. Write 2026-01-31" in shell("queues", "log", "--day", "monday", code=1)["message"]
    shell("messages", "put-back", message_id)
    assert shell.sender.messages()[0].state is MessageState.QUEUED


def test_a_trace_names_until_when(shell: Shell) -> None:
    assert shell("queues", "trace", "orders__c")["until"] is not None
    assert shell("queues", "trace", "orders__c", "--off")["until"] is None


def test_certificates_roll_over_and_a_connection_is_switched(shell: Shell, tmp_path: Path) -> None:
    assert shell("certificates", "rollover")["rollover"]["stage"] is None
    assert shell("certificates", "switch", "warehouse", "00001")["changed"] is False
    started = shell("certificates", "rollover", "--start", "--stage-lasts", "1h")["rollover"]
    assert (started["old"], started["new"], started["stage"]) == ("00001", "00002", "published")
    assert "only" in shell("certificates", "switch", "warehouse", "00002", code=1)["message"].lower()
    changed = shell("certificates", "rollover", "--change", "--final", "2027-06-01")["rollover"]
    assert changed["stages"][-1] == {"stage": "final", "begins": "2027-06-01T00:00:00.000Z"}
    assert "Either" in shell("certificates", "rollover", "--start", "--change", code=1)["fields"]["change"]
    assert shell("certificates", "rollover", "--change", code=1)["fields"]
    shell("clock", "step", "2h")
    assert shell("certificates", "rollover")["rollover"]["stage"] == "rollover"
    switched = shell("certificates", "switch", "warehouse", "00001")
    assert switched["changed"] is True
    assert {row["certificate_id"]: row["used"] for row in switched["certificates"]} == {"00002": False, "00001": True}
    shell("certificates", "download", "--output", str(tmp_path / "current.pem"))
    assert (tmp_path / "current.pem").read_text() == shell.sender.pem("00002")
    assert shell("certificates", "download", "00001")["pem"] == shell.sender.pem("00001")
    assert shell("certificates", "rollover", "--final", "2026-01-01", code=1)["fields"]


def test_receiver_and_certificate_endpoint_work_as_processes_of_their_own(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hush\n")
    secret = ("--secret-file", str(tmp_path / "secret"))
    shell("authorizations", "create", "Warehouse", "--identity", "ada", *secret)
    shell("connections", "edit", "warehouse", "authorization=Warehouse")
    made = shell("receiver", "--make-certificates", str(tmp_path / "tls"), "--host", "example.com")
    assert [Path(file).name for file in made["files"]] == ["ca.pem", "server.pem", "server.key"]
    assert (tmp_path / "tls" / "server.key").stat().st_mode & 0o077 == 0
    assert "already" in shell("receiver", "--make-certificates", str(tmp_path / "tls"), code=1)["message"]
    (message_id,) = shell.sender.put({"event": "new"})
    with (
        shell.server("serve", "certificates", "--port", "0") as (_endpoint, endpoint),
        shell.server(
            "receiver", "--tls", str(tmp_path / "tls"), "--certificates", f"http://127.0.0.1:{endpoint}",
            "--port", "0", "--count", "1", "--json",
            "--accept-user", "ada", "--accept-secret-file", str(tmp_path / "secret"),
        ) as (process, port),
    ):  # fmt: skip
        shell(
            "--resolve", f"example.com:443:127.0.0.1:{port}", "--ca-file", str(tmp_path / "tls" / "ca.pem"),
            "jobs", "run", "deliver",
        )  # fmt: skip
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        assert process.wait(30) == 0
    assert told["signature"] == {"valid": True, "certificate_id": "00001", "reason": "Both signatures match."}
    assert told["url"] == "https://example.com/spark"
    assert told["body"]["message_id"] == message_id
    assert told["headers"]["Authorization"] == "********"
    shown = shell("messages", "show", message_id)["message"]
    assert shown["signature"]["valid"] is True
    assert [attempt["status"] for attempt in shown["delivery_attempts"]] == [200]


def test_the_api_of_a_vault_answers_as_a_process_of_its_own(shell: Shell) -> None:
    shell("clients", "filtering", "--on")
    with shell.server("serve", "api", "--port", "0", "--count", "2", "--json") as (process, port):
        path = f"http://127.0.0.1:{port}/api/v24.3/services"
        refused = httpx2.get(f"{path}/queues?client_id=me", trust_env=False).json()
        assert httpx2.get(f"{path}/certificate/00001", trust_env=False).text == shell.sender.pem("00001")
        assert process.stdout is not None
        told = [json.loads(process.stdout.readline()) for _ in range(2)]
        assert process.wait(30) == 0
    assert refused["errors"][0]["type"] == "INVALID_SESSION_ID"
    assert [(call["client_id"], call["error"]) for call in told] == [("me", "INVALID_SESSION_ID"), ("unknown", "")]


def test_the_receiver_names_what_it_needs(shell: Shell, tmp_path: Path) -> None:
    assert set(shell("receiver", code=1)["fields"]) == {"tls"}
    assert set(shell("receiver", "--tls", str(tmp_path), code=1)["fields"]) == {"certificates"}
    shell("receiver", "--make-certificates", str(tmp_path / "tls"))
    words = ("receiver", "--tls", str(tmp_path / "tls"), "--pem", str(tmp_path / "tls" / "ca.pem"))
    assert set(shell(*words, "--answer", "maybe", code=1)["fields"]) == {"answer"}
    assert set(shell(*words, "--accept-user", "ada", code=1)["fields"]) == {"accept-user"}
    none = ("--accept-user", "ada", "--accept-secret-file", str(tmp_path / "none"))
    assert "cannot be read" in shell(*words, *none, code=1)["message"]
    assert "CA certificates" in shell("--ca-file", str(tmp_path / "none.pem"), "queues", "list", code=1)["remedy"]
    assert set(shell("--resolve", "nonsense", "queues", "list", code=1)["fields"]) == {"resolve"}
