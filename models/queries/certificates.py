"""Signing certificates, for the Certificates area. They belong to no Vault: one serves all (seed S1)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlmodel import Session

from models.queries.window import Listing, fetch, matches, ordered
from models.tables import CertificateRollover, CertificateState, Connection, SigningCertificate, table_of

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
    """Id and name of the Vault's connections that sign with it."""


def _uses() -> ColumnElement[bool]:
    """Whether a connection signs with a certificate: the one it has chosen, else the current one."""
    by_default = and_(_connections.certificate_id.is_(None), _c.state == CertificateState.CURRENT)
    return or_(_connections.certificate_id == _c.id, by_default)


def _columns(vault_id: int) -> tuple[Any, ...]:
    used = select(func.count()).where(_connections.vault_id == vault_id, _uses()).scalar_subquery()
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
        .join_from(table_of(Connection), table_of(SigningCertificate), _c.id == key)
        .where(_connections.vault_id == vault_id, _uses())
        .order_by(_connections.name)
    )
    return CertificateDetail(
        CertificateRow(*row[:6]), row[6], tuple((line[0], line[1]) for line in fetch(session, users))
    )


def pem_of(session: Session, certificate_id: str) -> str | None:
    """The public text of a certificate by its id, e.g. 00001; None when there is none."""
    pem: str | None = session.execute(select(_c.pem).where(_c.certificate_id == certificate_id)).scalar()
    return pem


def current_id(session: Session) -> str | None:
    """The id of the current certificate; None when there is none."""
    found: str | None = session.execute(select(_c.certificate_id).where(_c.state == CertificateState.CURRENT)).scalar()
    return found


@dataclass(frozen=True, slots=True)
class RolloverView:
    """The change from one certificate to the next, with the lab times at which its stages begin."""

    key: int
    old: str
    new: str
    stage: str
    stages: tuple[tuple[str, datetime], ...]


def latest_rollover(session: Session) -> RolloverView | None:
    """The rollover that is planned, under way, or was the last one; None when there was none."""
    rollovers = table_of(CertificateRollover).c
    row = session.execute(select(table_of(CertificateRollover)).order_by(rollovers.id.desc()).limit(1)).first()
    if row is None:
        return None
    names = dict(fetch(session, select(_c.id, _c.certificate_id)))
    stages = ("published", "testing", "rollover", "both_supported", "final")
    return RolloverView(
        row.id,
        names[row.old_id],
        names[row.new_id],
        row.stage.value,
        tuple((stage, getattr(row, f"{stage}_at")) for stage in stages),
    )
