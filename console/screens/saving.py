"""Saving and copying what a list shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.message import Message

from console.doing import lists
from console.modals.form import Form, FormScreen, form_field
from console.modals.progress import ProgressScreen
from console.twins import looking
from console.twins.call import Work, carry_on_as
from console.widgets.window_pages import PAGE
from console.widgets.window_source import Place
from console.work import in_thread

if TYPE_CHECKING:
    from console.app import ConsoleApp
    from console.session import Who
    from console.twins.call import Twin
    from console.widgets.window_source import WindowSource
    from models.queries.window import Key
    from models.store import Store

MOST_COPIED = 1_000
"""Selected rows that are copied at once; more are better saved."""


class Copied(Message):
    """The texts of selected rows have been read."""

    def __init__(self, texts: list[str]) -> None:
        super().__init__()
        self.texts = texts


def ask_to_save(home: ConsoleApp, source: WindowSource, name: str, total: int, listing: Twin | None = None) -> None:
    """Ask for format and place, then save all rows of a list, with progress and a way to cancel.

    `listing` makes the call that lists the same rows.
    """
    from console.doing.files import first_folder

    chosen: list[tuple[Path, str]] = []

    def check(_store: Store, _who: Who, values: Mapping[str, str], confirmed: bool, /) -> str:
        kind = values.get("format") or "csv"
        path = values.get("path", "")
        if path.endswith((".csv", ".json")) and not path.endswith(f".{kind}"):
            # The name goes with the format, whichever of them was changed.
            path = f"{path.rpartition('.')[0]}.{kind}"
        chosen.append((lists.check_path({"path": path}, replace=confirmed), kind))
        return "checked"

    def checked(said: str | None) -> None:
        if said and chosen:
            path, kind = chosen[-1]
            work: Work = partial(lists.save_list, source, path, kind)
            if listing is not None and home.store is not None:
                work = carry_on_as(looking.saved(listing, path, kind), work, home.store, home.session.who)
            home.push_screen(ProgressScreen(f"Save {total:,} rows", work), done)

    def done(said: str | None) -> None:
        if said:
            home.tell(said)

    fields = (
        form_field("format", "Format", "csv", choices=lists.FORMATS, required=True),
        form_field("path", "Save as", str(first_folder() / f"{name}.csv"), required=True),
    )
    about = f"All {total:,} rows of this list as it is filtered and sorted, with all their values."
    form = Form("Save the list", fields, check, is_new=True, about=about, saves="Save", first="path")
    home.push_screen(FormScreen(form), checked)


def copy_rows(screen: Any, source: WindowSource, keys: set[Key], copy_of: Callable[[Any], str]) -> None:
    """Read the rows with these keys, wherever they stand in the list, and tell the screen what copying them gives."""

    def job() -> list[str]:
        texts: list[tuple[int, str]] = []
        for key in list(keys)[:MOST_COPIED]:
            view = source.look(Place(1, key=key, seek=True))
            page = view.pages.get(view.cursor // PAGE, [])
            if view.found and view.cursor % PAGE < len(page):
                texts.append((view.cursor, copy_of(page[view.cursor % PAGE])))
        return [text for _, text in sorted(texts)]

    in_thread(screen, job, Copied, group="copy", exclusive=True)
