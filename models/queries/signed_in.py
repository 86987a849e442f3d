"""Who acts where, as values, and how a Vault and a user in it are chosen. Loads nothing of the store."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from models.errors import NotFound
from models.queries.choosing import Candidate, choose
from models.rights import SYSTEM_ADMIN, VAULT_OWNER


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


class Directory(Protocol):
    """Reads what a choice is made from, at one moment of the store."""

    def vaults(self) -> tuple[VaultRow, ...]:
        """All Vaults of the lab, production before sandboxes, by name."""
        ...

    def users(self, vault_id: int) -> tuple[UserRow, ...]:
        """The users of a Vault, in the order in which they were made."""
        ...

    def owner(self, vault_id: int) -> int | None:
        """The id of the Vault's Application Owner."""
        ...

    def waiting(self, vault_id: int) -> Waiting:
        """What waits in a Vault."""
        ...

    def permissions(self, vault_id: int, username: str) -> frozenset[str]:
        """What a user's security profile grants. Raises NotFound, or NotAllowed when he is inactive."""
        ...


def default_user(directory: Directory, vault_id: int) -> UserRow:
    """Whom to act as when nobody is named: an administrator of the Vault, else its Application Owner.

    Raises NotFound when none of them is active.
    """
    owner = directory.owner(vault_id)
    users = [user for user in directory.users(vault_id) if user.active]
    people = [user for user in users if user.profile in (SYSTEM_ADMIN, VAULT_OWNER) and user.key != owner]
    people.sort(key=lambda user: not user.username.startswith("admin@"))
    for user in (*people, *(user for user in users if user.key == owner)):
        return user
    raise NotFound(f"Vault {vault_id} has no active administrator.", "Name a user with --user.")


def choose_seat(
    directory: Directory, vault: int | str | None = None, username: str | None = None, *, anyone: bool = False
) -> SignedIn:
    """Choose a Vault, by id, name, DNS host or how one of them begins, and a user in it.

    Without a Vault the first one is taken, without a user its administrator; with `anyone` also where the Vault has no
    such user. Raises NotFound, NotPossible when several Vaults are called so, NotAllowed for an inactive user.
    """
    vaults = directory.vaults()
    if not vaults:
        if vault is not None:
            raise NotFound(f"This lab has no Vault {vault}.", "It has none yet.")
        return SignedIn(vaults)
    chosen = vaults[0] if vault is None else _called(vaults, str(vault))
    users = directory.users(chosen.key)
    user = next((row for row in users if row.username == username), None)
    if username is None or (anyone and (user is None or not user.active)):
        user = default_user(directory, chosen.key)
    permissions = directory.permissions(chosen.key, user.username if user else username or "")
    return SignedIn(vaults, chosen, users, user, directory.waiting(chosen.key), permissions)


def _called(vaults: Sequence[VaultRow], name: str) -> VaultRow:
    candidates = [Candidate(row.key, (str(row.key), row.name, row.dns_host)) for row in vaults]
    key = choose(candidates, name, "Vault", "Name it in full.").key
    return next(row for row in vaults if row.key == key)
