"""Documents on their way from Vault to Vault: which versions are sent, and the CrossLinks that they become.

A message about documents names versions, so that a CrossLink is bound to the version that was sent, even when there is
a newer draft by the time it arrives. A CrossLink is created, updated on a change of fields, up-versioned, superseded
and made obsolete with its source (integration facts, section 5; seeds S0, S2), in the name of the receiving side's
Authorized Connection User, who needs *Create CrossLink* for each version that is bound, and the rights to documents.

Assumed, where the facts are silent:

- The CrossLink's own lifecycle state is the first of its lifecycle with the source state's type; a state without such
  a type, or without a partner, leaves the CrossLink where it is, a new version in the starting state.
- A version that is older than what the CrossLink is bound to, and was never bound, is left out; so is an obsolete one
  of a document that has no CrossLink.
- A document that is made from a record, not from a document, is plain: it needs *Create Document* and is numbered
  from 0.1.
- A CrossLink is not sent on: what it shows is another Vault's, and only that one sends it. So two Vaults can exchange
  documents both ways.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, or_, select
from sqlmodel import Session

from models.callback import SourceRow
from models.data_model import ObjectModel
from models.document_writer import add_crosslinks, record_keys, write_version
from models.errors import ConsoleError
from models.feed import Topic
from models.permissions import Actor, Permission, Right, actor_of
from models.record_writer import Draft, Effect, existing_from_row, write_records
from models.sets import one_of
from models.store import WriteSession
from models.tables import BindingRule, CrossLink, DocumentVersion, Record, RecordStatus, table_of
from models.versions import (
    MAJOR,
    MINOR,
    STATE,
    StateType,
    Version,
    following,
    record_id_of,
    version_id,
    version_in,
)
from scheduler.outcome import Applied
from scheduler.route import Route

_records = table_of(Record)
VERSIONS = _versions = table_of(DocumentVersion)
_crosslinks = table_of(CrossLink)
_OWN = _versions.c.record_key.not_in(select(_crosslinks.c.record_key))

Pair = tuple[SourceRow, Draft]


@dataclass(frozen=True, slots=True)
class _Source:
    """The version of a source document that is to be bound."""

    record_id: str
    global_id: str
    version: Version
    state_type: StateType | None


def changed_versions(
    session: Session,
    model: ObjectModel,
    conditions: Sequence[ColumnElement[bool]],
    since: datetime | None,
    until: datetime,
    also: Sequence[ColumnElement[bool]] = (),
    *,
    stream: int,
) -> Iterator[str]:
    """The versions of documents that changed in a span of time and meet the conditions, as items of messages.

    `conditions` are on the table of versions, and so is `also`, of which any makes a version count as changed. Versions
    come oldest change first; CrossLinks are left out.
    """
    statement = select(_versions.c.version_id).where(
        _versions.c.object_id == model.id, _versions.c.modified_at < until, _OWN
    )
    if since is not None:
        statement = statement.where(or_(_versions.c.modified_at >= since, *also))
    order = (_versions.c.modified_at, _versions.c.record_id, _versions.c.major, _versions.c.minor)
    statement = statement.where(*conditions).order_by(*order)
    return iter(session.execute(statement, execution_options={"yield_per": stream}).scalars())


def version_sent(
    session: Session, model: ObjectModel, record_id: str, conditions: Sequence[ColumnElement[bool]]
) -> Version | None:
    """The latest version of a document that meets the conditions of a point; None when none does."""
    statement = (
        select(_versions.c.major, _versions.c.minor)
        .where(_versions.c.vault_id == model.vault_id, _versions.c.record_id == record_id, *conditions)
        .order_by(_versions.c.major.desc(), _versions.c.minor.desc())
        .limit(1)
    )
    row = session.execute(statement).one_or_none()
    return None if row is None else Version(row.major, row.minor)


def is_crosslink(session: Session, record_key: int) -> bool:
    """Whether the document of this row shows a document of another Vault."""
    return (
        session.execute(select(_crosslinks.c.id).where(_crosslinks.c.record_key == record_key).limit(1)).first()
        is not None
    )


def withdrawn_versions(
    session: Session,
    model: ObjectModel,
    conditions: Sequence[ColumnElement[bool]],
    since: datetime | None,
    until: datetime,
    *,
    stream: int,
) -> Iterator[str]:
    """The changed versions that do not meet the conditions of a point, and may have met them before.

    A superseded version is none of these: its successor tells of it.
    """
    if not conditions or since is None:
        return iter(())
    fails = ~conditions[0] if len(conditions) == 1 else ~_all(conditions)
    superseded = model.states_of_type(StateType.SUPERSEDED)
    stays = (fails | fails.is_(None), _versions.c.state.is_(None) | _versions.c.state.not_in(superseded))
    return changed_versions(session, model, stays, since, until, stream=stream)


def _all(conditions: Sequence[ColumnElement[bool]]) -> ColumnElement[bool]:
    whole = conditions[0]
    for condition in conditions[1:]:
        whole = whole & condition
    return whole


def oldest_first(pairs: Iterable[Pair]) -> list[Pair]:
    """Pairs about versions of documents in the order in which they must be written."""
    return sorted(pairs, key=lambda pair: version_in(pair[0].values))


def write_documents(
    write: WriteSession, route: Route, model: ObjectModel, pairs: Sequence[Pair], resolved: Collection[str] = ()
) -> None:
    """Create and change documents of the target Vault; each draft is given its effect, as `write_records` does.

    The drafts have the record that they were matched with, and at most one of them is about any document.
    """
    actor = _acting(write, route)
    for _, draft in pairs:
        _require_right(actor, model, Right.CREATE if draft.existing is None else Right.EDIT, draft)
    if not route.source.is_document:
        for _, draft in pairs:
            if draft.existing is None:
                _require(actor, Permission.CREATE_DOCUMENT, draft)
        _write(write, model, [draft for _, draft in pairs], route.writes_as, resolved)
        return
    bound = _bindings(write, [draft.existing.key for _, draft in pairs if draft.existing is not None])
    plain: list[Draft] = []
    binding: list[tuple[_Source, Draft]] = []
    for row, draft in pairs:
        if draft.effect is Effect.SKIPPED:
            continue
        source = _source(route.source, row)
        links = bound.get(draft.existing.key, []) if draft.existing is not None else []
        same = next((link for link in links if _bound_version(link) == source.version), None)
        if same is not None and not _is_latest(draft, same):
            _write_older(write, model, draft, same, source, route.writes_as)
            continue
        if same is None and not _plan(model, draft, links, source):
            continue
        if same is None:
            _require(actor, Permission.CREATE_CROSSLINK, draft)
            binding.append((source, draft))
        else:
            _follow_state(model, draft, source.state_type)
        plain.append(draft)
    _write(write, model, plain, route.writes_as, resolved)
    _bind(write, route, model, [(source, draft) for source, draft in binding if draft.effect is not Effect.FAILED])


def withdraw(write: WriteSession, route: Route, items: Sequence[str], applied: Applied) -> None:
    """Make obsolete the CrossLinks that are bound to these versions, which their source Vault does not send any more.

    Where the lifecycle has no obsolete state they become inactive (Assumed).
    """
    if not items:
        return
    for model in {target.model.id: target.model for target in route.rules.targets}.values():
        if not model.is_document:
            applied.skipped += len(items)
            continue
        found = _bound_to(write, route, model, items)
        applied.skipped += len(set(items)) - len({item for item, _, _ in found})
        obsolete = next(iter(model.states_of_type(StateType.OBSOLETE)), None)
        values: dict[str, Any] = {"status__v": RecordStatus.INACTIVE} if obsolete is None else {STATE: obsolete}
        pairs: list[Pair] = []
        for item, link, record in found:
            draft = Draft(dict(values), existing_from_row(record))
            if _is_latest(draft, link):
                _write(write, model, [draft], route.writes_as)
            else:
                _write_values(write, model, draft, link, route.writes_as)
            pairs.append((SourceRow(item, record.link or "", None, record.name, RecordStatus.ACTIVE, {}), draft))
        applied.add(model, pairs)


def _acting(write: WriteSession, route: Route) -> Actor | ConsoleError:
    if route.writes_as is None:
        return Actor.system(route.vault_id)
    try:
        return actor_of(write, route.writes_as)
    except ConsoleError as error:
        return error


def _require_right(actor: Actor | ConsoleError, model: ObjectModel, right: Right, draft: Draft) -> None:
    """Fail a draft when its writer lacks a right to the documents."""
    if isinstance(actor, ConsoleError):
        draft.fail("id", actor.message)
        return
    try:
        actor.require_object(model.name, right)
    except ConsoleError as error:
        draft.fail("id", error.message)


def _require(actor: Actor | ConsoleError, permission: Permission, draft: Draft) -> None:
    """Fail a draft, by the permission's name, when its writer lacks the permission."""
    if isinstance(actor, ConsoleError):
        return
    try:
        actor.require(permission)
    except ConsoleError as error:
        draft.fail(permission.value, error.message)


def _write(
    write: WriteSession,
    model: ObjectModel,
    drafts: Sequence[Draft],
    user_id: int | None,
    resolved: Collection[str] = (),
) -> None:
    wanted = [draft for draft in drafts if draft.effect is not Effect.SKIPPED]
    if wanted:
        write_records(write, model, wanted, user_id, resolved)


def _source(model: ObjectModel, row: SourceRow) -> _Source:
    state = row.values.get(STATE) or ""
    return _Source(record_id_of(row.record_id), row.global_id, version_in(row.values), model.state_types.get(state))


def _bound_version(link: Row[Any]) -> Version:
    return Version(link.source_major, link.source_minor)


def _is_latest(draft: Draft, link: Row[Any]) -> bool:
    return draft.existing is not None and version_in(draft.existing.values) == Version(link.major, link.minor)


def _plan(model: ObjectModel, draft: Draft, links: Sequence[Row[Any]], source: _Source) -> bool:
    """Give a draft the version and state in which it is bound to a version anew; answers False when it is left out."""
    if draft.existing is None:
        if source.state_type is StateType.OBSOLETE:
            draft.skip("The source document is obsolete and has no CrossLink here.")
            return False
        _follow_state(model, draft, source.state_type)
        return True
    if links and source.version < max(map(_bound_version, links)):
        draft.skip(f"The CrossLink is bound to a later version than {source.version}.")
        return False
    if links:
        own = following(version_in(draft.existing.values), source.version)
        draft.values |= {MAJOR: own.major, MINOR: own.minor}
        if STATE not in draft.values and model.starting_state is not None:
            draft.values[STATE] = _state_for(model, source.state_type) or model.starting_state
        return True
    # A document that was linked by hand becomes a CrossLink as it stands.
    _follow_state(model, draft, source.state_type)
    return True


def _follow_state(model: ObjectModel, draft: Draft, state_type: StateType | None) -> None:
    """Have the CrossLink follow its source's state, unless a field rule says which state it is to have."""
    state = _state_for(model, state_type)
    if state is not None and draft.values.get(STATE) is None:
        draft.values[STATE] = state


def _state_for(model: ObjectModel, state_type: StateType | None) -> str | None:
    if state_type is None or state_type is StateType.INITIAL:
        return None
    found = model.states_of_type(state_type)
    if not found and state_type is StateType.SUPERSEDED:
        found = model.states_of_type(StateType.STEADY)
    return next(iter(found), None)


def _write_older(
    write: WriteSession, model: ObjectModel, draft: Draft, link: Row[Any], source: _Source, user_id: int | None
) -> None:
    """Bring a version that is not the CrossLink's latest in line with the version that it is bound to."""
    _follow_state(model, draft, source.state_type)
    if not draft.problems:
        _write_values(write, model, draft, link, user_id)


def _write_values(write: WriteSession, model: ObjectModel, draft: Draft, link: Row[Any], user_id: int | None) -> None:
    version = write.scalars(
        select(DocumentVersion).where(
            _versions.c.record_key == link.record_key,
            _versions.c.major == link.major,
            _versions.c.minor == link.minor,
        )
    ).one()
    changed = write_version(write, model, version, draft.values, user_id)
    draft.effect = Effect.UPDATED if changed else Effect.UNCHANGED
    draft.record_id = version.record_id


def _bindings(write: WriteSession, keys: Sequence[int]) -> Mapping[int, list[Row[Any]]]:
    found: dict[int, list[Row[Any]]] = {}
    if keys:
        for row in write.execute(select(_crosslinks).where(_crosslinks.c.record_key.in_(keys))):
            found.setdefault(row.record_key, []).append(row)
    return found


def _bind(write: WriteSession, route: Route, model: ObjectModel, written: Sequence[tuple[_Source, Draft]]) -> None:
    keys = record_keys(write, model.vault_id, [draft.record_id for _, draft in written])
    rows = []
    for source, draft in written:
        version = version_in(draft.result)
        rows.append(
            {
                "vault_id": model.vault_id,
                "record_key": keys[draft.record_id],
                "major": version.major,
                "minor": version.minor,
                "source_vault_id": route.source.vault_id,
                "source_record_id": source.record_id,
                "source_global_id": source.global_id,
                "source_major": source.version.major,
                "source_minor": source.version.minor,
                "integration_point": route.point_api_name,
                "binding": BindingRule.SPECIFIC,
                "bound_at": write.now,
            }
        )
    add_crosslinks(write, rows)
    if rows:
        write.changed(Topic.RECORDS, model.vault_id)


def _bound_to(
    write: WriteSession, route: Route, model: ObjectModel, items: Sequence[str]
) -> list[tuple[str, Row[Any], Row[Any]]]:
    """The CrossLinks of a Vault that are bound to versions, each with its item, its binding, and its document."""
    wanted = {record_id_of(item) for item in items}
    statement = select(_crosslinks).where(
        _crosslinks.c.vault_id == route.vault_id,
        _crosslinks.c.source_vault_id == route.source.vault_id,
        _crosslinks.c.integration_point == route.point_api_name,
        one_of(_crosslinks.c.source_record_id, wanted),
    )
    by_item = {version_id(link.source_record_id, _bound_version(link)): link for link in write.execute(statement).all()}
    chosen = {item: by_item[item] for item in items if item in by_item}
    records = {
        row.id: row
        for row in write.execute(
            select(_records).where(
                _records.c.id.in_([link.record_key for link in chosen.values()]), _records.c.object_id == model.id
            )
        )
    }
    return [(item, link, records[link.record_key]) for item, link in chosen.items() if link.record_key in records]
