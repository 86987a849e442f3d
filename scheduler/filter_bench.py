"""Times a filter of the message browser against the raw database driver, which runs the same statements."""

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from sqlalchemy import event, func, select
from sqlmodel import Session

from models.queries.lab import ask
from models.queries.message_filter import EVERYTHING
from models.queries.message_terms import read_line
from models.queries.messages import listing
from models.queries.window import Look, View, look
from models.store import Store
from models.tables import SparkMessage, table_of

HEIGHT = 40
"""Rows in sight."""
_messages = table_of(SparkMessage).c


@dataclass(frozen=True, slots=True)
class FilterTime:
    """How many messages a filter finds, the seconds of reading its first rows, and those of the raw driver."""

    found: int
    read: float
    floor: float


def busiest_vault(store: Store) -> tuple[int, int] | None:
    """The Vault with most messages, and how many it has; None in a store without any."""
    per_vault = select(_messages.vault_id, func.count()).group_by(_messages.vault_id).order_by(func.count().desc())
    with store.read() as session:
        row = session.execute(per_vault.limit(1)).first()
    return None if row is None else (row[0], row[1])


def filter_lines(store: Store, vault_id: int, messages: int) -> list[str]:
    """Filters of a Vault's messages: by each kind of term, by several, and a word, as a message in their middle has."""
    with store.read() as session:
        middle = (
            select(_messages.state, _messages.object_name, _messages.integration_point, _messages.message_id)
            .where(_messages.vault_id == vault_id)
            .order_by(_messages.id)
            .offset(messages // 2)
            .limit(1)
        )
        state, name, point, message_id = session.execute(middle).one()
    every = [
        f"state:{state.value}",
        f"object:{name}",
        f"point:{point}",
        f"message:{message_id[:8]}",
        f"state:{state.value} object:{name}",
        f"object:{name} event:changed",
        str(name).partition("_")[0],
    ]
    # One that narrows nothing cannot be seen to have been read.
    return [line for line in every if 0 < ask(store, _reading(store, vault_id, line)).total < messages]


def time_filter(store: Store, vault_id: int, line: str) -> FilterTime:
    """Read what a filter finds as a list does, and run the same statements by the driver alone."""
    reading = _reading(store, vault_id, line)
    asked: list[tuple[str, Any]] = []

    def note(*told: Any) -> None:
        asked.append((told[2], told[3]))

    event.listen(store.engine, "before_cursor_execute", note)
    try:
        total = ask(store, reading).total
    finally:
        event.remove(store.engine, "before_cursor_execute", note)
    began = perf_counter()
    ask(store, reading)
    read = perf_counter() - began
    connection = store.engine.raw_connection()
    try:
        cursor = connection.cursor()
        began = perf_counter()
        for statement, values in asked:
            cursor.execute(statement, values).fetchall()
        return FilterTime(total, read, perf_counter() - began)
    finally:
        connection.close()


def _reading(store: Store, vault_id: int, line: str) -> Callable[[Session], View[Any]]:
    wanted = read_line(line, store.clock.now()).filter if line else EVERYTHING
    return lambda session: look(session, listing(session, vault_id, wanted), Look(HEIGHT))
