"""Filling an empty store with a lab: in the console when it opens on one, and by the command `seed`."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli.lab import LEAVE_READ_ONLY, READ_ONLY
from console.cli.output import Column, answer, table
from console.cli.settings import Settings, settings_of
from console.lab import NOTHING, Beginning
from models.errors import InvalidInput, NotAllowed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from console.cli.moving import Progress
    from models.store import Store
    from seed.faults import Fault
    from seed.labs import LabKind

SEED = 7
BROKEN = "broken"


class LabFiller:
    """Fills one empty store. The lab clock is attached to it only then: a lab's time begins where its story ends."""

    def __init__(self, store: Store, seed: int = SEED) -> None:
        self._store, self._seed = store, seed

    @property
    def beginnings(self) -> Sequence[Beginning]:
        """The labs to choose from."""
        from seed.labs import LABS

        return tuple(Beginning(kind.name, kind.label, kind.about) for kind in LABS)

    def fill(self, name: str, tell: Callable[[str, float], None], cancelled: Callable[[], bool]) -> str:
        """Fill the store; answers what there is now. Raises NotFound, and NotPossible when it holds Vaults already."""
        from scheduler.clock import attach_lab

        if name == NOTHING:
            attach_lab(self._store)
            return "The lab is empty. `vault-console seed` fills it, `vault-console demo` shows one at work."
        from scheduler.signing import issue_certificate
        from seed.labs import build_lab, lab_kind

        kind = lab_kind(name)
        build_lab(self._store, kind, issue=issue_certificate, seed=self._seed, progress=tell, cancelled=cancelled)
        attach_lab(self._store)
        told = "".join(f"\n- {fault.told}" for fault in kind.faults)
        return f"{kind.about}{told}"


def is_empty(store: Store) -> bool:
    """Whether a store holds no Vault."""
    from models.queries.lab import ask, vault_list

    return not ask(store, vault_list)


def seed(
    context: typer.Context,
    lab: Annotated[str | None, typer.Argument(help="Which lab: see --list. Default: running.")] = None,
    connections: Annotated[
        list[str] | None,
        typer.Option(
            "--connections", metavar="KEY", help="Standard connections instead, by key: see `catalogue list`."
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All standard connections.")] = False,
    state: Annotated[
        str, typer.Option("--state", help="Of standard connections: untouched, established, running, or broken.")
    ] = "running",
    faults: Annotated[
        list[str] | None, typer.Option("--fault", metavar="NAME", help="How they are broken: see --list. Default: all.")
    ] = None,
    records: Annotated[
        int, typer.Option("--records", metavar="N", help="How many records their Vaults have to move.")
    ] = 0,
    number: Annotated[
        int, typer.Option("--seed", metavar="N", help="Number that all made-up data follows from.")
    ] = SEED,
    listed: Annotated[bool, typer.Option("--list", help="List labs, states and faults, and change nothing.")] = False,
) -> None:
    """Fill an empty store: with a lab by its name, or with any set of standard connections in any state."""
    settings = settings_of(context)
    if listed:
        _list(settings)
        return
    standard = bool(connections) or everything
    if lab is not None and standard:
        raise InvalidInput({"lab": "Name a lab or standard connections, not both."})
    if not standard and (records or faults or state != "running"):
        raise InvalidInput({"connections": "--state, --fault and --records need --connections or --all."})
    if settings.read_only:
        raise NotAllowed(READ_ONLY, LEAVE_READ_ONLY)
    if standard:
        _seed_standard(settings, _keys(connections or [], everything), state, faults or [], records, number)
    else:
        _seed_lab(settings, lab, number)


def _list(settings: Settings) -> None:
    from seed.catalogue.assemble import State
    from seed.faults import FAULTS
    from seed.labs import LABS

    states = [*State, BROKEN]
    document = {
        "labs": [{"lab": kind.name, "name": kind.label, "about": kind.about} for kind in LABS],
        "states": [str(one) for one in states],
        "faults": [{"name": one.name, "symptom": one.symptom} for one in FAULTS],
    }
    columns: list[Column[LabKind]] = [
        Column("Lab", lambda kind: kind.name),
        Column("Name", lambda kind: kind.label),
        Column("About", lambda kind: kind.about),
    ]
    kinds: list[Column[Fault]] = [Column("Fault", lambda one: one.name), Column("Symptom", lambda one: one.symptom)]

    def words() -> str:
        told = f"States of standard connections: {', '.join(states)}."
        return "\n\n".join((table(columns, LABS), told, table(kinds, FAULTS)))

    answer(settings, document, words)


def _keys(named: Sequence[str], everything: bool) -> tuple[str, ...]:
    """The connections that are meant; several can stand in one option, separated by commas."""
    from seed.catalogue.load import catalogue

    if everything:
        return tuple(catalogue().connections)
    return tuple(key.strip().lower().replace("-", "_") for option in named for key in option.split(",") if key.strip())


def _seed_lab(settings: Settings, lab: str | None, number: int) -> None:
    from models.queries.summary import vault_summaries
    from seed.labs import LABS, lab_kind

    kind = lab_kind(lab or LABS[0].name)
    with _filling(settings) as (store, progress):
        text = LabFiller(store, number).fill(kind.name, progress.share, lambda: False)
        with store.read() as session:
            vaults = vault_summaries(session)
    document: dict[str, Any] = {
        "lab": kind.name,
        "vaults": vaults,
        "faults": [{"name": fault.name, "told": fault.told} for fault in kind.faults],
    }
    answer(settings, document, lambda: f"{kind.label}: {len(vaults)} Vaults. {text}")


def _seed_standard(
    settings: Settings, keys: tuple[str, ...], state: str, faults: Sequence[str], records: int, number: int
) -> None:
    from models.queries.summary import vault_summaries
    from scheduler.clock import attach_lab
    from scheduler.signing import issue_certificate
    from seed.catalogue.assemble import State
    from seed.catalogue.labs import StandardLab, build_standard_lab
    from seed.faults import FAULTS, fault

    if state not in (*State, BROKEN):
        raise InvalidInput({"state": f"It is one of {', '.join((*State, BROKEN))}."})
    if faults and state != BROKEN:
        raise InvalidInput({"fault": f"Faults belong to the state {BROKEN}."})
    wanted = [fault(name) for name in faults] or list(FAULTS)
    lab = StandardLab(
        keys,
        State.RUNNING if state == BROKEN else State(state),
        tuple(wanted) if state == BROKEN else (),
        records,
    )
    with _filling(settings) as (store, progress):
        broken = build_standard_lab(store, lab, issue=issue_certificate, seed=number, progress=progress.share)
        attach_lab(store)
        with store.read() as session:
            vaults = vault_summaries(session)
    document: dict[str, Any] = {
        "connections": list(keys),
        "state": state,
        "records": records,
        "vaults": vaults,
        "faults": [
            {"name": one.fault.name, "connection": one.connection.key, "symptom": one.fault.symptom} for one in broken
        ],
    }
    told = "".join(f"\n- {one.connection.name}: {one.fault.symptom}" for one in broken)
    count = f"{len(keys)} standard connection{'s' if len(keys) != 1 else ''}"
    answer(settings, document, lambda: f"{count}, {state}: {len(vaults)} Vaults.{told}")


@contextmanager
def _filling(settings: Settings) -> Iterator[tuple[Store, Progress]]:
    """The store of the command, to be filled, and a line of progress."""
    from console.cli.moving import Progress
    from models.opening import open_store

    progress = Progress()
    store = open_store(settings.store)
    try:
        yield store, progress
    finally:
        progress.done()
        store.close()
