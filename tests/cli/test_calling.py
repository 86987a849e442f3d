"""How the command line is called: help, versions, exit codes, and what becomes of everything that fails."""

import io
import json
import os
import sqlite3
import subprocess
import sys
import sysconfig
from datetime import timedelta
from pathlib import Path

import pytest
import typer

from console.cli.durations import duration
from console.cli.output import Column, facts, table
from models.errors import NotFound, NotPossible
from models.queries.choosing import Candidate, choose
from tests.cli.conftest import Call, Lab

COMMAND = Path(sysconfig.get_path("scripts")) / "vault-console"
HEAVY = {"sqlmodel", "sqlalchemy", "textual", "apscheduler", "alembic", "cryptography", "rich", "yaml"}


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Call the installed command without a terminal."""
    return subprocess.run(
        [COMMAND, *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


def test_the_installed_command_tells_its_version() -> None:
    done = run("--version")

    assert done.returncode == 0
    assert done.stdout.startswith("vault-console ")


def test_without_a_terminal_the_console_gives_help_and_counts_as_wrongly_called() -> None:
    done = run()

    assert done.returncode == 2
    assert "Usage: vault-console" in done.stderr
    assert not done.stdout


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["records", "--help"], ["records", "set", "--help"]])
def test_help_and_version_load_neither_store_nor_screen(words: list[str]) -> None:
    code = (
        "import sys; from console.cli import main; sys.argv[0] = 'vault-console'\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        "print(*{name.partition('.')[0] for name in sys.modules}, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=True)

    assert done.stdout
    assert not HEAVY & set(done.stderr.split())


def test_help_names_every_command(call: Call) -> None:
    out = call("--help").out

    for name in ("demo", "status", "run", "clock", "vaults", "connections", "integrations", "queues", "info"):
        assert f"\n  {name} " in out
    for name in ("certificates", "exceptions", "records", "jobs", "completion"):
        assert f"\n  {name} " in out


def test_a_group_without_a_command_gives_its_help(call: Call) -> None:
    assert "Usage: vault-console records" in call("records", code=2).err


@pytest.mark.parametrize(
    "words", ["nonsense", "vaults --nonsense", "records set", "jobs show one", "--speed fast info"]
)
def test_a_wrong_call_exits_with_2_in_words_and_in_json(call: Call, words: str) -> None:
    text = call(*words.split(), code=2)
    in_json = call("--json", *words.split(), code=2)

    assert text.err.startswith("Wrong usage: ")
    assert set(in_json.error) == {"title", "message", "remedy", "fields"}
    assert not text.out + in_json.out


def test_an_error_of_the_program_is_one_sentence_and_a_report(
    on: Call, monkeypatch: pytest.MonkeyPatch, own_folders: Path
) -> None:
    def fail(*_arguments: object) -> None:
        raise RuntimeError("the inner cause")

    monkeypatch.setattr("models.queries.summary.vault_summaries", fail)

    err = on("vaults", "--user", "postgresql://me:secret@host/x", code=1).err
    report = Path(on("vaults", "--json", code=1).error["report"])

    assert "inner cause" not in err
    assert str(own_folders) in err
    assert "inner cause" in report.read_text(encoding="utf-8")
    assert "secret" not in "".join(path.read_text(encoding="utf-8") for path in report.parent.iterdir())


def test_a_reader_who_leaves_early_hears_no_complaint(lab: Lab) -> None:
    process = subprocess.Popen(
        [COMMAND, "--store", lab.path, "status", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    with process.stderr:
        complaint = process.stderr.read()
    process.wait()

    assert complaint == b""
    assert process.returncode == 1


def test_an_interrupted_command_is_quiet(on: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("models.queries.summary.vault_summaries", interrupt)
    answer = on("vaults", code=130)

    assert not answer.out + answer.err


def test_the_environment_names_the_store_when_no_option_does(
    call: Call, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAULT_CONSOLE_STORE", str(lab.path))

    assert len(call("vaults", "--json").document["vaults"]) == 2


def test_info_tells_places_and_versions_and_makes_nothing(call: Call, own_folders: Path) -> None:
    document = call("info", "--json").document

    assert document["places"]["store"].startswith(str(own_folders))
    assert document["places"]["store_exists"] is False
    assert {"vault-console", "python", "sqlite", "textual", "sqlmodel"} <= set(document["versions"])
    assert not Path(document["places"]["data_folder"]).exists()


def test_a_sound_store_passes_the_full_check_and_a_broken_one_does_not(on: Call, lab: Lab) -> None:
    assert on("info", "--check", "--json").document["check"] == {"sound": True, "problems": []}
    lab.store.close()
    with sqlite3.connect(lab.path) as raw:
        raw.execute("UPDATE record SET object_id = 999")
    raw.close()

    broken = on("info", "--check", "--json", code=1).document["check"]
    assert broken["sound"] is False
    assert broken["problems"]
    assert broken["problems"][0] in on("info", "--check", code=1).out


def test_a_file_that_is_no_store_is_refused_and_left_as_it_is(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("nothing of ours, and long enough to be looked at" * 30, encoding="utf-8")
    before = path.read_bytes()

    assert call("vaults", "--store", str(path), "--json", code=1).error["title"] == "This store cannot be opened"
    assert path.read_bytes() == before


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_every_shell_gets_a_completion_script(call: Call, shell: str) -> None:
    assert "_VAULT_CONSOLE_COMPLETE" in call("completion", shell).out


def test_the_shell_is_told_from_the_environment(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELL", "/usr/bin/fish")
    assert call("completion", "--json").document["shell"] == "fish"
    monkeypatch.setenv("SHELL", "/usr/bin/other")
    assert "Name it" in call("completion", code=1).err


def test_a_shell_that_completes_is_given_commands_and_options() -> None:
    def complete(line: str) -> list[str]:
        words = {"_VAULT_CONSOLE_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(line.count(" "))}
        return run(**words).stdout.split()

    assert complete("vault-console cer") == ["certificates"]
    assert set(complete("vault-console records s")) == {"show", "set", "search"}
    assert complete("vault-console jobs run --no") == ["--no-wait"]


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("90s", 90), ("5m", 300), ("1h30m", 5400), ("2d", 172800), ("0.5s", 0.5)]
)
def test_a_duration_is_read_as_people_write_it(text: str, seconds: float) -> None:
    assert duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "soon", "5 m", "-5m", "5w", "m", "9" * 40 + "d"])
def test_what_is_no_duration_is_a_wrong_usage(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        duration(text)


def test_an_exact_name_wins_over_names_that_begin_so() -> None:
    candidates = [Candidate(1, ("1", "rim")), Candidate(2, ("2", "rim_two")), Candidate(12, ("12", "other"))]

    assert choose(candidates, "RIM", "queue", "").key == 1
    assert choose(candidates, "rim_", "queue", "").key == 2
    assert choose(candidates, "1", "queue", "").key == 1
    with pytest.raises(NotPossible, match="Several"):
        choose([*candidates, Candidate(3, ("3", "rim_three"))], "rim_", "queue", "")
    for text in ("", "nothing"):
        with pytest.raises(NotFound):
            choose(candidates, text, "queue", "")


def test_a_table_is_aligned_by_cells_and_keeps_every_sign_on_its_line() -> None:
    columns: list[Column[tuple[str, int]]] = [
        Column("Name", lambda row: row[0]),
        Column("Items", lambda row: row[1], right=True),
    ]
    lines = table(columns, [("日本", 5), ("a\nb", 12345)]).splitlines()

    assert lines == ["Name  Items", "日本      5", "a\\nb  12345"]
    assert table(columns, [], empty="none") == "none"
    assert facts([("Label", None), ("Other", "x")]) == "Other  x"


def test_on_a_terminal_the_widest_column_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(sys, "stdout", Terminal())
    columns: list[Column[tuple[str, str]]] = [
        Column("Name", lambda row: row[0]),
        Column("Error", lambda row: row[1]),
    ]

    lines = table(columns, [("Study 12", "a long sentence about what is wrong")]).splitlines()

    assert lines == ["Name      Error", "Study 12  a long sentence abo…"]


def test_json_survives_an_output_that_knows_ascii_only(lab: Lab) -> None:
    done = run(
        "--store", str(lab.path), "records", "show", lab.odd, "--vault", "Source", "--json", PYTHONIOENCODING="ascii"
    )

    assert done.returncode == 0, done.stderr
    assert "\u202e" in json.loads(done.stdout)["record"]["name"]
