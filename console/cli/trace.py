"""`trace`: from a record to its messages, the job runs that moved them and its target records, and back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli.lab import gone, opened
from console.cli.output import Column, answer, facts, lines, parts, section, shown, table
from console.cli.settings import settings_of
from models.errors import NotFound, NotPossible

if TYPE_CHECKING:
    from models.queries.traced import TracedMessage, TracedRecord, TracedSide, Way


def trace(
    context: typer.Context,
    record: Annotated[str, typer.Argument(metavar="RECORD", help="Its id, or its Global ID.")],
) -> None:
    """Trace a record: its messages on both sides, the job runs that moved them, what failed, and its target records.

    A target record is traced back to its source.
    """
    from models.queries.trace import trace as follow
    from models.queries.traceable import places

    settings = settings_of(context)
    with opened(settings) as lab, lab.store.read() as session:
        found = places(session, lab.vault_ids(session), record)
        if not found:
            raise NotFound(f"There is no record {record} here.", "Give its id or its Global ID.")
        if len(found) > 1:
            names = ", ".join(f"{vault} ({vault_id})" for vault_id, vault, _ in found)
            raise NotPossible(f"Several Vaults have a record {record}: {names}.", "Name one with --vault.")
        vault_id, _vault, record_id = found[0]
        row = follow(session, vault_id, record_id)
    if row is None:
        raise gone("record")

    def text() -> str:
        return parts(
            _head(row.record),
            *(part for way in row.came for part in _way(way, f"Came from {_named(way.source)}", came=True)),
            *_way(row.went, "Went"),
        )

    answer(settings, {"trace": row}, text)


def _named(record: TracedRecord) -> str:
    return f"{record.name} ({record.record_id}) in {record.vault}"


def _head(record: TracedRecord) -> str:
    return facts(
        [
            ("Record", f"{record.name} ({record.record_id})"),
            ("Object", f"{record.object_label} ({record.object_name})"),
            ("Vault", f"{record.vault} ({record.vault_id})"),
            ("Global ID", record.global_id),
            ("Link", record.link),
            ("Last modified", record.modified_at),
            ("Deleted", record.deleted_at),
        ]
    )


def _way(way: Way, title: str, *, came: bool = False) -> Iterator[str]:
    columns: list[Column[TracedRecord]] = [
        Column("Vault", lambda row: row.vault),
        Column("Object", lambda row: row.object_label),
        Column("ID", lambda row: row.record_id),
        Column("Name", lambda row: row.name),
        Column("Deleted", lambda row: row.deleted_at),
    ]
    if came and not way.messages:
        yield section(title, "No message that is kept names it.")
    for message in way.messages:
        yield section(f"{title}: message {message.message_id}", _message(message, way.source.object_label))
    if way.more:
        yield "There are older messages."
    if came:
        return
    if not way.messages:
        source = way.source
        nobody = f"No active integration of {source.vault} sends {source.object_label} records."
        yield section("Messages", lines(["No message names it.", *([] if way.watched else [nobody])]))
    if way.changed_since:
        yield "It has changed since it was last sent: the next send job looks at it."
    elif way.passed_over:
        yield "Send jobs have passed it over: as it is, it does not meet the criteria of a point that watches it."
    yield section("Target records", table(columns, way.targets, empty="No record of a connected Vault is linked."))


def _message(message: TracedMessage, label: str) -> str:
    steps: list[tuple[object, str, str]] = []
    for side, put in ((message.outbound, "put on"), (message.inbound, "arrived on")):
        if side is not None:
            steps += _steps(side, put)
    columns: list[Column[tuple[object, str, str]]] = [
        Column("Time", lambda step: step[0]),
        Column("Step", lambda step: step[1]),
        Column("Job run", lambda step: step[2]),
    ]
    number = "1 record" if message.items == 1 else f"{message.items} records"
    about = f"{number} of {label}, {message.event}, over {message.connection}"
    troubles = [
        f"{'Failing' if trouble.active else 'Failed, solved'} in {trouble.vault} ({shown(trouble.at)}, exception "
        f"{trouble.message_key}){f', {trouble.target_object}' if trouble.target_object else ''}: "
        + ("; ".join(f"{name}: {problem}" for name, problem in trouble.problems) or trouble.error_message)
        for trouble in message.troubles
    ]
    return parts(lines([about]), table(columns, steps), lines(troubles))


def _steps(side: TracedSide, put: str) -> Iterator[tuple[object, str, str]]:
    run = side.put_by
    yield side.entered_at, f"{put} {side.queue} of {side.vault}", f"{run.kind} {run.key} {run.status}" if run else ""
    run = side.taken_by
    error = f": {side.last_error}" if side.last_error else ""
    state = f"{side.state} in {side.vault}{error}"
    yield side.left_at, state, f"{run.kind} {run.key} {run.status}" if run else ""
