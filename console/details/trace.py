"""A record's trace, as lines to read and to go into: where it came from, its messages, runs, troubles and targets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from console.details.texts import moment, short, state
from console.targets import Goto
from console.theme import SIGNS
from console.widgets.document import Document, Fact, Grid, Head, Line, Note, Part, Section, Title

if TYPE_CHECKING:
    from models.queries.traced import Trace, TracedMessage, TracedRecord, TracedRun, TracedSide, TracedTrouble, Way


PASSED_OVER = "and send jobs have passed it over: as it is, it does not meet the criteria of a point that watches it."


def document(trace: Trace | None) -> Document:
    """Both ways of a record, the newest message first."""
    if trace is None:
        return [Note("There is no such record, and none was deleted here.")]
    record = trace.record
    parts: list[Part] = [
        Title(record.name, record.object_label),
        Fact("Record", record.record_id, target=None if record.deleted_at else _goto(record)),
        Fact("Vault", f"{record.vault} ({record.vault_id})"),
        Fact("Global ID", record.global_id),
    ]
    if record.deleted_at:
        parts.append(Fact("Deleted", moment(record.deleted_at), "warn"))
    else:
        parts.append(Fact("Last modified", moment(record.modified_at)))
    for way in trace.came:
        parts += [Section("Came from", way.source.vault), _line(way.source)]
        parts += _messages(way)
        if not way.messages:
            parts.append(Note("No message that is kept names it."))
    parts.append(Section("Went to", f"{len(trace.went.targets)}" if trace.went.targets else ""))
    parts += [_line(target) for target in trace.went.targets]
    if not trace.went.targets:
        parts.append(Note("No record of a connected Vault is linked with it."))
    if trace.went.changed_since:
        when = "changed since it was last sent" if trace.went.messages else "not been sent"
        parts.append(Note(f"! It has {when}: the next send job looks at it.", "warn"))
    elif trace.went.passed_over:
        when = "changed since it was last sent" if trace.went.messages else "not been sent"
        parts.append(Note(f"! It has {when}, {PASSED_OVER}", "warn"))
    elif not trace.went.messages:
        parts.append(Note(f"No message names it. {_nobody_sends(trace.went)}".strip()))
    parts += _messages(trace.went)
    return parts


def _nobody_sends(way: Way) -> str:
    source = way.source
    return "" if way.watched else f"No active integration of {source.vault} sends {source.object_label} records."


def _goto(record: TracedRecord) -> Goto:
    return Goto("records", record.record_id, record.vault_id, within=record.object_name)


def _line(record: TracedRecord) -> Part:
    words = f"{record.name}  ({record.object_label} {record.record_id})"
    if record.deleted_at:
        return Fact(record.vault, f"{words}\ndeleted {moment(record.deleted_at)}", "muted")
    return Fact(record.vault, words, target=_goto(record))


def _messages(way: Way) -> Iterator[Part]:
    heads = (Head("Time"), Head("Step", flex=True), Head("State"))
    for message in way.messages:
        items = f"{message.items} {'item' if message.items == 1 else 'items'}"
        yield Section(f"Message {message.message_id[:8]}", f"{message.event}, {items}, {message.connection}")
        yield Grid(heads, tuple(_steps(message)))
        for trouble in message.troubles:
            yield from _trouble(trouble)
    if way.more:
        yield Note("There are older messages.")


def _steps(message: TracedMessage) -> Iterator[Line]:
    """Send, delivery and receipt in their order; a run that is known leads to itself."""
    for side in (message.outbound, message.inbound):
        if side is None:
            continue
        # The run that delivers takes the message off one queue and puts it on the other: it is told once.
        if side.put_by is not None and side is message.outbound:
            yield _run(side.put_by)
        target = Goto("messages", side.key, side.vault_id, within=side.queue_id)
        arrow = SIGNS.pick("→", "->")
        yield Line((short(side.entered_at), f"{arrow} {side.queue}, {side.vault}", state(side.state)), target)
        if side.last_error:
            yield Line(("", side.last_error, ("", "bad")), target)
        if side.taken_by is not None:
            yield _run(side.taken_by, side)


def _run(run: TracedRun, side: TracedSide | None = None) -> Line:
    time = side.left_at if side is not None and side.left_at is not None else run.started_at
    words, _tone = SIGNS.words(run.kind)
    return Line((short(time), f"{words} run {run.key}", state(run.status)), Goto("jobs", run.key, run.vault_id))


def _trouble(trouble: TracedTrouble) -> Iterator[Part]:
    target = Goto("exceptions", trouble.message_key, trouble.vault_id)
    what = "Not applied" if trouble.active else "Not applied at first, solved since"
    where = f" to {trouble.target_object}" if trouble.target_object else ""
    tried = f", tried {trouble.attempts} {'time' if trouble.attempts == 1 else 'times'}"
    yield Note(f"! {what}{where} in {trouble.vault}{tried}", "bad" if trouble.active else "muted", target)
    for name, problem in trouble.problems:
        yield Fact(name, problem, "bad" if trouble.active else "")
    if not trouble.problems:
        yield Fact("Error", trouble.error_message)
