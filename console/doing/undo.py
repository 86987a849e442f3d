"""Taking back changes of the configuration: what there is to take back, how it reads, and doing it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.commands import acting
from console.details.texts import moment
from console.theme import SIGNS

if TYPE_CHECKING:
    from sqlmodel import Session as StoreSession

    from console.session import Who
    from models.queries.changes import ChangeLine, Part
    from models.store import Store

MOST_PARTS = 40
"""How many parts of a change are told one by one."""
LONGEST_VALUE = 120


@dataclass(frozen=True, slots=True)
class Offer:
    """A change as it is offered to be taken back: `problem` says why it cannot be, `remedy` what to do then."""

    line: ChangeLine
    problem: str = ""
    remedy: str = ""

    @property
    def is_redo(self) -> bool:
        """Whether taking it back does something again."""
        return self.line.undoes is not None


def last_offer(session: StoreSession, who: Who, *, redo: bool = False) -> Offer | None:
    """What Undo would take back for a user, or Redo do again; None when there is nothing."""
    from models.queries.changes import last_change, last_undone

    find = last_undone if redo else last_change
    line = find(session, who.vault_id, who.username)
    return None if line is None else offer(session, who.vault_id, line)


def offer_of(session: StoreSession, who: Who, key: int) -> Offer | None:
    """One change of the Vault, by anybody; None when it is not kept."""
    from models.queries.changes import change

    line = change(session, who.vault_id, key)
    return None if line is None else offer(session, who.vault_id, line)


def offer(session: StoreSession, vault_id: int, line: ChangeLine) -> Offer:
    """A change with what stands against taking it back now."""
    from models.services.undo import undo_problem

    return Offer(line, *undo_problem(session, vault_id, line))


def take_back(store: Store, who: Who, *, change_id: int) -> str:
    """Take back one change."""
    from models.services.undo import undo

    with acting(store, who) as (write, actor):
        line = undo(write, actor, change_id)
    return f"{'Done again' if line.undoes is not None else 'Taken back'}: {line.what}."


def told(offered: Offer) -> list[str]:
    """A change in lines: what, who and when, each value as it is and as it would be, and why it cannot be."""
    line = offered.line
    lines = [f"{line.what}", f"{line.user}, {moment(line.at)} UTC, change {line.key}", ""]
    lines += _parts(line.parts, line.what)
    if offered.problem:
        lines += ["", f"It cannot be taken back. {offered.problem}", offered.remedy]
    else:
        lines += ["", "Messages, records and runs stay as they are."]
    return lines


def _parts(parts: Sequence[Part], thing: str) -> list[str]:
    """The parts under what they are about, where that is not said already as `thing`."""
    arrow = SIGNS.pick("→", "->")
    lines: list[str] = []
    for part in parts[:MOST_PARTS]:
        if part.thing != thing:
            lines.append(f"{part.thing}:" if part.field_name else part.thing)
            thing = part.thing
        if part.field_name:
            lines.append(f"  {part.field_name}: {_value(part.new_value)} {arrow} {_value(part.old_value)}")
    if len(parts) > MOST_PARTS:
        lines.append(f"and {len(parts) - MOST_PARTS} more")
    return lines


def _value(value: str | None) -> str:
    text = " ".join((value or "").split())
    return (text[:LONGEST_VALUE] + SIGNS.pick("…", "...") if len(text) > LONGEST_VALUE else text) or "(empty)"
