"""The Retry Transfers of a Vault: how far each is, and calling off one that has not begun."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from console.details.texts import short
from console.doing import exceptions as doing
from console.modals.dialog import Answer, Dialog
from console.modals.picker import Choice, PickList
from console.permissions import MANAGE_INTEGRATIONS, READ_EXCEPTIONS
from console.twins import looking

if TYPE_CHECKING:
    from console.app import ConsoleApp
    from models.queries.retries import RetryRow

MOST = 200
"""So many are offered, the newest first."""
NONE = "Nothing has been retried yet. “{exceptions.retry}” retries a message."


def show_retries(home: ConsoleApp) -> None:
    """List the Retry Transfers of the Vault in use; one can be looked at, and cancelled."""
    store, vault_id = home.store, home.session.vault_id
    if store is None:
        return
    found: dict[str, RetryRow] = {}

    def search(text: str) -> Sequence[Choice]:
        from models.queries.lab import ask
        from models.queries.retries import retries

        found.update({str(row.key): row for row in ask(store, retries, vault_id, MOST)})
        lines = [
            Choice(key, f"Retry {key}", f"{short(row.created_at)}  {doing.state_text(row)}", hint=row.user_name)
            for key, row in found.items()
        ]
        words = text.casefold().split()
        return [one for one in lines if all(word in f"{one.label} {one.note} {one.hint}".casefold() for word in words)]

    def picked(key: str | None) -> None:
        if key is not None:
            _show(home, found[key])

    home.looked("Retry Transfers", looking.words("exceptions", "retries"))
    home.push_screen(PickList("Retry Transfers", search=search, prompt="Number", nothing=home.written(NONE)), picked)


def _show(home: ConsoleApp, row: RetryRow) -> None:
    lines = doing.retry_lines(row)
    lacking = home.session.lacks(READ_EXCEPTIONS, MANAGE_INTEGRATIONS)
    can_be = not row.is_over and not row.runs
    if can_be and lacking:
        lines += ["", lacking]
    answers = [Answer("cancel", "Cancel it", "warning")] if can_be and not lacking else []

    def answered(answer: str | None) -> None:
        if answer:
            home.perform(partial(doing.cancel, retry_id=row.key))

    home.push_screen(Dialog(f"Retry Transfer {row.key}", lines, answers), answered)
