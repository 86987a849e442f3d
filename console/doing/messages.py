"""Messages: finding them by a filter line, reading one with all that belongs to it, and saving its body."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from models.errors import ConsoleError

if TYPE_CHECKING:
    from sqlmodel import Session as StoreSession

    from console.session import Who
    from models.queries.message_content import MessageContent
    from models.queries.message_filter import MessageFilter
    from models.queries.messages import MessageListing
    from models.queries.queue_detail import AttemptLine
    from models.queries.queues import MessageDetail
    from models.store import Store
    from scheduler.signing import Verdict


@dataclass(frozen=True, slots=True)
class Asked:
    """What a list of messages is asked for: a filter line, and what the list is narrowed to anyway.

    `narrowed` adds to the filter; `queue_id` and `connection_id` name the one queue or connection that is listed.
    """

    line: str
    narrowed: Callable[[MessageFilter], MessageFilter]
    queue_id: int | None = None
    connection_id: int | None = None

    def wanted(self, now: datetime) -> MessageFilter:
        """The filter at a lab time: what is relative in it (`since:1h`) moves on with the clock."""
        from models.queries.message_terms import read_line

        return self.narrowed(read_line(self.line, now).filter)


@dataclass(frozen=True, slots=True)
class Found:
    """The list that a filter line describes, and what it names that there is not."""

    listing: MessageListing
    note: str = ""
    unsorted: str = ""
    """Why the list is not sorted as it was asked to be."""


def problems(line: str, now: datetime, *, typing: bool = False) -> tuple[str, ...]:
    """What is wrong with a filter line, as sentences; while it is being typed, its last term may lack its value."""
    if ":" not in line and '"' not in line:
        return ()
    from models.queries.message_terms import read_line

    return read_line(line.rstrip(":") if typing else line, now).problems


def is_beginning(line: str) -> bool:
    """Whether the end of a line that is being typed may become a term, or is one that still lacks its value."""
    from models.queries.message_filter import TERMS
    from models.queries.message_terms import pieces

    found = pieces(line)
    if not found or line[-1:].isspace():
        return False
    name, value = found[-1].name, found[-1].value
    return not value if name else any(term.name.startswith(value.lower()) for term in TERMS)


def find(store: Store, vault_id: int, asked: Asked, *, sort: str, descending: bool, below: int | None = None) -> Found:
    """The messages of a Vault that are asked for, as `models.queries.messages.listing` lists them."""
    from models.queries.messages import FEW, FEW_SORTS, listing, nothing, unknown

    wanted = asked.wanted(store.clock.now())
    with store.read() as session:
        try:
            found = listing(
                session,
                vault_id,
                wanted,
                queue_id=asked.queue_id,
                connection_id=asked.connection_id,
                sort=sort,
                descending=descending,
                below=below,
            )
        except ConsoleError as error:
            return Found(nothing(vault_id), f"{error.message} {error.remedy}".strip())
    unsorted = ""
    if sort in FEW_SORTS and found.sort is None:
        unsorted = f"At most {FEW:,} messages are sorted by {sort}: narrow the list first. It stays in its own order."
    return Found(found, " ".join(unknown(wanted, found)), unsorted)


def count_newer(session: StoreSession, store: Store, vault_id: int, asked: Asked, after: int) -> int:
    """How many of the messages that are asked for have come after one."""
    from models.queries.messages import count_newer as count
    from models.queries.messages import listing

    wanted = asked.wanted(store.clock.now())
    found = listing(session, vault_id, wanted, queue_id=asked.queue_id, connection_id=asked.connection_id)
    return count(session, found, after)


@dataclass(frozen=True, slots=True)
class MessagePage:
    """A message with the attempts at delivering it, what it names, and what its signature is worth.

    `verdict` is None for a message that carries no signature here. `certificate_key` is where its certificate is shown.
    """

    detail: MessageDetail
    attempts: tuple[AttemptLine, ...]
    content: MessageContent
    verdict: Verdict | None = None
    certificate_key: int | None = None


def read_page(session: StoreSession, store: Store, vault_id: int, key: int) -> MessagePage | None:
    """Read a message's page; None when it is gone. Nothing is taken from the queue."""
    from models.queries.message_content import certificate_key, content
    from models.queries.queue_detail import attempts
    from models.queries.queues import message_detail

    found = message_detail(session, vault_id, key)
    if found is None:
        return None
    verdict = _verdict(store, vault_id, key) if found.headers and found.body else None
    claimed = verdict.certificate_id if verdict is not None else None
    return MessagePage(
        found,
        attempts(session, vault_id, key),
        content(session, found),
        verdict,
        None if claimed is None else certificate_key(session, claimed),
    )


def _verdict(store: Store, vault_id: int, key: int) -> Verdict:
    from scheduler.signature_check import check_signature as check
    from scheduler.signing import Verdict

    try:
        return check(store, vault_id, key)
    except ConsoleError as error:
        return Verdict(valid=False, certificate_id=None, reason=error.message)


def check_signature(store: Store, vault_id: int, key: int) -> tuple[str, ...]:
    """Verify the signature of a message as it is kept; answers sentences to show."""
    from scheduler.signature_check import check_signature as check

    verdict = check(store, vault_id, key)
    by = f" It was made with certificate {verdict.certificate_id}." if verdict.certificate_id else ""
    return (f"The signature is {'valid' if verdict.valid else 'not valid'}.{by}", verdict.reason)


def save_body(
    _store: Store, _who: Who, values: Mapping[str, str], confirmed: bool, /, *, body: str, message_key: int
) -> str:
    """Save the exact body of a message as a file; asks before it replaces one. The key is for who tells of it."""
    from console.doing.files import save_file

    del message_key
    path = save_file(values.get("path", ""), body.encode(), replace=confirmed)
    return f"The body is in {path}."


def line_of(values: Mapping[str, str], now: datetime) -> str:
    """The filter line for the values of the filter form. Raises InvalidInput, which names each bad field."""
    from models.errors import InvalidInput
    from models.queries.message_filter import EVERYTHING, with_term
    from models.queries.message_terms import write_line

    wrong: dict[str, str] = {}
    said: list[tuple[str, str]] = []
    for name, value in values.items():
        if not value.strip():
            continue
        parts: Sequence[str] = value.split(";") if name == "attr" else (value,)
        for part in parts:
            if name != "words":
                try:
                    with_term(EVERYTHING, name, part, now)
                except ValueError as error:
                    wrong[name] = str(error)
                    continue
            said.append(("" if name == "words" else name, part.strip()))
    if wrong:
        raise InvalidInput(wrong)
    words = [part for name, part in said if not name]
    terms = [(name, part) for name, part in said if name]
    return " ".join(filter(None, [write_line(terms), *words]))
