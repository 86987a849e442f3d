"""What a person has before him: the Vault in use, the user he acts as, and how the lab stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from models.rights import grants, only_looks

if TYPE_CHECKING:
    from models.queries.signed_in import SignedIn, UserRow, VaultRow, Waiting

EngineState = Literal["opening", "starting", "running", "viewer", "none"]


@dataclass(frozen=True, slots=True)
class Who:
    """Who acts, in words that a thread can take along."""

    vault_id: int
    username: str
    read_only: bool


@dataclass(slots=True)
class Session:
    """The state that all screens share. Only the app changes it."""

    vault: VaultRow | None = None
    user: UserRow | None = None
    vaults: tuple[VaultRow, ...] = ()
    users: tuple[UserRow, ...] = ()
    waiting: Waiting | None = None
    unseen: int = 0
    """How many notifications of the Vault in use the user has not seen."""
    permissions: frozenset[str] = frozenset()
    read_only: bool = False
    engine: EngineState = "opening"
    viewer_reason: str = ""
    generation: int = field(default=0)
    """Goes up when the Vault or the user changes: screens that show an older one show anew."""

    def sit(self, signed_in: SignedIn) -> None:
        """Take over who acts where."""
        self.vaults, self.users = signed_in.vaults, signed_in.users
        self.vault, self.user, self.waiting = signed_in.vault, signed_in.user, signed_in.waiting
        self.permissions = signed_in.permissions

    @property
    def vault_id(self) -> int:
        """Id of the Vault in use; 0 before there is one."""
        return self.vault.key if self.vault else 0

    @property
    def sandboxes(self) -> tuple[VaultRow, ...]:
        """The sandboxes of the Vault in use."""
        return tuple(vault for vault in self.vaults if vault.parent_id == self.vault_id)

    @property
    def who(self) -> Who:
        """Who acts."""
        return Who(self.vault_id, self.user.username if self.user else "", self.read_only)

    def vault_name(self, vault_id: int | None) -> str:
        """A Vault's name, or its id when it is not in this lab."""
        found = next((vault.name for vault in self.vaults if vault.key == vault_id), None)
        return found or (f"Vault {vault_id}" if vault_id is not None else "")

    def lacks(self, *permissions: str, changes: bool = False) -> str:
        """Why something that needs these permissions would be refused; empty when it would not. Services check again.

        `changes` says that it changes the lab whatever it needs. Before somebody is signed in nothing is refused.
        """
        if self.user is None or not (permissions or changes):
            return ""
        if self.read_only and (changes or not all(map(only_looks, permissions))):
            return "This console is read-only: it changes nothing."
        missing = [permission for permission in permissions if not grants(self.permissions, permission)]
        if not missing:
            return ""
        if len(missing) == 1:
            return f"The permission {missing[0]} is missing."
        return f"The permissions {' and '.join(missing)} are missing."
