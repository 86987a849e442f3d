"""The split view: both halves of a connection beside each other, and the steps that establish it, on either side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from console import commands
from console.actions import Action, bindings
from console.details.split import split_lines
from console.doing import connections as doing
from console.doing.split import activate_pair, hand_over, read_split, rehearse_hand_over
from console.modals.dialog import Answer, Dialog
from console.modals.picker import Choice, PickList
from console.permissions import MANAGE_CONNECTIONS, MANAGE_INTEGRATIONS
from console.screens.counted import follow
from console.screens.doctoring import open_doctor
from console.screens.drawing import DrawingScreen
from console.screens.later import Asking
from console.session import Who
from console.theme import SIGNS
from console.widgets.links import LinkLine, LinkView, Piece
from models.feed import Topic

if TYPE_CHECKING:
    from sqlmodel import Session as StoreSession

    from console.doing.connections import ConnectionPage
    from console.doing.split import Half, Split
    from models.queries.split import IntegrationHalf, Pair
    from models.services.connection_files import FilePreview


class SplitScreen(DrawingScreen["Split | None"], Asking):
    """Both halves of a connection. Actions are about the side on which the cursor is; Tab goes to the other one."""

    AREA = "connections"
    HELP = "What belongs together stands on one line. Tab goes to the other side; actions are about the cursor's side."
    TOPICS = frozenset(
        {
            Topic.VAULTS,
            Topic.USERS,
            Topic.CONNECTIONS,
            Topic.INTEGRATIONS,
            Topic.QUEUES,
            Topic.MESSAGES,
            Topic.EXCEPTIONS,
            Topic.JOBS,
        }
    )
    ACTIONS: ClassVar = (
        Action(
            "hand_over",
            "f",
            "Hand file over",
            "Download this side's connection file and use it on the other side",
            permission=MANAGE_CONNECTIONS,
        ),
        Action("complete", "c", "Complete", "Approve or reject on this side", permission=MANAGE_CONNECTIONS),
        Action(
            "both",
            "b",
            "On on both sides",
            "Activate the integration under the cursor in both Vaults",
            permission=MANAGE_INTEGRATIONS,
        ),
        Action(
            "switch",
            "a",
            "On or off here",
            "Activate or inactivate the integration under the cursor, on this side",
            permission=MANAGE_INTEGRATIONS,
        ),
        Action(
            "run", "r", "Run now", "Run this side's jobs for this connection at once", permission=MANAGE_INTEGRATIONS
        ),
        Action("other", "o", "Other side", "Choose the Vault on the other side, while there is none", shown=False),
        Action(
            "reset",
            "t",
            "Reset Connection",
            "Make this side Pending, to establish it anew",
            shown=False,
            permission=MANAGE_CONNECTIONS,
        ),
        Action("doctor", "D", "Doctor", "Find out why this side does not move what it should", shown=False),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("split", ACTIONS),
        Binding("tab,shift+tab", "across", "Other side", show=False, id="split.across", tooltip="To the other side"),
    ]

    def __init__(self, vault_id: int, connection_id: int, name: str = "") -> None:
        super().__init__()
        self._vault_id, self._connection_id, self._name = vault_id, connection_id, name
        self._other_vault: int | None = None

    def own_crumbs(self) -> list[str]:
        return [f"Both sides of {self._name}" if self._name else "Both sides"]

    # Reading

    def reading(self) -> Callable[[StoreSession], Split | None]:
        session = self.home.session
        who = Who(self._vault_id, session.user.username if session.user else "", session.read_only)
        connection_id, other, today = self._connection_id, self._other_vault, self.home.now().date()

        def read(store: StoreSession) -> Split | None:
            return read_split(store, who, connection_id, other, today)

        return read

    def draw(self, found: Split | None, width: int) -> Sequence[LinkLine]:
        if found is None:
            return (LinkLine("gone", (Piece(" This connection is no longer there. Esc goes back.", "warn"),)),)
        return split_lines(found, self.home.now().date(), width)

    def on_link_view_followed(self, message: LinkView.Followed) -> None:
        message.stop()
        follow(self.home, message.target)

    # Sides

    @property
    def side(self) -> Half | None:
        """The side on which the cursor is."""
        if self.found is None:
            return None
        far = self.found.far
        return far if far is not None and self.view.place > 0.5 else self.found.near

    @property
    def across(self) -> Half | None:
        """The side on which the cursor is not."""
        if self.found is None:
            return None
        return self.found.near if self.side is self.found.far else self.found.far

    def action_across(self) -> None:
        self.view.go_across()
        self.refresh_bindings()

    def lacking(self, action: Action) -> str:
        side = self.side
        return side.session.lacks(*action.permissions) if side is not None else ""

    def _page(self) -> ConnectionPage | None:
        return self.side.page if self.side else None

    def _why_not(self, name: str) -> str:
        side = self.side
        if side is None:
            return "This is still being read."
        if side.page is None:
            return f"{side.vault} has no such connection yet."
        return side.page.reasons.get(name, "")

    # Establishing

    def why_not_hand_over(self) -> str:
        if why_not := self._why_not("download"):
            return why_not
        other = self.across
        if other is None:
            return "There is no Vault on the other side: choose one first."
        return other.session.lacks(MANAGE_CONNECTIONS)

    def do_hand_over(self) -> None:
        side, other, page, store = self.side, self.across, self._page(), self.home.store
        if side is None or other is None or page is None or store is None:
            return
        giver, taker, key = side.session.who, other.session.who, page.key
        title = f"Hand the connection file of {side.vault} over to {other.vault}"

        def ask(preview: FilePreview) -> None:
            if preview.refusal is not None:
                lines = [line for line in (preview.refusal, preview.remedy) if line]
                self.home.push_screen(Dialog("This cannot be done", lines))
                return
            lines = [f"Download the connection file in {side.vault}.", *preview.steps]
            numbered = [f"{place}. {step}" for place, step in enumerate(lines, 1)]
            self.home.push_screen(Dialog(title, numbered, [Answer("go", "Continue", "primary")]), answered)

        def answered(answer: str | None) -> None:
            if answer:
                self.home.perform(partial(hand_over, taker=taker, connection_id=key), who=giver)

        self.work_then(partial(rehearse_hand_over, store, giver, taker, key), ask)

    def why_not_complete(self) -> str:
        return self._why_not("complete")

    def do_complete(self) -> None:
        side, page = self.side, self._page()
        if side is None or page is None or page.approval is None:
            return
        view = page.approval
        there = "has not decided yet" if view.remote_open else "has approved it"
        lines = [
            f"Approve the connection in {side.vault}, or reject it. {view.remote_vault} {there}.",
            "It is Active once both Vaults have approved it.",
        ]

        def answered(answer: str | None) -> None:
            if answer:
                command = partial(doing.complete, connection_id=page.key, approve=answer == "approve")
                self.home.perform(command, who=side.session.who)

        answers = [Answer("reject", "Reject"), Answer("approve", "Approve", "primary")]
        self.home.push_screen(Dialog(f"Complete {page.detail.name} in {side.vault}", lines, answers), answered)

    def why_not_reset(self) -> str:
        return self._why_not("reset")

    def do_reset(self) -> None:
        side, page = self.side, self._page()
        if side is None or page is None:
            return
        name = page.detail.name
        lines = [
            f"{name} of {side.vault} becomes Pending and sends and receives nothing until it is established again.",
            "The connection in the other Vault stays as it is.",
        ]

        def answered(answer: str | None) -> None:
            if answer:
                self.home.perform(partial(doing.reset, connection_id=page.key, name=name), who=side.session.who)

        self.home.push_screen(Dialog("Reset Connection", lines, [Answer("go", "Continue", "warning")]), answered)

    def why_not_other(self) -> str:
        if self.found is None:
            return "This is still being read."
        if self.found.tied:
            return "The halves belong together already."
        return "" if self.found.others else "No other Vault can be connected."

    def do_other(self) -> None:
        if self.found is None:
            return
        choices = [
            Choice(
                str(other.vault_id),
                other.vault,
                f"{other.vault_id}  {other.family}",
                hint=SIGNS.words(other.state)[0] if other.connection_id else "has none yet",
            )
            for other in self.found.others
        ]
        self.home.push_screen(PickList("Vault on the other side", choices), self._other_picked)

    def _other_picked(self, key: str | None) -> None:
        if key is not None:
            self._other_vault = int(key)
            self.refresh_from_store()

    # Integrations

    def _pair(self) -> Pair[IntegrationHalf] | None:
        line = self.view.line
        if line is None or self.found is None or not line.key.startswith("integration "):
            return None
        near, _, far = line.key.removeprefix("integration ").partition("-")
        keys = (int(near), int(far))
        pairs = self.found.halves.integrations
        return next(
            (pair for pair in pairs if (pair.near.key if pair.near else 0, pair.far.key if pair.far else 0) == keys),
            None,
        )

    def _here(self) -> IntegrationHalf | None:
        """The integration under the cursor, on its side."""
        pair = self._pair()
        if pair is None or self.found is None:
            return None
        return pair.near if self.side is self.found.near else pair.far

    def why_not_switch(self) -> str:
        if self._pair() is None:
            return "The cursor is on no integration."
        here = self._here()
        return here.why_not if here else "This side has no such integration."

    def do_switch(self) -> None:
        side, found = self.side, self._here()
        if side is not None and found is not None:
            command = partial(
                commands.set_integration_active, integration_id=found.key, name=found.name, active=not found.active
            )
            self.home.perform(command, who=side.session.who)

    def why_not_both(self) -> str:
        pair = self._pair()
        if pair is None:
            return "The cursor is on no integration."
        if pair.near is None or pair.far is None:
            return "One half of this integration is missing."
        if pair.near.active and pair.far.active:
            return "It is Active on both sides already."
        for half, found in ((self.found.near, pair.near), (self.found.far, pair.far)) if self.found else ():
            if half is not None and not found.active and found.why_not:
                return f"In {half.vault}: {found.why_not}"
        return self.across.session.lacks(MANAGE_INTEGRATIONS) if self.across else ""

    def do_both(self) -> None:
        pair, split = self._pair(), self.found
        if pair is None or split is None or pair.near is None or pair.far is None or split.far is None:
            return
        sides = ((split.near, pair.near), (split.far, pair.far))
        keys = tuple((half.session.who, found.key) for half, found in sides if not found.active)
        self.home.perform(partial(activate_pair, keys=keys, name=pair.near.name), who=split.near.session.who)

    def why_not_run(self) -> str:
        side = self.side
        if side is None or side.page is None:
            return self._why_not("run")
        state = side.state
        return "" if state == "active" else f"{side.page.detail.name} is {SIGNS.sign(state).word}: nothing moves."

    def do_run(self) -> None:
        side, page = self.side, self._page()
        if side is not None and page is not None:
            command = partial(
                commands.request_runs,
                kinds=("send", "deliver", "receive"),
                connection_id=page.key,
                name=f"{page.detail.name} in {side.vault}",
            )
            self.home.perform(command, who=side.session.who)

    def why_not_doctor(self) -> str:
        return self._why_not("doctor")

    def do_doctor(self) -> None:
        side, page = self.side, self._page()
        if side is not None and page is not None:
            open_doctor(self.home, side.vault_id, page.key, page.detail.name, vault=side.vault)
