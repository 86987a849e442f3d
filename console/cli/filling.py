"""Filling an empty store with a lab: in the console when it opens on one, and by the command `seed`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli.lab import LEAVE_READ_ONLY, READ_ONLY
from console.cli.output import Column, answer, table
from console.cli.settings import settings_of
from console.lab import NOTHING, Beginning
from models.errors import NotAllowed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from models.store import Store

SEED = 7


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
    number: Annotated[
        int, typer.Option("--seed", metavar="N", help="Number that all made-up data follows from.")
    ] = SEED,
    listed: Annotated[bool, typer.Option("--list", help="List the labs, and change nothing.")] = False,
) -> None:
    """Fill an empty store with a lab: at work, as a new customer finds it, or with faults to find."""
    from console.cli.moving import Progress
    from models.opening import open_store
    from models.queries.summary import vault_summaries
    from seed.labs import LABS, LabKind, lab_kind

    settings = settings_of(context)
    if listed:
        columns: list[Column[LabKind]] = [
            Column("Lab", lambda kind: kind.name),
            Column("Name", lambda kind: kind.label),
            Column("About", lambda kind: kind.about),
        ]
        rows = [{"lab": kind.name, "name": kind.label, "about": kind.about} for kind in LABS]
        answer(settings, {"labs": rows}, lambda: table(columns, LABS))
        return
    kind = lab_kind(lab or LABS[0].name)
    if settings.read_only:
        raise NotAllowed(READ_ONLY, LEAVE_READ_ONLY)
    progress = Progress()
    store = open_store(settings.store)
    try:
        text = LabFiller(store, number).fill(kind.name, progress.share, lambda: False)
        with store.read() as session:
            vaults = vault_summaries(session)
    finally:
        progress.done()
        store.close()
    document: dict[str, Any] = {
        "lab": kind.name,
        "vaults": vaults,
        "faults": [{"name": fault.name, "told": fault.told} for fault in kind.faults],
    }
    answer(settings, document, lambda: f"{kind.label}: {len(vaults)} Vaults. {text}")
