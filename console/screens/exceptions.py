"""Exceptions: what could not be sent, delivered or applied, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from console.actions import Action, bindings
from console.details.exceptions import document
from console.details.texts import failed, short
from console.doing import exceptions as doing
from console.doing.exceptions import Narrowing
from console.forms.exceptions import filter_form
from console.modals.dialog import Answer, Dialog
from console.modals.form import FormScreen
from console.permissions import MANAGE_INTEGRATIONS, READ_EXCEPTIONS
from console.screens.explaining import EXPLAIN, dry_run_retry, explain_exception
from console.screens.later import AskingScreen, Later
from console.screens.tracing import TRACE, TracesRecords
from console.theme import SIGNS
from console.twins import looking
from console.twins.call import Told, Twin, call_of
from console.widgets.columns import Cell, Column, Span, number
from console.widgets.document import Document
from console.work import in_thread
from models.feed import Topic

if TYPE_CHECKING:
    from sqlmodel import Session as StoreSession

    from console.screens.tracing import Records
    from models.feed import Change
    from models.queries.exceptions import FilterChoices
    from models.queries.retries import RetryRow
    from models.queries.window import Key, Listing
    from models.services.exceptions import Chosen, RetryPlan
    from models.services.notifications import Notification

RETRY = (READ_EXCEPTIONS, MANAGE_INTEGRATIONS)


def _sign(row: Any) -> Cell:
    if row.retrying:
        return SIGNS.symbol("RUNNING")
    return SIGNS.symbol("unresolved" if row.active else "resolved")


class ExceptionsScreen(TracesRecords, AskingScreen):
    """The user exception messages of the Vault in use, the newest first."""

    AREA = "exceptions"
    EMPTY = "No user exception messages: everything that arrived was applied. “{go.jobs}” shows what the jobs moved."
    NEWEST_FIRST = "time"
    COLUMNS = (
        Column("", _sign, 1),
        Column("Created", lambda row: short(row.created_at), 14, sort="time"),
        Column("Message", lambda row: row.name, 16, flex=2),
        Column("Error", lambda row: row.error_message, 16, flex=3, rank=1),
        Column("Side", lambda row: row.side.capitalize(), 6, rank=2),
        Column("Items", lambda row: number(row.received), 5, "right"),
        Column("Open", lambda row: failed(row.open_items), 5, "right"),
    )
    LIST_TOPICS = frozenset({Topic.EXCEPTIONS})
    SEEN_WITH = READ_EXCEPTIONS
    ACTIONS: ClassVar = (
        Action("retry", "r", "Retry", "Retry Transfer of the selected messages, or of this one", permission=RETRY),
        Action(
            "retry_listed",
            "R",
            "Retry listed",
            "Retry Transfer of all active messages of this list; tells how many first",
            permission=RETRY,
        ),
        Action("narrow", "f", "Narrow", "Narrow the list by status, connection, integration, point, error type, side"),
        EXPLAIN,
        Action("dry_run", "d", "Dry run", "What a retry of the selected messages, or of this one, would come to"),
        TRACE,
        Action("retries", "T", "Retries", "The Retry Transfers of this Vault; one that has not begun can be cancelled"),
        Action("active", "o", "Only active", "List only messages that are still active, or all"),
        Action("everywhere", "c", "List all", "List all messages again", shown=False),
        Action(
            "tell",
            "b",
            "Notification",
            "How this Vault tells of new user exceptions: bell, log file, command",
            shown=False,
            permission=MANAGE_INTEGRATIONS,
        ),
    )
    BINDINGS = bindings("exceptions", ACTIONS)

    def __init__(self, narrowing: Narrowing | None = None) -> None:
        super().__init__()
        self._narrowing = narrowing or Narrowing()
        self._mine: set[int] = set()

    def list_title(self) -> list[Span]:
        words = ", ".join(self._narrowing.words)
        return [*super().list_title(), *([(f"  {words}", "accent")] if words else [])]  # type: ignore[list-item]

    def list_twin(self, total: int) -> Twin | None:
        return looking.exceptions(self._narrowing, self.filter_text, total)

    def listing(self, text: str, sort: str, descending: bool) -> Callable[[], Listing[Any]]:
        vault_id, narrowing = self.home.session.vault_id, self._narrowing
        del sort, descending

        def make() -> Listing[Any]:
            from models.queries.exceptions import listing

            return listing(vault_id, narrowing.filter(text))

        return make

    def reading(self, key: Any) -> Callable[[StoreSession], Any | None]:
        vault_id = self.home.session.vault_id

        def read(session: StoreSession) -> Any | None:
            from models.queries.exception_detail import detail

            return detail(session, vault_id, key)

        return read

    def document(self, detail: Any) -> Document:
        return document(detail)

    # Understanding

    def why_not_explain(self) -> str:
        return self.needs_row()

    def do_explain(self) -> None:
        if (row := self.table.cursor_row) is not None:
            explain_exception(self.home, row.key, f"exception {row.key}")

    def why_not_dry_run(self) -> str:
        return self.needs_row()

    def do_dry_run(self) -> None:
        row = self.table.cursor_row
        if row is not None:
            keys = sorted(int(key) for key in self.table.selected) or [row.key]
            name = f"exception {row.key}" if len(keys) == 1 else f"{len(keys)} exceptions"
            dry_run_retry(self.home, keys, f"retry of {name}")

    # Tracing

    def records_of(self, row: Any) -> tuple[str, Callable[[StoreSession, int], Records]]:
        key = row.key

        def read(session: StoreSession, vault_id: int) -> Records:
            from models.queries.traceable import items_of_exception

            return items_of_exception(session, vault_id, key)

        return f"exception {key}", read

    # Narrowing

    def held_filter(self) -> tuple[str, Narrowing]:
        return self.filter_text, self._narrowing

    def hold_filter(self, held: tuple[str, Narrowing] | None) -> None:
        text, self._narrowing = held or ("", Narrowing())
        self._put_filter(text)

    def show_connection(self, connection_id: int) -> None:
        """List the active messages of one connection: those that its count counted."""
        words = ("only active", "of one connection")
        self._narrowing = Narrowing(state="active", connection_id=str(connection_id), words=words)
        if self.is_mounted:
            self._put_filter("")
            self.show_list()

    def seek(self, key: Key) -> None:
        self._narrowing = Narrowing()
        super().seek(key)

    def do_active(self) -> None:
        self._narrow(self._narrowing.only_active(not self._narrowing.active))

    def why_not_everywhere(self) -> str:
        return "" if self._narrowing.words else "All messages are listed already."

    def do_everywhere(self) -> None:
        self._narrow(Narrowing())

    def do_narrow(self) -> None:
        vault_id, chosen = self.home.session.vault_id, list[Narrowing]()

        def read(session: StoreSession) -> FilterChoices:
            from models.queries.exceptions import filter_choices

            return filter_choices(session, vault_id)

        def ask(choices: FilterChoices) -> None:
            self.home.push_screen(FormScreen(filter_form(choices, self._narrowing, chosen.append)), done)

        def done(said: str | None) -> None:
            if said and chosen:
                self._narrow(chosen[-1])

        self.read_then(read, ask)

    def _narrow(self, narrowing: Narrowing) -> None:
        self._narrowing = narrowing
        self._write_titles()
        self.show_list(keep=True)

    def leave(self) -> None:
        if self._narrowing.words:
            self.do_everywhere()
        else:
            super().leave()

    def do_tell(self) -> None:
        """Show how the Vault tells of new messages; the bell can be changed here, the rest on the command line."""
        store, who = self.home.store, self.home.session.who
        if store is None:
            return

        def ask(notification: Notification) -> None:
            answers = [Answer("bell", "Ring no bell" if notification.bell else "Ring the bell", "primary")]

            def answered(answer: str | None) -> None:
                if answer:
                    self.home.perform(partial(doing.set_bell, bell=not notification.bell))

            name = self.home.session.vault_name(who.vault_id)
            lines = doing.notification_lines(name, notification)
            self.home.push_screen(Dialog("Notification of new user exceptions", lines, answers), answered)

        self.work_then(partial(doing.notification, store, who), ask)

    # Retry Transfer

    def why_not_retry(self) -> str:
        if self.table.selected:
            return ""
        row = self.table.cursor_row
        if row is None:
            return self.needs_row()
        if row.retrying:
            return "This message is being retried already."
        return "" if row.active else "This message is Inactive: all its items have passed."

    def do_retry(self) -> None:
        row, keys = self.table.cursor_row, sorted(int(key) for key in self.table.selected)
        if not keys and row is not None:
            keys = [row.key]
        if len(keys) > 1:
            self._ask_for_retry(keys, "the selected messages")
        elif keys:
            self._start(keys)

    def why_not_retry_listed(self) -> str:
        return "" if self.table.total else self.needs_row()

    def do_retry_listed(self) -> None:
        self._ask_for_retry(None, "all active messages of this list")

    def _ask_for_retry(self, keys: list[int] | None, which: str) -> None:
        """Tell how much would be tried, and try it once that is confirmed."""
        store, who = self.home.store, self.home.session.who
        narrowing, text = self._narrowing, self.filter_text
        if store is None:
            return

        def job() -> tuple[Chosen, RetryPlan]:
            chosen = narrowing.listed(text) if keys is None else keys
            return chosen, doing.plan(store, who, chosen)

        def ask(found: tuple[Chosen, RetryPlan]) -> None:
            chosen, plan = found
            lines = [f"{doing.amount(plan.messages, plan.items)} would be tried again: {which}."]
            if plan.under_way:
                lines.append(f"{plan.under_way:,} more are left out: they are being retried already.")
            answers = [Answer("retry", "Retry Transfer", "primary")] if plan.messages else []

            def answered(answer: str | None) -> None:
                if answer:
                    self._start(chosen)

            self.home.push_screen(Dialog("Retry Transfer", lines, answers), answered)

        self.work_then(job, ask)

    def _start(self, chosen: Chosen) -> None:
        store, who = self.home.store, self.home.session.who
        if store is None:
            return

        def job() -> tuple[RetryPlan, str]:
            call = call_of(doing.start, store, who, chosen)
            return doing.start(store, who, chosen), call

        def told(done: tuple[RetryPlan, str]) -> None:
            plan, call = done
            self.table.clear_selection()
            if plan.retry_id is not None:
                self._mine.add(plan.retry_id)
                much = doing.amount(plan.messages, plan.items)
                text = f"Trying {much} again (Retry Transfer {plan.retry_id}). Its result is told here."
                self.home.tell(Told(text, call))
                self._look_for_results()

        self.work_then(job, told)

    def do_retries(self) -> None:
        from console.screens.retries import show_retries

        show_retries(self.home)

    def store_changed(self, changes: Iterable[Change]) -> None:
        changes = frozenset(changes)
        super().store_changed(changes)
        if self._mine and any(change.topic is Topic.EXCEPTIONS for change in changes):
            self._look_for_results()

    def _look_for_results(self) -> None:
        """Tell what came of the retries that were started here, once they are over."""

        def tell(found: list[tuple[int, RetryRow | None]]) -> None:
            for key, row in found:
                if row is None or row.is_over:
                    self._mine.discard(key)
                    if row is not None:
                        severity = "warning" if row.failed or row.error else "information"
                        self.home.tell(doing.result_text(row), severity=severity)  # type: ignore[arg-type]

        store, keys = self.home.store, tuple(self._mine)
        if store is None:
            return

        def job() -> list[tuple[int, RetryRow | None]]:
            from models.queries.lab import ask

            return ask(store, doing.results, keys)

        # Wherever the person is by then: he has asked for it.
        in_thread(self, job, lambda found: Later(partial(tell, found)), group="results", exclusive=True)
