"""Opening the trace of a record, from wherever a record, a message, an exception or a run is shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from console.actions import Action
from console.details.trace import document
from console.modals.picker import Choice, PickList
from console.screens.frame import AreaFrame
from console.screens.pages import open_page
from console.twins import looking

if TYPE_CHECKING:
    from sqlmodel import Session as StoreSession

    from console.app import ConsoleApp
    from console.widgets.document import Document

TRACE = Action("trace", "t", "Trace", "From a source record to its messages, runs and target records, and back")
MOST = 200
"""How many records of a message or run are offered at a time; typing narrows them."""

Records = Sequence[tuple[int, str]]
"""Records by Vault and id."""


def trace_record(home: ConsoleApp, vault_id: int, record_id: str) -> None:
    """Show the trace of a record."""

    def read(session: StoreSession) -> Document:
        from models.queries.trace import trace

        return document(trace(session, vault_id, record_id))

    twin = looking.in_vault(vault_id, looking.words("trace", record_id))
    open_page(home, f"Trace: {record_id} of {home.session.vault_name(vault_id)}", read, twin=twin)


def trace_one_of(home: ConsoleApp, title: str, reading: Callable[[StoreSession], Records]) -> None:
    """Have one of several records picked, and show its trace."""
    store = home.store
    if store is None:
        return

    def search(text: str) -> Sequence[Choice]:
        from models.queries.lab import ask

        def find(session: StoreSession) -> list[Choice]:
            return _choices(session, reading(session), text)

        return ask(store, find)

    def picked(key: str | None) -> None:
        if key is not None:
            vault, _, record_id = key.partition("/")
            trace_record(home, int(vault), record_id)

    prompt = "Name or id of the record to trace"
    home.push_screen(PickList(title, search=search, prompt=prompt, nothing="No such record."), picked)


class TracesRecords(AreaFrame):
    """A list whose rows name records: one of them is picked and traced."""

    def records_of(self, row: Any) -> tuple[str, Callable[[StoreSession, int], Records]]:
        """What a row is called, and how to read its records in a Vault, in a thread."""
        raise NotImplementedError

    def why_not_trace(self) -> str:
        return self.needs_row()

    def do_trace(self) -> None:
        row, vault_id = self.table.cursor_row, self.home.session.vault_id
        if row is not None:
            name, reading = self.records_of(row)
            trace_one_of(self.home, f"Records of {name}", lambda session: reading(session, vault_id))


def _choices(session: StoreSession, records: Records, text: str) -> list[Choice]:
    from models.queries.traceable import names_of

    by_vault: dict[int, list[str]] = {}
    for vault_id, record_id in records:
        by_vault.setdefault(vault_id, []).append(record_id)
    names = {vault_id: names_of(session, vault_id, ids) for vault_id, ids in by_vault.items()}
    words = text.casefold().split()
    choices = [
        Choice(f"{vault_id}/{record_id}", names[vault_id].get(record_id, record_id), record_id)
        for vault_id, record_id in records
    ]
    return [one for one in choices if all(word in f"{one.label} {one.note}".casefold() for word in words)][:MOST]
