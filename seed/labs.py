"""The labs that people can begin with: the demo as it runs, as a new customer finds it, and with faults to find.

All three are made of the demo's scenario, so that what is learned in one is found again in the others.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from models.errors import NotFound, NotPossible
from models.store import Store, WriteSession
from models.tables import Connection, table_of
from seed.building import Issue, Progress
from seed.demo import build_demo
from seed.faults import fault
from seed.schema import PlannedConnection, PlannedIntegration, PlannedSide, Scenario

Cancelled = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class LabFault:
    """One thing that is wrong in the lab with faults. `told` is what an administrator hears of it, not what it is."""

    name: str
    told: str
    break_it: Callable[[WriteSession], object]


@dataclass(frozen=True, slots=True)
class LabKind:
    """A lab to begin with. `about` is one sentence for people who choose."""

    name: str
    label: str
    about: str
    shape: Callable[[Scenario], Scenario] | None = None
    faults: Sequence[LabFault] = ()


def untouched(scenario: Scenario) -> Scenario:
    """The scenario as a new customer finds it: standard connections Pending, integrations inactive (seed S1)."""

    def off(integration: PlannedIntegration) -> PlannedIntegration:
        return integration.model_copy(update={"active": False})

    def side_of(side: PlannedSide) -> PlannedSide:
        return side.model_copy(update={"integrations": tuple(map(off, side.integrations))})

    def connection_of(connection: PlannedConnection) -> PlannedConnection:
        sides = tuple(map(side_of, connection.sides))
        return connection.model_copy(update={"established": False, "sides": sides})

    return scenario.model_copy(update={"connections": tuple(map(connection_of, scenario.connections))})


CLINICAL, RIM, MEDICAL, CRM = 21014, 21041, 21063, 21086
"""Vaults of the demo in which something breaks."""


def _on(vault_id: int, api_name: str, name: str, told: str) -> LabFault:
    """A fault on the connection of this API name in a Vault of the demo."""
    columns = table_of(Connection).c
    statement = select(columns.id).where(columns.vault_id == vault_id, columns.api_name == api_name)

    def break_it(write: WriteSession) -> None:
        fault(name).break_it(write, write.get_one(Connection, write.execute(statement).scalar_one()))

    return LabFault(name, told, break_it)


FAULTS: Final = (
    _on(RIM, "rim_to_clinical_connection__v", "one-side-off", "RIM shows no new study of Clinical Operations."),
    _on(
        MEDICAL,
        "promomats_medical__v",
        "user-gone",
        "Somebody left; documents no longer reach Medical.",
    ),
    _on(CRM, "sim_medical_crm__c", "delivery-held", "Inquiries from Vault CRM do not arrive in Medical."),
    _on(
        CLINICAL,
        "clinical_to_rim_connection__v",
        "keys-lost",
        "Some values arrive empty where a lookup should have translated them.",
    ),
    _on(
        CLINICAL,
        "cdms_clin-ops_connection__v",
        "partner-forgotten",
        "A sandbox was refreshed; EDC is not reached.",
    ),
)
LABS: Final = (
    LabKind("running", "A lab at work", "Eight connected Vaults that move data at once."),
    LabKind(
        "untouched",
        "Set up from nothing",
        "The same Vaults, and nothing connected yet.",
        untouched,
    ),
    LabKind(
        "broken",
        "Find the faults",
        f"The same with {len(FAULTS)} faults: find and mend them.",
        faults=FAULTS,
    ),
)


def lab_kind(name: str) -> LabKind:
    """The lab of this name. Raises NotFound with the names that there are."""
    found = next((kind for kind in LABS if kind.name == name), None)
    if found is None:
        raise NotFound(f"There is no lab {name}.", f"There is {', '.join(kind.name for kind in LABS)}.")
    return found


class _CancelledError(Exception):
    """Somebody wants no lab after all."""


def build_lab(
    store: Store,
    kind: LabKind,
    *,
    issue: Issue,
    seed: int = 7,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> None:
    """Build a lab in an empty store, all of it or nothing. See `build_demo` for when, and what it raises.

    Raises NotPossible when it was cancelled: then the store is as empty as before.
    """

    def tell(what: str, share: float) -> None:
        if cancelled is not None and cancelled():
            raise _CancelledError
        if progress is not None:
            progress(what, share)

    def break_things(write: WriteSession) -> None:
        for one in kind.faults:
            one.break_it(write)

    try:
        build_demo(store, issue=issue, seed=seed, progress=tell, shape=kind.shape, finish=break_things)
    except _CancelledError as error:
        raise NotPossible("Cancelled: nothing was made.") from error
