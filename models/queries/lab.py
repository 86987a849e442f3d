"""What stands in the header: the lab, its Vaults, their users, and what waits in each area."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import func, select
from sqlmodel import Session

from models.errors import NotFound
from models.permissions import SYSTEM_ADMIN, VAULT_OWNER, actor_for
from models.queries.choosing import Candidate, choose
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

P = ParamSpec("P")
T = TypeVar("T")

_lab = table_of(Lab).c
_vaults = table_of(Vault).c
_users = table_of(User).c
_notifications = table_of(ExceptionNotification)


@dataclass(frozen=True, slots=True)
class VaultRow:
    """A Vault as a person picks it."""

    key: int
    name: str
    dns_host: str
    domain: str
    family: str
    sandbox: bool
    parent_id: int | None = None
    """The Vault that a sandbox was made of."""


@dataclass(frozen=True, slots=True)
class UserRow:
    """A user of a Vault."""

    key: int
    username: str
    full_name: str
    profile: str
    active: bool


@dataclass(frozen=True, slots=True)
class LabView:
    """How the lab's clock runs and which process holds its engine."""

    name: str
    speed: float
    paused: bool
    holder_pid: int | None
    holder_host: str | None
    alive_until: datetime | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits in a Vault: messages in queues, user exception messages that are still active.

    `rings` says that some Vault has the bell rung for new user exception messages; `newest` is when the newest of
    their messages was created, and `newest_in` the name of its Vault.
    """

    messages: int
    exceptions: int
    rings: bool = False
    newest: datetime | None = None
    newest_in: str = ""

    def is_news(self, before: "Waiting | None") -> bool:
        """Whether the bell is to be rung, when `before` was what waited until now."""
        if before is None or not before.rings or self.newest is None:
            return False
        return before.newest is None or self.newest > before.newest


def ask(store: Store, query: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run one query on one moment of the store. For callers that keep no session, such as screens."""
    with store.read() as session:
        return query(session, *args, **kwargs)


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
class SignedIn:
    """A Vault to work in and a user to act as, with the choice there is. All empty in a lab without Vaults."""

    vaults: tuple[VaultRow, ...]
    vault: VaultRow | None = None
    users: tuple[UserRow, ...] = ()
    user: UserRow | None = None
    waiting: Waiting = Waiting(0, 0)
    permissions: frozenset[str] = frozenset()
    """What the user's security profile grants, to say beforehand what would be refused."""


def default_user(session: Session, vault_id: int) -> UserRow:
    """Whom to act as when nobody is named: an administrator of the Vault, else its Application Owner.

    Raises NotFound when none of them is active.
    """
    owner = application_owner_id(session, vault_id)
    users = [user for user in user_list(session, vault_id) if user.active]
    people = [user for user in users if user.profile in (SYSTEM_ADMIN, VAULT_OWNER) and user.key != owner]
    people.sort(key=lambda user: not user.username.startswith("admin@"))
    for user in (*people, *(user for user in users if user.key == owner)):
        return user
    raise NotFound(f"Vault {vault_id} has no active administrator.", "Name a user with --user.")


def sign_in(
    session: Session, vault: int | str | None = None, username: str | None = None, *, anyone: bool = False
) -> SignedIn:
    """Choose a Vault, by id, name, DNS host or how one of them begins, and a user in it.

    Without a Vault the first one is taken, without a user its administrator; with `anyone` also where the Vault has no
    such user. Raises NotFound, NotPossible when several Vaults are called so, NotAllowed for an inactive user.
    """
    vaults = vault_list(session)
    if not vaults:
        if vault is not None:
            raise NotFound(f"This lab has no Vault {vault}.", "It has none yet.")
        return SignedIn(vaults)
    candidates = [Candidate(row.key, (str(row.key), row.name, row.dns_host)) for row in vaults]
    key = vaults[0].key if vault is None else choose(candidates, str(vault), "Vault", "Name it in full.").key
    chosen = next(row for row in vaults if row.key == key)
    users = user_list(session, chosen.key)
    user = next((row for row in users if row.username == username), None)
    if username is None or (anyone and (user is None or not user.active)):
        user = default_user(session, chosen.key)
    actor = actor_for(session, chosen.key, user.username if user else username or "")
    return SignedIn(vaults, chosen, users, user, waiting(session, chosen.key), actor.permissions)
