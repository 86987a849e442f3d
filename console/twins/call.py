"""A call of the command line that does what the console has just done, in words that a shell takes.

Its words are made before the thing is done, while what it is about still has its name.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast

if TYPE_CHECKING:
    from pathlib import Path

    from sqlmodel import Session as StoreSession

    from console.session import Who
    from models.store import Store

PROGRAM: Final = "vault-console"
Words = list[str]
"""The words of one call after the program's own options, such as `queues`, `activate`, `lab_outbound__c`."""
INTO: Final = "\0"
"""Stands before the last word of a call whose answer goes into the file of that name."""


class Free(str):
    """A word of a call that is no option, and may begin as one: what people name and type as they like."""

    __slots__ = ()


class Told(str):
    """What is told of something that was done, and the call that does the same."""

    __slots__ = ("call",)
    call: str

    def __new__(cls, text: str, call: str) -> Told:
        """Text that carries a call."""
        told = super().__new__(cls, text)
        told.call = call
        return told


@dataclass(frozen=True, slots=True)
class Given:
    """What was asked for: who asked, the function's own arguments, and what a form held."""

    session: StoreSession
    who: Who
    named: Mapping[str, Any]
    values: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        return self.named.get(name)

    def name(self, model: str, key: int | None) -> str:
        """How a row of a table is named on the command line: by its API name, else by its number."""
        from models import tables

        row = self.session.get(getattr(tables, model), key) if key is not None else None
        return self._own(row, key)

    def _own(self, row: Any, key: int | None) -> str:
        from models.queries.lookup import named

        if row is None:
            return str(key)
        api_name = str(row.api_name)
        kind = type(row)
        if kind.__name__ in ("Connection", "Integration", "IntegrationPoint", "IntegrationRule", "Queue"):
            same = [one for one in named(self.session, kind, [self.who.vault_id]) if one.api_name == api_name]
            return api_name if len(same) == 1 else str(key)
        return api_name

    def row(self, model: str, key: int | None) -> Any:
        """A row of a table, for what else there is to know of it."""
        from models import tables

        return self.session.get(getattr(tables, model), key)

    def username(self, text: str) -> str:
        """The username of a user whose id a form holds."""
        from models.tables import User

        user = self.session.get(User, int(text)) if text else None
        return user.username if user is not None else ""

    def pairs(self, *names: str, renamed: Mapping[str, str] | None = None) -> Words:
        """What a form held as FIELD=VALUE; `names` leaves all others out, where there are any."""
        new = renamed or {}
        chosen = (name for name in self.values if not names or name in names)
        return [f"{new.get(name, name)}={self.values[name]}" for name in chosen]


Work = Callable[[Callable[[str, float], None], Callable[[], bool]], str]
"""Long work: it tells how far it is, asks whether it is cancelled, and answers a sentence."""
Call = Words | tuple["Who", Words]
"""A call of who asked, or of somebody else, who may be in another Vault."""
Twin = Callable[[Given], Sequence[Call]]
"""Makes the calls that do what a function does: one, or several one after the other."""


def carry_out(command: Callable[..., str], store: Store, who: Who, *arguments: Any) -> str:
    """Do something; what it tells carries its call, where it has one."""
    call = call_of(command, store, who, *arguments)
    text = command(store, who, *arguments)
    return Told(text, call) if call else text


def carry_on(begin: Callable[..., Work], store: Store, who: Who, *arguments: Any) -> Work:
    """Long work; what it tells in the end carries its call."""
    return _carried(begin(store, who, *arguments), lambda: call_of(begin, store, who, *arguments))


def carry_on_as(twin: Twin, work: Work, store: Store, who: Who) -> Work:
    """Long work whose call a twin makes; what it tells in the end carries the call, unless it was cancelled."""
    return _carried(work, lambda: line_of(twin, store, who))


def _carried(work: Work, making: Callable[[], str]) -> Work:
    def carried(tell: Callable[[str, float], None], cancelled: Callable[[], bool]) -> str:
        call = making()
        text = work(tell, cancelled)
        return Told(text, call) if call and not cancelled() else text

    return carried


def call_of(command: Callable[..., object], store: Store, who: Who, *arguments: Any) -> str:
    """The call that does what a command does, as a line for a shell; empty where it has none."""
    from console.twins.catalogue import TWINS

    function, named = _unwrapped(command)
    twin = TWINS.get(function)
    if twin is None:
        return ""
    values = next((argument for argument in arguments if isinstance(argument, Mapping)), {})
    positional = [argument for argument in arguments if not isinstance(argument, Mapping | bool)]
    named = {"_positional": positional, **named, "_confirmed": True in arguments}
    return line_of(twin, store, who, named, values)


def line_of(
    twin: Twin, store: Store, who: Who, named: Mapping[str, Any] | None = None, values: Mapping[str, str] | None = None
) -> str:
    """The calls of a twin as one line for a shell; empty where it makes none."""
    from models.queries.lab import ask

    def line(session: StoreSession) -> str:
        calls = [
            call if isinstance(call, tuple) else (who, call)
            for call in twin(Given(session, who, named or {}, values or {}))
        ]
        return " && ".join(_shell([PROGRAM, *_before(session, store.path, by)], call) for by, call in calls)

    return ask(store, line)


def call_with(call: Call, *more: str, into: Path | None = None) -> Call:
    """A call with more words at its end, whose answer goes into a file where that is given."""
    last = [] if into is None else [INTO, str(into)]
    return (call[0], [*call[1], *more, *last]) if isinstance(call, tuple) else [*call, *more, *last]


def _shell(before: Words, call: Words) -> str:
    if INTO in call:
        *call, _, path = call
        return f"{_shell(before, call)} > {shlex.quote(path)}"
    return shlex.join([*before, *_in_order(call)])


def shortened(line: str, most: int) -> str:
    """A call as a sentence about something else names it: without the store, and not longer than so many cells."""
    words = line.split(" ")
    if "--store" in words:
        place = words.index("--store")
        words = [*words[:place], *words[place + 2 :]]
    short = " ".join(words)
    from console.theme import SIGNS

    mark = SIGNS.pick("…", "...")
    return short if len(short) <= most else f"{short[: most - len(mark)]}{mark}"


def _in_order(call: Words) -> Words:
    """A call whose free words are not taken for options: they come last, after two dashes, if one of them could be."""
    free = [word for word in call if isinstance(word, Free)]
    if not any(word.startswith("-") for word in free):
        return call
    return [*(word for word in call if not isinstance(word, Free)), "--", *free]


def _unwrapped(command: Callable[..., object]) -> tuple[Callable[..., object], dict[str, Any]]:
    named: dict[str, Any] = {}
    while isinstance(command, partial):
        named = {**command.keywords, **named}
        command = cast("Callable[..., object]", command.func)
    return command, named


def _before(session: StoreSession, path: Path | None, who: Who) -> Words:
    """Where and as whom: only what the command line would not take by itself."""
    from models.errors import ConsoleError
    from models.opening import default_store_path
    from models.queries.lab import default_user

    words = []
    if path is not None and path != default_store_path():
        words += ["--store", str(path)]
    words += ["--vault", str(who.vault_id)]
    try:
        usual = default_user(session, who.vault_id).username
    except ConsoleError:
        usual = ""
    return words if who.username in (usual, "") else [*words, "--user", who.username]


def flag(name: str, value: Any) -> Words:
    """An option with its value; nothing for no value."""
    return [] if value in (None, "") else [name, str(value)]
