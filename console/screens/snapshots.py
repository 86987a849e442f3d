"""Snapshots of the store from everywhere: saving one under a name, what there are, putting one back, deleting one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from console.details.texts import short
from console.doing import snapshots as doing
from console.modals.dialog import Answer, Dialog, TypedName
from console.modals.form import Form, FormScreen, form_field
from console.modals.picker import Choice, PickList

if TYPE_CHECKING:
    from console.app import ConsoleApp
    from scheduler.snapshots import Snapshot

NEW = ""
ABOUT = (
    "The whole store as it is now: all Vaults with their data, messages and configuration, and the lab clock. Jobs go "
    "on meanwhile."
)
HELPS = {"name": "Letters, digits, '-', '_' and '.'; one that no other snapshot of this store has."}


def show_snapshots(home: ConsoleApp) -> None:
    """List the snapshots of the store, with a new one as the first choice."""
    store = home.store
    if store is None:
        return
    found: dict[str, Snapshot] = {}

    def search(text: str) -> Sequence[Choice]:
        from scheduler.snapshots import snapshots

        found.update({one.name: one for one in snapshots(store)})
        lines = [Choice(NEW, "Save a new snapshot", "the store as it is now")]
        lines += [
            Choice(one.name, one.name, f"{short(one.saved_at)}  {doing.size_text(one.size)}") for one in found.values()
        ]
        words = text.casefold().split()
        return [one for one in lines if all(word in f"{one.label} {one.note}".casefold() for word in words)]

    def picked(name: str | None) -> None:
        if name == NEW:
            _ask_for_name(home)
        elif name is not None:
            _show(home, found[name])

    home.push_screen(PickList("Snapshots", search=search, prompt="Name"), picked)


def _ask_for_name(home: ConsoleApp) -> None:
    def done(text: str | None) -> None:
        if text:
            home.tell(text)

    fields = (form_field("name", "Name", required=True),)
    form = Form("New snapshot", fields, doing.save, is_new=True, about=ABOUT, helps=HELPS)
    home.push_screen(FormScreen(form), done)


def _show(home: ConsoleApp, snapshot: Snapshot) -> None:
    name = snapshot.name

    def answered(answer: str | None) -> None:
        if answer == "delete":
            lines = ["The snapshot is gone for good."]
            home.push_screen(TypedName(f"Delete {name}?", lines, name=name, yes="Delete"), deleted)
        elif answer == "restore":
            lines = doing.consequences(snapshot)
            home.push_screen(TypedName(f"Put {name} back?", lines, name=name, yes="Put back"), restored)

    def deleted(typed: str | None) -> None:
        if typed is not None:
            home.perform(partial(doing.delete, name=name))

    def restored(typed: str | None) -> None:
        if typed is not None:
            home.replace_lab(partial(doing.restore, name=name))

    answers = (Answer("delete", "Delete", "warning"), Answer("restore", "Put back", "warning"))
    home.push_screen(Dialog(name, doing.told(snapshot), answers), answered)
