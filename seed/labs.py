"""The labs that people can begin with: the demo as it runs, as a new customer finds it, and with faults to find.

All three are made of the demo's scenario, so that what is learned in one is found again in the others.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select, update

from models.errors import NotFound, NotPossible
from models.permissions import Actor
from models.services.checks import key_of
from models.services.connection_pairing import reset_connection
from models.services.integrations import set_integration_active
from models.services.lookups import remove_keys, target_keys
from models.services.queues import set_delivery_enabled
from models.store import Store, WriteSession
from models.tables import Connection, Integration, Queue, ReferenceLookup, User, table_of
from seed.building import Issue, Progress
from seed.demo import build_demo
from seed.schema import PlannedConnection, PlannedIntegration, PlannedSide, Scenario

Cancelled = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Fault:
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
    faults: Sequence[Fault] = ()


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


def _connection(write: WriteSession, vault_id: int, api_name: str) -> int:
    columns = table_of(Connection).c
    statement = select(columns.id).where(columns.vault_id == vault_id, columns.api_name == api_name)
    return int(write.execute(statement).scalar_one())


def _switch_off_one_side(write: WriteSession) -> None:
    connection = _connection(write, RIM, "rim_to_clinical_connection__v")
    columns = table_of(Integration).c
    statement = select(columns.id).where(columns.connection_id == connection, columns.active).order_by(columns.id)
    for key in list(write.execute(statement).scalars()):
        set_integration_active(write, Actor.system(RIM), key, active=False)


def _let_the_user_go(write: WriteSession) -> None:
    connection = _connection(write, MEDICAL, "promomats_medical__v")
    user = write.get_one(Connection, connection).authorized_user_id
    write.execute(update(table_of(User)).where(table_of(User).c.id == user).values(active=False))


def _hold_deliveries(write: WriteSession) -> None:
    columns = table_of(Queue).c
    name = "crm_to_medical_outbound_queue__v"
    statement = select(columns.id).where(columns.vault_id == CRM, columns.api_name == name)
    set_delivery_enabled(write, Actor.system(CRM), int(write.execute(statement).scalar_one()), enabled=False)


def _lose_keys(write: WriteSession) -> None:
    connection = _connection(write, CLINICAL, "clinical_to_rim_connection__v")
    columns = table_of(ReferenceLookup).c
    statement = select(columns.id).where(columns.connection_id == connection)
    for key in list(write.execute(statement).scalars()):
        lookup = write.get_one(ReferenceLookup, key)
        kept = list(target_keys(write, key_of(lookup)))[:1]
        remove_keys(write, Actor.system(CLINICAL), key, kept)


def _forget_the_partner(write: WriteSession) -> None:
    reset_connection(write, Actor.system(CLINICAL), _connection(write, CLINICAL, "cdms_clin-ops_connection__v"))


FAULTS: Final = (
    Fault("one-side-off", "RIM shows no new study of Clinical Operations.", _switch_off_one_side),
    Fault("user-gone", "Somebody left the company, and documents no longer reach Medical.", _let_the_user_go),
    Fault("delivery-held", "Inquiries from Vault CRM do not arrive in Medical.", _hold_deliveries),
    Fault("keys-lost", "Some values arrive empty where a lookup should have translated them.", _lose_keys),
    Fault("partner-forgotten", "A sandbox was refreshed, and EDC is no longer reached.", _forget_the_partner),
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
        for fault in kind.faults:
            fault.break_it(write)

    try:
        build_demo(store, issue=issue, seed=seed, progress=tell, shape=kind.shape, finish=break_things)
    except _CancelledError as error:
        raise NotPossible("Cancelled: nothing was made.") from error
