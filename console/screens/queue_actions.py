"""The Actions menu of Queues: what it asks, and what comes of the answers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from console.actions import Action
from console.doing import queues as doing
from console.forms import queues as forms
from console.modals.confirm import Confirm
from console.modals.dialog import TypedName
from console.modals.picker import Choice, PickList
from console.permissions import QUEUE_LOG, SPARK_QUEUES
from console.screens.later import PagedScreen
from console.screens.queue_log import QueueLogScreen

if TYPE_CHECKING:
    from sqlmodel import Session as StoreSession


_action = partial(Action, shown=False, permission=SPARK_QUEUES)


ACTIONS: Final = (
    _action("create", "n", "Create", "Create an inbound or outbound queue"),
    _action("edit", "e", "Edit", "Edit the settings of this queue"),
    _action("put", "P", "Put a Spark message", "Put a message on this outbound queue by hand"),
    _action("serve", "c", "Add connection", "Have this queue serve a connection"),
    _action("change", "E", "Edit connection", "Change where messages of a connection go, or whether it is served"),
    _action("unserve", "C", "Remove connection", "Have this queue no longer serve a connection"),
    _action("trace", "t", "Trace", "Log every delivery for 20 minutes of lab time, or no longer"),
    Action("log", "l", "Queue Log", "Removals and traced deliveries, day by day", shown=False, permission=QUEUE_LOG),
    _action("reset", "X", "Reset queue", "Delete every message that waits; asks for the name"),
    _action("delete", "delete", "Delete", "Delete this queue; asks for the name"),
)


class QueueActions(PagedScreen[doing.QueuePage]):
    """What can be done with queues."""

    def why_not_edit(self) -> str:
        return self.needs_page()

    def why_not_put(self) -> str:
        page = self.page
        if page is None:
            return self.needs_page()
        if page.detail.type != "outbound":
            return "Messages are put on outbound queues; an inbound queue receives them."
        if not page.detail.active:
            return f"{page.detail.label} is Inactive and takes no messages."
        served = any(line.active for line in page.detail.connections)
        return "" if served else f"{page.detail.label} serves no connection at present."

    def why_not_serve(self) -> str:
        return self.needs_page()

    def why_not_change(self) -> str:
        return self.why_not_unserve()

    def why_not_unserve(self) -> str:
        page = self.page
        if page is None:
            return self.needs_page()
        return "" if page.detail.connections else f"{page.detail.label} serves no connection."

    def why_not_trace(self) -> str:
        return self.needs_page()

    def why_not_reset(self) -> str:
        page = self.page
        if page is None:
            return self.needs_page()
        return "" if page.detail.counts.get("queued") else f"No message waits in {page.detail.label}."

    def why_not_delete(self) -> str:
        page = self.page
        if page is None:
            return self.needs_page()
        return f"{page.detail.label} is a standard queue, which can never be deleted." if page.detail.standard else ""

    def do_create(self) -> None:
        def picked(kind: str | None) -> None:
            if kind is not None:
                self.make(lambda made: forms.create_form(kind, self.home.session, made))

        choices = [Choice(key, label, note) for key, label, note in forms.TYPES]
        self.home.push_screen(PickList("Queue Type", choices), picked)

    def do_edit(self) -> None:
        if (page := self.page) is not None:
            self.fill_in(forms.edit_form(page, self.home.session))

    def do_put(self) -> None:
        if (page := self.page) is not None:
            self.fill_in(forms.message_form(page))

    def do_serve(self) -> None:
        page, vault_id = self.page, self.home.session.vault_id
        if page is None:
            return

        def read(session: StoreSession) -> list[tuple[int, str, str]]:
            from models.queries.connections import listing

            every = listing(vault_id, self.home.now().date())
            total = every.count(session)
            return [(row.key, row.name, row.type) for row in every.page(session, 0, total, total)]

        def show(found: list[tuple[int, str, str]]) -> None:
            served = {line.connection_id for line in page.detail.connections}
            self.fill_in(forms.serve_form(page, [line for line in found if line[0] not in served]))

        self.read_then(read, show)

    def do_change(self) -> None:
        page = self.page
        if page is None:
            return
        served = {str(line.key): line for line in page.settings.connections}

        def picked(key: str | None) -> None:
            if key is not None:
                self.fill_in(forms.change_form(page, served[key]))

        choices = [
            Choice(key, line.name, line.deliver_to or line.path or "", hint="" if line.active else "not served")
            for key, line in served.items()
        ]
        self.home.push_screen(PickList(f"Edit a connection of {page.detail.label}", choices), picked)

    def do_unserve(self) -> None:
        page = self.page
        if page is None:
            return
        names = {str(line.connection_id): line.name for line in page.detail.connections}

        def picked(key: str | None) -> None:
            if key is None:
                return
            command = partial(doing.stop_serving, queue_id=page.key, connection_id=int(key), name=names[key])

            def answered(yes: bool | None) -> None:
                if yes:
                    self.home.perform(command)

            title = f"Remove {names[key]}?"
            text = f"{page.detail.label} no longer serves it: where its messages go and its path are forgotten."
            self.home.push_screen(Confirm(title, text, yes="Remove it", no="Keep it"), answered)

        choices = [Choice(key, name) for key, name in names.items()]
        self.home.push_screen(PickList(f"Remove a connection from {page.detail.label}", choices), picked)

    def do_trace(self) -> None:
        page = self.page
        if page is None:
            return
        until = page.settings.trace_until
        off = until is not None and until > self.home.now()
        self.home.perform(partial(doing.trace, queue_id=page.key, name=page.detail.label, off=off))

    def do_log(self) -> None:
        self.app.push_screen(QueueLogScreen())

    def do_reset(self) -> None:
        page = self.page
        if page is None:
            return
        detail = page.detail

        def answered(typed: str | None) -> None:
            if typed:
                self.home.perform(partial(doing.reset, queue_id=page.key, name=detail.label, typed=typed))

        lines = [
            f"Every message that waits in {detail.label} ({detail.counts.get('queued', 0):,}) is deleted for good."
        ]
        self.home.push_screen(TypedName("Reset queue", lines, name=detail.api_name, yes="Delete messages"), answered)

    def do_delete(self) -> None:
        page = self.page
        if page is None:
            return
        detail = page.detail

        def answered(typed: str | None) -> None:
            if typed:
                self.home.perform(partial(doing.delete, queue_id=page.key, name=detail.label))

        waiting = detail.counts.get("queued", 0)
        lines = [f"{detail.label} is deleted with all its messages; {waiting:,} of them still wait in it."]
        self.home.push_screen(TypedName("Delete queue", lines, name=detail.api_name, yes="Delete queue"), answered)
