"""Secrets at rest: only the store's own key opens them, and two processes never make two keys."""

import multiprocessing
import os
import stat
import sys
import traceback
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import ConsoleError
from models.secrets import KEY_VARIABLE, SecretBox, SecretUnreadable

PASSWORD = "connection-user-passw0rd"

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="file modes are POSIX")


def seal_beside(key_file: str) -> tuple[str, bytes]:
    """Open the key file in another process; answer a sealed secret and the key found there."""
    path = Path(key_file)
    token = SecretBox.beside(path).seal(PASSWORD)
    return token, path.read_bytes()


@given(plain=st.binary(max_size=500))
def test_a_sealed_secret_opens_to_the_same_bytes(plain: bytes) -> None:
    box = SecretBox.ephemeral()
    assert box.open(box.seal(plain)) == plain


def test_text_is_sealed_as_utf_8() -> None:
    box = SecretBox.ephemeral()
    assert box.open(box.seal("Zürich ☂")) == "Zürich ☂".encode()


def test_a_sealed_secret_shows_nothing_of_it_and_never_looks_the_same_twice() -> None:
    box = SecretBox.ephemeral()
    first, second = box.seal(PASSWORD), box.seal(PASSWORD)
    assert first != second
    assert PASSWORD not in first
    assert first.isascii()


@pytest.mark.parametrize("token", ["", "x", "not a token", "ümläut", "\ud800", "gAAAAA==" * 20])
def test_what_is_no_token_is_refused_in_words(token: str) -> None:
    with pytest.raises(SecretUnreadable):
        SecretBox.ephemeral().open(token)


def test_a_changed_token_is_refused() -> None:
    box = SecretBox.ephemeral()
    token = box.seal(PASSWORD)
    middle = len(token) // 2
    changed = token[:middle] + ("A" if token[middle] != "A" else "B") + token[middle + 1 :]
    with pytest.raises(SecretUnreadable):
        box.open(changed)


def test_another_key_cannot_open_a_secret_and_the_refusal_tells_what_to_do() -> None:
    token = SecretBox.ephemeral().seal(PASSWORD)
    with pytest.raises(SecretUnreadable) as refused:
        SecretBox.ephemeral().open(token)
    assert isinstance(refused.value, ConsoleError)
    assert refused.value.title
    assert "key" in refused.value.remedy
    shown = "".join(traceback.format_exception(refused.value))
    assert PASSWORD not in shown
    assert token not in shown
    assert "InvalidToken" not in shown


def test_a_bad_key_is_refused_without_being_shown() -> None:
    bad = b"this-is-somebodys-half-typed-key"
    with pytest.raises(SecretUnreadable) as refused:
        SecretBox(bad)
    assert bad.decode() not in "".join(traceback.format_exception(refused.value))


def test_a_box_never_shows_its_key() -> None:
    key = SecretBox.new_key()
    box = SecretBox(key)
    assert key.decode() not in f"{box!r} {box}"


def test_the_key_file_lies_beside_the_store_and_opens_its_secrets_again(tmp_path: Path) -> None:
    key_file = tmp_path / "demo.key"
    token = SecretBox.beside(key_file).seal(PASSWORD)
    assert SecretBox.beside(key_file).open(token) == PASSWORD.encode()
    assert [found.name for found in tmp_path.iterdir()] == ["demo.key"]


def test_two_stores_in_one_folder_have_two_keys(tmp_path: Path) -> None:
    token = SecretBox.beside(tmp_path / "one.key").seal(PASSWORD)
    with pytest.raises(SecretUnreadable):
        SecretBox.beside(tmp_path / "two.key").open(token)


@posix_only
def test_only_the_owner_can_read_the_key_file(tmp_path: Path) -> None:
    key_file = tmp_path / "demo.key"
    old = os.umask(0)
    try:
        SecretBox.beside(key_file)
    finally:
        os.umask(old)
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600


def test_when_another_process_makes_the_key_in_between_its_key_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key_file = tmp_path / "demo.key"
    theirs = SecretBox.new_key()
    link = Path.hardlink_to

    def they_are_first(self: Path, target: Path) -> None:
        self.write_bytes(theirs)
        link(self, target)

    monkeypatch.setattr(Path, "hardlink_to", they_are_first)
    token = SecretBox.beside(key_file).seal(PASSWORD)
    assert SecretBox(theirs).open(token) == PASSWORD.encode()
    assert key_file.read_bytes() == theirs
    assert [found.name for found in tmp_path.iterdir()] == ["demo.key"]


def test_a_file_system_without_links_still_gets_a_key_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(self: Path, target: Path) -> None:
        raise PermissionError(1, "Operation not permitted", str(self), None, str(target))

    monkeypatch.setattr(Path, "hardlink_to", no_links)
    key_file = tmp_path / "demo.key"
    token = SecretBox.beside(key_file).seal(PASSWORD)
    assert SecretBox.beside(key_file).open(token) == PASSWORD.encode()
    assert [found.name for found in tmp_path.iterdir()] == ["demo.key"]


def test_threads_that_open_a_new_store_together_agree_on_one_key(tmp_path: Path) -> None:
    key_file = tmp_path / "demo.key"
    start = Barrier(8)

    def seal() -> str:
        start.wait()
        return SecretBox.beside(key_file).seal(PASSWORD)

    with ThreadPoolExecutor(8) as pool:
        tokens = [pending.result() for pending in [pool.submit(seal) for _ in range(8)]]
    box = SecretBox.beside(key_file)
    assert {box.open(token) for token in tokens} == {PASSWORD.encode()}


def test_processes_that_open_a_new_store_together_agree_on_one_key(tmp_path: Path) -> None:
    key_file = tmp_path / "demo.key"
    with ProcessPoolExecutor(3, mp_context=multiprocessing.get_context("spawn")) as pool:
        answers = list(pool.map(seal_beside, [str(key_file)] * 6))
    box = SecretBox.beside(key_file)
    assert {box.open(token) for token, _ in answers} == {PASSWORD.encode()}
    assert len({key for _, key in answers}) == 1


@pytest.mark.parametrize("content", [b"", b"half a key", b"\xff" * 44])
def test_a_damaged_key_file_is_refused_and_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    key_file = tmp_path / "demo.key"
    key_file.write_bytes(content)
    with pytest.raises(SecretUnreadable, match=r"demo\.key"):
        SecretBox.beside(key_file)
    assert key_file.read_bytes() == content


def test_a_key_file_with_a_line_break_at_its_end_is_still_the_key(tmp_path: Path) -> None:
    key_file = tmp_path / "demo.key"
    key = SecretBox.new_key()
    key_file.write_bytes(key + b"\r\n")
    assert SecretBox(key).open(SecretBox.beside(key_file).seal(PASSWORD)) == PASSWORD.encode()


def test_a_folder_that_does_not_exist_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(SecretUnreadable, match="cannot be used"):
        SecretBox.beside(tmp_path / "nowhere" / "demo.key")


def test_a_store_that_is_no_file_takes_its_key_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    key = SecretBox.new_key()
    monkeypatch.setenv(KEY_VARIABLE, key.decode())
    assert SecretBox(key).open(SecretBox.from_environment().seal(PASSWORD)) == PASSWORD.encode()


@pytest.mark.parametrize("value", [None, "", "  ", "no key", "\u00fc" * 44])
def test_without_a_usable_key_in_the_environment_such_a_store_has_no_box(
    monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    if value is None:
        monkeypatch.delenv(KEY_VARIABLE, raising=False)
    else:
        monkeypatch.setenv(KEY_VARIABLE, value)
    with pytest.raises(SecretUnreadable):
        SecretBox.from_environment()
