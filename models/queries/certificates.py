"""Signing certificates, for the Certificates area. They belong to no Vault: one serves all (seed S1)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session

from models.queries.window import Listing, fetch, matches, ordered
from models.tables import Connection, SigningCertificate, table_of

_c = table_of(SigningCertificate).c
_connections = table_of(Connection).c

SORTS: dict[str, Any] = {"certificate": _c.certificate_id, "state": _c.state, "until": _c.not_after}


@dataclass(frozen=True, slots=True)
class CertificateRow:
    """A certificate in the list; `used_by` counts the connections of the Vault that sign with it."""

    key: int
    certificate_id: str
    state: str
    not_before: datetime
    not_after: datetime
    used_by: int


@dataclass(frozen=True, slots=True)
class CertificateDetail:
    """A certificate with its public text; the private key is never read here."""

    row: CertificateRow
    pem: str
    connections: tuple[tuple[int, str], ...]
    """Id and name of the Vault's connections that name it."""


def _columns(vault_id: int) -> tuple[Any, ...]:
    used = (
        select(func.count())
        .where(_connections.vault_id == vault_id, _connections.certificate_id == _c.id)
        .scalar_subquery()
    )
    return _c.id, _c.certificate_id, _c.state, _c.not_before, _c.not_after, used


def listing(
    vault_id: int, *, text: str = "", sort: str = "certificate", descending: bool = False
) -> Listing[CertificateRow]:
    """All certificates, with how many connections of this Vault use each."""
    keys = select(_c.id)
    if text:
        keys = keys.where(matches(text, _c.certificate_id, _c.state))
    made = Listing(_c.id, keys, select(*_columns(vault_id)), lambda row: CertificateRow(*row))
    return ordered(made, SORTS, sort, descending=descending)


def detail(session: Session, vault_id: int, key: int) -> CertificateDetail | None:
    """One certificate; None when it is gone."""
    row = session.execute(select(*_columns(vault_id), _c.pem).where(_c.id == key)).one_or_none()
    if row is None:
        return None
    users = (
        select(_connections.id, _connections.name)
        .where(_connections.vault_id == vault_id, _connections.certificate_id == key)
        .order_by(_connections.name)
    )
    return CertificateDetail(
        CertificateRow(*row[:6]), row[6], tuple((line[0], line[1]) for line in fetch(session, users))
    )
