"""Whatever is stored, however the terminal is resized, whichever keys are pressed: nothing breaks, nothing is lost."""

import random
from typing import Any

import pytest
from rich.cells import cell_len
from sqlalchemy import String, func, select, update
from sqlmodel import SQLModel

from console.keymap import every_binding
from models.services.connection_pairing import reset_connection
from models.store import Store
from models.tables import (
    Connection,
    Integration,
    IntegrationRule,
    Queue,
    Record,
    SigningCertificate,
    User,
    Vault,
    table_of,
)
from tests.builders import user
from tests.console.gallery import PICTURES, same_world
from tests.console.lab import console, fill, fill_lookups, settle
from tests.console.walking import WAYS, every_opening, go, picture, vault_of
from tests.contents import digest_of

SIZES = [(200, 60), (120, 40), (79, 23), (20, 5), (1, 1)]
HOSTILE = "[/foo] [@click=app.quit]漢字👩‍👩‍👧 e\u0301\u0301 \x1b[31mred\u202e\u200b\nline\ttab"
SHOWN = {"name", "label", "label_plural", "description", "error_message", "error", "first_name", "last_name", "message"}
"""Columns that people fill as they like."""
KEPT = (Vault, User, Connection, Integration, IntegrationRule, Queue, Record, SigningCertificate)
"""What no random key may destroy."""
FURTHER = (
    *("waiting", "vaults", "users", "actions", "help", "go-to", "palette", "jump", "themes", "calls", "undo", "redo"),
    *("snapshots", "snapshot-form", "notices", "sandbox-form", "sandboxes", "tour", "row", "find", "save-list"),
    *("connection-form", "external-form", "local-form", "download", "approval", "signing-rollover", "client-form"),
    *("basic-auth-form", "client-credential-form", "delete-connection", "split-half", "hand-over", "rollover"),
    *("generic-lookup-form", "object-lookup-form", "report", "delete-integration", "inbound-point-form"),
    *("outbound-point-form", "watched-form", "rule-form", "query-rule-form", "outbound-queue-form", "edit-served"),
    *("inbound-queue-form", "unserve", "put-message", "delete-queue", "documents", "document-state", "progress"),
)
"""Pictures of what no action of a list opens at once."""
LEAVES = {"ctrl+q", "ctrl+c"}


def made_hostile(store: Store) -> None:
    """Every text that people may choose becomes one that tries to break the screen, each a little different."""
    with store.write() as write:
        for table in SQLModel.metadata.sorted_tables:
            for column in table.columns:
                if column.name in SHOWN and isinstance(column.type, String):
                    text = (HOSTILE * 3)[: max(1, (column.type.length or 200) - 12)]
                    key = next(iter(table.primary_key.columns))
                    write.execute(update(table).values({column: text + func.cast(key, String)}))


def kept(store: Store) -> list[int]:
    with store.read() as session:
        return [session.execute(select(func.count()).select_from(table_of(kind))).scalar_one() for kind in KEPT]


@pytest.mark.parametrize("name", WAYS)
async def test_neither_hostile_text_in_every_field_nor_resizing_breaks_a_screen(store: Store, name: str) -> None:
    fill(store)
    fill_lookups(store)
    made_hostile(store)
    app = console(store, vault=vault_of(name))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await go(pilot, name)
        for size in SIZES:
            await pilot.resize_terminal(*size)
            await settle(pilot)
            assert_sound(app, size)
        await pilot.resize_terminal(80, 24)
        async for _ in every_opening(pilot, name):
            assert_sound(app, (80, 24))
            await pilot.resize_terminal(30, 8)
            await pilot.pause()
            assert_sound(app, (30, 8))
            await pilot.resize_terminal(80, 24)
            await pilot.pause()


@pytest.mark.parametrize("name", FURTHER)
async def test_nor_do_they_break_what_is_opened_from_anywhere_or_by_a_question_before(
    store: Store, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    same_world(monkeypatch, store)
    opened = PICTURES[name]
    app = opened.prepared(store)
    made_hostile(store)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened.open(pilot, checked=False)
        assert type(app.screen).__name__ == opened.shows.partition(":")[0]
        for size in ((80, 24), (30, 8), (200, 60), (1, 1)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert_sound(app, size)


def assert_sound(app: Any, size: tuple[int, int]) -> None:
    """What is on screen fills it exactly, holds no control character, and obeyed nothing."""
    lines = picture(app).splitlines()
    assert len(lines) <= size[1]
    for line in lines:
        assert cell_len(line) <= size[0]
        assert not {"\x1b", "\u202e", "\u200b", "\t"} & set(line)
    assert app.is_running


def keys_of_the_console() -> list[str]:
    bound = {key for each in every_binding().values() for key in each.keys}
    typed = {"a", "1", "[", "x", "y", "n", "enter", "escape", "tab", "backspace", "down", "up"}
    return sorted((bound | typed) - LEAVES)


async def mash(store: Store, seed: int, presses: int, **options: Any) -> None:
    """Press random keys at once, now and then elsewhere, and let everything settle again and again."""
    chance = random.Random(seed)
    keys = keys_of_the_console()
    app = console(store, **options)
    async with app.run_test(size=chance.choice([(80, 24), (120, 40)])) as pilot:
        await settle(pilot)
        for number in range(presses):
            await pilot.press(chance.choice(keys))
            if number % 40 == 39:
                await pilot.resize_terminal(*chance.choice([(80, 24), (120, 40), (50, 12)]))
                await settle(pilot)
            assert app.is_running, f"seed {seed} ended the console at key {number}"


@pytest.mark.parametrize("seed", range(2))
async def test_random_keys_neither_crash_the_console_nor_destroy_anything(
    store: Store, seed: int, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    fill(store)
    before = kept(store)
    await mash(store, seed, 200)
    assert all(now >= then for now, then in zip(kept(store), before, strict=True))


async def test_random_keys_change_nothing_at_all_in_a_read_only_console(
    store: Store, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    fill(store)
    before = digest_of(store)
    await mash(store, 3, 200, read_only=True)
    assert digest_of(store) == before


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10, 13))
async def test_random_keys_for_long_neither_crash_the_console_nor_destroy_anything(
    store: Store, seed: int, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    fill(store)
    fill_lookups(store)
    if seed % 2:
        with store.write() as write:
            key = write.execute(
                select(table_of(Connection).c.id).where(table_of(Connection).c.vault_id == 1001)
            ).scalar_one()
            reset_connection(write, user(store, 1001), key)
    before = kept(store)
    await mash(store, seed, 1000, vault=1001 + seed % 2)
    assert all(now >= then for now, then in zip(kept(store), before, strict=True))
