"""Messages: every Spark message of the Vault in use, in both directions, to look at without taking any."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual.message import Message
from textual.widgets import Input

from console.actions import Action, bindings
from console.details.messages import document
from console.details.texts import short
from console.doing import messages as doing
from console.forms.messages import body_form, filter_form
from console.screens.explaining import EXPLAIN, explain_message
from console.screens.following import FOLLOW, FollowingScreen
from console.screens.frame import FilterInput
from console.screens.later import AskingScreen
from console.screens.tracing import TRACE, TracesRecords, trace_record
from console.targets import Goto
from console.theme import SIGNS
from console.twins import looking
from console.twins.call import Twin
from console.widgets.columns import Cell, Column, Span, number
from console.widgets.document import Document
from console.widgets.paint import clean
from console.widgets.terms_bar import TermsBar, TermSuggester
from models.feed import Topic

if TYPE_CHECKING:
    from sqlmodel import Session as StoreSession

    from console.doing.messages import MessagePage
    from console.screens.tracing import Records
    from models.queries.message_filter import MessageFilter
    from models.queries.message_finding import Places
    from models.queries.messages import BrowsedMessage
    from models.queries.window import Key, Listing

PLACEHOLDER = "state: point: connection: queue: item: key: attr: since: or words"


def _direction(row: BrowsedMessage) -> Cell:
    return SIGNS.symbol(row.direction)[0]


def _state(row: BrowsedMessage) -> Cell:
    if row.last_error and row.state == "queued":
        return "! Failing", "bad"
    return SIGNS.words(row.state)


class MessagesScreen(TracesRecords, FollowingScreen, AskingScreen):
    """The Spark messages of the Vault in use, the newest first."""

    AREA = "messages"
    HELP = (
        "Spark messages, the newest first; looking takes none. The filter (/) knows terms such as state:failed, "
        "key:Name, item:ID, attr:name=value, since:1h, and words; F chooses them from lists. f follows what comes."
    )
    EMPTY = (
        "No Spark message yet: none was put on a queue here, and none has arrived. “{jobs.run}” in Jobs searches "
        "for changes."
    )
    NEWEST_FIRST = "time"
    COLUMNS: ClassVar[Sequence[Column]] = (
        Column("Entered", lambda row: short(row.entered_at), 14, sort="time"),
        Column("", _direction, 1),
        Column("State", _state, 11, sort="state"),
        Column("Message", lambda row: row.message_id[:8], 8),
        Column("Point", lambda row: row.integration_point, 16, flex=3, sort="point"),
        Column("Connection", lambda row: row.connection, 12, flex=2, rank=3, sort="connection"),
        Column("Queue", lambda row: row.queue, 12, flex=2, rank=4, sort="queue"),
        Column("Object", lambda row: row.object_name, 11, flex=1, rank=5, sort="object"),
        Column("Items", lambda row: number(row.items), 5, "right", rank=1, sort="items"),
        Column("Tries", lambda row: number(row.attempts), 5, "right", rank=2, sort="attempts"),
    )
    LIST_TOPICS = frozenset({Topic.MESSAGES, Topic.QUEUES})
    GOTO = "how a message id begins, or a time such as 2026-01-31 12:00, 12:00 or 2h (ago)."
    ACTIONS: ClassVar = (
        FOLLOW,
        Action("narrow", "F", "Filter form", "Narrow the list: state, point, connection, queue, key, attribute, time"),
        EXPLAIN,
        TRACE,
        Action("signature", "c", "Check signature", "Verify the signature of this message", shown=False),
        Action("export", "b", "Save body", "Save the message's body as a file", shown=False),
    )
    BINDINGS = bindings("messages", ACTIONS)

    class Noted(Message, bubble=False):
        """What was found out about a filter while its messages were looked for."""

        def __init__(self, text: str, note: str) -> None:
            super().__init__()
            self.text = text
            self.note = note

    class Unsorted(Message, bubble=False):
        """There are too many messages to sort them as was asked."""

        def __init__(self, why: str) -> None:
            super().__init__()
            self.why = why

    def __init__(self) -> None:
        super().__init__()
        self.queue_id: int | None = None
        self.connection_id: int | None = None
        self._suggester = TermSuggester()
        self._note = ""

    def narrowed(self, wanted: MessageFilter) -> MessageFilter:
        """The filter with what this list is narrowed to anyway; called in a thread."""
        return wanted

    def on_mount(self) -> None:
        line = self.query_one(FilterInput)
        line.placeholder = PLACEHOLDER
        line.suggester = self._suggester
        self.query_one("#list-pane").mount(TermsBar())

    # The list

    def list_title(self) -> list[Span]:
        return [*super().list_title(), *self.following_title()]

    def list_twin(self, total: int) -> Twin | None:
        return looking.messages(self.filter_text, total, queue_id=self.queue_id, connection_id=self.connection_id)

    def listing(self, text: str, sort: str, descending: bool) -> Callable[[], Listing[Any]]:
        store, held, vault_id = self.home.store, self.held, self.home.session.vault_id
        asked = self._asked(text)

        def make() -> Listing[Any]:
            if store is None:
                raise RuntimeError("there is no store to read")
            found = doing.find(store, vault_id, asked, sort=sort, descending=descending, below=held)
            if found.note != self._note:
                self.post_message(self.Noted(text, found.note))
            if found.unsorted:
                self.post_message(self.Unsorted(found.unsorted))
            return found.listing

        return make

    def _asked(self, text: str) -> doing.Asked:
        return doing.Asked(text, self.narrowed, self.queue_id, self.connection_id)

    def counting(self, after: int) -> Callable[[StoreSession], int]:
        store, vault_id, asked = self.home.store, self.home.session.vault_id, self._asked(self.filter_text)

        def count(session: StoreSession) -> int:
            return 0 if store is None else doing.count_newer(session, store, vault_id, asked, after)

        return count

    def on_messages_screen_noted(self, message: Noted) -> None:
        if message.text != self.filter_text:
            return
        self._note = message.note
        self._tell_terms(self.query_one(FilterInput).value)
        if message.note:
            self.table.empty_text = message.note
            self.table.refresh()

    def on_messages_screen_unsorted(self, message: Unsorted) -> None:
        """Say so once, and let the heading say how the list is sorted now."""
        if self.table.sort != self.NEWEST_FIRST:
            self.table.sort, self.table.descending = self.NEWEST_FIRST, True
            self.table.refresh()
            self.home.tell(message.why, severity="warning")

    def reading(self, key: Any) -> Callable[[StoreSession], Any | None]:
        store, vault_id = self.home.store, self.home.session.vault_id

        def read(session: StoreSession) -> MessagePage | None:
            return None if store is None else doing.read_page(session, store, vault_id, key)

        return read

    def document(self, detail: Any) -> Document:
        return document(detail)

    def copy_of(self, row: Any | None) -> str:
        return "" if row is None else str(row.message_id)

    # The filter line

    def action_filter(self) -> None:
        super().action_filter()
        self._tell_terms(self.query_one(FilterInput).value)
        for bar in self.query(TermsBar):
            bar.display = True
        vault_id = self.home.session.vault_id

        def read(session: StoreSession) -> Places:
            from models.queries.message_finding import places

            return places(session, vault_id)

        def known(found: Places) -> None:
            self._suggester.places = found

        self.read_then(read, known)

    def on_input_changed(self, event: Input.Changed) -> None:
        self._note = ""
        self._tell_terms(event.value)

    def _tell_terms(self, line: str) -> None:
        problems = doing.problems(line, self.home.now(), typing=True)
        for bar in self.query(TermsBar):
            bar.tell(line, problems or ([self._note] if self._note else ()))

    def _filter_to(self, text: str) -> None:
        """A line that cannot be read, or is not finished, narrows nothing yet: the list stays as it is."""
        self._filter_timer = None
        line = self.query_one(FilterInput)
        if doing.problems(text, self.home.now()) or (line.has_focus and doing.is_beginning(text)):
            return
        super()._filter_to(text)

    def action_keep_filter(self) -> None:
        line = self.query_one(FilterInput)
        if problems := doing.problems(line.value, self.home.now()):
            self.home.tell(problems[0], severity="warning")
            return
        self.table.focus()
        super()._filter_to(line.value)
        super().action_keep_filter()
        self._hide_terms()

    def action_clear_filter(self) -> None:
        super().action_clear_filter()
        self._hide_terms()

    def _put_filter(self, text: str) -> None:
        super()._put_filter(text)
        self._hide_terms()

    def _hide_terms(self) -> None:
        for bar in self.query(TermsBar):
            bar.display = False

    def show_filter(self, text: str) -> None:
        """Narrow the list by a filter line from elsewhere."""
        self._put_filter(text)
        self.table.focus()
        self.show_list(keep=True)

    def do_narrow(self) -> None:
        vault_id, line = self.home.session.vault_id, self.filter_text
        chosen: list[str] = []

        def read(session: StoreSession) -> Places:
            from models.queries.message_finding import places

            return places(session, vault_id)

        def ask(found: Places) -> None:
            from console.modals.form import FormScreen

            self.home.push_screen(FormScreen(filter_form(found, line, self.home.now(), chosen.append)), done)

        def done(said: str | None) -> None:
            if said is not None and chosen:
                self.show_filter(chosen[-1])

        self.read_then(read, ask)

    # Understanding

    def why_not_explain(self) -> str:
        return self.needs_row()

    def do_explain(self) -> None:
        if (row := self.table.cursor_row) is not None:
            explain_message(self.home, row.key, f"message {row.message_id[:8]}")

    def do_trace(self) -> None:
        """Trace the item under the cursor of the details, else one that is picked."""
        line = self.pane.current if self.pane.has_focus else None
        if line is not None and isinstance(line.target, Goto) and line.target.area == "records":
            trace_record(self.home, line.target.vault_id or self.home.session.vault_id, str(line.target.key))
        else:
            super().do_trace()

    def records_of(self, row: Any) -> tuple[str, Callable[[StoreSession, int], Records]]:
        key = row.key

        def read(session: StoreSession, vault_id: int) -> Records:
            from models.queries.traceable import items_of_message

            return items_of_message(session, vault_id, key)

        return f"message {row.message_id[:8]}", read

    def why_not_signature(self) -> str:
        return self.needs_row()

    def do_signature(self) -> None:
        from console.modals.dialog import Dialog

        row, store = self.table.cursor_row, self.home.store
        if row is None or store is None:
            return

        def show(lines: tuple[str, ...]) -> None:
            self.home.push_screen(Dialog("Signature", [line for line in lines if line]))

        self.home.looked(f"Signature of message {row.message_id[:8]}", looking.words("messages", "show", str(row.key)))
        self.work_then(partial(doing.check_signature, store, self.home.session.vault_id, row.key), show)

    def why_not_export(self) -> str:
        if self.needs_row():
            return self.needs_row()
        page = self.detail
        return "" if page is not None and page.detail.body else "This message has not been sent: it has no body yet."

    def do_export(self) -> None:
        page = self.detail
        if page is not None and page.detail.body:
            self.fill_in(body_form(page.detail))


class QueueMessagesScreen(MessagesScreen):
    """The messages of one queue, opened from Queues."""

    AREA = "queues"
    HELP = f"Messages of one queue. Esc goes back. {MessagesScreen.HELP}"
    EMPTY = "No message has passed through this queue yet. “{queues.put}” in Queues puts one on it."
    COLUMNS = tuple(column for column in MessagesScreen.COLUMNS if column.label not in ("Queue", ""))

    def __init__(self, queue_id: int, label: str = "", *, key: Key | None = None) -> None:
        super().__init__()
        self.queue_id = queue_id
        self._label = label
        self._wanted_key = key

    def list_title(self) -> list[Span]:
        label = self._label or (self.detail.detail.queue if self.detail else "")
        mark: Span = (f" {SIGNS.pick('▸', '>')} ", "muted")
        return [("Queues", "muted"), mark, (clean(label) or "Messages", "strong"), *self.following_title()]
