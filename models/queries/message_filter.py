"""Which Spark messages are meant: a filter, its terms, and how each of them is read.

The console's filter line, its form and the command line all make a `MessageFilter` of the same terms, so that a value
means the same in each.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from models.tables import Direction, MessageEvent, MessageState
from models.typed_times import read_moment

FAILED: Final = "failed"
"""What is said like a state: the latest attempt at delivering the message failed, or it was removed."""
_AGO = re.compile(r"(\d+(\.\d+)?[dhms])+")


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """Which messages are meant: those that meet all that is given.

    `point`, `object`, `connection` and `queue` are names, API names or parts of one; `message` is a message id or how
    it begins. `item` is the id of a record or document that the message names; `key` a business key of one: its id,
    Global ID, Link, name (with a `*` at its end: how the name begins) or the value of a unique field. `attributes` are
    names and values. `run` is a job run that put the message or took it. `since` and `until` bound the time at which it
    entered its queue. Each of `words` occurs in what a row shows, or is an item, a key or how the message id begins.
    """

    states: tuple[MessageState, ...] = ()
    failed: bool = False
    direction: Direction | None = None
    event: MessageEvent | None = None
    point: str = ""
    object: str = ""
    connection: str = ""
    queue: str = ""
    message: str = ""
    item: str = ""
    key: str = ""
    attributes: tuple[tuple[str, str], ...] = ()
    run: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    words: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is given, so that all are meant."""
        return self == EVERYTHING


EVERYTHING: Final = MessageFilter()

Reader = Callable[[MessageFilter, str, datetime], MessageFilter]
"""Adds what a value says, at a lab time, to a filter. Raises ValueError with a sentence."""


@dataclass(frozen=True, slots=True)
class Term:
    """A term of the filter line: `name:value`. `choices` are all its values where these are few."""

    name: str
    label: str
    about: str
    read: Reader
    choices: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


def _states(found: MessageFilter, value: str, _now: datetime) -> MessageFilter:
    wanted = [word.strip().lower() for word in value.split(",")]
    states = [_one_of("state", word, STATES) for word in wanted]
    named = tuple(MessageState(word) for word in states if word != FAILED)
    return replace(found, states=(*found.states, *named), failed=found.failed or FAILED in states)


def _direction(found: MessageFilter, value: str, _now: datetime) -> MessageFilter:
    word = {"in": "inbound", "out": "outbound"}.get(value.lower(), value.lower())
    return replace(found, direction=Direction(_one_of("direction", word, tuple(Direction))))


def _event(found: MessageFilter, value: str, _now: datetime) -> MessageFilter:
    return replace(found, event=MessageEvent(_one_of("event", value.lower(), tuple(MessageEvent))))


def _one_of(what: str, word: str, known: Sequence[str]) -> str:
    found = [str(each) for each in known if each == word] or [str(each) for each in known if each.startswith(word)]
    if not word or len(found) != 1:
        raise ValueError(f"There is no {what} “{word}”: {', '.join(known)}.")
    return found[0]


def _named(field: str) -> Reader:
    def read(found: MessageFilter, value: str, _now: datetime) -> MessageFilter:
        return replace(found, **{field: value})  # type: ignore[arg-type]

    return read


def _attribute(found: MessageFilter, value: str, _now: datetime) -> MessageFilter:
    name, equals, wanted = value.partition("=")
    if not equals or not name.strip():
        raise ValueError("An attribute is written as attr:name=value.")
    return replace(found, attributes=(*found.attributes, (name.strip(), wanted)))


def _run(found: MessageFilter, value: str, _now: datetime) -> MessageFilter:
    if not (value.isascii() and value.isdigit() and len(value) < 10):
        raise ValueError("A run is written as its number.")
    return replace(found, run=int(value))


def _since(found: MessageFilter, value: str, now: datetime) -> MessageFilter:
    return replace(found, since=read_time(value, now))


def _until(found: MessageFilter, value: str, now: datetime) -> MessageFilter:
    return replace(found, until=read_time(value, now, whole_day=True))


def read_time(text: str, now: datetime, *, whole_day: bool = False) -> datetime:
    """A lab time as people type it (`models.typed_times`); a bare duration such as `1h` is so long ago.

    Raises ValueError with a sentence.
    """
    text = text.strip()
    return read_moment(f"-{text}" if _AGO.fullmatch(text.lower()) else text, now, whole_day=whole_day)


STATES: Final = (*(str(state) for state in MessageState), FAILED)

TERMS: Final = (
    Term("state", "State", "Where the message is; failed: its latest attempt failed.", _states, STATES, ("st",)),
    Term(
        "direction",
        "Direction",
        "Whether it goes out of this Vault or came in.",
        _direction,
        tuple(map(str, Direction)),
        ("dir",),
    ),
    Term(
        "point", "Integration Point", "API name of the integration point that it is for.", _named("point"), (), ("p",)
    ),
    Term("connection", "Connection", "The connection that it goes through.", _named("connection"), (), ("conn", "c")),
    Term("queue", "Queue", "The Spark queue that it is or was in.", _named("queue"), (), ("q",)),
    Term("object", "Object", "Object of the records that it names.", _named("object"), (), ("obj",)),
    Term("event", "Event", "What happened to its records.", _event, tuple(map(str, MessageEvent))),
    Term("item", "Item", "Id of a record or document that it names.", _named("item")),
    Term(
        "key",
        "Business Key",
        "Name, Global ID or unique value (such as External ID) of a record that it names; Name* for how one begins.",
        _named("key"),
    ),
    Term("attr", "Attribute", "An attribute of the message, written as name=value.", _attribute, (), ("attribute",)),
    Term("id", "Message ID", "Message id, or how it begins.", _named("message"), (), ("message", "msg")),
    Term("run", "Job Run", "Number of the job run that put it on its queue or took it off.", _run),
    Term("since", "Since", "Entered its queue since: 1h, 2d, 08:30, today, 2026-01-31 (lab time, UTC).", _since),
    Term("until", "Until", "Entered its queue until: 1h, 2d, 08:30, today, 2026-01-31 (lab time, UTC).", _until),
)

_BY_NAME: Final[dict[str, Term]] = {name: term for term in TERMS for name in (term.name, *term.aliases)}


def term_called(name: str) -> Term | None:
    """The term of this name or short name; None for another word."""
    return _BY_NAME.get(name.lower())


def with_term(found: MessageFilter, name: str, value: str, now: datetime) -> MessageFilter:
    """The filter with one more term. Raises ValueError with a sentence when there is no such term or value."""
    term = term_called(name)
    if term is None:
        raise ValueError(f"There is no term “{name}”: {', '.join(each.name for each in TERMS)}.")
    if not value.strip():
        hint = f" one of {', '.join(term.choices)}." if term.choices else " a value."
        raise ValueError(f"{term.name}: needs{hint}")
    return term.read(found, value.strip(), now)


def in_words(wanted: MessageFilter) -> str:
    """The filter as people read it; empty for an empty one."""
    said: list[Any] = [*wanted.states, *([FAILED] if wanted.failed else []), wanted.direction, wanted.event]
    names = ("point", "connection", "queue", "object", "message", "item", "key")
    said += [f"{name} {value}" for name in names if (value := getattr(wanted, name))]
    said += [f"{name}={value}" for name, value in wanted.attributes]
    if wanted.run is not None:
        said.append(f"run {wanted.run}")
    said += [f"{name} {moment:%Y-%m-%d %H:%M}" for name in ("since", "until") if (moment := getattr(wanted, name))]
    said += [f"with “{word}”" for word in wanted.words]
    return ", ".join(str(each) for each in said if each)
