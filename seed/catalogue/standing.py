"""How the standard connections stand in a Vault: the state of each feature here, and what is missing to use it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlmodel import Session

from models.services.integration_needs import alternatives, has_any
from models.tables import Connection, ConnectionState, Integration, Vault, table_of
from seed.catalogue.load import Catalogue
from seed.catalogue.schema import Evidence, Feature, StandardConnection
from seed.schema import PlannedSide

_connections, _integrations, _vaults = table_of(Connection), table_of(Integration), table_of(Vault)


class Use(StrEnum):
    """Whether a feature is in use in a Vault."""

    ON = "on"
    OFF = "off"
    ABSENT = "absent"
    """No integration of the feature is here: no record of the connection, or the other Vault alone has it."""


@dataclass(frozen=True, slots=True)
class FeatureStanding:
    """A feature as the overview of the standard connections lists it, and how it stands here.

    `integration_id` is its first integration here; `missing` are sentences, none when nothing keeps it from being used.
    """

    name: str
    applications: str
    dependencies: str
    evidence: Evidence
    use: Use
    integration_id: int | None
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """A standard connection in a Vault; `connection_id` is its record here, None when this Vault has none."""

    key: str
    name: str
    families: tuple[str, ...]
    connection_id: int | None
    state: ConnectionState | None
    partner: str
    features: tuple[FeatureStanding, ...]
    evidence: Mapping[Evidence, int]
    """How many of its transfers are known how well."""


def standings(session: Session, catalogue: Catalogue, vault_id: int) -> tuple[Standing, ...]:
    """All standard connections as they stand in a Vault: those with a record here first, each once per record."""
    vaults = {row.id: row for row in session.execute(select(_vaults))}
    records: dict[str, list[Any]] = {}
    for row in session.execute(select(_connections).where(_connections.c.vault_id == vault_id).order_by("id")):
        records.setdefault(row.standard_connection, []).append(row)
    integrations: dict[int, list[Any]] = {}
    for row in session.execute(select(_integrations).where(_integrations.c.vault_id == vault_id).order_by("id")):
        integrations.setdefault(row.connection_id, []).append(row)
    reader = _Reader(catalogue, vaults, integrations, vault_id)
    here = [
        reader.standing(one, record) for key, one in catalogue.connections.items() for record in records.get(key, ())
    ]
    elsewhere = [reader.standing(one, None) for key, one in catalogue.connections.items() if key not in records]
    return (*here, *elsewhere)


@dataclass(frozen=True)
class _Reader:
    catalogue: Catalogue
    vaults: Mapping[int, Any]
    integrations: Mapping[int, Sequence[Any]]
    vault_id: int

    def standing(self, connection: StandardConnection, record: Any | None) -> Standing:
        """A connection by its record in this Vault, if any."""
        counts = dict.fromkeys(Evidence, 0)
        for transfer in connection.transfers:
            counts[transfer.evidence] += 1
        return Standing(
            connection.key,
            record.name if record is not None else connection.name,
            connection.families,
            record.id if record is not None else None,
            record.state if record is not None else None,
            record.remote_vault_name if record is not None else "",
            tuple(self._feature(connection, feature, record) for feature in connection.features),
            counts,
        )

    def _feature(self, connection: StandardConnection, feature: Feature, record: Any | None) -> FeatureStanding:
        mine = [row for row in self.integrations.get(record.id if record else 0, ()) if row.feature == feature.name]
        on = any(row.active for row in mine)
        use = Use.ABSENT if not mine else Use.ON if on else Use.OFF
        return FeatureStanding(
            feature.name,
            applications_of(self.catalogue, feature),
            dependencies_of(connection, feature),
            feature.evidence,
            use,
            mine[0].id if mine else None,
            tuple(self._missing(connection, feature, record, use)),
        )

    def _missing(self, connection: StandardConnection, feature: Feature, record: Any | None, use: Use) -> Iterator[str]:
        if record is None:
            names = " and ".join(self.catalogue.vaults[side.vault].name for side in connection.sides)
            yield f"It connects {names} Vaults; this one has no record of it."
            return
        side = self._side(connection, record)
        if record.state != ConnectionState.ACTIVE:
            yield f"The connection is {record.state.capitalize()}: establish it first."
        partner = self.vaults.get(record.remote_vault_id)
        yield from _lacking("This Vault", self.vaults[self.vault_id], feature, side.vault)
        if partner is not None:
            other = next(one.vault for one in connection.sides if one is not side)
            yield from _lacking(f"Vault {partner.name}", partner, feature, other)
        rows = self.integrations.get(record.id, ())
        active = {row.feature for row in rows if row.active}
        for name in feature.requires:
            if name not in active:
                yield f"{name} is not in use: it is needed along with this."
        newer = [one.name for one in connection.features if feature.name in one.supersedes]
        for name in newer:
            if name in active:
                yield f"{name} is in use and takes its place."
        if use is Use.OFF:
            yield "The integration is inactive."

    def _side(self, connection: StandardConnection, record: Any) -> PlannedSide:
        """Which side of the connection this Vault is: the one of its API name, and of its family if both have that."""
        named = [side for side in connection.sides if side.api_name == record.api_name] or list(connection.sides)
        family = self.vaults[self.vault_id].family
        return next((side for side in named if self.catalogue.vaults[side.vault].family == family), named[0])


def _lacking(who: str, vault: Any, feature: Feature, side: str) -> Iterator[str]:
    for wanted in feature.applications.get(side, ()):
        if not has_any(wanted, vault.applications):
            yield f"{who} does not have {_either(alternatives(wanted))}."
    for wanted in feature.settings.get(side, ()):
        if not has_any(wanted, vault.features):
            yield f"{who} is not configured for {wanted}."


def applications_of(catalogue: Catalogue, feature: Feature) -> str:
    """The required applications of both Vaults in words, as the overview has them: `QMS with Deviations, CTMS`."""
    words = []
    for vault, applications in feature.applications.items():
        settings = feature.settings.get(vault, ())
        for wanted in applications:
            choices = wanted.split("|")
            name = _either(choices) if len(choices) < 3 else f"any {catalogue.vaults[vault].name} application"
            words.append(f"{name} with {' and '.join(settings)}" if settings else name)
    return ", ".join(words) or "Any"


def dependencies_of(connection: StandardConnection, feature: Feature) -> str:
    """What a feature depends on, and what takes its place, in words; empty when nothing does."""
    newer = [one.name for one in connection.features if feature.name in one.supersedes]
    needed = [one.name for one in connection.features if feature.name in one.requires]
    parts = [
        *(f"needs {name}" for name in feature.requires),
        *(f"supersedes {name}" for name in feature.supersedes),
        *(f"superseded by {name}" for name in newer),
        *(f"needed by {name}" for name in needed),
    ]
    return ", ".join(parts)


def _either(names: Sequence[str]) -> str:
    return " or ".join(names)
