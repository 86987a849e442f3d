"""Keeps the demo moving: now and then a user of some Vault makes or changes a record."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import select

from models.errors import ConsoleError
from models.permissions import Actor, actor_for
from models.services.records import change_record, create_record
from models.store import Store, WriteSession
from models.tables import Lab, Vault, table_of
from models.time import iso
from seed.checks import check_scenario
from seed.demo import DEMO
from seed.drawing import Drawing, NothingToDraw, Place, Scene
from seed.history import draw_row, live
from seed.load import read_scenario
from seed.population import Known, Population
from seed.story import Change, Recipe

AT_ONCE = (1, 4)
"""How many things happen in one step, at least and at most."""
_TRIES = 40


@dataclass(frozen=True, slots=True)
class Happened:
    """What a user did in a Vault, in words, and to which record."""

    vault_id: int
    user: str
    words: str
    object_name: str
    record_id: str


class ChangeGenerator:
    """Draws changes from the demo's scenario and makes them through the services, as users of the Vaults.

    What happens depends on the seed number and on the store, nothing else: the same store takes the same step. Vaults
    of the scenario that a store lacks are left out.
    """

    def __init__(self, store: Store, seed: int, *, folder: Path = DEMO) -> None:
        self._store = store
        self._seed = seed
        self._scenario = check_scenario(*read_scenario(folder))
        self._recipes = {recipe.key: recipe for recipe in self._scenario.records}
        vault_ids = {vault.key: vault.id for vault in self._scenario.vaults}
        self._places = {key: Place(vault_ids[recipe.vault], recipe.object) for key, recipe in self._recipes.items()}

    def step(self) -> Sequence[Happened]:
        """Let a handful of things happen, each in its own transaction; answers them in order.

        A change that finds nothing to change, or that the Vault refuses, gives way to another one. Answers an empty
        sequence in a store that holds none of the scenario's Vaults.
        """
        with self._store.read() as session:
            present = set(session.execute(select(table_of(Vault).c.id)).scalars())
            tick = session.execute(select(table_of(Lab).c.last_tick)).scalar_one()
        changes = [change for change in self._scenario.changes if self._place(change).vault_id in present]
        if not changes:
            return ()
        random = Random(f"{self._seed}:{iso(tick)}")
        wanted = random.randint(*AT_ONCE)
        happened: list[Happened] = []
        for _ in range(_TRIES):
            if len(happened) == wanted:
                break
            change = random.choices(changes, [change.weight for change in changes])[0]
            done = self._attempt(random, change)
            if done is not None:
                happened.append(done)
        return happened

    def _attempt(self, random: Random, change: Change) -> Happened | None:
        try:
            with self._store.write() as write:
                done = self._make(write, random, change) if change.make else self._change(write, random, change)
                if done is None:
                    # Leave no tick behind for what did not happen.
                    raise NothingToDraw(f"{change.key} changed nothing.")
                return done
        except ConsoleError:
            return None

    def _make(self, write: WriteSession, random: Random, change: Change) -> Happened:
        recipe, place = self._recipe(change), self._place(change)
        drawing = self._drawing(write, random)
        number = write.execute(
            select(table_of(Vault).c.next_record).where(table_of(Vault).c.id == place.vault_id)
        ).scalar_one()
        parent: Known | None = None
        if recipe.per is not None:
            parent = drawing.record(recipe.per.recipe, recipe.per.where)
        values = dict(recipe.values) | dict(change.values)
        row = draw_row(drawing, write.now, recipe, values, number, parent)
        actor = actor_for(write, place.vault_id, change.by or recipe.by)
        return self._happened(change, actor, create_record(write, actor, place.object_name, row))

    def _change(self, write: WriteSession, random: Random, change: Change) -> Happened | None:
        recipe, place = self._recipe(change), self._place(change)
        drawing = self._drawing(write, random)
        record = drawing.record(recipe.key, change.where)
        scene = Scene(place.vault_id, write.now, dict(record.values))
        values: dict[str, Any] = drawing.values(scene, change.let, change.values)
        actor = actor_for(write, place.vault_id, change.by or recipe.by)
        if change.life:
            live(write, actor, record.id, change.life, tick=timedelta())
        elif not change_record(write, actor, record.id, values):
            return None
        return self._happened(change, actor, record.id)

    def _drawing(self, write: WriteSession, random: Random) -> Drawing:
        return Drawing(random, Population(write), self._scenario.words, self._places)

    def _recipe(self, change: Change) -> Recipe:
        return self._recipes[change.make or change.change or ""]

    def _place(self, change: Change) -> Place:
        return self._places[change.make or change.change or ""]

    def _happened(self, change: Change, actor: Actor, record_id: str) -> Happened:
        return Happened(actor.vault_id, actor.name, change.words, self._place(change).object_name, record_id)
