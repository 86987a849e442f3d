"""Lets the records of a scenario come into being, in their order, at working hours of the lab's past."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from models.errors import ConsoleError, NotPossible
from models.permissions import Actor, actor_for
from models.services.documents import change_state, new_version
from models.services.records import create_records
from models.store import WriteSession
from models.time import TICK
from seed.drawing import Drawing, NothingToDraw, Place, Scene
from seed.population import Known, Population
from seed.schema import Scenario
from seed.story import DRAFT, Recipe

_HALF_HOUR = timedelta(minutes=30)
_FIRST_HOUR, _LAST_HOUR = 7, 17
_WEEKEND = 5
_TRIES = 200


@dataclass(frozen=True, slots=True)
class Batch:
    """Records of one recipe that come into being at one moment."""

    moment: datetime
    order: int
    recipe: Recipe
    number: int


@dataclass(slots=True)
class _Progress:
    """How far a recipe has come: its numbered places (with the parent, if any), and the values that must differ."""

    places: list[tuple[int, Known | None]] | None = None
    seen: set[tuple[Any, ...]] = field(default_factory=set)


class History:
    """Makes a scenario's records inside one write transaction whose time it moves on from batch to batch."""

    def __init__(self, write: WriteSession, scenario: Scenario, *, seed: int) -> None:
        self._write = write
        self._population = Population(write)
        vault_ids = {vault.key: vault.id for vault in scenario.vaults}
        self._places = {recipe.key: Place(vault_ids[recipe.vault], recipe.object) for recipe in scenario.records}
        # A random sequence of its own for each recipe: a new recipe changes nothing in the others.
        self._drawings = {
            recipe.key: Drawing(Random(f"{seed}:{recipe.key}"), self._population, scenario.words, self._places)
            for recipe in scenario.records
        }
        self._progress = {recipe.key: _Progress() for recipe in scenario.records}
        self._actors: dict[tuple[int, str], Actor] = {}
        self.batches = sorted(
            self._schedule(scenario.records), key=lambda batch: (batch.moment, batch.order, batch.number)
        )

    def live(self) -> Iterator[Batch]:
        """Create batch after batch, each at its moment; answers each once it is done.

        Raises NotPossible that names the recipe when its records cannot be drawn or stored.
        """
        for batch in self.batches:
            self._write.now = max(batch.moment, self._write.now + TICK)
            try:
                self._create(batch)
            except ConsoleError as error:
                raise NotPossible(f"Recipe {batch.recipe.key}: {error.message}", error.remedy) from error
            yield batch

    def _create(self, batch: Batch) -> None:
        recipe, progress = batch.recipe, self._progress[batch.recipe.key]
        if progress.places is None:
            progress.places = self._numbered(recipe)
        start, end = (len(progress.places) * number // recipe.batches for number in (batch.number, batch.number + 1))
        rows = [self._row(recipe, progress, number, parent) for number, parent in progress.places[start:end]]
        if not rows:
            return
        place = self._places[recipe.key]
        ids = create_records(self._write, self._actor(place.vault_id, recipe.by), place.object_name, rows)
        self._population.add(place.vault_id, place.object_name, ids)
        if recipe.lives:
            for number, document_id in enumerate(ids, start=start):
                life = recipe.lives[number % len(recipe.lives)]
                live(self._write, self._actor(place.vault_id, recipe.by), document_id, life, tick=TICK)

    def _numbered(self, recipe: Recipe) -> list[tuple[int, Known | None]]:
        if recipe.per is None:
            return [(number, None) for number in range(1, (recipe.count or len(recipe.rows)) + 1)]
        drawing = self._drawings[recipe.key]
        parents = [
            parent
            for parent in drawing.records(recipe.per.recipe, recipe.per.where)
            for _ in range(drawing.random.randint(*recipe.per.count))
        ]
        return list(enumerate(parents, start=1))

    def _row(self, recipe: Recipe, progress: _Progress, number: int, parent: Known | None) -> dict[str, Any]:
        values = dict(recipe.values)
        if recipe.rows:
            values |= recipe.rows[number - 1]
        odd = [odd for odd in recipe.odd if number in odd.at]
        for deviation in odd:
            values |= deviation.values
        for _ in range(_TRIES):
            drawn = draw_row(self._drawings[recipe.key], self._write.now, recipe, values, number, parent)
            mark = (parent.id if parent else "", *(drawn.get(name) for name in recipe.distinct))
            if not recipe.distinct or odd or mark not in progress.seen:
                progress.seen.add(mark)
                return drawn
        raise NothingToDraw(f"No more values of {', '.join(recipe.distinct)} that differ.")

    def _actor(self, vault_id: int, username: str) -> Actor:
        if (vault_id, username) not in self._actors:
            self._actors[vault_id, username] = actor_for(self._write, vault_id, username)
        return self._actors[vault_id, username]

    def _schedule(self, recipes: Sequence[Recipe]) -> Iterator[Batch]:
        for order, recipe in enumerate(recipes):
            hours = list(working_hours(*recipe.when)) or [recipe.when[0]]
            random = self._drawings[recipe.key].random
            for number in range(recipe.batches):
                moment = hours[len(hours) * number // recipe.batches]
                yield Batch(moment + timedelta(seconds=random.randrange(1_700)), order, recipe, number)


def live(write: WriteSession, actor: Actor, document_id: str, life: Sequence[str], *, tick: timedelta) -> None:
    """Bring a document through the versions and lifecycle states of a life, one after the other.

    Each step is a `tick` after the one before: only the story of the past, which moves its own time on, has one.
    """
    for step in life:
        write.now += tick
        if step == DRAFT:
            new_version(write, actor, document_id)
        else:
            change_state(write, actor, document_id, step)


def draw_row(
    drawing: Drawing, now: datetime, recipe: Recipe, values: Mapping[str, Any], number: int, parent: Known | None
) -> dict[str, Any]:
    """Draw one record of a recipe with these values; empty fields are left out. Raises NothingToDraw."""
    scene = Scene(drawing.places[recipe.key].vault_id, now, {"n": number})
    if parent is not None:
        scene.names["parent"] = parent
    drawn = drawing.values(scene, recipe.let, values)
    return {name: value for name, value in drawn.items() if value is not None}


def working_hours(start: datetime, end: datetime) -> Iterator[datetime]:
    """The half hours from start to end at which people work: Monday to Friday, 7:00 to 17:00 UTC."""
    moment = start
    while moment <= end:
        if moment.weekday() < _WEEKEND and _FIRST_HOUR <= moment.hour < _LAST_HOUR:
            yield moment
        moment += _HALF_HOUR
