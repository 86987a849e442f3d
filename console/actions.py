"""Actions of a screen: each has a key, a name and a tooltip, and says why it cannot be done when it cannot."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from textual.binding import ActiveBinding, Binding, BindingType


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
    permission: str | tuple[str, ...] = ()
    """What the acting user needs, by label; several when all of them are needed, none when anybody may."""
    changes: bool = False
    """Whether it changes the lab though it needs no permission, as its clock does: a read-only console refuses it."""

    @property
    def permissions(self) -> tuple[str, ...]:
        """All that the acting user needs."""
        return (self.permission,) if isinstance(self.permission, str) else self.permission

    @property
    def command(self) -> str:
        """The action as a binding names it."""
        return f"do('{self.name}')"


def bindings(where: str, actions: Iterable[Action]) -> list[BindingType]:
    """One binding per action, so that footer, help and key maps know them all."""
    return [
        Binding(
            action.key,
            action.command,
            action.label,
            show=action.shown,
            id=f"{where}.{action.name}",
            tooltip=action.tooltip,
        )
        for action in actions
    ]


def disabled(found: Mapping[str, ActiveBinding], why_not: Callable[[object, str], str]) -> dict[str, ActiveBinding]:
    """Active bindings, where those that would be refused stand as disabled and say why.

    They can still be pressed: that tells the reason. `why_not` is asked with the node and the command of a binding.
    """
    answer = {}
    for key, active in found.items():
        reason = why_not(active.node, active.binding.action)
        answer[key] = active._replace(enabled=False, tooltip=reason) if reason else active
    return answer


def named(actions: Iterable[Action], command: str) -> Action | None:
    """The action that a binding's command stands for."""
    return next((action for action in actions if action.command == command), None)
