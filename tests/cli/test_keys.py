"""`keys`: the keys of the console on the command line, and the person's own key map."""

import tomllib
from pathlib import Path

import pytest

from tests.cli.conftest import Call


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("console.cli.keys.config_folder", lambda: tmp_path)
    return tmp_path


def test_all_keys_are_listed_with_their_ids(on: Call, folder: Path) -> None:
    (folder / "keys.toml").write_text('[keys]\n"app.vault" = "B"\n')
    lines = on("keys").out.splitlines()
    assert any(line.split()[:3] == ["app.vault", "B", "yes"] for line in lines)
    assert any(line.split()[:2] == ["area.filter", "/"] for line in lines)
    rows = {row["id"]: row for row in on("keys", "--json").document["keys"]}
    assert (rows["app.vault"]["keys"], rows["app.vault"]["usual"]) == (["B"], ["v"])


def test_a_key_map_to_begin_with_is_one_that_can_be_used(on: Call, folder: Path) -> None:
    text = on("keys", "--toml").out
    assert tomllib.loads(text)["keys"]["app.vault"] == ["v"]
    (folder / "keys.toml").write_text(text)
    assert "can be used" in on("keys", "check").out


def test_a_key_map_is_checked(on: Call, folder: Path) -> None:
    assert "keys --toml" in on("keys", "check").out
    (folder / "keys.toml").write_text('[keys]\n"app.vault" = "B"\n')
    assert on("keys", "check", "--json").document["keys"] == {"app.vault": ["B"]}
    (folder / "keys.toml").write_text('[keys]\n"app.vault" = "u"\n')
    refused = on("keys", "check", code=1)
    assert "line 2: u is also app.user (User)." in refused.err
    assert "move it away" in refused.err
