"""What there is to permit, and what a set of permissions grants. Loads nothing of the store.

Permissions are stored and shown by their labels (integration facts, section 7).
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


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

READING: Final = frozenset({Permission.READ_EXCEPTIONS, Permission.QUEUE_LOG})
"""The permissions that only allow to look."""


def object_permission(object_name: str, right: Right) -> str:
    """The label of a right to the records of an object, e.g. `Object: study__v: Read`."""
    return f"Object: {object_name}: {right.value}"


def object_type_permission(object_name: str, object_type: str, right: Right) -> str:
    """The label of a right to records of one object type: `Object: x__v, Object Type: y__c: Edit` (seed S4)."""
    return f"Object: {object_name}, Object Type: {object_type}: {right.value}"


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
    return permission in READING or permission.endswith(f": {Right.READ}")


def grants(permissions: frozenset[str], permission: str) -> bool:
    """Whether these permissions grant one, by its label: itself, with all others, or as a right to every object."""
    if permission in permissions or EVERY_PERMISSION in permissions:
        return True
    if permission in Permission.__members__.values() or not permission.startswith("Object: "):
        return False
    right = Right(permission.rpartition(": ")[2])
    return object_permission(EVERY_OBJECT, right) in permissions
