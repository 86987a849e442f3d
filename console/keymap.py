"""The key map: every binding of the console, and the keys that a person gives them in a file.

`keys.toml` in the config folder has one table, `[keys]`, in which an id stands for a key or a list of keys::

    [keys]
    "area.filter" = "f"
    "app.vault" = ["V", "ctrl+v"]

What is wrong in it is told with its line and what to do: an id that no binding has, a key that there is not, one that
has the same meaning everywhere, or one that would then mean two things in one place.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import pkgutil
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import textual.keys
from textual.binding import Binding, BindingsMap
from textual.dom import DOMNode
from textual.keys import key_to_character
from textual.screen import ModalScreen
from textual.widgets import Input, TextArea

from console.key_names import read_key, shown
from models.errors import InvalidInput

FILE: Final = "keys.toml"
CHECKED: Final = "keys-checked.json"
_ROOMS: Final = ("screens", "modals", "widgets")
"""Where classes with bindings are."""
FIXED: Final = frozenset({"ctrl+q", "escape", "enter", "tab", "shift+tab"})
"""Keys that mean the same everywhere: what has one keeps it, and nothing else gets it."""
TAKEN: Final = {
    "ctrl+c": "terminals end programs with it",
    "ctrl+z": "terminals suspend programs with it",
    "ctrl+s": "terminals stop their output with it",
    "ctrl+b": "tmux takes it",
    "ctrl+h": "terminals send it for Backspace",
    "ctrl+i": "terminals send it for Tab",
    "ctrl+j": "terminals send it for a line end",
    "ctrl+m": "terminals send it for Enter",
}
_LISTS: Final = ("WindowTable", "DetailView", "LinkView")
_ID: Final = re.compile(r"\{([a-z_]+\.[a-z_]+)\}")


class Bound(NamedTuple):
    """A binding: its id, its keys, what it is called, what it does, and where it holds."""

    id: str
    keys: tuple[str, ...]
    label: str
    about: str
    where: str


class Trouble(NamedTuple):
    """What is wrong in a key map, in which line of its file (0 where it is no line's), and what to do."""

    line: int
    problem: str
    remedy: str


class BadKeys(InvalidInput):
    """A key map that cannot be used: what is wrong, by line."""

    def __init__(self, path: Path, troubles: Sequence[Trouble]) -> None:
        self.title = f"The key map {path} cannot be used"
        self.troubles = tuple(troubles)
        lines: dict[str, str] = {}
        for each in troubles:
            place = f"line {each.line}" if each.line else "the file"
            lines[place] = f"{lines.get(place, '')} {each.problem} {each.remedy}".strip()
        super().__init__(lines, "Correct the file, or move it away to have all keys as they were.")


@dataclass(frozen=True, slots=True)
class KeyMap:
    """The keys that were given to bindings, by id; those of the others are as they were."""

    given: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def textual(self) -> dict[str, str]:
        """The map as Textual takes it."""
        return {name: ",".join(keys) for name, keys in self.given.items()}

    def keys(self, name: str) -> tuple[str, ...]:
        """The keys of a binding."""
        return self.given.get(name) or _usual(name)

    def first(self, name: str) -> str:
        """The first key of a binding as people read it."""
        return shown(self.keys(name)[0])

    def written(self, text: str) -> str:
        """One of our texts, with the keys that it names by ids in braces."""
        return _ID.sub(lambda found: self.first(found.group(1)), text)


_FLOOR = "console.floor"
"""The bare program beside which the console is measured has keys of its own."""


def _classes() -> Iterator[type[DOMNode]]:
    """The console's own screens, widgets and the app, with all their modules loaded."""
    for room in _ROOMS:
        package = importlib.import_module(f"console.{room}")
        for module in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"console.{room}.{module.name}")
    importlib.import_module("console.app")
    yield from _loaded()


def _loaded() -> Iterator[type[DOMNode]]:
    """Those whose modules are loaded already."""
    waiting: list[type[DOMNode]] = [DOMNode]
    seen: set[type[DOMNode]] = set()
    while waiting:
        for found in waiting.pop().__subclasses__():
            if found not in seen:
                seen.add(found)
                waiting.append(found)
                if found.__module__.startswith("console.") and found.__module__ != _FLOOR:
                    yield found


_usual_keys: dict[str, tuple[str, ...]] = {}


def _usual(name: str) -> tuple[str, ...]:
    """The keys that a binding has by itself. While people wait, only what is loaded is looked through."""
    if name not in _usual_keys:
        _usual_keys.update({bound.id: bound.keys for bound in _bound(_loaded())})
    return _usual_keys.get(name) or every_binding()[name].keys


def _bindings(node: type[DOMNode]) -> list[Binding]:
    """All bindings of a class with an id, those that it inherits too; one that is given anew counts once."""
    found: dict[str, list[Binding]] = {}
    for base in reversed(node.__mro__):
        own = BindingsMap(base.__dict__.get("BINDINGS", ()))
        for key, bindings in own.key_to_bindings.items():
            found[key] = list(bindings)
    return [binding for bindings in found.values() for binding in bindings if binding.id]


def _bound(nodes: Iterable[type[DOMNode]]) -> list[Bound]:
    """The bindings of these classes, in the order of their ids."""
    keys: dict[str, list[str]] = {}
    known: dict[str, Bound] = {}
    for node in sorted(nodes, key=lambda node: (node.__module__, node.__name__)):
        for binding in BindingsMap(node.__dict__.get("BINDINGS", ())).key_to_bindings.values():
            for each in binding:
                if each.id and each.key not in (held := keys.setdefault(each.id, [])):
                    held.append(each.key)
                    about = each.tooltip or each.description
                    known.setdefault(each.id, Bound(each.id, (), each.description, about, each.id.split(".")[0]))
    return [known[name]._replace(keys=tuple(keys[name])) for name in sorted(known)]


@cache
def every_binding() -> dict[str, Bound]:
    """All bindings of the console by id."""
    return {bound.id: bound for bound in _bound(_classes())}


@cache
def _places() -> tuple[tuple[str, frozenset[str], bool], ...]:
    """Where keys are pressed: a name, the ids that hold there at once, and whether one types text there."""
    from console.app import ConsoleApp
    from console.screens.chrome import FramedScreen

    classes = {node: frozenset(binding.id or "" for binding in _bindings(node)) for node in _classes()}
    lists = {node.__name__: ids for node, ids in classes.items() if node.__name__ in _LISTS}
    places = []
    for node, ids in classes.items():
        if issubclass(node, FramedScreen):
            for name, own in lists.items():
                places.append((f"{node.__name__}, {name}", ids | own | classes[ConsoleApp], False))
        elif issubclass(node, ModalScreen):
            places.append((node.__name__, ids | lists["DetailView"] if _shows_details(node) else ids, False))
        elif ids:
            places.append((node.__name__, ids, issubclass(node, Input | TextArea)))
    return tuple(places)


def _shows_details(node: type[DOMNode]) -> bool:
    """Whether a page or dialog has a detail pane in it."""
    return any(base.__name__ in ("PageScreen", "HelpScreen", "LoadReportScreen") for base in node.__mro__)


def load(folder: Path, *, checked: Path | None = None) -> KeyMap:
    """The key map in a folder; without a file, no key is changed. Raises BadKeys.

    To check one, all screens are loaded. In the folder `checked` is kept that it was found good, so that this is done
    once, and again when the key map or the program is another one.
    """
    path = folder / FILE
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return KeyMap()
    except (OSError, ValueError) as error:
        raise BadKeys(path, [Trouble(0, f"The file cannot be read: {error}.", "")]) from error
    if checked is None:
        return read(text, path)
    known = checked / CHECKED
    mark = _mark(text)
    if (given := _known_good(known, mark)) is not None:
        return KeyMap(given)
    found = read(text, path)
    # Without the note the next start takes as long as this one, and nothing else.
    with suppress(OSError):
        checked.mkdir(parents=True, exist_ok=True)
        known.write_text(json.dumps({"mark": mark, "keys": found.given}), encoding="utf-8")
    return found


def _mark(text: str) -> str:
    """What a key map was found good for: its text, and the files in which bindings and names of keys are."""
    rooms = Path(__file__).parent
    files = [Path(textual.keys.__file__), *rooms.glob("*.py")]
    for room in _ROOMS:
        files += (rooms / room).glob("*.py")
    stamps = [f"{file.name} {file.stat().st_mtime_ns}" for file in sorted(files)]
    return hashlib.sha256("\n".join([text, *stamps]).encode()).hexdigest()


def _known_good(note: Path, mark: str) -> dict[str, tuple[str, ...]] | None:
    """The keys of the key map that was found good under this mark; None when there is no such note."""
    try:
        found = json.loads(note.read_text(encoding="utf-8"))
        return (
            {str(name): tuple(map(str, keys)) for name, keys in found["keys"].items()}
            if found["mark"] == mark
            else None
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def read(text: str, path: Path) -> KeyMap:
    """Read a key map. Raises BadKeys with all that is wrong in it."""
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        place = int(line.group(1)) if line else text.count("\n") + 1
        wrong = Trouble(place, f"This is no TOML: {error}.", 'Write: "id" = "key".')
        raise BadKeys(path, [wrong]) from error
    lines = text.splitlines()
    troubles = [
        Trouble(_line(lines, name), f"There is no table {name}.", "Write all keys below [keys].")
        for name in found
        if name != "keys"
    ]
    given: dict[str, tuple[str, ...]] = {}
    for name, value in _flat(found.get("keys", {})):
        trouble, keys = _given(name, value)
        if trouble is None:
            given[name] = keys
        else:
            troubles.append(Trouble(_line(lines, name), *trouble))
    troubles += [Trouble(_line(lines, name), problem, remedy) for name, problem, remedy in _twice(given)]
    if troubles:
        raise BadKeys(path, sorted(set(troubles)))
    return KeyMap(given)


def _flat(table: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    """Ids and what they stand for; an id that was not quoted is a table in a table."""
    if not isinstance(table, dict):
        yield before.rstrip("."), table
        return
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield before + name, value


def _line(lines: Sequence[str], name: str) -> int:
    """The line in which an id, or its last part, is given something."""
    names = [re.escape(name), re.escape(name.rsplit(".", 1)[-1])]
    for each in names:
        pattern = re.compile(rf"""^\s*\[?(\w+\.)?["']?{each}["']?\s*[=\].]""")
        place = next((place for place, line in enumerate(lines, 1) if pattern.match(line)), 0)
        if place:
            return place
    return 0


def _given(name: str, value: Any) -> tuple[tuple[str, str] | None, tuple[str, ...]]:
    """What is wrong with what an id is given, if anything, and the keys."""
    bound = every_binding().get(name)
    if bound is None:
        near = _near(name)
        remedy = f"Is {near} meant?" if near else ""
        return (f"There is no binding {name}.", f"{remedy} “vault-console keys” lists all ids.".strip()), ()
    written = value if isinstance(value, list) else [value]
    if not written or not all(isinstance(each, str) for each in written):
        return (f"{name} needs a key, or a list of keys.", f'Write: "{name}" = "f5".'), ()
    keys: list[str] = []
    for part in [part for each in written for part in ([each] if len(each) == 1 else each.split(","))]:
        key = read_key(part)
        if key is None:
            return (f"There is no key “{part}”.", 'Write a sign as it is, or a name: "f5", "ctrl+t", "delete".'), ()
        keys.append(key)
    return _refused(bound, keys), tuple(keys)


def _refused(bound: Bound, keys: Sequence[str]) -> tuple[str, str] | None:
    """Why a binding cannot have these keys, and what to do; None when it can."""
    another = f"Give {bound.id} another key."
    for key in keys:
        if key not in bound.keys and key in FIXED:
            return f"{shown(key)} means the same everywhere.", another
        if key not in bound.keys and key in TAKEN:
            return f"{shown(key)} would not arrive: {TAKEN[key]}.", another
        if (key_to_character(key) or "\0").isprintable() and any(
            types and bound.id in ids for _, ids, types in _places()
        ):
            return f"{shown(key)} is typed as text there.", "Give it a key with Ctrl, or a function key."
    kept = next((key for key in bound.keys if key in FIXED and key not in keys), None)
    if kept is not None:
        whole = ", ".join(f'"{key}"' for key in (kept, *keys))
        return f"{shown(kept)} means the same everywhere and stays.", f"Write it too: [{whole}]."
    return None


def _near(name: str) -> str:
    from difflib import get_close_matches

    return next(iter(get_close_matches(name, every_binding(), 1)), "")


def _twice(given: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, str, str]]:
    """Keys that would mean two things in one place, where they did not before: the id, the problem, the remedy."""
    if not given:
        return
    known = every_binding()
    for _, ids, _ in _places():
        by_key: dict[str, list[str]] = {}
        for name in sorted(ids):
            for key in given.get(name) or known[name].keys:
                by_key.setdefault(key, []).append(name)
        for key, names in by_key.items():
            for name in names:
                others = [other for other in names if other != name and not _share_already(name, other)]
                if name in given and others:
                    other = others[0]
                    yield (
                        name,
                        f"{shown(key)} is also {other} ({known[other].label or known[other].about}).",
                        f"Give {name} another key, or give {other} another one too.",
                    )


def _share_already(one: str, other: str) -> bool:
    known = every_binding()
    return bool(set(known[one].keys) & set(known[other].keys))


def key_name(node: DOMNode, name: str, usual: str) -> str:
    """A binding's first key as people read it; `usual` is what it is called where nothing is mapped."""
    found: KeyMap | None = getattr(node.app, "key_map", None)
    return found.first(name) if found is not None and name in found.given else usual
