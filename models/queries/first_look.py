"""What the first screen shows, read from a store's file by the driver alone.

Loading what the store's other queries are written with takes longer than all else at the start of the console, and the
first screen does not wait for it. Every statement here stands for one in `models.queries.lab` or
`models.queries.topology`; tests hold their answers equal.
"""

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

from models.errors import ConsoleError, NotFound
from models.moments import from_iso, iso, lab_time
from models.peek import peek, traces
from models.queries.signed_in import SignedIn, UserRow, VaultRow, Waiting, choose_seat
from models.queries.ties import Numbers, Topology, assembled

PATIENCE = 0.1
"""Seconds that the first screen waits for this, at most."""
_STEPS = 1_000
"""Steps of the database's machine between two looks at the watch."""


@dataclass(frozen=True, slots=True)
class FirstLook:
    """A lab as it lay in its file: who acts where, the lab's time and speed, and the topology of that day."""

    signed_in: SignedIn
    now: datetime
    speed: float
    paused: bool
    topology: Topology


def first_look(path: Path, vault: str | None = None, username: str | None = None) -> FirstLook | None:
    """Look into the file, for a Vault and a user as `choose_seat` has them.

    None for whatever is not plain: a file that is missing, none of ours, of another version, locked, large beyond
    patience or written to meanwhile, or a Vault or user that is not there. Opening the store then says what it is.
    """
    try:
        before = traces(path)
        with peek(path, at_work=before.at_work, timeout=0) as connection:
            until = monotonic() + PATIENCE
            connection.set_progress_handler(lambda: monotonic() > until, _STEPS)
            connection.execute("BEGIN")
            found = _read(connection, vault, username)
        return found if before.at_work or traces(path) == before else None
    except (ConsoleError, sqlite3.Error, OSError, ValueError, TypeError):
        return None


def _read(connection: sqlite3.Connection, vault: str | None, username: str | None) -> FirstLook:
    lab_base, real_base, speed, paused, alive_until = connection.execute(
        "SELECT lab_base, real_base, speed, paused, alive_until FROM lab WHERE id = 1"
    ).fetchone()
    now = lab_time(
        datetime.now(UTC),
        lab_base=from_iso(lab_base),
        real_base=from_iso(real_base),
        speed=speed,
        paused=bool(paused),
        alive_until=from_iso(alive_until) if alive_until else None,
    )
    directory = _Directory(connection)
    signed_in = choose_seat(directory, vault, username)
    return FirstLook(signed_in, now, speed, bool(paused), _topology(connection, directory.vaults(), now))


@dataclass(frozen=True, slots=True)
class _Directory:
    """Reads what a choice of a Vault and a user is made from."""

    connection: sqlite3.Connection

    def _rows(self, statement: str, *values: Any) -> list[Any]:
        return self.connection.execute(statement, values).fetchall()

    def vaults(self) -> tuple[VaultRow, ...]:
        rows = self._rows(
            "SELECT id, name, dns_host, domain, family, sandbox, parent_id FROM vault ORDER BY sandbox, name"
        )
        return tuple(
            VaultRow(key, name, host, domain, family, bool(sandbox), parent)
            for key, name, host, domain, family, sandbox, parent in rows
        )

    def users(self, vault_id: int) -> tuple[UserRow, ...]:
        rows = self._rows(
            "SELECT u.id, u.username, u.first_name, u.last_name, p.name, u.active FROM vault_user u "
            "JOIN security_profile p ON p.id = u.profile_id WHERE u.vault_id = ? ORDER BY u.id",
            vault_id,
        )
        return tuple(
            UserRow(row[0], row[1], f"{row[2]} {row[3]}".strip() or row[1], row[4], bool(row[5])) for row in rows
        )

    def owner(self, vault_id: int) -> int | None:
        rows = self._rows(
            "SELECT u.id FROM vault_user u JOIN vault v ON v.id = u.vault_id "
            "WHERE u.vault_id = ? AND u.username = 'app.owner@' || v.domain",
            vault_id,
        )
        return rows[0][0] if rows else None

    def permissions(self, vault_id: int, username: str) -> frozenset[str]:
        profiles = self._rows(
            "SELECT profile_id FROM vault_user WHERE vault_id = ? AND username = ? AND active", vault_id, username
        )
        if not profiles:
            raise NotFound(f"Vault {vault_id} has no active user {username}.")
        rows = self._rows("SELECT permission FROM profile_permission WHERE profile_id = ?", profiles[0][0])
        return frozenset(row[0] for row in rows)

    def waiting(self, vault_id: int) -> Waiting:
        (messages,), (exceptions,) = self._rows(
            "SELECT count(*) FROM spark_message WHERE state = 'queued' "
            "AND queue_id IN (SELECT id FROM queue WHERE vault_id = ?) "
            "UNION ALL SELECT count(*) FROM exception_message WHERE vault_id = ? AND active",
            vault_id,
            vault_id,
        )
        ringing = dict(
            self._rows(
                "SELECT v.id, v.name FROM vault v JOIN exception_notification n ON n.vault_id = v.id WHERE n.bell"
            )
        )
        newest = self._rows(
            "SELECT created_at, vault_id FROM exception_message WHERE vault_id IN "
            "(SELECT vault_id FROM exception_notification WHERE bell) ORDER BY id DESC LIMIT 1"
        )
        if not newest:
            return Waiting(messages, exceptions, bool(ringing))
        return Waiting(messages, exceptions, bool(ringing), from_iso(newest[0][0]), ringing[newest[0][1]])


_CONNECTIONS = (
    "SELECT id, vault_id, name, type, state, remote_connection_id, remote_vault_name FROM connection "
    "ORDER BY lower(name), id"
)
_MOVED = (
    "SELECT l.connection_id + 0, sum(l.sent), sum(l.received), sum(l.created + l.updated + l.unchanged), "
    "sum(l.skipped) FROM job_run_line l JOIN job_run r ON r.id = l.run_id WHERE r.started_at < :end AND l.run_id > "
    "coalesce((SELECT id FROM job_run WHERE started_at < :begin ORDER BY id DESC LIMIT 1), 0) GROUP BY 1"
)
_WAITING = (
    "SELECT m.connection_id + 0, q.type, count(*) FROM queue q CROSS JOIN spark_message m ON m.queue_id = q.id "
    "WHERE m.state = 'queued' GROUP BY 1, 2"
)
_EXCEPTIONS = (
    "SELECT connection_id, count(*) FROM exception_message WHERE vault_id IN (SELECT id FROM vault) AND active "
    "AND connection_id IS NOT NULL GROUP BY connection_id"
)
_FAILED = (
    "SELECT m.connection_id, count(*) FROM exception_message m JOIN exception_item i ON i.message_id = m.id "
    "WHERE m.vault_id IN (SELECT id FROM vault) AND m.active AND m.connection_id IS NOT NULL AND i.status = 'open' "
    "GROUP BY m.connection_id"
)
_SERVED = (
    "SELECT DISTINCT s.connection_id, q.type FROM queue_connection s JOIN queue q ON q.id = s.queue_id WHERE s.active"
)


def _topology(connection: sqlite3.Connection, vaults: tuple[VaultRow, ...], now: datetime) -> Topology:
    begin = now.replace(hour=0, minute=0, second=0, microsecond=0)
    day = {"begin": iso(begin), "end": iso(begin + timedelta(days=1))}
    numbers: Numbers = {}
    for key, *moved in connection.execute(_MOVED, day):
        numbers[key] = dict(zip(("sent", "received", "applied", "skipped"), moved, strict=True))
    for key, type_, count in connection.execute(_WAITING):
        numbers.setdefault(key, {})["waiting_out" if type_ == "outbound" else "waiting_in"] = count
    for name, statement in (("exceptions", _EXCEPTIONS), ("failed", _FAILED)):
        for key, count in connection.execute(statement):
            numbers.setdefault(key, {})[name] = count
    for key, type_ in connection.execute(_SERVED):
        numbers.setdefault(key, {})["sends" if type_ == "outbound" else "receives"] = True
    return assembled(now.date(), vaults, connection.execute(_CONNECTIONS), (numbers,))
