"""`messages list|tail`: messages of all queues or one, narrowed in many ways, once or as they come."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Annotated

import typer

from console.cli import message_filters as by
from console.cli.durations import duration
from console.cli.frame import command
from console.cli.lab import Located, OpenLab, opened
from console.cli.messages import messages
from console.cli.output import Column, answer, jsonable, located, parts, printable, shown, table
from console.cli.settings import settings_of

LOOK_EVERY = 0.2
"""Seconds of real time between two looks for what has come."""
AT_ONCE = 500
"""Messages that are read in one go."""


@command(messages, "list", lists="messages")
@by.narrowed
def list_messages(
    context: typer.Context,
    queue: by.QueueName = None,
    message_id: by.MessageId = None,
    run: by.Run = None,
    since: by.Since = None,
    until: by.Until = None,
    *,
    options: by.Options,
    limit: Annotated[int, typer.Option(min=0, help="How many to list at most, the newest first.")] = 50,
) -> None:
    """List messages, the newest first; nothing is taken out of a queue."""
    settings = settings_of(context)
    options = replace(options, id=message_id, run=run, since=since, until=until)
    total, rows = 0, list[Located]()
    with opened(settings) as lab, lab.store.read() as session:
        place = by.where(lab, session, queue)
        for vault, listing in by.listings(session, place, options.filter(lab.now)):
            number = listing.count(session)
            total += number
            rows += [Located(vault, row) for row in listing.page(session, 0, limit - len(rows), number)]
    columns: list[Column[Located]] = [
        Column("Number", lambda line: line.row.key, right=True),
        Column("Vault", lambda line: line.vault.name),
        Column("Way", lambda line: line.row.direction),
        Column("Message id", lambda line: line.row.message_id),
        Column("State", lambda line: line.row.state),
        Column("Object", lambda line: line.row.object_name),
        Column("Point", lambda line: line.row.integration_point),
        Column("Connection", lambda line: line.row.connection),
        Column("Queue", lambda line: line.row.queue),
        Column("Items", lambda line: line.row.items, right=True),
        Column("Attempts", lambda line: line.row.attempts, right=True),
        Column("Entered", lambda line: line.row.entered_at),
        Column("Next attempt", lambda line: line.row.next_attempt_at),
        Column("Error", lambda line: line.row.last_error),
    ]

    def words() -> str:
        more = f"{len(rows)} of {total}; --limit shows more." if len(rows) < total else ""
        return parts(table(columns, rows, empty="There are no messages."), more)

    documents = [located(each.vault.key, each.vault.name, each.row) for each in rows]
    answer(settings, {"queue": place.queue, "total": total, "messages": documents}, words)


@command(messages, "tail")
@by.narrowed
def tail(
    context: typer.Context,
    queue: by.QueueName = None,
    *,
    options: by.Options,
    last: Annotated[int, typer.Option(min=0, metavar="N", help="Begin with the last N of each Vault.")] = 0,
    count: Annotated[int | None, typer.Option(min=1, metavar="N", help="End after so many messages.")] = None,
    for_: Annotated[
        str | None, typer.Option("--for", metavar="DURATION", help="End after so long in real time, e.g. 90s, 5m.")
    ] = None,
) -> None:
    """Show messages as they come, the oldest first, until Ctrl+C. With --json each is a line of JSON.

    Only looks: another process moves them, such as a console or `vault-console run`.
    """
    settings = settings_of(context)
    until = None if for_ is None else time.monotonic() + duration(for_).total_seconds()
    with opened(settings) as lab, _interruptible():
        with lab.store.read() as session:
            place = by.where(lab, session, queue)
            by.listings(session, place, options.filter(lab.now))
        for told, found in enumerate(_as_they_come(lab, place, options, last, until), 1):
            document = located(found.vault.key, found.vault.name, found.row)
            print(json.dumps(jsonable(document)) if settings.json else printable(_line(found)), flush=True)
            if told == count:
                return


def _line(found: Located) -> str:
    row = found.row
    many = f"{row.items} item{'' if row.items == 1 else 's'}"
    said = (shown(row.entered_at), found.vault.name, row.direction, row.state, row.integration_point, many)
    return "  ".join((*said, row.message_id, row.last_error or "")).rstrip()


def _as_they_come(
    lab: OpenLab, place: by.Where, options: by.Options, last: int, until: float | None
) -> Iterator[Located]:
    """The messages that come, in their order; none is left out, however many come between two looks."""
    from models.queries.messages import come_after, newest

    reached: dict[int, int] = {}
    with lab.store.read() as session:
        wanted = options.filter(lab.now)
        before = {}
        for vault, listing in by.listings(session, place, wanted):
            reached[vault.key] = newest(session, vault.key)
            total = listing.count(session)
            before[vault.key] = [Located(vault, row) for row in listing.page(session, 0, last, total)]
    yield from sorted((found for rows in before.values() for found in rows), key=lambda found: found.row.key)
    seen = -1
    while until is None or time.monotonic() < until:
        version = lab.store.data_version()
        if version == seen:
            time.sleep(LOOK_EVERY)
            continue
        seen = version
        more = True
        while more:
            with lab.store.read() as session:
                found = []
                for vault, listing in by.listings(session, place, options.filter(lab.now)):
                    rows = come_after(session, listing, reached[vault.key], AT_ONCE)
                    found += [Located(vault, row) for row in rows]
            more = len(found) >= AT_ONCE
            for each in sorted(found, key=lambda each: each.row.key):
                reached[each.vault.key] = each.row.key
                yield each


@contextmanager
def _interruptible() -> Iterator[None]:
    """End quietly on Ctrl+C and on a polite kill."""

    def interrupt(_signal: int, _frame: object) -> None:
        raise KeyboardInterrupt

    try:
        before = signal.signal(signal.SIGTERM, interrupt)
    except ValueError:
        # Not in the main thread: whoever runs this there ends it otherwise.
        yield
        return
    try:
        yield
    except KeyboardInterrupt:
        print(file=sys.stderr)
    finally:
        signal.signal(signal.SIGTERM, before)
