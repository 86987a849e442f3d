"""User actions of an object: what a person does with a record at one stroke, e.g. *Transfer to Safety*.

A standard connection moves some records only once a person has asked for it with such an action. What the action does
is data: the values that it sets, which the criteria of an outbound point then ask for (Assumed: the vendor publishes
the labels of these actions, and of hardly any the field behind it).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from models.data_model import ObjectModel

LONGEST_LABEL = 60
"""Signs of a label: the audit keeps it as the name of what was done."""


@dataclass(frozen=True, slots=True)
class UserAction:
    """An action of an object's records. `sets` are values by field that it gives a record.

    `when` are values by field that a record must hold for it, e.g. a lifecycle state; `about` says in a sentence what
    comes of it.
    """

    label: str
    sets: Mapping[str, Any]
    when: Mapping[str, Any] = field(default_factory=dict)
    about: str = ""

    def is_done(self, values: Mapping[str, Any]) -> bool:
        """Whether a record with these values is as the action would make it."""
        return all(values.get(name) == value for name, value in self.sets.items())

    def why_not(self, model: ObjectModel, values: Mapping[str, Any]) -> str:
        """Why it cannot be done with a record that holds these values; empty when it can, or is done already."""
        if self.is_done(values):
            return ""
        if why := model.locked_by(values):
            return f"{values.get('name__v')} is locked: {why}."
        missing = {name: value for name, value in self.when.items() if values.get(name) != value}
        return f"{self.label} is possible once {model.told(missing)}." if missing else ""

    @property
    def kept(self) -> dict[str, Any]:
        """The action as the store keeps it."""
        return {"label": self.label, "sets": dict(self.sets), "when": dict(self.when), "about": self.about}


def read_actions(kept: list[dict[str, Any]]) -> tuple[UserAction, ...]:
    """The actions that an object keeps."""
    return tuple(UserAction(each["label"], each["sets"], each["when"], each["about"]) for each in kept)
