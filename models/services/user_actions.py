"""Performing user actions of records (see `models.user_actions`)."""

from models.errors import NotFound, NotPossible
from models.permissions import Actor, Right
from models.record_writer import Draft
from models.services.records import load_record, save_draft
from models.store import WriteSession


def perform_action(write: WriteSession, actor: Actor, record_id: str, name: str) -> bool:
    """Perform a user action, by its label in whatever capitals, with a record; answers whether anything changed.

    Nothing changes when it was done already. It is audited under its label. Raises NotAllowed without the right to edit
    such records, NotFound for a record or an action that there is not, InvalidInput for values that the record cannot
    take, and NotPossible while the record is locked or does not hold what the action needs.
    """
    model, existing = load_record(write, actor, record_id)
    actor.require_object(model.name, Right.EDIT)
    action = next((each for each in model.actions if each.label.casefold() == name.strip().casefold()), None)
    if action is None:
        known = ", ".join(each.label for each in model.actions)
        raise NotFound(f"{model.label} has no user action {name}.", f"It has: {known}." if known else "It has none.")
    if action.is_done(existing.values):
        return False
    if why := action.why_not(model, existing.values):
        raise NotPossible(why, "Bring the record to where the action is possible, then perform it.")
    return save_draft(write, actor, model, Draft(dict(action.sets), existing), action=action.label)
