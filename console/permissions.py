"""What actions need, by the labels of the permissions.

They stand here once more because `models.permissions` loads the store, which no screen waits for; a test holds both
equal.
"""

from __future__ import annotations

from typing import Final

MANAGE_CONNECTIONS: Final = "Application: Manage Connections"
MANAGE_INTEGRATIONS: Final = "Application: Manage Integrations"
SPARK_QUEUES: Final = "Admin: Spark Queues"
QUEUE_LOG: Final = "Admin: Queue Log"
SANDBOX_VAULTS: Final = "Admin: Sandbox Vaults"
READ_EXCEPTIONS: Final = "Object: User Exception Item, User Exception Message: Read"

OBJECT: Final = "{object}"
"""Stands in an action's permission for the object whose records a screen lists."""
READ_RECORDS: Final = f"Object: {OBJECT}: Read"
CREATE_RECORDS: Final = f"Object: {OBJECT}: Create"
EDIT_RECORDS: Final = f"Object: {OBJECT}: Edit"
DELETE_RECORDS: Final = f"Object: {OBJECT}: Delete"
