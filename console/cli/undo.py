"""`undo` and `redo`: taking back the last change of the configuration, or another one that is kept."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli.lab import opened
from console.cli.output import Column, answer, jsonable, printable, table, tell
from console.cli.settings import settings_of
from console.session import Who
from models.errors import NotFound, NotPossible

if TYPE_CHECKING:
    from console.doing.undo import Offer
    from models.queries.changes import ChangeLine

Number = Annotated[int | None, typer.Argument(metavar="[CHANGE]", help="Number of another change than the last.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]

LISTS = {"undo": "changes"}
"""Command -> under which name its answer has rows."""


def undo(
    context: typer.Context,
    number: Number = None,
    show: Annotated[bool, typer.Option("--list", help="Show the changes that are kept.")] = False,
    mine: Annotated[bool, typer.Option("--mine", help="With --list: only those of the acting user.")] = False,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="With --list: at most so many.")] = 20,
    yes: Yes = False,
) -> None:
    """Take back the last change that the acting user made to the configuration of a Vault.

    Shows what it was and asks. What jobs have moved stays moved.
    """
    if show:
        _list(context, mine=mine, limit=limit)
    else:
        _act(context, number, yes=yes, redo=False)


def redo(context: typer.Context, number: Number = None, yes: Yes = False) -> None:
    """Do again what the acting user took back last with undo."""
    _act(context, number, yes=yes, redo=True)


def _list(context: typer.Context, *, mine: bool, limit: int) -> None:
    from models.queries.changes import changes

    settings = settings_of(context)
    with opened(settings) as lab, lab.store.read() as session:
        vault = lab.vault(session)
        user = lab.actor(session, vault.key).name if mine else ""
        rows = changes(session, vault.key, user, limit)
    columns: list[Column[ChangeLine]] = [
        Column("Change", lambda row: row.key, right=True),
        Column("When", lambda row: row.at),
        Column("Who", lambda row: row.user),
        Column("What", lambda row: row.what),
        Column("State", lambda row: row.state),
        Column("Why not", lambda row: row.why_not),
    ]
    document = {"vault_id": vault.key, "vault": vault.name, "changes": rows}
    answer(settings, document, lambda: table(columns, rows, empty="Nobody has changed this Vault's configuration yet."))


def _act(context: typer.Context, number: int | None, *, yes: bool, redo: bool) -> None:
    from console.doing.undo import last_offer, offer_of, take_back, told

    settings = settings_of(context)
    with opened(settings) as lab:
        with lab.store.read() as session:
            vault = lab.vault(session)
            who = Who(vault.key, lab.actor(session, vault.key).name, settings.read_only)
            found = last_offer(session, who, redo=redo) if number is None else offer_of(session, who, number)
        if found is None:
            raise _nothing(who, vault.name, number, redo=redo)
        if found.problem:
            raise NotPossible(f"{found.line.what} cannot be taken back. {found.problem}", found.remedy)
        if yes or _asked(found, told(found), json=settings.json):
            said = take_back(lab.store, who, change_id=found.line.key)
            tell(settings, _document(found, done=True), said)
        else:
            shown = "\n".join(map(printable, [*told(found), "", "Nothing was changed. Add --yes to do it."]))
            answer(settings, _document(found, done=False), lambda: shown)


def _asked(found: Offer, lines: list[str], *, json: bool) -> bool:
    """Whether a person at a terminal says yes."""
    if json or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return False
    typer.echo("\n".join(map(printable, lines)))
    return typer.confirm("Do it again?" if found.is_redo else "Take it back?")


def _document(found: Offer, *, done: bool) -> dict[str, object]:
    return {"done": done, "redo": found.is_redo, "change": jsonable(found.line)}


def _nothing(who: Who, vault: str, number: int | None, *, redo: bool) -> NotFound:
    if number is not None:
        return NotFound(f"{vault} keeps no change {number}.", "vault-console undo --list shows those that it keeps.")
    what = "taken back nothing that could be done again" if redo else "changed nothing that could be taken back"
    return NotFound(f"{who.username} has {what} in {vault}.", "vault-console undo --list shows what others changed.")
