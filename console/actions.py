"""Actions of a screen: each has a key, a name and a tooltip, and says why it cannot be done when it cannot."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from textual.binding import Binding, BindingType

_KEYS = {"full_stop": ".", "plus": "+", "minus": "-", "colon": ":", "delete": "Del", "f9": "F9"}


@dataclass(frozen=True, slots=True)
class Action:
    """Something that a person does here. The screen's method `do_<name>` does it.

    A method `why_not_<name>`, where there is one, answers a sentence when it cannot be done now, else an empty text.
    """

    name: str
    key: str
    label: str
    tooltip: str
    shown: bool = True
    permission: str = ""
    """What the acting user needs, by its label; empty when anybody may."""

    @property
    def keys(self) -> str:
        """The key as people read it."""
        first = self.key.split(",")[0]
        return {"full_stop": ".", "plus": "+", "minus": "-", "colon": ":", "delete": "Del", "f9": "F9"}.get(
            first, first
        )


def bindings(where: str, actions: Iterable[Action]) -> list[BindingType]:
    """One binding per action, so that footer, help and key maps know them all."""
    return [
        Binding(
            action.key,
            f"do('{action.name}')",
            action.label,
            show=action.shown,
            id=f"{where}.{action.name}",
            tooltip=action.tooltip,
        )
        for action in actions
    ]
