"""The settings of a queue and what they may hold; creating and editing check them alike (Spark facts, section 1)."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlmodel import Session

from models.services.checks import Checks
from models.tables import Direction

DEFAULT_PROCESSOR = "transfer"
"""The Spark message processor that runs integrations."""
RETRY_MINUTES = (1, 2, 5, 10, 20, 40, 60, 60, 60)
"""Pauses between attempts of a queue without a schedule of its own.

Assumed: the vendor publishes only that retries end within six hours.
"""
LONGEST_RETRYING = 6 * 60
"""Minutes after which retries have ended (Spark facts, section 1)."""
SETTINGS = (
    "label",
    "description",
    "message_processor",
    "processor_user_id",
    "delivery_handler",
    "handler_user_id",
    "sequential",
    "rollback_on_error",
    "retry_minutes",
)
"""What can be edited; type and API name of a queue never change (Assumed)."""


def retry_schedule(minutes: Sequence[int] | None) -> tuple[int, ...]:
    """The pauses between attempts, in minutes: those of the queue, or those of the house when it has none."""
    return RETRY_MINUTES if minutes is None else tuple(minutes)


def check_settings(
    session: Session,
    checks: Checks,
    vault_id: int,
    type: Direction,  # noqa: A002 - the field's own name
    values: Mapping[str, Any],
) -> dict[str, Any]:
    """Check all settings of a queue; answers them cleaned. What is wrong is left with `checks`."""
    clean = dict(values)
    clean["label"] = checks.text("label", values["label"], 60, required=True)
    clean["description"] = checks.text("description", values["description"], 500, lines=True)
    if type is Direction.INBOUND:
        processor = values["message_processor"]
        processor = DEFAULT_PROCESSOR if processor is None else processor
        clean["message_processor"] = checks.text("message_processor", processor, 100, required=True)
        checks.user(session, "processor_user_id", vault_id, values["processor_user_id"])
        for field, what in (
            ("delivery_handler", "a delivery event handler"),
            ("handler_user_id", "a handler user"),
            ("retry_minutes", "a retry schedule"),
        ):
            checks.refuse(field, f"Only an outbound queue has {what}.", when=values[field] is not None)
        return clean
    for field, what in (("message_processor", "a message processor"), ("processor_user_id", "a processor user")):
        checks.refuse(field, f"Only an inbound queue has {what}.", when=values[field] is not None)
    _check_handler(session, checks, vault_id, clean)
    clean["retry_minutes"] = _check_schedule(checks, values["retry_minutes"])
    return clean


def _check_handler(session: Session, checks: Checks, vault_id: int, clean: dict[str, Any]) -> None:
    handler, user_id = clean["delivery_handler"], clean["handler_user_id"]
    if handler is not None:
        clean["delivery_handler"] = checks.text("delivery_handler", handler, 100, required=True)
        checks.refuse("handler_user_id", "A delivery event handler needs a user.", when=user_id is None)
    else:
        checks.refuse("handler_user_id", "A handler user needs a handler.", when=user_id is not None)
    checks.user(session, "handler_user_id", vault_id, user_id)


def _check_schedule(checks: Checks, minutes: Sequence[int] | None) -> list[int] | None:
    if minutes is None:
        return None
    checks.refuse("retry_minutes", "Each pause is at least one minute.", when=any(pause < 1 for pause in minutes))
    together = sum(minutes)
    checks.refuse(
        "retry_minutes",
        f"The pauses are {together} minutes together; retries end within {LONGEST_RETRYING}.",
        when=together > LONGEST_RETRYING,
    )
    return list(minutes)
