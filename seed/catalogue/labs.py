"""Labs of standard connections: any set of them, in any state, with as many records as one likes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from sqlalchemy import select

from models.errors import InvalidInput, NotPossible
from models.store import Store, WriteSession
from models.tables import Connection, table_of
from seed.building import Issue, Progress, build_scenario
from seed.catalogue.assemble import State, assemble, chosen
from seed.catalogue.checks import check_catalogue
from seed.catalogue.load import Catalogue, catalogue
from seed.catalogue.records import Maker, fill
from seed.catalogue.schema import StandardConnection
from seed.faults import Fault

MOST_RECORDS = 1_000_000
_BUILDING = 0.3
"""Share of the work that the Vaults and connections are, when records are made too."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A connection with a fault: what is told of it, and what it is."""

    connection: StandardConnection
    fault: Fault


@dataclass(frozen=True, slots=True)
class StandardLab:
    """What a lab is to be: connections by key, their state, faults by name, and how many records there shall be."""

    connections: tuple[str, ...]
    state: State = State.RUNNING
    faults: tuple[Fault, ...] = ()
    records: int = 0


def build_standard_lab(
    store: Store,
    lab: StandardLab,
    *,
    issue: Issue,
    seed: int = 7,
    progress: Progress | None = None,
    files: Catalogue | None = None,
) -> list[Broken]:
    """Build a lab of standard connections in an empty store, all of it or nothing; answers what is broken in it.

    See `build_scenario` for when. Raises NotFound for an unknown connection, InvalidInput for a count or faults that do
    not fit, NotPossible when the store holds Vaults already, ScenarioError when the catalogue's files are wrong.
    """
    tell = progress or _silent
    tell("Reading the catalogue", 0.0)
    known = check_catalogue(files or catalogue())
    connections = chosen(known, lab.connections)
    if not connections:
        raise InvalidInput({"connections": "Name at least one standard connection."})
    if not 0 <= lab.records <= MOST_RECORDS:
        raise InvalidInput({"records": f"It is a number from 0 to {MOST_RECORDS:,}."})
    if lab.faults and lab.state is not State.RUNNING:
        raise InvalidInput({"fault": "Only a running lab can be broken."})
    scenario = assemble(known, lab.connections, lab.state)
    vaults = {vault.key: vault.id for vault in scenario.vaults}
    broken: list[Broken] = []
    part = _BUILDING if lab.records else 0.95

    def finish(write: WriteSession) -> None:
        if lab.records:
            user = f"admin@{known.vaults_file.content.domain}"
            maker = Maker(write, vaults, user, Random(seed))
            fill(maker, connections, lab.records, lambda what, share: tell(what, part + (0.98 - part) * share))
        broken.extend(_break(write, vaults, connections, lab.faults))

    build_scenario(
        store,
        scenario,
        issue=issue,
        seed=seed,
        progress=lambda what, share: tell(what, share * part if share < 1 else share),
        finish=finish,
    )
    return broken


def _break(
    write: WriteSession, vaults: dict[str, int], connections: Sequence[StandardConnection], faults: Sequence[Fault]
) -> Iterator[Broken]:
    """Give each fault to a connection that it fits, in turn. Raises NotPossible when one fits none."""
    for place, fault in enumerate(faults):
        ring = [*connections[place % len(connections) :], *connections[: place % len(connections)]]
        sides = ((one, side) for one in ring for side in reversed(one.sides))
        for connection, side in sides:
            if fault.break_it(write, _record(write, vaults[side.vault], side.api_name)):
                yield Broken(connection, fault)
                break
        else:
            raise NotPossible(f"No connection of the lab can be broken by {fault.name}.", "Choose more connections.")


def _record(write: WriteSession, vault_id: int, api_name: str) -> Connection:
    columns = table_of(Connection).c
    statement = select(columns.id).where(columns.vault_id == vault_id, columns.api_name == api_name)
    return write.get_one(Connection, write.execute(statement).scalar_one())


def _silent(_what: str, _share: float) -> None:
    pass
