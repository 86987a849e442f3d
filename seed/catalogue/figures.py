"""Figures that a Vault shows of a standard connection beside its Connection Stats, e.g. RIM: Registrations Created.

They are published by label alone. Assumed: each counts the records that there are now, so one that was deleted does not
count any more.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, func, select
from sqlmodel import Session

from models.tables import Connection, Record, Vault, VaultObject, table_of
from seed.catalogue.load import Catalogue
from seed.catalogue.load import catalogue as the_catalogue
from seed.catalogue.schema import StandardConnection, Statistic

_connections, _vaults = table_of(Connection), table_of(Vault)
_records, _objects = table_of(Record), table_of(VaultObject)


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure by its label."""

    label: str
    number: int


def figures_of(
    session: Session, connection_id: int, read: Callable[[], Catalogue] = the_catalogue
) -> tuple[Figure, ...]:
    """The figures that one side of a connection shows; none when it is no standard one, or has no partner.

    The catalogue is read only for a standard connection.
    """
    row = session.execute(select(_connections).where(_connections.c.id == connection_id)).one_or_none()
    if row is None or not row.standard_connection:
        return ()
    catalogue = read()
    standard = catalogue.connections.get(row.standard_connection)
    if standard is None or not standard.statistics or row.remote_vault_id is None:
        return ()
    return tuple(_figures(session, standard, row, _side(session, catalogue, standard, row)))


def _side(session: Session, catalogue: Catalogue, standard: StandardConnection, row: Row[Any]) -> str:
    """Which side of the standard connection a record is: by the Vault's family."""
    family = session.execute(select(_vaults.c.family).where(_vaults.c.id == row.vault_id)).scalar_one()
    found = [side.vault for side in standard.sides if side.api_name == row.api_name]
    families = {key: vault.family for key, vault in catalogue.vaults.items()}
    return next((key for key in found if families[key] == family), "")


def _figures(session: Session, standard: StandardConnection, row: Row[Any], side: str) -> Iterator[Figure]:
    for figure in standard.statistics:
        if figure.vault == side:
            here = figure.of in (None, side)
            vault, partner = (row.vault_id, row.remote_vault_id) if here else (row.remote_vault_id, row.vault_id)
            yield Figure(figure.label, _count(session, figure, vault, partner))


def _count(session: Session, figure: Statistic, vault_id: int, partner_id: int) -> int:
    statement = (
        select(func.count())
        .select_from(_records)
        .join(_objects, _objects.c.id == _records.c.object_id)
        .where(_objects.c.vault_id == vault_id, _objects.c.name == figure.object)
    )
    if figure.linked:
        statement = statement.where(_records.c.link.startswith(f"{partner_id}_", autoescape=True))
    if figure.state is not None:
        statement = statement.where(_records.c.state == figure.state)
    if figure.filled is not None:
        statement = statement.where(_records.c.data[figure.filled].as_string().is_not(None))
    return int(session.execute(statement).scalar_one())
