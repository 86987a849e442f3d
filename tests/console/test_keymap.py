"""Keys that a person has given: they work, they are shown, and what is wrong with them is told by line."""

import ast
from pathlib import Path

import pytest
from textual.binding import Binding

from console import keymap
from console.key_names import read_key, shown
from console.keymap import _ID, BadKeys, KeyMap, every_binding, load, read
from console.modals.help import HelpScreen
from console.modals.page import PageScreen
from console.modals.picker import PickList
from console.widgets.detail_view import DetailView
from console.widgets.key_bar import KeyBar
from models.store import Store
from tests.console.lab import area, console, fill, lines, press, settle
from tests.console.walking import picture

FILE = Path("keys.toml")
WIDE = (120, 40)


def mapped(**keys: str) -> KeyMap:
    text = "\n".join(f'"{name.replace("__", ".")}" = "{key}"' for name, key in keys.items())
    return read(f"[keys]\n{text}\n", FILE)


def problems(text: str) -> dict[str, str]:
    with pytest.raises(BadKeys) as refused:
        read(text, FILE)
    return refused.value.fields


def test_every_binding_has_an_id_and_says_what_it_does() -> None:
    from console.keymap import _classes

    every = [
        binding
        for node in _classes()
        for binding in node.__dict__.get("BINDINGS", ())
        if isinstance(binding, Binding) and not binding.system
    ]
    assert len(every) > 150
    assert [binding for binding in every if not binding.id or not binding.tooltip] == []
    assert all(bound.keys and bound.about for bound in every_binding().values())


def test_as_they_are_no_screen_has_a_key_that_means_two_things() -> None:
    """An inner key may hide an outer one nowhere: each key map that repeats all keys is good."""
    text = "\n".join(f'"{name}" = [{", ".join(map(repr, bound.keys))}]' for name, bound in every_binding().items())
    assert read(f"[keys]\n{text}\n".replace("'", '"'), FILE).given.keys() == every_binding().keys()


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("?", "question_mark"),
        ("/", "slash"),
        ("G", "G"),
        ("F5", "f5"),
        ("Esc", "escape"),
        ("Ctrl+T", "ctrl+t"),
        ("shift+ctrl+up", "ctrl+shift+up"),
        ("del", "delete"),
        ("full_stop", "full_stop"),
        ("nonsense", None),
        ("ctl+x", None),
    ],
)
def test_a_key_is_read_as_people_write_it(written: str, key: str | None) -> None:
    assert read_key(written) == key


def test_a_key_is_shown_as_people_read_it() -> None:
    assert [shown(key) for key in ("question_mark", "ctrl+t", "delete", "f5", "full_stop", "G", "escape")] == [
        "?",
        "Ctrl+T",
        "Del",
        "F5",
        ".",
        "G",
        "Esc",
    ]


def test_a_file_gives_keys_by_id_alone_or_as_a_list_and_quoted_or_not() -> None:
    found = read('[keys]\n"app.vault" = "B"\narea.copy = ["ctrl+y", "f15"]\n', FILE)
    assert found.given == {"app.vault": ("B",), "area.copy": ("ctrl+y", "f15")}


def test_two_bindings_can_change_their_keys() -> None:
    assert mapped(app__vault="u", app__user="v").given == {"app.vault": ("u",), "app.user": ("v",)}


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('[keys]\n\n"app.vaut" = "B"', 3, ("no binding app.vaut", "Is app.vault meant?")),
        ('[keys]\n"app.vault" = "nonsense"', 2, ("no key “nonsense”", "ctrl+t")),
        ('[keys]\n"app.vault" = "ctrl+q"', 2, ("Ctrl+Q means the same everywhere", "Give app.vault another key")),
        ('[keys]\n"app.vault" = "ctrl+s"', 2, ("would not arrive", "terminals stop")),
        ('[keys]\n"area.back" = "f2"', 2, ("Esc means the same everywhere and stays", '"escape", "f2"')),
        ('[keys]\n"filter.keep" = "j"', 2, ("typed as text", "function key")),
        ('[keys]\n"app.user" = "v"', 2, ("v is also app.vault (Vault)", "Give app.user another key")),
        ('[keys]\n"area.zoom" = "t"', 2, ("t is also", "(Trace)")),
        ('[keys]\n"app.vault" = 7', 2, ("needs a key", '"f5"')),
        ('[keys]\n"app.vault" =', 2, ("no TOML",)),
        ('[kys]\n"app.vault" = "B"', 1, ("no table kys", "below [keys]")),
    ],
)
def test_what_is_wrong_is_told_with_its_line_and_what_to_do(text: str, line: int, words: tuple[str, ...]) -> None:
    found = problems(text)
    assert list(found) == [f"line {line}"]
    assert all(word in found[f"line {line}"] for word in words), found


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    assert list(problems('[keys]\n"app.vaut" = "B"\n"app.user" = "v"\n')) == ["line 2", "line 3"]
    (tmp_path / "keys.toml").write_bytes(b"\xff")
    with pytest.raises(BadKeys, match="cannot be read"):
        load(tmp_path)


def test_without_a_file_all_keys_are_as_they_were(tmp_path: Path) -> None:
    assert load(tmp_path) == KeyMap()


async def test_a_mapped_key_does_what_the_old_one_did_and_is_shown_everywhere(store: Store) -> None:
    fill(store)
    app = console(store, keys=mapped(app__vault="B", area__filter="ctrl+l", go__records="W", records__new="H"))
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "v")
        assert not isinstance(app.screen, PickList)
        keys = {key.label: key.display for key in app.screen.query_one(KeyBar).keys}
        assert (keys["Vault"], keys["Filter"]) == ("B", "Ctrl+L")
        await press(pilot, "W")
        assert area(app).AREA == "records"
        await press(pilot, "ctrl+l", *"no such record", "enter")
        assert "No match" in "\n".join(lines(area(app).table))
        await press(pilot, "escape", "x", *"switch to an")
        assert "B" in picture(app).split("Vault  B")[0] + "Vault  B"
        assert "Vault  B  Switch to another Vault" in picture(app)
        await press(pilot, "escape", "question_mark")
        assert isinstance(app.screen, HelpScreen)
        text = app.screen.query_one(DetailView).text
        assert "Ctrl+L" in text
        commands = {item.title: item.help for item in app.get_system_commands(app.screen_stack[0])}
        assert commands["Vault"] == "Switch to another Vault  (B)"
        await press(pilot, "escape", "B")
        assert isinstance(app.screen, PickList)


async def test_texts_name_the_keys_as_they_are_mapped(store: Store) -> None:
    fill(store)
    app = console(store, keys=mapped(records__new="H", page__read="f4"))
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        assert app.written("“{records.new}” makes one.") == "“H” makes one."
        await press(pilot, "D")
        assert isinstance(app.screen, PageScreen)
        assert "F4 reads again" in picture(app)
        assert "{" not in picture(app)


def test_every_id_that_a_text_names_is_there() -> None:
    named = set()
    for path in (Path(__file__).resolve().parents[2] / "console").rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        pieces = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in pieces:
                named |= set(_ID.findall(node.value))
    assert len(named) > 10
    assert named <= every_binding().keys()


async def test_every_key_has_an_entry_in_the_menu_and_in_the_palette(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        for key in ("1", "2", "3", "4", "5", "6", "7", "8"):
            await press(pilot, key)
            screen = area(app)
            active = {each.binding.id: each.binding for each in screen.active_bindings.values() if each.binding.id}
            offered = {command.title for command in app.get_system_commands(screen)}
            missing = [
                name
                for name, binding in active.items()
                if not {binding.description, f"Go to {binding.description}"} & offered and name != "app.actions"
            ]
            assert missing == []


async def test_a_key_can_be_chosen_by_its_name(store: Store) -> None:
    fill(store)
    app = console(store)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "6", "x", *"Last row", "enter")
        assert area(app).table.cursor == 29
        await press(pilot, "x", *"Select", "enter")
        assert len(area(app).table.selected) == 1


def test_a_key_map_that_was_found_good_is_not_checked_again_before_it_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks: list[str] = []

    def read_and_note(text: str, path: Path) -> KeyMap:
        checks.append(text)
        return read(text, path)

    monkeypatch.setattr(keymap, "read", read_and_note)
    notes = tmp_path / "cache"
    file = tmp_path / "keys.toml"
    file.write_text('[keys]\n"area.filter" = "ctrl+l"\n', encoding="utf-8")
    first = load(tmp_path, checked=notes)
    assert load(tmp_path, checked=notes) == first == KeyMap({"area.filter": ("ctrl+l",)})
    assert len(checks) == 1
    file.write_text('[keys]\n"area.filter" = "f11"\n', encoding="utf-8")
    assert load(tmp_path, checked=notes).keys("area.filter") == ("f11",)
    assert len(checks) == 2
    next(notes.iterdir()).write_text("damaged", encoding="utf-8")
    assert load(tmp_path, checked=notes).keys("area.filter") == ("f11",)
    assert len(checks) == 3


def test_a_bad_key_map_is_told_at_each_start(tmp_path: Path) -> None:
    (tmp_path / "keys.toml").write_text('[keys]\n"no.such" = "f5"\n', encoding="utf-8")
    for _ in range(2):
        with pytest.raises(BadKeys):
            load(tmp_path, checked=tmp_path)
