"""Jobs: runs of send, deliver and receive, and what each moved."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar

from textual.message import Message

from console.actions import Action, bindings
from console.details.jobs import document
from console.details.texts import duration, failed, short
from console.forms.jobs import limits_form
from console.permissions import MANAGE_INTEGRATIONS
from console.screens.later import AskingScreen
from console.screens.runs import ask_for_run
from console.screens.tracing import TRACE, TracesRecords
from console.screens.trends import TRENDS, ShowsTrends
from console.theme import SIGNS
from console.twins import looking
from console.twins.call import Twin, flag
from console.widgets.bars import Bar
from console.widgets.columns import Cell, Column, Span, number
from console.widgets.document import Document
from console.widgets.paint import clean
from console.work import in_thread
from models.feed import Topic

if TYPE_CHECKING:
    from sqlmodel import Session as StoreSession

    from console.screens.tracing import Records
    from models.queries.jobs import JobRow, RunRow
    from models.queries.window import Listing


@dataclass(frozen=True, slots=True)
class Through:
    """Runs of one day that moved something through a connection: those that a counter of Home counted."""

    connection_id: int
    connection: str
    day: date
    counter: str


WIDE = 100
"""Cells from which on there is room to say how often jobs run."""


def _status(row: RunRow) -> Cell:
    """The status; a success that moved nothing steps back."""
    text, tone = SIGNS.words(row.status)
    moved = any(getattr(row.moved, name) for name in row.moved.__slots__)
    return text, "muted" if tone == "ok" and not moved else tone


class JobsScreen(TracesRecords, AskingScreen, ShowsTrends):
    """The job runs of the Vault in use, the newest first."""

    AREA = "jobs"
    EMPTY = "No job has run in this Vault yet. “{jobs.run}” runs one at once."
    NEWEST_FIRST = "time"
    COLUMNS = (
        Column("Started", lambda row: short(row.started_at), 14, sort="time"),
        Column("Job", lambda row: SIGNS.words(row.kind), 9),
        Column("Status", _status, 9),
        Column("Found", lambda row: number(row.moved.found), 6, "right", rank=2),
        Column("Sent", lambda row: number(row.moved.sent), 5, "right"),
        Column("Dlvd", lambda row: number(row.moved.delivered), 5, "right", rank=1),
        Column("Rcvd", lambda row: number(row.moved.received), 5, "right"),
        Column("New", lambda row: number(row.moved.created), 5, "right"),
        Column("Upd", lambda row: number(row.moved.updated), 5, "right"),
        Column("Same", lambda row: number(row.moved.unchanged), 5, "right", rank=3),
        Column("Del", lambda row: number(row.moved.deleted), 4, "right", rank=5),
        Column("Skip", lambda row: number(row.moved.skipped), 5, "right", rank=4),
        Column("Fail", lambda row: failed(row.moved.failed), 5, "right"),
        Column("Took", lambda row: (duration(row.duration_ms), "muted"), 7, "right", flex=1, rank=6),
    )
    LIST_TOPICS = frozenset({Topic.JOBS})
    ACTIONS: ClassVar = (
        Action("run", "r", "Run now", "Run a job of this Vault at once", permission=MANAGE_INTEGRATIONS),
        TRACE,
        TRENDS,
        Action("limits", "c", "Time limits", "Say how long a run of each job may take", permission=MANAGE_INTEGRATIONS),
        Action("moved", "o", "Only moved", "List only runs that moved something, or all"),
    )
    BINDINGS = bindings("jobs", ACTIONS)
    DEFAULT_CSS = """
    JobsScreen #next-runs { padding: 0; }
    JobsScreen #panes { layout: vertical; }
    JobsScreen #list-pane { width: 1fr; height: 11fr; }
    JobsScreen #detail-pane { width: 1fr; height: 9fr; border: none; }
    """

    class JobsRead(Message, bubble=False):
        """When the jobs run next."""

        def __init__(self, jobs: tuple[JobRow, ...]) -> None:
            super().__init__()
            self.jobs = jobs

    def __init__(self, through: Through | None = None) -> None:
        super().__init__()
        self._moved_only = False
        self._through = through

    def compose_above(self) -> Iterable[Any]:
        yield Bar(id="next-runs")

    def list_title(self) -> list[Span]:
        title: list[Span] = [("Job runs", "strong")]
        if (through := self._through) is not None:
            words = f"  {through.counter} through {clean(through.connection)} on {through.day:%Y-%m-%d}"
            title.append((words, "accent"))
        if self._moved_only:
            title.append(("  only those that moved something", "accent"))
        return title

    def list_twin(self, total: int) -> Twin | None:
        if self._through is not None:
            return None
        every = [] if self._moved_only else ["--all"]
        return looking.words("jobs", "runs", *every, *flag("--filter", self.filter_text), "--limit", str(total))

    def listing(self, text: str, sort: str, descending: bool) -> Callable[[], Listing[Any]]:
        vault_id, moved_only, through = self.home.session.vault_id, self._moved_only, self._through
        del sort, descending

        def make() -> Listing[Any]:
            from models.queries.jobs import APPLIED, listing

            if through is None:
                return listing(vault_id, text=text, moved_only=moved_only)
            counters = APPLIED if through.counter == "applied" else (through.counter,)
            return listing(vault_id, text=text, connection_id=through.connection_id, day=through.day, counters=counters)

        return make

    def reading(self, key: Any) -> Callable[[StoreSession], Any | None]:
        vault_id = self.home.session.vault_id

        def read(session: StoreSession) -> Any | None:
            from models.queries.jobs import detail

            return detail(session, vault_id, key)

        return read

    def document(self, detail: Any) -> Document:
        return document(detail)

    def copy_of(self, row: Any | None) -> str:
        return "" if row is None else str(row.key)

    def show_list(self, *, keep: bool = False) -> None:
        super().show_list(keep=keep)
        self._read_jobs()

    def refresh_from_store(self) -> None:
        super().refresh_from_store()
        self._read_jobs()

    def _read_jobs(self) -> None:
        store, vault_id = self.home.store, self.home.session.vault_id
        if store is None:
            return

        def job() -> tuple[JobRow, ...]:
            from models.queries.jobs import job_list
            from models.queries.lab import ask

            return ask(store, job_list, vault_id)

        in_thread(self, job, self.JobsRead, group="jobs", exclusive=True)

    def on_jobs_screen_jobs_read(self, message: JobsRead) -> None:
        spans: list[Span] = [("   Next runs  ", "muted")]
        for job in message.jobs:
            symbol, _ = SIGNS.symbol(job.kind)
            spans.append((f"  {symbol} {SIGNS.sign(job.kind).word} ", ""))
            if job.requested_at is not None:
                spans.append(("at once", "accent"))
            else:
                spans.append((job.next_run_at.strftime("%H:%M:%S"), "strong"))
        if message.jobs and self.size.width >= WIDE:
            spans.append((f"   every {message.jobs[0].every_seconds // 60} minutes of lab time", "muted"))
        self.query_one("#next-runs", Bar).put(*spans)

    def do_run(self) -> None:
        row = self.table.cursor_row
        ask_for_run(self.home, kind=row.kind if row is not None else "")

    def do_limits(self) -> None:
        vault_id = self.home.session.vault_id

        def read(session: StoreSession) -> tuple[JobRow, ...]:
            from models.queries.jobs import job_list

            return job_list(session, vault_id)

        self.read_then(read, lambda jobs: self.fill_in(limits_form(self.home.session.vault_name(vault_id), jobs)))

    def records_of(self, row: Any) -> tuple[str, Callable[[StoreSession, int], Records]]:
        key = row.key

        def read(session: StoreSession, vault_id: int) -> Records:
            from models.queries.traceable import items_of_run

            return items_of_run(session, vault_id, key)

        return f"run {key}", read

    def why_not_moved(self) -> str:
        return "All runs listed here moved something." if self._through else ""

    def do_moved(self) -> None:
        self._moved_only = not self._moved_only
        self.show_list(keep=True)
