"""Telling of new user exception messages, by the ways that each Vault has chosen (`models.services.notifications`).

What is to be told is marked as told first, so that it is told at most once, whoever is killed; and all of it happens
outside of jobs and transactions: a slow or broken way of telling keeps no job waiting and breaks none.
"""

import contextlib
import logging
import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import or_, select, update

from models.feed import Topic
from models.secrets import KEY_VARIABLE
from models.services.notifications import Notification, notification_of
from models.store import Store
from models.tables import Connection, ExceptionMessage, ExceptionNotification, Integration, Vault, table_of
from models.time import iso

logger = logging.getLogger(__name__)

TOLD_TOGETHER = 100
"""How many messages stand in the JSON that a command reads; all are counted."""
PREFIX = "VAULT_CONSOLE_"
"""Begins the names of the environment variables that a command finds its details in."""

_exceptions = table_of(ExceptionMessage)
_notifications = table_of(ExceptionNotification)
_connections = table_of(Connection)
_integrations = table_of(Integration)
_vaults = table_of(Vault)


@dataclass(frozen=True, slots=True)
class News:
    """New user exception messages of a Vault, the oldest first: at most `TOLD_TOGETHER` of `count`."""

    vault_id: int
    vault: str
    count: int
    messages: tuple[Mapping[str, Any], ...]


def tell_new(store: Store) -> int:
    """Tell of what is new in all Vaults, now and in this thread; answers how many messages that was.

    Never raises for what a log file or a command does: that is kept with the Vault's notification.
    """
    told = 0
    for vault_id in _with_news(store):
        notification, news = _claim(store, vault_id)
        if news is not None:
            told += news.count
            _keep(store, vault_id, tell(notification, news))
    return told


def tell(notification: Notification, news: News) -> str:
    """Write the log file and run the command that are set; answers what went wrong, in words, or nothing."""
    troubles = []
    if notification.log_file:
        troubles.append(_write_log(Path(notification.log_file), news))
    if notification.command:
        troubles.append(_run(notification.command, news, notification.time_limit))
    return " ".join(filter(None, troubles))


class Notifier:
    """Tells in a thread of its own, whenever it is asked to look. Looking while it tells has it look once more."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._wanted = False
        self._thread: threading.Thread | None = None

    def look(self) -> None:
        """See soon whether there is something new to tell; never waits, never raises."""
        with self._lock:
            self._wanted = True
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="notifier", daemon=True)
                self._thread.start()

    def wait(self) -> None:
        """Wait until all that was asked for has been told: at most as long as the commands may take."""
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join()

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._wanted:
                    self._thread = None
                    return
                self._wanted = False
            try:
                tell_new(self._store)
            except Exception:
                logger.exception("New user exceptions could not be told.")


def _with_news(store: Store) -> list[int]:
    newer = (
        select(_exceptions.c.id)
        .where(
            _exceptions.c.vault_id == _notifications.c.vault_id, _exceptions.c.created_at > _notifications.c.told_until
        )
        .correlate(_notifications)
        .exists()
    )
    ways = or_(_notifications.c.log_file.is_not(None), _notifications.c.sealed_command.is_not(None))
    statement = select(_notifications.c.vault_id).where(ways, newer).order_by(_notifications.c.vault_id)
    with store.read() as session:
        return list(session.execute(statement).scalars())


def _claim(store: Store, vault_id: int) -> tuple[Notification, News | None]:
    """Mark what is new as told; None when another process was faster."""
    with store.write() as write:
        notification = notification_of(write, store.secrets, vault_id)
        since = write.execute(
            select(_notifications.c.told_until).where(_notifications.c.vault_id == vault_id)
        ).scalar_one()
        rows = write.execute(
            select(
                _exceptions,
                _connections.c.api_name.label("connection"),
                _integrations.c.api_name.label("integration"),
            )
            .outerjoin(_connections, _connections.c.id == _exceptions.c.connection_id)
            .outerjoin(_integrations, _integrations.c.id == _exceptions.c.integration_id)
            .where(_exceptions.c.vault_id == vault_id, _exceptions.c.created_at > since)
            .order_by(_exceptions.c.id)
        ).all()
        if not rows:
            return notification, None
        write.execute(update(_notifications).where(_notifications.c.vault_id == vault_id).values(told_until=write.now))
        name = write.execute(select(_vaults.c.name).where(_vaults.c.id == vault_id)).scalar_one()
    return notification, News(vault_id, name, len(rows), tuple(_details(row) for row in rows[-TOLD_TOGETHER:]))


def _details(row: Any) -> Mapping[str, Any]:
    return {
        "number": row.id,
        "created_at": iso(row.created_at),
        "name__v": row.name,
        "status__v": "active__v" if row.active else "inactive__v",
        "side": row.side.value,
        "error_type__sys": row.error_type.value,
        "error_message__sys": row.error_message,
        "message_items_received__sys": row.items_received,
        "message_items_failed__sys": row.items_failed,
        "connection": row.connection,
        "integration__sys": row.integration,
    }


def _keep(store: Store, vault_id: int, trouble: str) -> None:
    with store.write() as write:
        write.execute(
            update(_notifications)
            .where(_notifications.c.vault_id == vault_id)
            .values(last_told_at=write.now, last_trouble=trouble[:1000])
        )
        write.changed(Topic.EXCEPTIONS, vault_id)


def _write_log(path: Path, news: News) -> str:
    """Add one line per message. A pipe that nobody reads is refused instead of waited for."""
    lines = [
        f"{each['created_at']} Vault {_line(news.vault)} ({news.vault_id}) user exception message {each['number']} "
        f"{_line(each['name__v'])}, {each['error_type__sys']}: {_line(each['error_message__sys'])}"
        for each in news.messages
    ]
    if news.count > len(lines):
        lines.insert(
            0, f"{lines[0].split()[0]} Vault {_line(news.vault)} ({news.vault_id}) {news.count} in all; the latest:"
        )
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NONBLOCK", 0)
    try:
        file = os.open(path, flags, 0o600)
        try:
            os.write(file, ("\n".join(lines) + "\n").encode("utf-8", "replace"))
        finally:
            os.close(file)
    except OSError as error:
        return f"The log file {path} was not written: {error.strerror}."
    return ""


def _line(text: str) -> str:
    """Stored text on one line, without what a terminal would obey."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


def _run(command: Sequence[str], news: News, limit: int) -> str:
    """Run a command, by its argument list and without a shell; it is ended after `limit` seconds."""
    document = {"vault_id": news.vault_id, "vault": news.vault, "count": news.count, "messages": news.messages}
    try:
        process = subprocess.Popen(  # noqa: S603 - the administrator's own argument list; no shell reads it
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=_environment(news),
            cwd=Path.home(),
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        return f"The command {command[0]} could not be started: {getattr(error, 'strerror', None) or error}."
    try:
        _said, complained = process.communicate(orjson.dumps(document), timeout=limit)
    except subprocess.TimeoutExpired:
        _end(process)
        return f"The command {command[0]} was ended after {limit} seconds."
    if process.returncode:
        said = _line(complained.decode("utf-8", "replace").strip())[:300]
        return f"The command {command[0]} ended with {process.returncode}. {said}".strip()
    return ""


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a command with all that it has started."""
    with contextlib.suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    for stream in (process.stdin, process.stderr):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()
    process.wait()


def _environment(news: News) -> dict[str, str]:
    """The environment of this process, without the store's key, with the details of the newest message."""
    newest = news.messages[-1]
    details = {
        "EVENT": "user_exception_message",
        "VAULT_ID": news.vault_id,
        "VAULT": news.vault,
        "COUNT": news.count,
        "NUMBER": newest["number"],
        "NAME": newest["name__v"],
        "SIDE": newest["side"],
        "ERROR_TYPE": newest["error_type__sys"],
        "ERROR_MESSAGE": newest["error_message__sys"],
        "CONNECTION": newest["connection"] or "",
        "INTEGRATION": newest["integration__sys"] or "",
    }
    own = {name: value for name, value in os.environ.items() if name != KEY_VARIABLE}
    return own | {f"{PREFIX}{name}": _line(str(value)) for name, value in details.items()}
