"""Areas that read something first and then ask: the answer of a thread becomes a form, a list or a dialog."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from textual.message import Message

from console.modals.form import Form, FormScreen
from console.screens.area import AreaScreen
from console.screens.chrome import FramedScreen
from console.work import in_thread

if TYPE_CHECKING:
    from sqlmodel import Session as StoreSession

    from models.queries.window import Key

T = TypeVar("T")


class Page(Protocol):
    """What is read of a row, under the row's key."""

    @property
    def key(self) -> Any: ...


P = TypeVar("P", bound=Page)


class Later(Message, bubble=False):
    """What was read is there: go on."""

    def __init__(self, then: Callable[[], None]) -> None:
        super().__init__()
        self.then = then


class Asking(FramedScreen):
    """A screen whose actions ask with forms and dialogs."""

    def work_then(self, job: Callable[[], T], then: Callable[[T], None]) -> None:
        """Do `job` in a thread, then go on with its answer, unless the person has gone elsewhere meanwhile."""

        def go_on(answer: T) -> None:
            if self.is_current:
                then(answer)

        in_thread(self, job, lambda answer: Later(partial(go_on, answer)), group="ask", exclusive=True)

    def read_then(self, reading: Callable[[StoreSession], T], then: Callable[[T], None]) -> None:
        """Read something of the store, then go on with it."""
        store = self.home.store
        if store is None:
            return

        def job() -> T:
            from models.queries.lab import ask

            return ask(store, reading)

        self.work_then(job, then)

    def on_later(self, message: Later) -> None:
        message.then()

    def fill_in(self, form: Form) -> None:
        """Have a form filled in, and tell what came of it."""
        self.home.push_screen(FormScreen(form), self._told)

    def _told(self, text: str | None) -> None:
        if text:
            self.home.tell(text)


class AskingScreen(AreaScreen, Asking):
    """An area whose actions ask.

    The area comes first: of several bases, Textual takes the styles of the first.
    """

    def make(self, form: Callable[[Callable[[Key], None]], Form]) -> None:
        """Have a form filled in; what was made by it comes under the cursor."""
        made: list[Key] = []

        def told(text: str | None) -> None:
            self._told(text)
            if made:
                self.seek(made[-1])

        self.home.push_screen(FormScreen(form(made.append)), told)

    def made(self, key: Key) -> None:
        """Bring what was made under the cursor; called in any thread."""
        self.post_message(Later(partial(self.seek, key)))


class PagedScreen(AskingScreen, Generic[P]):
    """An area whose actions need all that is read of a row, not only its line in the list."""

    @property
    def page(self) -> P | None:
        """The page of the row under the cursor; None until it has been read."""
        row, page = self.table.cursor_row, self.detail
        return page if row is not None and page is not None and page.key == row.key else None

    def needs_page(self) -> str:
        """The reason that most actions share: there is no row, or its page has not been read yet."""
        return self.needs_row() or ("" if self.page else "This is still being read.")
