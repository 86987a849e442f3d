"""`explain`: why a record, a message or a user exception came out as it did. `dry-run`: what the next runs would do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli.frame import area, command
from console.cli.lab import opened
from console.cli.output import answer, facts, parts, printable, section
from console.cli.settings import Settings, settings_of
from console.words import change_of, how_of
from models.typed_times import FORMS

if TYPE_CHECKING:
    from models.permissions import Actor
    from scheduler.rehearsal import Planned, Rehearsal
    from scheduler.story import Story, TargetStory

explain = area("explain", "Why a record or message came out as it did, or which step stopped it.")
dry_run = area("dry-run", "What the next runs would do. Nothing is changed.")


@command(explain, "record")
def explain_record(
    context: typer.Context, record: Annotated[str, typer.Argument(metavar="RECORD", help="Its id.")]
) -> None:
    """Explain a record: the ways on which it is sent, and the way on which it came."""
    from models.queries.traceable import places
    from scheduler import explain as explaining

    settings = settings_of(context)
    with opened(settings) as lab:
        with lab.store.read() as session:
            found = places(session, lab.vault_ids(session), record)
            if len(found) != 1:
                raise _not_one(record, [f"{name} ({key})" for key, name, _ in found])
            vault_id, _name, record_id = found[0]
            actor = lab.actor(session, vault_id)
        stories = explaining.explain_record(lab.store, actor, record_id)
    _tell(settings, stories)


@command(explain, "message")
def explain_message(
    context: typer.Context,
    message: Annotated[int, typer.Argument(metavar="NUMBER", help="Its number, as `messages list QUEUE` shows it.")],
) -> None:
    """Explain the first items of a Spark message."""
    from scheduler import explain as explaining

    settings = settings_of(context)
    with opened(settings) as lab:
        stories = explaining.explain_message(lab.store, _holder(lab, "SparkMessage", message), message)
    _tell(settings, stories)


@command(explain, "exception")
def explain_exception(
    context: typer.Context,
    exception: Annotated[int, typer.Argument(metavar="NUMBER", help="Its number, as `exceptions list` shows it.")],
) -> None:
    """Explain the items of a user exception message, open ones first."""
    from models.queries.exception_detail import detail
    from models.queries.lookup import named
    from models.tables import Connection
    from scheduler import explain as explaining

    settings = settings_of(context)
    with opened(settings) as lab:
        actor = _holder(lab, "ExceptionMessage", exception)
        stories = explaining.explain_exception(lab.store, actor, exception)
        with lab.store.read() as session:
            row = detail(session, actor.vault_id, exception)
            about = named(session, Connection, [actor.vault_id])
    nothing = ""
    if row is not None and not stories:
        connection = next((each.api_name for each in about if each.key == row.connection_id), "")
        examine = f" vault-console doctor {quote(connection)} --vault {actor.vault_id} examines the connection."
        nothing = f"It is about no record: {row.row.error_message}{examine if connection else ''}"
    _tell(settings, stories, nothing)


@command(dry_run, "integration")
def dry_run_integration(
    context: typer.Context,
    integration: Annotated[str, typer.Argument(metavar="INTEGRATION", help="Its API name, name or number.")],
    since: Annotated[
        str, typer.Option(metavar="TIME", help=f"As if Last Successful Run Time had been set to this: {FORMS}.")
    ] = "",
    point: Annotated[str, typer.Option(metavar="POINT", help="Only this integration point, by its API name.")] = "",
) -> None:
    """Find out what the next runs would move through an integration."""
    from console.cli.moments import moment_of
    from models.tables import Integration
    from scheduler import rehearsal

    settings = settings_of(context)
    with opened(settings) as lab:
        with lab.store.read() as session:
            found = lab.find(session, Integration, integration)
            actor = lab.actor(session, found.vault_id)
            point_id = rehearsal.point_of(session, found.key, point) if point else None
        start = moment_of(since, lab.now, "--since") if since else None
        if point_id is not None:
            result = rehearsal.rehearse_point(lab.store, actor, point_id, since=start)
        else:
            result = rehearsal.rehearse_integration(lab.store, actor, found.key, since=start)
    _report(settings, found.label, result)


@command(dry_run, "retry")
def dry_run_retry(
    context: typer.Context,
    exceptions: Annotated[list[int], typer.Argument(metavar="NUMBER...", help="Numbers of user exception messages.")],
) -> None:
    """Find out what a Retry Transfer of user exception messages would come to."""
    from scheduler.rehearsal import rehearse_retry

    settings = settings_of(context)
    with opened(settings) as lab:
        actor = _holder(lab, "ExceptionMessage", exceptions[0])
        result = rehearse_retry(lab.store, actor, exceptions)
    _report(settings, f"retry of {', '.join(map(str, exceptions))}", result)


def _not_one(record: str, places: Sequence[str]) -> Exception:
    from models.errors import NotFound, NotPossible

    if not places:
        return NotFound(f"There is no record {record} here.", "Give its id or its Global ID.")
    return NotPossible(f"Several Vaults have a record {record}: {', '.join(places)}.", "Name one with --vault.")


def _holder(lab: Any, table: str, key: int) -> Actor:
    """Who acts in the Vault that holds a row. Raises NotFound when no Vault in question holds it."""
    from sqlalchemy import select

    from models import tables
    from models.errors import NotFound

    rows = tables.table_of(getattr(tables, table))
    with lab.store.read() as session:
        vault_id = session.execute(
            select(rows.c.vault_id).where(rows.c.id == key, rows.c.vault_id.in_(lab.vault_ids(session)))
        ).scalar()
        if vault_id is None:
            what = "message" if table == "SparkMessage" else "user exception message"
            raise NotFound(f"There is no {what} {key} here.", f"Look it up: vault-console {_LISTS[table]} list.")
        actor: Actor = lab.actor(session, vault_id)
        return actor


_LISTS = {"SparkMessage": "messages", "ExceptionMessage": "exceptions"}


def _tell(settings: Settings, stories: Sequence[Story], nothing: str = "") -> None:
    """Print the stories; `nothing` is said where there are none."""
    nothing = nothing or "No integration point watches it, and it did not come from another Vault: nothing to explain."

    def text() -> str:
        if not stories:
            return printable(nothing)
        return "\n\n".join(_story(story) for story in stories)

    rows = [asdict(story) | {"stopped_at": story.stopped.name if story.stopped else None} for story in stories]
    answer(settings, {"stories": rows}, text)


def _story(story: Story) -> str:
    words = {"ok": "ok", "stops": "STOPS", "waits": "waits", "note": "-"}
    head = facts(
        [
            ("Record", f"{story.name or story.source_object} ({story.item})"),
            ("Way", f"{story.connection}, {story.integration or 'no integration'}, point {story.point}"),
            ("Into", story.target_vault),
        ]
    )
    steps = [
        f"  {words[step.verdict]:5}  {step.name}: {step.text}{f' {step.remedy}' if step.verdict == 'stops' else ''}"
        for step in story.steps
    ]
    return parts(head, section("Steps", "\n".join(steps)), *(_target(target) for target in story.targets))


def _target(target: TargetStory) -> str:
    lines: list[str] = []
    for field in target.fields:
        lines += [f"  {field.label}: {change_of(field.before, field.after)}", f"      {how_of(field)}"]
        if field.problem:
            lines.append(f"      ! {field.problem}")
    title = f"{target.target_label} {target.record_id}".rstrip() + f" by {target.rule}: {target.effect.value}"
    return section(title, "\n".join([*([f"  {target.note}"] if target.note else []), *lines]))


def _report(settings: Settings, title: str, result: Rehearsal) -> None:
    def text() -> str:
        counts = facts(
            [
                ("Dry run", title),
                ("Found", result.found),
                ("Created", result.created),
                ("Updated", result.updated),
                ("Unchanged", result.unchanged),
                ("Deleted", result.deleted),
                ("Skipped", result.skipped),
                ("Failed", result.failed),
            ]
        )
        obstacles = "\n".join(f"! {one.sentence} {one.remedy}" for one in result.obstacles)
        planned = "\n".join(line for planned in result.planned for line in _planned(planned))
        return parts(counts, obstacles, planned)

    answer(settings, {"dry_run": title} | asdict(result), text)


def _planned(planned: Planned) -> Iterator[str]:
    name = planned.name or planned.item_name
    yield f"{planned.effect.value:9}  {planned.target_object} {planned.record_id} {name} from {planned.item}"
    if planned.note:
        yield f"           {planned.note}"
    yield from (f"           ! {field}: {problem}" for field, problem in planned.problems.items())
    if planned.effect.value == "updated":
        yield from (f"           {field}: {change_of(*pair)}" for field, pair in planned.changes.items())
