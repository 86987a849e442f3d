"""What becomes of target records whose source records were deleted: the integration's delete policy, set-based.

Target records are found by their Link alone: of a deleted record the source Vault keeps no other key (Assumed). They
are changed in the name of the Authorized Connection User, whose security profile must grant it; what is refused is
answered as failures and becomes user exception items, which the next run tries again.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from models.audit import audit
from models.callback import DeletedRecord
from models.data_model import ObjectModel
from models.errors import ConsoleError
from models.permissions import Actor, Right, actor_of
from models.record_remover import remove_records
from models.record_writer import Draft, Effect, Existing, existing_from_row, write_records
from models.services.integration_settings import VALUE
from models.sets import one_of
from models.store import WriteSession
from models.tables import DeletePolicy, Record, RecordStatus, table_of
from scheduler.outcome import Applied, Failure
from scheduler.route import Following, Route

_records = table_of(Record)


def depart(write: WriteSession, route: Route, departed: Sequence[DeletedRecord], applied: Applied) -> None:
    """Do to the target records of deleted source records what the delete policy says."""
    if not departed:
        return
    by_link = {each.global_id: each for each in departed}
    for model in {target.model.id: target.model for target in route.rules.targets}.values():
        found = _linked(write, model, by_link)
        applied.skipped += len(departed) - len({existing.values["link__sys"] for existing in found})
        if not found:
            continue
        items = [by_link[existing.values["link__sys"]].record_id for existing in found]
        right = Right.DELETE if route.following.policy is DeletePolicy.DELETE else Right.EDIT
        try:
            actor = _acting(write, route, model, right)
        except ConsoleError as refusal:
            applied.failures += [Failure(item, model.name, {"id": refusal.message}, {}) for item in items]
            continue
        if route.following.policy is DeletePolicy.DELETE:
            remove_records(write, actor, model, found)
            applied.deleted += len(found)
        else:
            _change(write, route, actor, model, list(zip(items, found, strict=True)), applied)


def marked(following: Following, before: Any) -> str:
    """What the mark field receives: the mark text, in which `{value}` stands for the value that is there.

    So "{value} Deleted" appends a word to a subject line and "Deleted in Vault Clinical" replaces a status (seed S4;
    the form of the text is Assumed). A value that is marked already stays.
    """
    text, present = following.mark_text, "" if before is None else str(before)
    if VALUE not in text:
        return text
    start, _, end = text.partition(VALUE)
    fits = len(present) >= len(start) + len(end) and present.startswith(start) and present.endswith(end)
    if (start or end) and (fits or present == f"{start}{end}".strip()):
        return present
    return f"{start}{present}{end}".strip()


def _linked(write: WriteSession, model: ObjectModel, by_link: dict[str, DeletedRecord]) -> list[Existing]:
    statement = (
        select(_records)
        .where(_records.c.object_id == model.id, one_of(_records.c.link, by_link))
        .order_by(_records.c.id)
    )
    return [existing_from_row(row) for row in write.connection().execute(statement).all()]


def _acting(write: WriteSession, route: Route, model: ObjectModel, right: Right) -> Actor:
    if route.writes_as is None:
        return Actor.system(route.vault_id)
    actor = actor_of(write, route.writes_as)
    actor.require_object(model.name, right)
    return actor


def _change(
    write: WriteSession,
    route: Route,
    actor: Actor,
    model: ObjectModel,
    found: Sequence[tuple[str, Existing]],
    applied: Applied,
) -> None:
    drafts: list[Draft] = []
    for _, existing in found:
        if route.following.policy is DeletePolicy.INACTIVATE:
            drafts.append(Draft({"status__v": RecordStatus.INACTIVE}, existing))
            continue
        name = route.following.mark_field
        values, problems = model.clean({name: marked(route.following, existing.values.get(name))})
        drafts.append(Draft(values, existing, problems))
    write_records(write, model, drafts, route.writes_as)
    for (item, existing), draft in zip(found, drafts, strict=True):
        if draft.effect is Effect.UPDATED:
            changes = {name: (existing.values.get(name), value) for name, value in draft.values.items()}
            title = f"{model.label}: {draft.result['name__v']}"
            audit(
                write,
                actor,
                action="Edit",
                object_name=model.name,
                item=title,
                record_id=existing.record_id,
                changes=changes,
            )
            applied.updated += 1
        elif draft.effect is Effect.UNCHANGED:
            applied.unchanged += 1
        else:
            applied.failures.append(Failure(item, model.name, draft.problems, draft.values))
