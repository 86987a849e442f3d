"""Searching a connected Vault while a record is made, and taking over what is found: no job runs, and no message goes.

Medical Inquiry users search Network for contact details of healthcare professionals while creating a Case Contact
(seed S0, Medical-Network). Everything beyond that sentence is Assumed:

- An inbound integration point with the behaviour `search_on_demand` offers the search. Its rules say which object of
  the partner is searched, and what a found record fills here; they are evaluated by the same code as in a receive job.
- The partner answers what its Authorized Connection User may see, and only active records.
- The record is made in the name of the person who takes it over. Link is the Global ID of the source record; a record
  that has this Link already is brought up to date.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlmodel import Session

from models.audit import audit
from models.errors import InvalidInput, NotFound, NotPossible
from models.permissions import Actor, Right
from models.queries.window import matches
from models.record_writer import Draft, Effect
from models.sets import one_of
from models.store import WriteSession
from models.system_fields import LABELS, SYSTEM_COLUMNS
from models.tables import (
    SEARCH_ON_DEMAND,
    Connection,
    Direction,
    FieldRule,
    FieldType,
    Integration,
    IntegrationPoint,
    IntegrationRule,
    Record,
    RecordStatus,
    Vault,
    table_of,
)
from scheduler.apply import Part, apply, prepare
from scheduler.route import Route, load_route

_connections = table_of(Connection)
_integrations = table_of(Integration)
_points = table_of(IntegrationPoint)
_rules = table_of(IntegrationRule)
_field_rules = table_of(FieldRule)
_records = table_of(Record)

MOST = 50
"""Records that a search answers at most."""


@dataclass(frozen=True, slots=True)
class Search:
    """A search that a Vault offers while a record of `target_object` is made."""

    connection_id: int
    connection: str
    """API name of the connection."""
    point: str
    source_object: str
    target_object: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A record of the partner Vault. `values` are by label; `known_as` is the id of the record here that is linked."""

    record_id: str
    global_id: str
    name: str
    values: Mapping[str, str]
    known_as: str = ""


@dataclass(frozen=True, slots=True)
class Taken:
    """What taking over has made: the record here, and whether it is new or was brought up to date."""

    record_id: str
    name: str
    created: bool
    changed: bool


def searches_for(session: Session, vault_id: int, object_name: str) -> tuple[Search, ...]:
    """The searches that a Vault offers for an object, whether or not they can be used now."""
    statement = (
        select(
            _connections.c.id,
            _connections.c.api_name,
            _points.c.api_name,
            _field_rules.c.query_object,
            _field_rules.c.target_object,
            _points.c.behaviours,
        )
        .distinct()
        .join(_integrations, _integrations.c.connection_id == _connections.c.id)
        .join(_points, _points.c.integration_id == _integrations.c.id)
        .join(_rules, _rules.c.point_id == _points.c.id)
        .join(_field_rules, _field_rules.c.rule_id == _rules.c.id)
        .where(
            _connections.c.vault_id == vault_id,
            _points.c.direction == Direction.INBOUND,
            _field_rules.c.target_object == object_name,
            _field_rules.c.query_object != "",
        )
        .order_by(_connections.c.id, _points.c.api_name)
    )
    return tuple(Search(*row[:5]) for row in session.execute(statement) if SEARCH_ON_DEMAND in row[5])


def find_search(session: Session, vault_id: int, object_name: str, connection: str | None = None) -> Search:
    """The search for an object, of the connection with this API name when one is named.

    Raises NotFound when the Vault offers none, NotPossible when it offers several.
    """
    found = [
        one
        for one in searches_for(session, vault_id, object_name)
        if connection is None or one.connection == connection
    ]
    if not found:
        raise NotFound(
            f"No connection of this Vault offers a search for {object_name}.",
            "The connection Medical-Network offers one for Case Contacts.",
        )
    if len(found) > 1:
        names = ", ".join(one.connection for one in found)
        raise NotPossible(f"Several connections offer a search for {object_name}.", f"Name one of {names}.")
    return found[0]


def partner_of(session: Session, search: Search, now: datetime) -> str:
    """The name of the Vault that is searched. Raises RouteBroken, with the reason, when it cannot be searched now."""
    route = load_route(session, search.connection_id, search.point, search.source_object, now)
    return session.get_one(Vault, route.source.vault_id).name


def hits(session: Session, actor: Actor, search: Search, text: str, now: datetime) -> list[Hit]:
    """Search the partner Vault for records that hold every word of `text`, in any case; at most `MOST`, by name.

    Raises NotAllowed for somebody who may not create records of the object, and RouteBroken, with the reason, when the
    connection is not Active or the integration cannot be used.
    """
    actor.require_object(search.target_object, Right.CREATE)
    route = load_route(session, search.connection_id, search.point, search.source_object, now)
    statement = (
        select(_records.c.record_id)
        .where(_records.c.object_id == route.source.id, _records.c.status == RecordStatus.ACTIVE)
        .order_by(_records.c.name, _records.c.id)
        .limit(MOST)
    )
    if text.strip():
        statement = statement.where(matches(text, *_searched(route)))
    ids = list(session.execute(statement).scalars())
    found: dict[str, Hit] = {}
    for part in prepare(session, route, ids).parts if ids else ():
        if part.target.model.name == search.target_object:
            known = _known(session, part)
            for place, row in enumerate(part.source.rows):
                shown = dict(_shown(route, part.source.values_of(place)))
                hit = Hit(row.record_id, row.global_id, row.name, shown, known.get(row.global_id, ""))
                found.setdefault(row.record_id, hit)
    return [found[each] for each in ids if each in found]


def take_over(write: WriteSession, actor: Actor, search: Search, source_id: str) -> Taken:
    """Make a record of one of the partner Vault, named by id or Global ID; one that is linked is brought up to date.

    Raises NotAllowed, NotFound, NotPossible, InvalidInput that names the fields, and RouteBroken as `hits` does.
    """
    actor.require_object(search.target_object, Right.CREATE)
    route = load_route(write, search.connection_id, search.point, search.source_object, write.now)
    prepared = prepare(write, replace(route, writes_as=actor.user_id), [_record_id(write, route, source_id)])
    parts = [part for part in prepared.parts if part.target.model.name == search.target_object and part.drafts]
    if not parts:
        raise NotFound(f"The partner Vault offers no record {source_id}.", "Search again.")
    apply(write, replace(prepared, parts=parts[:1]))
    model, wanted = parts[0].target.model, parts[0].drafts[0]
    if wanted.effect is Effect.FAILED:
        raise InvalidInput(wanted.problems)
    if wanted.effect is Effect.SKIPPED:
        raise NotPossible(wanted.note)
    name = str(wanted.result["name__v"])
    created, changed = wanted.effect is Effect.CREATED, wanted.effect is not Effect.UNCHANGED
    if changed and not created:
        actor.require_object(search.target_object, Right.EDIT)
    if changed:
        audit(
            write,
            actor,
            action="Create" if created else "Edit",
            object_name=model.name,
            item=f"{model.label}: {name}",
            record_id=wanted.record_id,
            changes=_changes(wanted),
        )
    return Taken(wanted.record_id, name, created, changed)


def _changes(wanted: Draft) -> dict[str, tuple[Any, Any]] | None:
    before = wanted.existing
    if before is None:
        return None
    return {
        name: (before.values.get(name), value)
        for name, value in wanted.values.items()
        if before.values.get(name) != value
    }


def _searched(route: Route) -> Iterator[ColumnElement[Any]]:
    """The name, and the fields of the source object itself that the rules read."""
    yield _records.c.name
    for item in sorted({item for rule in route.rules.rules for item in rule.items}):
        field = route.source.fields.get(item)
        if field is not None and field.type is FieldType.TEXT:
            yield _records.c.data[item].as_string()


def _shown(route: Route, values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for item, value in values.items():
        if value not in (None, "") and item not in SYSTEM_COLUMNS:
            first, _, rest = item.partition(".")
            reference = route.source.relationships.get(first) if rest else route.source.fields.get(item)
            shown = ("No", "Yes")[value] if isinstance(value, bool) else str(value)
            yield (reference.label if reference else LABELS.get(item, item)), shown


def _known(session: Session, part: Part) -> dict[str, str]:
    links = [row.global_id for row in part.source.rows]
    statement = (
        select(_records.c.link, _records.c.record_id)
        .where(_records.c.object_id == part.target.model.id, one_of(_records.c.link, links))
        .order_by(_records.c.id.desc())
    )
    return {row.link: row.record_id for row in session.execute(statement)}


def _record_id(session: Session, route: Route, source_id: str) -> str:
    statement = select(_records.c.record_id).where(
        _records.c.object_id == route.source.id,
        or_(_records.c.record_id == source_id, _records.c.global_id == source_id),
    )
    return session.execute(statement).scalar() or source_id
