"""Draws the values of records: deterministic from the random numbers and the records it is given."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from models.errors import NotPossible
from models.time import whole_milliseconds
from seed.population import Known, Population
from seed.values import After, Chance, Days, Get, MinutesAgo, Pick, Ref, Value, Weighted, Whole

PLACEHOLDER = re.compile(r"\{([a-z_][a-z0-9_.]*)(?::(0?\d+|lower))?\}")
"""A path in a text, with a width for numbers or `lower`: `{first}`, `{parent.country__v.code__sys}`, `{n:03}`."""

Words = Mapping[str, Sequence[str] | Mapping[str, Sequence[str]]]


class NothingToDraw(NotPossible):
    """There is no record, word or path to draw a value from."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a recipe's records live."""

    vault_id: int
    object_name: str


@dataclass
class Scene:
    """What one record is drawn in: its Vault, the time, and everything a path may begin with."""

    vault_id: int
    now: datetime
    names: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Drawing:
    """Draws values from random numbers, word lists and the records there are. `places` tells recipes' Vaults."""

    random: Random
    population: Population
    words: Words
    places: Mapping[str, Place]

    def values(self, scene: Scene, let: Mapping[str, Value], values: Mapping[str, Value]) -> dict[str, Any]:
        """Draw `let` and then the fields, in their order; each may look at those before it. Empty ones are left out.

        Raises NothingToDraw.
        """
        for name, value in let.items():
            scene.names[name] = self.one(scene, value)
        drawn: dict[str, Any] = {}
        for name, value in values.items():
            scene.names[name] = drawn[name] = self.one(scene, value)
        return drawn

    def one(self, scene: Scene, value: Value) -> Any:  # noqa: C901 - one case per kind of value
        """Draw one value. Raises NothingToDraw."""
        match value:
            case str():
                return self._text(scene, value)
            case Get(get=path):
                return self.at(scene, path)
            case Pick(pick=choices, by=by):
                return self.one(scene, self.random.choice(self._choices(scene, choices, by)))
            case Weighted(weighted=weights):
                return self.random.choices(list(weights), list(weights.values()))[0]
            case Whole(whole=(low, high)):
                return self.random.randint(low, high)
            case Days(days=(low, high)):
                return (scene.now + timedelta(days=self.random.randint(low, high))).date()
            case MinutesAgo(minutes_ago=(low, high)):
                return whole_milliseconds(scene.now - timedelta(minutes=self.random.randint(low, high)))
            case Ref(ref=recipe, where=where):
                filled = {key: self.one(scene, wanted) for key, wanted in where.items()}
                return self.record(recipe, filled).id
            case After(after=order, path=path):
                return _following(order, self.at(scene, path))
            case Chance(chance=chance, then=then, otherwise=otherwise):
                return self.one(scene, then if self.random.random() < chance else otherwise)
            case _:
                return value

    def record(self, recipe: str, where: Mapping[str, Any]) -> Known:
        """One of the records of a recipe's object that hold these values. Raises NothingToDraw when there is none."""
        candidates = self.records(recipe, where)
        if not candidates:
            raise NothingToDraw(f"There is no record like those of {recipe} with {dict(where)}.")
        return self.random.choice(candidates)

    def records(self, recipe: str, where: Mapping[str, Any]) -> list[Known]:
        """All records of a recipe's object that hold these values; a path may walk references."""
        place = self.places[recipe]
        known = self.population.of(place.vault_id, place.object_name)
        return [record for record in known if all(self._of(record, path) == value for path, value in where.items())]

    def at(self, scene: Scene, path: str) -> Any:
        """The value at a path that begins with a name of the scene. Raises NothingToDraw for an unknown name."""
        first, _, rest = path.partition(".")
        if first not in scene.names:
            raise NothingToDraw(f"There is nothing called {first} to take {path} from.")
        value = scene.names[first]
        if not rest:
            return value.id if isinstance(value, Known) else value
        if not isinstance(value, Known):
            value = self.population.find(scene.vault_id, value) if isinstance(value, str) else None
        return self._of(value, rest)

    def _of(self, record: Known | None, path: str) -> Any:
        *references, name = path.split(".")
        for reference in references:
            target = record.values.get(reference) if record is not None else None
            record = self.population.find(record.vault_id, target) if record is not None and target else None
        return record.values.get(name) if record is not None else None

    def _choices(self, scene: Scene, choices: str | Sequence[Any], by: str | None) -> Sequence[Any]:
        if not isinstance(choices, str):
            return choices
        listed = self.words.get(choices)
        if isinstance(listed, Mapping):
            listed = listed.get(str(self.at(scene, by)) if by else "")
        if not listed:
            raise NothingToDraw(f"The word list {choices} has nothing for {by or 'this'}.")
        return listed

    def _text(self, scene: Scene, text: str) -> str:
        def filled(found: re.Match[str]) -> str:
            value, form = self.at(scene, found[1]), found[2] or ""
            if value is None:
                return ""
            return str(value).lower() if form == "lower" else format(value, form)

        return PLACEHOLDER.sub(filled, text) if "{" in text else text


def _following(order: Sequence[str], present: Any) -> str:
    if present not in order:
        return order[0]
    return order[min(order.index(present) + 1, len(order) - 1)]
