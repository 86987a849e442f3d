"""The notifications of a Vault, as lines that lead to what they are about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from console.details.texts import moment
from console.targets import Goto
from console.theme import Tone
from console.widgets.columns import Cell
from console.widgets.document import Document, Fact, Note, Part, Section, Title

if TYPE_CHECKING:
    from models.queries.notices import Notice


QUIET = "Nothing rings or pops up, unless Notification in the area Exceptions switches a bell, a log or a command on."


def document(
    vault: str, found: Sequence[Notice], elsewhere: Sequence[tuple[str, int, Sequence[Notice]]] = ()
) -> Document:
    """What is new first, then what the user has seen, then what is new in other Vaults (name, id, notifications)."""
    news = [notice for notice in found if not notice.seen]
    state: Cell = (f"{len(news)} new", "warn") if news else ("nothing new", "ok")
    parts: list[Part] = [Title(vault, state)]
    if not found:
        parts.append(
            Note("There is nothing to tell: no user exceptions, no stuck queues, certificates in order.", "ok")
        )
    for heading, seen in (("New", False), ("Seen", True)):
        lot = [notice for notice in found if notice.seen is seen]
        if lot:
            parts.append(Section(heading, f"{len(lot)}"))
            parts += [_line(notice) for notice in lot]
    for name, vault_id, others in elsewhere:
        parts.append(Section(f"In {name}", f"{len(others)} new"))
        parts += [_line(notice, vault_id) for notice in others]
    parts.append(Note(QUIET))
    return parts


def target_of(notice: Notice, vault_id: int | None = None) -> Goto:
    """Where a notification is seen to, in the Vault in use or in another one."""
    return Goto(notice.area, notice.place, vault_id, notice.within)


def _line(notice: Notice, vault_id: int | None = None) -> Fact:
    tone: Tone = "muted" if notice.seen else "bad" if notice.is_bad else "warn"
    text = f"{notice.text} {moment(notice.since, seconds=False)}"
    return Fact(notice.kind.value, text, tone, target_of(notice, vault_id))
