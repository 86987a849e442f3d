"""Keys as people write and read them, and as Textual calls them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from textual.keys import Keys, _character_to_key, format_key

from console.theme import SIGNS

_NAMES: Final = {
    "escape": "Esc",
    "enter": "Enter",
    "space": "Space",
    "tab": "Tab",
    "delete": "Del",
    "insert": "Ins",
    "backspace": "Backspace",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "home": "Home",
    "end": "End",
    **{f"f{number}": f"F{number}" for number in range(1, 25)},
}
_ARROWS: Final = {"left": "←", "right": "→", "up": "↑", "down": "↓"}
_MEANT: Final = {
    "esc": "escape",
    "return": "enter",
    "del": "delete",
    "ins": "insert",
    "pgup": "pageup",
    "pgdn": "pagedown",
    "page_up": "pageup",
    "page_down": "pagedown",
}
_MODIFIERS: Final = ("ctrl", "alt", "shift", "super", "hyper", "meta")
_KNOWN: Final = frozenset(key.value for key in Keys)


def shown(key: str) -> str:
    """A key as people read it."""
    *modifiers, last = key.split("+")
    name = SIGNS.pick(_ARROWS[last], last.capitalize()) if last in _ARROWS else _NAMES.get(last) or format_key(last)
    if modifiers:
        name = "+".join([*(each.capitalize() for each in modifiers), name.upper() if len(name) == 1 else name])
    return name


def read_key(text: str) -> str | None:
    """What Textual calls a key that a person wrote, such as "?", "F5", "Esc" or "Ctrl+T"; None for none."""
    text = text if len(text) == 1 else text.strip()
    if len(text) == 1:
        return _character_to_key(text) if text.isprintable() else None
    *modifiers, last = text.split("+") if not text.endswith("++") else [*text[:-2].split("+"), "+"]
    modifiers = [each.strip().lower() for each in modifiers]
    if any(each not in _MODIFIERS for each in modifiers):
        return None
    last = last.strip()
    if len(last) == 1:
        name = _character_to_key(last.lower() if modifiers else last) if last.isprintable() else None
    else:
        name = _MEANT.get(last.lower(), last.lower())
        name = name if name in _KNOWN or name in _named_signs() else None
    return None if name is None else "+".join([*sorted(modifiers, key=_MODIFIERS.index), name])


def _named_signs() -> Iterable[str]:
    """What Textual calls the printable signs, such as question_mark."""
    return {_character_to_key(chr(number)) for number in range(33, 127)}
