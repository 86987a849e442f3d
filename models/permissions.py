"""What a user may do: the permissions of his security profile, checked by the services, never by a screen.

Permissions are stored and shown by their labels (integration facts, section 7).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select
from sqlmodel import Session

from models.errors import NotAllowed, NotFound
from models.tables import ProfilePermission, User, table_of

_users = table_of(User)
_granted = table_of(ProfilePermission)


class Permission(StrEnum):
    """A permission that belongs to no single object, by its label."""

    MANAGE_CONNECTIONS = "Application: Manage Connections"
    MANAGE_INTEGRATIONS = "Application: Manage Integrations"
    SPARK_QUEUES = "Admin: Spark Queues"
    QUEUE_LOG = "Admin: Queue Log"
    WORKFLOW_START = "Workflow: Start"
    READ_EXCEPTIONS = "Object: User Exception Item, User Exception Message: Read"
    CREATE_DOCUMENT = "Create Document"
    CREATE_CROSSLINK = "Create CrossLink"
    SANDBOX_VAULTS = "Admin: Sandbox Vaults"
    """Creating and refreshing sandboxes (Assumed: the vendor's name for it is not public here)."""


class Right(StrEnum):
    """What may be done with the records of an object."""

    READ = "Read"
    CREATE = "Create"
    EDIT = "Edit"
    DELETE = "Delete"


EVERY_PERMISSION = "All permissions"
"""Grants everything, also what is added later: Vault Owner has it."""
EVERY_OBJECT = "*"
"""Stands for all objects in an object permission."""
VAULT_OWNER = "Vault Owner"
SYSTEM_ADMIN = "System Admin"
INTEGRATION_USER = "Integration User"
READ_ONLY_USER = "Read-Only User"

_READING = frozenset({Permission.READ_EXCEPTIONS, Permission.QUEUE_LOG})


def object_permission(object_name: str, right: Right) -> str:
    """The label of a right to the records of an object, e.g. `Object: study__v: Read`."""
    return f"Object: {object_name}: {right.value}"


_ALL_RIGHTS = frozenset(object_permission(EVERY_OBJECT, right) for right in Right)

STANDARD_PROFILES: Mapping[str, frozenset[str]] = {
    VAULT_OWNER: frozenset({EVERY_PERMISSION}),
    SYSTEM_ADMIN: frozenset(permission.value for permission in Permission) | _ALL_RIGHTS,
    INTEGRATION_USER: _ALL_RIGHTS,
    READ_ONLY_USER: frozenset({object_permission(EVERY_OBJECT, Right.READ), Permission.READ_EXCEPTIONS.value}),
}
"""The security profiles that every Vault has, with what they grant. They cannot be edited."""


def only_looks(permission: str) -> bool:
    """Whether a permission, by its label, only allows to look: a read-only session keeps it."""
    return permission in _READING or permission.endswith(f": {Right.READ}")


def grants(permissions: frozenset[str], permission: str) -> bool:
    """Whether these permissions grant one, by its label: itself, with all others, or as a right to every object."""
    if permission in permissions or EVERY_PERMISSION in permissions:
        return True
    if permission in Permission.__members__.values() or not permission.startswith("Object: "):
        return False
    right = Right(permission.rpartition(": ")[2])
    return object_permission(EVERY_OBJECT, right) in permissions


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

    def require(self, permission: str) -> None:
        """Let pass who has the permission. Raises NotAllowed, which names the permission and the user.

        A read-only session is refused first, except for permissions that only allow to look.
        """
        if permission not in _READING:
            self._refuse_read_only()
        if not self.may(permission):
            raise self._lacks(permission)

    def require_object(self, object_name: str, right: Right) -> None:
        """Let pass who has the right to the object's records. Raises NotAllowed."""
        if right is not Right.READ:
            self._refuse_read_only()
        if not self.may_object(object_name, right):
            raise self._lacks(object_permission(object_name, right))

    def _refuse_read_only(self) -> None:
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
