"""How a Vault tells of new user exception messages: a bell, a log file, a command. Quiet unless somebody says so.

The vendor has a custom lifecycle for the User Exception Message object with a notification entry action (seed S3);
this stands in its place (Assumed).
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import orjson
from sqlalchemy import select
from sqlmodel import Session

from models.audit import audit
from models.errors import ConsoleError
from models.feed import Topic
from models.permissions import Actor, Permission
from models.secrets import SecretBox
from models.services.checks import Checks, changed
from models.store import WriteSession
from models.tables import ExceptionNotification, table_of

OBJECT_NAME = "exception_notification"
LONGEST_LIMIT = 60
"""Seconds that a command gets at most."""
FOREIGN = "The command was set with another key than that of this store: it is not run. Set it again."

_notifications = table_of(ExceptionNotification)


@dataclass(frozen=True, slots=True)
class Notification:
    """How a Vault tells. `command` is an argument list; None in a column means that this way is not used.

    `is_foreign` says that a command is stored that this store's key cannot read; `time_limit` is in seconds.
    """

    vault_id: int
    bell: bool = False
    log_file: str | None = None
    command: tuple[str, ...] | None = None
    is_foreign: bool = False
    time_limit: int = 10
    last_told_at: datetime | None = None
    last_trouble: str = ""

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is told at all."""
        return not (self.bell or self.log_file or self.command)


def notification_of(session: Session, secrets: SecretBox, vault_id: int) -> Notification:
    """How a Vault tells; nothing of it is set until somebody does. `secrets` reads the command (`store.secrets`)."""
    row = session.execute(select(_notifications).where(_notifications.c.vault_id == vault_id)).one_or_none()
    if row is None:
        return Notification(vault_id)
    command, is_foreign = None, False
    if row.sealed_command is not None:
        try:
            command = tuple(str(part) for part in orjson.loads(secrets.open(row.sealed_command)))
        except ConsoleError:
            is_foreign = True
    return Notification(
        vault_id,
        row.bell,
        row.log_file,
        command,
        is_foreign,
        row.time_limit,
        row.last_told_at,
        FOREIGN if is_foreign else row.last_trouble,
    )


def set_notification(
    write: WriteSession,
    actor: Actor,
    secrets: SecretBox,
    *,
    bell: bool | None = None,
    log_file: str | None = None,
    command: Sequence[str] | None = None,
    time_limit: int | None = None,
) -> Notification:
    """Say how the actor's Vault tells of new user exception messages; what is None stays as it is.

    An empty `log_file` or `command` ends that way of telling. The command is run as it stands, without a shell, with
    the details in its environment and as JSON on its input. Only what happens from now on is told. Raises NotAllowed,
    and InvalidInput that names every bad field.
    """
    actor.require(Permission.MANAGE_INTEGRATIONS)
    before = notification_of(write, secrets, actor.vault_id)
    log_file = _checked(log_file, command, time_limit)
    row = write.get(ExceptionNotification, actor.vault_id)
    if row is None:
        row = ExceptionNotification(vault_id=actor.vault_id, told_until=write.now)
    elif before.is_quiet:
        row.told_until = write.now
    if bell is not None:
        row.bell = bell
    if log_file is not None:
        row.log_file = log_file or None
    if command is not None:
        row.sealed_command = secrets.seal(orjson.dumps(list(command))) if command else None
    if time_limit is not None:
        row.time_limit = time_limit
    row.last_trouble = ""
    write.add(row)
    write.flush()
    after = notification_of(write, secrets, actor.vault_id)
    names = ("bell", "log_file", "command", "time_limit")
    changes = changed({name: getattr(before, name) for name in names}, {name: getattr(after, name) for name in names})
    if changes:
        audit(write, actor, action="Edit", object_name=OBJECT_NAME, item="Exception notification", changes=changes)
        write.changed(Topic.EXCEPTIONS, actor.vault_id)
    return after


def _checked(log_file: str | None, command: Sequence[str] | None, time_limit: int | None) -> str | None:
    """Let good values pass; answers the log file's full path. Raises InvalidInput."""
    checks = Checks()
    if log_file:
        log_file = _checked_file(checks, log_file)
    if command:
        _check_command(checks, command)
    if time_limit is not None:
        within = f"1 to {LONGEST_LIMIT} seconds are needed."
        checks.refuse("time_limit", within, when=not 1 <= time_limit <= LONGEST_LIMIT)
    checks.done()
    return log_file


def _checked_file(checks: Checks, text: str) -> str:
    path = Path(text).expanduser()
    checks.refuse("log_file", "It holds a sign that cannot be shown.", when=not text.isprintable())
    checks.refuse("log_file", "At most 1000 characters fit.", when=len(str(path)) > 1000)
    if "log_file" in checks.problems:
        return text
    checks.refuse(
        "log_file", "A full path is needed: jobs run wherever the console was started.", when=not path.is_absolute()
    )
    checks.refuse("log_file", f"There is no folder {path.parent}.", when=not path.parent.is_dir())
    checks.refuse("log_file", "This is a folder; a file is needed.", when=path.is_dir())
    return str(path)


def _check_command(checks: Checks, command: Sequence[str]) -> None:
    checks.refuse("command", "An argument holds a null character.", when=any("\0" in part for part in command))
    if "command" not in checks.problems:
        found = shutil.which(command[0])
        checks.refuse("command", f"There is no program {command[0]} that could be run.", when=found is None)
