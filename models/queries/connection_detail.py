"""The sections of a connection's page beside its fields: timeline, approval, clients, actions (seed S1)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import Session

from models.permissions import Actor, Permission
from models.queries.window import fetch
from models.services.connection_deleting import delete_problem
from models.services.connection_files import download_problem
from models.services.connection_pairing import reset_problem
from models.services.connection_workflow import complete_problem
from models.tables import (
    ApprovalTask,
    Connection,
    ConnectionAuthorization,
    ConnectionClient,
    ConnectionFile,
    TimelineEvent,
    Vault,
    table_of,
)

_connections = table_of(Connection).c
_tasks = table_of(ApprovalTask).c


@dataclass(frozen=True, slots=True)
class TimelineLine:
    """One line of the Workflow Timeline; `verdict` is empty for a step without one."""

    key: int
    at: datetime
    what: str
    who: str
    verdict: str | None


@dataclass(frozen=True, slots=True)
class ApprovalView:
    """An approval that waits, as seen from one of the two Vaults: which of the two tasks are open."""

    requested_at: datetime
    own_open: bool
    remote_open: bool
    remote_vault_id: int
    remote_vault: str
    remote_connection: str


@dataclass(frozen=True, slots=True)
class ClientLine:
    """A connection client."""

    key: int
    client_id: str
    active: bool


@dataclass(frozen=True, slots=True)
class AuthorizationLine:
    """A Connection Authorization record, without its secret; `identity` is the User Name or Client ID."""

    key: int
    name: str
    type: str
    identity: str
    used_by: int


@dataclass(frozen=True, slots=True)
class FileLine:
    """A connection file that left the connection."""

    key: int
    issued_at: datetime
    issued_by: str
    expires_at: datetime
    remote_vault_id: int | None
    withdrawn_at: datetime | None
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class ActionChoice:
    """An entry of the Actions menu; `reason` says why it cannot be chosen, and is None when it can."""

    name: str
    label: str
    reason: str | None


def timeline(session: Session, vault_id: int, connection_id: int) -> tuple[TimelineLine, ...]:
    """The Workflow Timeline of a connection, the oldest line first; blank for External and Local ones."""
    columns = table_of(TimelineEvent).c
    statement = (
        select(columns.id, columns.at, columns.what, columns.who, columns.verdict)
        .where(columns.vault_id == vault_id, columns.connection_id == connection_id)
        .order_by(columns.id)
    )
    return tuple(TimelineLine(*row) for row in fetch(session, statement))


def approval_view(session: Session, vault_id: int, connection_id: int) -> ApprovalView | None:
    """The approval that a connection waits for, in its own Vault or in the remote one; None when there is none."""
    own, other = table_of(ApprovalTask).alias("own"), table_of(ApprovalTask).alias("other")
    remote, vaults = table_of(Connection).alias("remote"), table_of(Vault)
    statement = (
        select(
            own.c.opened_at,
            own.c.completed_at.is_(None),
            other.c.completed_at.is_(None),
            vaults.c.id,
            vaults.c.name,
            remote.c.name,
        )
        .join(other, (other.c.file_id == own.c.file_id) & (other.c.id != own.c.id))
        .join(remote, remote.c.id == other.c.connection_id)
        .join(vaults, vaults.c.id == remote.c.vault_id)
        .where(
            own.c.vault_id == vault_id,
            own.c.connection_id == connection_id,
            own.c.completed_at.is_(None) | other.c.completed_at.is_(None),
        )
    )
    row = session.execute(statement).first()
    return None if row is None else ApprovalView(row[0], bool(row[1]), bool(row[2]), *row[3:])


def clients(session: Session, vault_id: int, connection_id: int) -> tuple[ClientLine, ...]:
    """The connection clients of a connection, in the order in which they were added."""
    columns = table_of(ConnectionClient).c
    statement = (
        select(columns.id, columns.client_id, columns.active)
        .where(columns.vault_id == vault_id, columns.connection_id == connection_id)
        .order_by(columns.id)
    )
    return tuple(ClientLine(*row) for row in fetch(session, statement))


def authorizations(session: Session, vault_id: int) -> tuple[AuthorizationLine, ...]:
    """The Connection Authorization records of a Vault, by name. Secrets are never read."""
    columns = table_of(ConnectionAuthorization).c
    used = select(func.count()).where(_connections.authorization_id == columns.id).scalar_subquery()
    statement = (
        select(columns.id, columns.name, columns.type, columns.identity, used)
        .where(columns.vault_id == vault_id)
        .order_by(columns.name)
    )
    return tuple(AuthorizationLine(*row) for row in fetch(session, statement))


def files(session: Session, vault_id: int, connection_id: int) -> tuple[FileLine, ...]:
    """The connection files that left a connection, the newest first."""
    columns = table_of(ConnectionFile).c
    statement = (
        select(
            columns.id,
            columns.issued_at,
            columns.issued_by,
            columns.expires_at,
            columns.remote_vault_id,
            columns.withdrawn_at,
            columns.used_at,
        )
        .where(columns.vault_id == vault_id, columns.connection_id == connection_id)
        .order_by(columns.id.desc())
    )
    return tuple(FileLine(*row) for row in fetch(session, statement))


def client_id_filtering(session: Session, vault_id: int) -> bool:
    """Whether Client ID Filtering is on in a Vault."""
    columns = table_of(Vault).c
    return bool(session.execute(select(columns.client_id_filtering).where(columns.id == vault_id)).scalar_one())


def actions(session: Session, actor: Actor, connection_id: int) -> tuple[ActionChoice, ...]:
    """The Actions menu of a connection for a user: what can be done now, and why the rest cannot.

    Empty when the connection is gone. The services check again when an action is taken.
    """
    connection = session.get(Connection, connection_id)
    if connection is None or connection.vault_id != actor.vault_id:
        return ()
    lacking = None
    if actor.read_only:
        lacking = "This is a read-only session."
    elif not actor.may(Permission.MANAGE_CONNECTIONS):
        lacking = f"The permission {Permission.MANAGE_CONNECTIONS} is missing."
    return (
        ActionChoice("edit", "Edit", lacking),
        ActionChoice("duplicate", "Duplicate", lacking),
        ActionChoice("download", "Download Connection File", lacking or download_problem(session, connection)),
        ActionChoice("complete", "Complete", lacking or complete_problem(session, connection)),
        ActionChoice("reset", "Reset Connection", lacking or reset_problem(session, connection)),
        ActionChoice("delete", "Delete", lacking or delete_problem(session, connection)),
    )
