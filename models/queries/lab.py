"""What stands in the header: the lab, its Vaults, their users, and what waits in each area."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import func, select
from sqlmodel import Session

from models.permissions import actor_for
from models.queries import signed_in
from models.queries.signed_in import SignedIn, UserRow, VaultRow, Waiting, choose_seat
from models.queries.window import fetch
from models.services.vaults import application_owner_id
from models.store import Store
from models.tables import (
    ExceptionMessage,
    ExceptionNotification,
    Lab,
    MessageState,
    Queue,
    SecurityProfile,
    SparkMessage,
    User,
    Vault,
    table_of,
)

__all__ = [
    "LabView",
    "SignedIn",
    "UserRow",
    "VaultRow",
    "Waiting",
    "ask",
    "default_user",
    "lab_view",
    "sign_in",
    "user_list",
    "vault_list",
    "waiting",
]

P = ParamSpec("P")
T = TypeVar("T")

_lab = table_of(Lab).c
_vaults = table_of(Vault).c
_users = table_of(User).c
_notifications = table_of(ExceptionNotification)


@dataclass(frozen=True, slots=True)
class LabView:
    """How the lab's clock runs and which process holds its engine."""

    name: str
    speed: float
    paused: bool
    holder_pid: int | None
    holder_host: str | None
    alive_until: datetime | None


def ask(store: Store, query: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run one query on one moment of the store. For callers that keep no session, such as screens."""
    with store.read() as session:
        return query(session, *args, **kwargs)


def stream(store: Store, rows: Callable[[Session], Iterable[T]]) -> Iterator[T]:
    """Rows of a query one by one, on one moment of the store, which is held until the last of them."""
    with store.read() as session:
        yield from rows(session)


def lab_view(session: Session) -> LabView:
    """The lab's one row."""
    columns = (_lab.name, _lab.speed, _lab.paused, _lab.holder_pid, _lab.holder_host, _lab.alive_until)
    return LabView(*session.execute(select(*columns)).one())


def vault_list(session: Session) -> tuple[VaultRow, ...]:
    """All Vaults of the lab, production before sandboxes, by name."""
    columns = (
        _vaults.id,
        _vaults.name,
        _vaults.dns_host,
        _vaults.domain,
        _vaults.family,
        _vaults.sandbox,
        _vaults.parent_id,
    )
    rows = session.execute(select(*columns).order_by(_vaults.sandbox, _vaults.name))
    return tuple(VaultRow(*row) for row in rows)


def user_list(session: Session, vault_id: int) -> tuple[UserRow, ...]:
    """The users of a Vault, in the order in which they were made: the Application Owner comes first."""
    profiles = table_of(SecurityProfile).c
    statement = (
        select(_users.id, _users.username, _users.first_name, _users.last_name, profiles.name, _users.active)
        .join(table_of(SecurityProfile), profiles.id == _users.profile_id)
        .where(_users.vault_id == vault_id)
        .order_by(_users.id)
    )
    return tuple(
        UserRow(row[0], row[1], f"{row[2]} {row[3]}".strip() or row[1], row[4], row[5])
        for row in fetch(session, statement)
    )


def waiting(session: Session, vault_id: int) -> Waiting:
    """Count what waits in a Vault."""
    messages, queues = table_of(SparkMessage).c, table_of(Queue).c
    exceptions = table_of(ExceptionMessage).c
    own_queues = select(queues.id).where(queues.vault_id == vault_id)
    in_queues = select(func.count()).where(messages.queue_id.in_(own_queues), messages.state == MessageState.QUEUED)
    active = select(func.count()).where(exceptions.vault_id == vault_id, exceptions.active)
    ringing = select(_vaults.id, _vaults.name).join(_notifications, _notifications.c.vault_id == _vaults.id)
    vaults = {row.id: row.name for row in session.execute(ringing.where(_notifications.c.bell))}
    newest = None
    if vaults:
        latest = select(exceptions.created_at, exceptions.vault_id).where(exceptions.vault_id.in_(vaults))
        newest = session.execute(latest.order_by(exceptions.id.desc()).limit(1)).one_or_none()
    return Waiting(
        session.execute(in_queues).scalar_one(),
        session.execute(active).scalar_one(),
        bool(vaults),
        newest.created_at if newest else None,
        vaults[newest.vault_id] if newest else "",
    )


@dataclass(frozen=True, slots=True)
class _Directory:
    """Reads what a choice of a Vault and a user is made from."""

    session: Session

    def vaults(self) -> tuple[VaultRow, ...]:
        return vault_list(self.session)

    def users(self, vault_id: int) -> tuple[UserRow, ...]:
        return user_list(self.session, vault_id)

    def owner(self, vault_id: int) -> int | None:
        return application_owner_id(self.session, vault_id)

    def waiting(self, vault_id: int) -> Waiting:
        return waiting(self.session, vault_id)

    def permissions(self, vault_id: int, username: str) -> frozenset[str]:
        return actor_for(self.session, vault_id, username).permissions


def default_user(session: Session, vault_id: int) -> UserRow:
    """Whom to act as when nobody is named. Raises NotFound when there is nobody."""
    return signed_in.default_user(_Directory(session), vault_id)


def sign_in(
    session: Session, vault: int | str | None = None, username: str | None = None, *, anyone: bool = False
) -> SignedIn:
    """Choose a Vault and a user in it, see `choose_seat`; raises what that raises."""
    return choose_seat(_Directory(session), vault, username, anyone=anyone)
