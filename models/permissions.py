"""What a user may do: the permissions of his security profile, checked by the services, never by a screen."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import Session

from models.errors import NotAllowed, NotFound
from models.rights import (
    EVERY_OBJECT,
    EVERY_PERMISSION,
    INTEGRATION_USER,
    READ_ONLY_USER,
    READING,
    STANDARD_PROFILES,
    SYSTEM_ADMIN,
    VAULT_OWNER,
    Permission,
    Right,
    grants,
    object_permission,
    object_type_permission,
    only_looks,
)
from models.tables import ProfilePermission, User, table_of

__all__ = [
    "EVERY_OBJECT",
    "EVERY_PERMISSION",
    "INTEGRATION_USER",
    "READ_ONLY_USER",
    "STANDARD_PROFILES",
    "SYSTEM_ADMIN",
    "VAULT_OWNER",
    "Actor",
    "Permission",
    "Right",
    "actor_for",
    "actor_of",
    "grants",
    "object_permission",
    "only_looks",
]

_users = table_of(User)
_granted = table_of(ProfilePermission)


@dataclass(frozen=True)
class Actor:
    """Who acts, in which Vault, with which permissions.

    `user_id` is None for the platform itself. `read_only` is a session that was opened for looking only, whatever the
    profile grants.
    """

    vault_id: int
    user_id: int | None
    name: str
    permissions: frozenset[str]
    read_only: bool = False

    @classmethod
    def system(cls, vault_id: int) -> "Actor":
        """The platform itself, acting in a Vault: may everything."""
        return cls(vault_id, None, "System", frozenset({EVERY_PERMISSION}))

    def may(self, permission: str) -> bool:
        """Whether the security profile grants a permission, by its label."""
        return permission in self.permissions or EVERY_PERMISSION in self.permissions

    def may_object(self, object_name: str, right: Right) -> bool:
        """Whether the security profile grants a right to the records of an object."""
        return self.may(object_permission(object_name, right)) or self.may(object_permission(EVERY_OBJECT, right))

    def require_record(self, object_name: str, object_type: str | None, right: Right) -> None:
        """Let pass who has the right to all records of the object, or to those of this object type.

        Raises NotAllowed, which names the permission for the object type where there is one.
        """
        if object_type is None or self.may_object(object_name, right):
            self.require_object(object_name, right)
            return
        self.require_changes()
        needed = object_type_permission(object_name, object_type, right)
        if not self.may(needed):
            raise self._lacks(needed)

    def require(self, permission: str) -> None:
        """Let pass who has the permission. Raises NotAllowed, which names the permission and the user.

        A read-only session is refused first, except for permissions that only allow to look.
        """
        if permission not in READING:
            self.require_changes()
        if not self.may(permission):
            raise self._lacks(permission)

    def require_object(self, object_name: str, right: Right) -> None:
        """Let pass who has the right to the object's records. Raises NotAllowed."""
        if right is not Right.READ:
            self.require_changes()
        if not self.may_object(object_name, right):
            raise self._lacks(object_permission(object_name, right))

    def require_changes(self) -> None:
        """Let pass whose session may change something at all. Raises NotAllowed in a read-only one."""
        if self.read_only:
            raise NotAllowed(
                f"{self.name} looks at Vault {self.vault_id} in a read-only session, which changes nothing.",
                "Open the console without the read-only option to make changes.",
            )

    def _lacks(self, permission: str) -> NotAllowed:
        return NotAllowed(
            f'The security profile of {self.name} in Vault {self.vault_id} lacks the permission "{permission}".',
            "Act as a user whose security profile grants it.",
        )


def actor_for(session: Session, vault_id: int, username: str, *, read_only: bool = False) -> Actor:
    """The user of that name, ready to act in the Vault.

    Raises NotFound when the Vault has no such user and NotAllowed when the user is inactive.
    """
    user = session.execute(
        select(_users.c.id, _users.c.profile_id, _users.c.active).where(
            _users.c.vault_id == vault_id, _users.c.username == username
        )
    ).one_or_none()
    if user is None:
        raise NotFound(f"Vault {vault_id} has no user {username}.", "Check the user name and the Vault.")
    if not user.active:
        raise NotAllowed(f"{username} is an inactive user of Vault {vault_id}.", "Act as an active user.")
    return Actor(vault_id, user.id, username, _permissions_of(session, user.profile_id), read_only)


def actor_of(session: Session, user_id: int) -> Actor:
    """The user of that row, ready to act in his Vault. Raises NotFound, or NotAllowed when he is inactive."""
    user = session.execute(select(_users).where(_users.c.id == user_id)).one_or_none()
    if user is None:
        raise NotFound("The user no longer exists.", "Select another user.")
    if not user.active:
        raise NotAllowed(
            f"{user.username} is an inactive user of Vault {user.vault_id}.", "Activate the user, or select another."
        )
    return Actor(user.vault_id, user.id, user.username, _permissions_of(session, user.profile_id))


def _permissions_of(session: Session, profile_id: int) -> frozenset[str]:
    granted = select(_granted.c.permission).where(_granted.c.profile_id == profile_id)
    return frozenset(session.execute(granted).scalars())
