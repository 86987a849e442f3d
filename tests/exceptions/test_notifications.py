"""Telling of new user exception messages: quiet by default, once for each, and nothing of it breaks a job."""

import os
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import update

from models.errors import InvalidInput, NotAllowed
from models.permissions import READ_ONLY_USER
from models.queries.lab import Waiting, ask, waiting
from models.secrets import KEY_VARIABLE, SecretBox
from models.services.notifications import Notification, notification_of, set_notification
from models.services.vaults import create_user
from models.tables import AuditRow, ExceptionMessage, ExceptionNotification, JobKind, table_of
from scheduler.engine import Engine
from scheduler.notify import Notifier, tell_new
from tests.builders import user
from tests.exceptions.trouble import bad_items
from tests.stages.lab import Lab

WRITE_ALL = (
    "import json, os, sys; out = open(sys.argv[1], 'a'); "
    "json.dump({'stdin': json.load(sys.stdin), 'env': dict(os.environ)}, out); out.write('\\n')"
)


def set_ways(lab: Lab, **ways: Any) -> Notification:
    with lab.store.write() as write:
        return set_notification(write, lab.target.system, lab.store.secrets, **ways)


def ways_of(lab: Lab) -> Notification:
    with lab.store.read() as session:
        return notification_of(session, lab.store.secrets, lab.target.vault_id)


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def test_a_vault_is_quiet_until_somebody_says_otherwise(lab: Lab) -> None:
    bad_items(lab)
    assert ways_of(lab).is_quiet
    assert tell_new(lab.store) == 0


def test_a_line_is_added_to_the_log_file_for_each_new_message_and_only_once(lab: Lab, tmp_path: Path) -> None:
    log = tmp_path / "exceptions.log"
    set_ways(lab, log_file=str(log))
    bad_items(lab)
    assert tell_new(lab.store) == 1
    assert tell_new(lab.store) == 0
    (line,) = lines(log)
    assert "Vault Target (1002) user exception message 1" in line
    assert "message_processing_error__sys: 2 of 3 items could not be applied." in line
    assert ways_of(lab).last_told_at is not None
    assert log.stat().st_mode & 0o077 == 0


def test_what_was_there_before_is_not_told(lab: Lab, tmp_path: Path) -> None:
    bad_items(lab)
    set_ways(lab, log_file=str(tmp_path / "log"))
    assert tell_new(lab.store) == 0


def test_a_command_gets_the_details_in_its_environment_and_on_its_input(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, "the key of some store")
    out = tmp_path / "out; touch hacked"
    set_ways(lab, command=[sys.executable, "-c", WRITE_ALL, str(out)])
    bad_items(lab)
    tell_new(lab.store)
    assert ways_of(lab).last_trouble == ""
    (line,) = lines(out)
    told = orjson.loads(line)
    assert (told["stdin"]["vault"], told["stdin"]["count"]) == ("Target", 1)
    (message,) = told["stdin"]["messages"]
    assert message["error_type__sys"] == "message_processing_error__sys"
    assert message["message_items_failed__sys"] == 2
    environment = told["env"]
    assert environment["VAULT_CONSOLE_NUMBER"] == str(message["number"])
    assert environment["VAULT_CONSOLE_ERROR_MESSAGE"] == "2 of 3 items could not be applied."
    assert KEY_VARIABLE not in environment


def test_stored_text_is_no_second_line_of_the_log_and_no_argument_of_the_command(lab: Lab, tmp_path: Path) -> None:
    log, out = tmp_path / "log", tmp_path / "out"
    set_ways(lab, log_file=str(log), command=[sys.executable, "-c", WRITE_ALL, str(out)])
    bad_items(lab)
    lab.update_row(ExceptionMessage, 1, error_message="a\nb\x1b[2J\0$(touch x)", name="`x`\n")
    tell_new(lab.store)
    (line,) = lines(log)
    assert "a\\nb\\x1b[2J\\x00$(touch x)" in line
    assert orjson.loads(lines(out)[0])["env"]["VAULT_CONSOLE_NAME"] == "`x`\\n"


BROKEN: dict[str, tuple[list[str], str]] = {
    "fails": ([sys.executable, "-c", "import sys; sys.exit('no mail server')"], "ended with 1. no mail server"),
    "never ends": ([sys.executable, "-c", "import threading; threading.Event().wait()"], "ended after 1 seconds"),
    "never reads": ([sys.executable, "-c", "import os; os._exit(0)"], ""),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_command_that_breaks_is_told_and_ends_in_time(lab: Lab, what: str) -> None:
    command, trouble = BROKEN[what]
    set_ways(lab, command=command, time_limit=1)
    bad_items(lab)
    assert tell_new(lab.store) == 1
    assert trouble in ways_of(lab).last_trouble


def test_a_program_or_folder_that_is_gone_by_then_is_told(lab: Lab, tmp_path: Path) -> None:
    program, folder = tmp_path / "program", tmp_path / "folder"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o700)
    folder.mkdir()
    set_ways(lab, command=[str(program)], log_file=str(folder / "log"))
    program.unlink()
    folder.rmdir()
    bad_items(lab)
    assert tell_new(lab.store) == 1
    trouble = ways_of(lab).last_trouble
    assert "could not be started" in trouble
    assert "was not written: No such file" in trouble


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
def test_a_pipe_that_nobody_reads_keeps_nobody_waiting(lab: Lab, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    set_ways(lab, log_file=str(pipe))
    bad_items(lab)
    assert tell_new(lab.store) == 1
    assert "was not written" in ways_of(lab).last_trouble


def test_a_command_from_another_lab_is_not_run(lab: Lab, tmp_path: Path) -> None:
    out = tmp_path / "out"
    set_ways(lab, command=[sys.executable, "-c", WRITE_ALL, str(out)])
    foreign = SecretBox.ephemeral().seal(orjson.dumps([sys.executable, "-c", WRITE_ALL, str(out)]))
    (row,) = lab.rows(ExceptionNotification)
    with lab.store.write() as write:
        write.execute(update(table_of(ExceptionNotification)).values(sealed_command=foreign))
    bad_items(lab)
    tell_new(lab.store)
    assert row.vault_id == lab.target.vault_id
    assert not out.exists()
    assert ways_of(lab).is_foreign
    assert "another key" in ways_of(lab).last_trouble


def test_the_engine_tells_after_a_run_and_its_end_waits_for_that(lab: Lab, tmp_path: Path) -> None:
    log = tmp_path / "log"
    set_ways(lab, log_file=str(log))
    lab.set_integration_active(lab.target, False)
    lab.create("Product")
    lab.send()
    lab.deliver()
    with Engine(lab.store) as engine:
        engine.run_now(lab.target.vault_id, JobKind.RECEIVE)
        assert engine.wait_until_idle(30)
    assert "Integration Product Integration is inactive" in lines(log)[0]


def test_a_notifier_survives_a_store_that_fails(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr("scheduler.notify.tell_new", fails)
    notifier = Notifier(lab.store)
    notifier.look()
    notifier.wait()


class TestSettingIt:
    def test_needs_manage_integrations(self, lab: Lab) -> None:
        with lab.store.write() as write:
            create_user(write, lab.target.vault_id, "reader", "", "", READ_ONLY_USER)
        with pytest.raises(NotAllowed), lab.store.write() as write:
            set_notification(write, user(lab.store, 1002, "reader"), lab.store.secrets, bell=True)

    def test_names_every_wrong_value(self, lab: Lab) -> None:
        with pytest.raises(InvalidInput) as refused:
            set_ways(lab, log_file="relative.log", command=["no-such-program-anywhere"], time_limit=0)
        assert set(refused.value.fields) == {"log_file", "command", "time_limit"}

    def test_keeps_what_is_not_named_and_ends_what_is_empty(self, lab: Lab, tmp_path: Path) -> None:
        set_ways(lab, bell=True, log_file=str(tmp_path / "log"), command=[sys.executable, "-V"])
        assert set_ways(lab, time_limit=3).command == (sys.executable, "-V")
        after = set_ways(lab, log_file="", command=[])
        assert (after.bell, after.log_file, after.command, after.time_limit) == (True, None, None, 3)

    def test_is_audited_field_by_field(self, lab: Lab) -> None:
        set_ways(lab, bell=True, command=[sys.executable, "-V"])
        rows = lab.rows(AuditRow, vault_id=1002, object_name="exception_notification")
        assert {row.field_name: row.new_value for row in rows} == {
            "bell": "true",
            "command": f'["{sys.executable}","-V"]',
        }

    def test_the_command_is_sealed_in_the_store(self, lab: Lab) -> None:
        set_ways(lab, command=[sys.executable, "-V"])
        assert sys.executable not in lab.rows(ExceptionNotification)[0].sealed_command


def test_the_bell_rings_for_what_is_new_while_it_is_on(lab: Lab) -> None:
    def now() -> Waiting:
        return ask(lab.store, waiting, lab.source.vault_id)

    silent = now()
    set_ways(lab, bell=True)
    before = now()
    assert not before.is_news(silent)
    bad_items(lab, number=1)
    after = now()
    assert after.is_news(before)
    assert after.newest_in == "Target"
    assert not now().is_news(after)
