"""Makes a scenario of standard connections: the Vaults they need, data models put together, and both sides."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from graphlib import CycleError, TopologicalSorter

from models.errors import NotFound, NotPossible
from seed.catalogue.load import Catalogue
from seed.catalogue.schema import BasicRecords, DataModel, StandardConnection, StandardObject, StandardVault
from seed.schema import (
    PlannedAction,
    PlannedConnection,
    PlannedField,
    PlannedIntegration,
    PlannedObject,
    PlannedPicklist,
    PlannedSide,
    PlannedVault,
    Scenario,
)
from seed.story import Recipe

PREFIXES = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class State(StrEnum):
    """How far the connections of a scenario have been set up."""

    UNTOUCHED = "untouched"
    """As a new customer finds it: standard records Pending, integrations inactive (seed S1)."""
    ESTABLISHED = "established"
    """Both sides Active, integrations inactive."""
    RUNNING = "running"
    """Both sides Active, integrations active; of two of which one supersedes the other, the newer one."""


def chosen(catalogue: Catalogue, keys: Iterable[str]) -> list[StandardConnection]:
    """Connections by key, each once, in the catalogue's order. Raises NotFound that lists the keys there are."""
    wanted = set(keys)
    unknown = sorted(wanted - catalogue.connections.keys())
    if unknown:
        known = ", ".join(catalogue.connections)
        raise NotFound(f"There is no standard connection {', '.join(unknown)}.", f"There is {known}.")
    return [connection for key, connection in catalogue.connections.items() if key in wanted]


def assemble(catalogue: Catalogue, keys: Iterable[str], state: State = State.RUNNING) -> Scenario:
    """A scenario of these connections in this state, with the Vaults they need. Raises NotFound."""
    connections = chosen(catalogue, keys)
    needed = {side.vault for connection in connections for side in connection.sides}
    vaults = [vault for vault in catalogue.vaults.values() if vault.key in needed]
    return Scenario(
        lab=catalogue.vaults_file.content.lab,
        vaults=tuple(planned_vault(catalogue, vault, models_of(vault, connections)) for vault in vaults),
        connections=tuple(planned_connection(connection, state) for connection in connections),
        words={},
        records=tuple(_recipes(catalogue, vaults, connections)),
        changes=(),
    )


def models_of(vault: StandardVault, connections: Sequence[StandardConnection]) -> list[DataModel]:
    """What a Vault holds of itself, and what each of these connections needs in it."""
    return [vault.data, *(one.data[vault.key] for one in connections if vault.key in one.data)]


def planned_vault(catalogue: Catalogue, vault: StandardVault, models: Sequence[DataModel]) -> PlannedVault:
    """A Vault with these data models put together."""
    domain = catalogue.vaults_file.content.domain
    return PlannedVault(
        key=vault.key,
        id=vault.id,
        name=vault.name,
        dns_host=f"{domain.partition('.')[0]}-{vault.key.replace('_', '-')}.vault.example",
        domain=domain,
        family=vault.family,
        applications=vault.applications,
        features=vault.features,
        administrator=vault.administrator,
        profiles=vault.profiles,
        users=vault.users,
        picklists=tuple(_picklists(models)),
        objects=tuple(_objects(vault.name, models)),
    )


def planned_connection(connection: StandardConnection, state: State) -> PlannedConnection:
    """A connection in a state; each integration knows what its feature requires (seed S0)."""
    return PlannedConnection(
        key=connection.key,
        cross_domain=connection.cross_domain,
        established=state is not State.UNTOUCHED,
        sides=tuple(_side(connection, side, state) for side in connection.sides),
    )


def _side(connection: StandardConnection, side: PlannedSide, state: State) -> PlannedSide:
    superseded = {name for feature in connection.features for name in feature.supersedes}

    def fitted(integration: PlannedIntegration) -> PlannedIntegration:
        active = state is State.RUNNING and integration.feature not in superseded
        return integration.model_copy(update={"active": active, **_requirements(connection, side, integration)})

    return side.model_copy(update={"integrations": tuple(map(fitted, side.integrations))})


def _requirements(
    connection: StandardConnection, side: PlannedSide, integration: PlannedIntegration
) -> Mapping[str, tuple[str, ...]]:
    feature = connection.feature(integration.feature)
    if feature is None:
        return {}
    other = next(one.vault for one in connection.sides if one is not side)

    def of_features(names: Sequence[str]) -> tuple[str, ...]:
        return tuple(one.api_name for one in side.integrations if one.feature in names)

    return {
        "depends_on": of_features(feature.requires),
        "supersedes": of_features(feature.supersedes),
        "applications": (*feature.applications.get(side.vault, ()), *integration.applications),
        "features": (*feature.settings.get(side.vault, ()), *integration.features),
        "remote_applications": (*feature.applications.get(other, ()), *integration.remote_applications),
        "remote_features": (*feature.settings.get(other, ()), *integration.remote_features),
    }


def _picklists(models: Sequence[DataModel]) -> Iterator[PlannedPicklist]:
    found: dict[str, PlannedPicklist] = {}
    for picklist in (one for model in models for one in model.picklists):
        present = found.get(picklist.name)
        values = {**(present.values if present else {}), **picklist.values}
        found[picklist.name] = picklist.model_copy(update={"values": values})
    yield from found.values()


def _objects(vault: str, models: Sequence[DataModel]) -> Iterator[PlannedObject]:
    """The objects, each after those that it refers to, with all the fields that any file gives it."""
    parts: dict[str, list[StandardObject]] = {}
    for item in (one for model in models for one in model.objects):
        parts.setdefault(item.name, []).append(item)
    taken = {one.prefix for same in parts.values() for one in same}
    free = (prefix for prefix in (f"S{a}{b}" for a in PREFIXES for b in PREFIXES) if prefix not in taken)
    joined = {name: joined_object(same, free) for name, same in parts.items()}
    sorter = TopologicalSorter(
        {
            # An object may refer to itself, as a slide to the binder that it is in.
            name: {field.object for field in item.fields if field.object in joined and field.object != name}
            for name, item in joined.items()
        }
    )
    try:
        yield from (joined[name] for name in sorter.static_order())
    except CycleError as error:
        ring = " to ".join(error.args[1])
        raise NotPossible(f"Vault {vault}: objects refer to each other in a ring, {ring}.") from None


def joined_object(parts: Sequence[StandardObject], free: Iterator[str]) -> PlannedObject:
    """One object of what several files say of it; the first one that names a thing counts."""
    fields: dict[str, PlannedField] = {}
    actions: dict[str, PlannedAction] = {}
    for field in (one for part in parts for one in part.fields):
        fields.setdefault(field.name, field)
    for action in (one for part in parts for one in part.actions):
        actions.setdefault(action.label, action)
    prefix = next((part.prefix for part in parts if part.prefix), "") or next(free)
    return PlannedObject(
        name=parts[0].name,
        label=parts[0].label,
        plural=parts[0].plural,
        prefix=prefix,
        kind=parts[0].kind,
        states=next((part.states for part in parts if part.states), {}),
        locked_when=next((part.locked_when for part in parts if part.locked_when), {}),
        fields=tuple(fields.values()),
        actions=tuple(actions.values()),
    )


def _recipes(
    catalogue: Catalogue, vaults: Sequence[StandardVault], connections: Sequence[StandardConnection]
) -> Iterator[Recipe]:
    for vault in vaults:
        for model in models_of(vault, connections):
            yield from (recipe_of(catalogue, vault, records) for records in model.records)


def recipe_of(catalogue: Catalogue, vault: StandardVault, records: BasicRecords) -> Recipe:
    """The recipe of records that are there from the start, made by the Vault's administrator."""
    file = catalogue.vaults_file.content
    return Recipe(
        key=records.key,
        vault=vault.key,
        object=records.object,
        by=f"admin@{file.domain}",
        when=(file.lab.configured, file.lab.starts),
        rows=records.rows,
        lives=records.lives,
    )
