"""VQL: a query typed above, its rows below, and beside them the row in full or what the columns are."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import Static, TextArea
from textual.widgets.text_area import Selection

from console.actions import Action, bindings
from console.details.queries import description, row_document
from console.doing import queries as doing
from console.doing.queries import QuerySource
from console.modals.form import Form, form_field
from console.modals.picker import Choice, PickList
from console.permissions import OBJECT, READ_RECORDS
from console.screens.later import AskingScreen
from console.targets import Goto
from console.theme import SIGNS
from console.widgets.columns import Column, Span
from console.widgets.document import Note
from console.widgets.paint import clean
from console.widgets.window_table import WindowTable
from console.work import Failed, in_thread

if TYPE_CHECKING:
    from console.doing.queries import AnswerRow
    from models.vql import Answer, VqlError

WIDEST, NARROWEST = 28, 6
"""Cells of a column of rows."""
BEGIN = "Type a query above; Enter asks it. Esc, then “n”, begins one."
RUN = "asking"


class QueryInput(TextArea):
    """Where a query is typed."""

    HELP = (
        "A VQL query, as SELECT id, name__v FROM study__v WHERE status__v = 'active__v'. Enter asks it, Ctrl+J begins "
        "a new line, Ctrl+Up goes back through the history. Tab goes to the rows."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "screen.run", "Ask", id="query.run", tooltip="Ask this Vault", priority=True),
        Binding("ctrl+j", "newline", "New line", show=False, id="query.newline", tooltip="Begin a new line"),
        Binding("ctrl+up", "screen.recall(1)", "Before", show=False, id="query.before", tooltip="The query before"),
        Binding("ctrl+down", "screen.recall(-1)", "After", show=False, id="query.after", tooltip="The query after"),
        Binding("escape", "screen.rows", "Rows", id="query.rows", tooltip="To the rows"),
    ]

    def action_newline(self) -> None:
        self.insert("\n")


class QueryScreen(AskingScreen):
    """Queries of the acting user in the Vault in use."""

    AREA = "records"
    HELP = (
        "Rows of a query. {vql.edit} edits it, {vql.history} lists earlier ones, {vql.describe} describes the columns, "
        "{vql.export} writes CSV. Esc goes back."
    )
    EMPTY = BEGIN
    FINDS = False
    DEFAULT_CSS = """
    QueryScreen QueryInput { height: 5; border: none; padding: 0 1; background: $surface; }
    QueryScreen QueryInput:focus { border: none; }
    QueryScreen #query-trouble { display: none; height: auto; max-height: 4; padding: 0 1; color: $error; }
    QueryScreen #query-trouble.-shown { display: block; }
    """
    ACTIONS: ClassVar = (
        Action("edit", "e", "Edit", "Edit the query"),
        Action("again", "r,f5", "Again", "Ask the query again", shown=False),
        Action("describe", "d", "Describe", "Describe the columns, or show the row"),
        Action("begin", "n", "Begin", "Begin a query: choose an object, and all its fields stand in it"),
        Action("history", "h", "History", "Take a query that was asked before"),
        Action("record", "o", "Record", "Go to this record"),
        Action("export", "w", "Export CSV", "Write all rows of the query as CSV"),
    )
    BINDINGS = bindings("vql", ACTIONS)

    class Answered(Message, bubble=False):
        """The first rows of a query, or why it cannot be answered; and the queries asked before."""

        def __init__(self, text: str, source: QuerySource, found: Answer | VqlError) -> None:
            super().__init__()
            self.text = text
            self.source = source
            self.found = found

    def __init__(self, text: str = "") -> None:
        super().__init__()
        self._typed_first = text
        self._asked = ""
        self._answer: Answer | None = None
        self._describing = False
        self._known: tuple[str, ...] = ()
        self._recalled = -1

    def compose_above(self) -> Iterable[Any]:
        yield QueryInput(self._typed_first, id="query-text", soft_wrap=True, highlight_cursor_line=False)
        yield Static(id="query-trouble", markup=False)

    @property
    def editor(self) -> QueryInput:
        """Where the query is typed."""
        return self.query_one(QueryInput)

    def on_mount(self) -> None:
        self.editor.cursor_blink = False
        # An area's own handler comes after this one, and gives the list the focus.
        self.call_after_refresh(self.editor.focus)
        self.work_then(doing.history, self._put_history)

    def _put_history(self, known: tuple[str, ...]) -> None:
        self._known = known

    def list_title(self) -> list[Span]:
        title: list[Span] = [("VQL", "strong")]
        if self._answer is not None:
            title.append((f"  {clean(self._answer.object_name)}", "muted"))
        return title

    def detail_title(self) -> str:
        return "Columns" if self._describing else "Row"

    def on_descendant_focus(self) -> None:
        # The list learns only now that it has lost the focus.
        self.call_after_refresh(self._write_titles)

    # Asking

    def show_list(self, *, keep: bool = False) -> None:  # noqa: ARG002 - a query has its own order and no filter
        """Ask again for the Vault and the user in use now."""
        self._shown_generation, self._stale = self.home.session.generation, False
        if self._asked:
            self._ask(self._asked)
        else:
            self.table.show_nothing(BEGIN)

    def action_run(self) -> None:
        text = self.editor.text
        if text.strip():
            self._ask(text)

    def _ask(self, text: str) -> None:
        store = self.home.store
        if store is None:
            return
        source = QuerySource(store, self.home.session.who, text)
        self._trouble(SIGNS.pick("Asking…", "Asking..."))
        in_thread(self, source.begin, partial(self.Answered, text, source), group=RUN, exclusive=True)

    def on_query_screen_answered(self, message: Answered) -> None:
        found = message.found
        if isinstance(found, Exception):
            self._refused(message.text, found)
            return
        self._trouble("")
        self._asked, self._answer, self._recalled = message.text, found, -1
        self.table.columns = _columns(found)
        self.table.on_resize()
        self.table.empty_text = self.home.written("No row meets the query. “{vql.edit}” edits it.")
        self.table.show(message.source)
        self._show_pane()
        if self.editor.has_focus and found.data:
            self.table.focus()
        self.work_then(partial(doing.remember, message.text), lambda known: self._put_history(tuple(known)))

    def _refused(self, text: str, error: VqlError) -> None:
        """Say why, and put the cursor where the trouble is."""
        where = f" (line {error.line}, position {error.position})" if error.line is not None else ""
        self._trouble(f"{error.type.value}{where}: {error.message}\n{error.remedy}".strip())
        if error.line is not None and error.position is not None and self.editor.text == text:
            place = (error.line - 1, error.position - 1)
            self.editor.selection = Selection.cursor(place)
        self.editor.focus()

    def on_failed(self, message: Failed) -> None:
        if message.group == RUN:
            self._trouble("")

    def _trouble(self, text: str) -> None:
        line = self.query_one("#query-trouble", Static)
        line.update(Content("\n".join(clean(each) for each in text.split("\n"))))
        line.set_class(bool(text), "-shown")

    # The pane

    def on_window_table_highlighted(self, message: WindowTable.Highlighted) -> None:
        message.stop()
        # A row is here whole: nothing is read for the pane, as an area does.
        message.prevent_default()
        self._show_pane()

    def _show_pane(self) -> None:
        answer = self._answer
        row: AnswerRow | None = self.table.cursor_row
        if answer is None:
            self.pane.show(())
        elif self._describing:
            self.pane.show(description(answer))
        elif row is None:
            self.pane.show((Note("No row."),))
        else:
            self.pane.show(row_document(answer, row.values))
        self._write_titles()

    def copy_of(self, row: Any | None) -> str:
        return "" if row is None else "\t".join(doing.flat(value) for value in row.values.values())

    # Actions

    def do_edit(self) -> None:
        self.editor.focus()

    def action_rows(self) -> None:
        self.table.focus()

    def do_again(self) -> None:
        self.show_list()

    def do_describe(self) -> None:
        self._describing = not self._describing
        self.remove_class("-zoom-list")
        self._show_pane()

    def do_begin(self) -> None:
        vault_id, lacks = self.home.session.vault_id, self.home.session.lacks

        def write(text: str) -> None:
            self._write(text)
            self.editor.focus()

        def picked(name: str | None) -> None:
            if name is not None:
                self.read_then(lambda session: doing.query_of_all_fields(session, vault_id, name), write)

        def ask(objects: tuple[tuple[str, str], ...]) -> None:
            choices = [
                Choice(name, label, why_not=lacks(READ_RECORDS.replace(OBJECT, name))) for name, label in objects
            ]
            self.home.push_screen(PickList("Query the records of", choices), picked)

        self.read_then(lambda session: doing.objects(session, vault_id), ask)

    def why_not_history(self) -> str:
        return "" if self._known else "No query was asked before."

    def do_history(self) -> None:
        choices = [Choice(str(place), " ".join(text.split())) for place, text in enumerate(self._known)]

        def picked(place: str | None) -> None:
            if place is not None:
                self._write(self._known[int(place)])
                self.editor.focus()

        self.home.push_screen(PickList("Earlier queries", choices), picked)

    def action_recall(self, steps: int) -> None:
        place = max(-1, min(self._recalled + steps, len(self._known) - 1))
        if place != self._recalled:
            self._recalled = place
            self._write(self._known[place] if place >= 0 else "")

    def _write(self, text: str) -> None:
        self.editor.text = text
        self.editor.move_cursor(self.editor.document.end)

    def why_not_record(self) -> str:
        row: AnswerRow | None = self.table.cursor_row
        if row is None:
            return self.needs_row()
        return "" if isinstance(row.values.get("id"), str) else "The query does not ask for the id."

    def do_record(self) -> None:
        row: AnswerRow | None = self.table.cursor_row
        if row is not None:
            self.home.go_to(Goto("records", row.values["id"], self.home.session.vault_id))

    def why_not_export(self) -> str:
        return "" if self._answer is not None else "Ask a query first."

    def do_export(self) -> None:
        answer = self._answer
        if answer is None:
            return
        from console.doing.files import first_folder

        path = str(first_folder() / f"{answer.object_name}.csv")
        fields = (form_field("path", "Save as", path, required=True),)
        about = f"{answer.details.total:,} rows as CSV with a heading."
        save = partial(doing.export, text=self._asked)
        self.fill_in(Form("Export the rows", fields, save, is_new=True, about=about, saves="Export"))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        # Rows are narrowed, ordered and found by the query itself.
        return False if action in ("filter", "goto", "find", "save") else super().check_action(action, parameters)

    def action_back(self) -> None:
        if self.editor.has_focus:
            self.table.focus()
        else:
            super().action_back()

    def on_resize(self, event: events.Resize) -> None:
        self.editor.styles.height = 3 if event.size.height < 30 else 5


def _columns(answer: Answer) -> tuple[Column, ...]:
    """A column for each key, as wide as the first rows need; the last ones give way where there is no room."""
    columns = []
    for place, field in enumerate(answer.fields):
        texts = [field.name, *(doing.flat(row[field.name]) for row in answer.data[:50])]
        width = max(NARROWEST, min(WIDEST, max(map(len, texts))))
        columns.append(Column(field.name, partial(_cell, field.name), width, flex=1, rank=place))
    return tuple(columns)


def _cell(key: str, row: AnswerRow) -> str:
    return doing.flat(row.values[key])
