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


def document(vault: str, found: Sequence[Notice]) -> Document:
    """What is new first, then what the user has seen."""
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
    parts.append(Note(QUIET))
    return parts


def target_of(notice: Notice) -> Goto:
    """Where a notification is seen to."""
    return Goto(notice.area, notice.place, within=notice.within)


def _line(notice: Notice) -> Fact:
    tone: Tone = "muted" if notice.seen else "bad" if notice.is_bad else "warn"
    text = f"{notice.text} {moment(notice.since, seconds=False)}"
    return Fact(notice.kind.value, text, tone, target_of(notice))
