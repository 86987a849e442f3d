"""Certificate rollovers on lab time: a new certificate is issued and goes through its stages (Spark facts, 3)."""

from collections.abc import Callable
from datetime import datetime, timedelta

from models.permissions import Actor, Permission
from models.services.certificates import (
    STAGE_DATES,
    Dates,
    add_certificate,
    advance,
    change_dates,
    next_certificate_id,
    plan_rollover,
    rollover_under_way,
    stage_at,
)
from models.store import Store
from models.tables import CertificateRollover, RolloverStage
from scheduler.signing import issue_certificate

LASTS = timedelta(days=3 * 365)
"""How long a signing certificate is valid: it is renewed every three years (seed S1)."""


def begin_rollover(store: Store, actor: Actor, dates: Dates | None = None) -> CertificateRollover:
    """Issue the next certificate and plan its rollover; the usual dates begin now (lab time).

    A certificate is valid from a day before it is published. Raises as `plan_rollover` does.
    """
    # A key is not made for somebody who may not use it.
    actor.require(Permission.MANAGE_CONNECTIONS)
    planned = dates or Dates.usual(store.clock.now())
    with store.read() as session:
        certificate_id = next_certificate_id(session)
    start = min(planned.published, store.clock.now()) - timedelta(days=1)
    # Making a key takes a while: not inside the transaction.
    issued = issue_certificate(certificate_id, start, planned.rollover + LASTS)
    with store.write() as write:
        row = add_certificate(
            write,
            certificate_id=issued.certificate_id,
            pem=issued.certificate_pem,
            sealed_private_key=store.secrets.seal(issued.private_key_pem),
            not_before=issued.not_before,
            not_after=issued.not_after,
        )
        return plan_rollover(write, actor, row, planned)


def change_rollover(store: Store, actor: Actor, changed: Callable[[Dates], Dates]) -> bool:
    """Change the dates of the rollover that is under way to what `changed` makes of them; False when nothing differs.

    Raises as `change_dates` does.
    """
    with store.write() as write:
        row = rollover_under_way(write)
        now = write.now
        dates = Dates.usual(now) if row is None else Dates(*(getattr(row, name) for name in STAGE_DATES.values()))
        return change_dates(write, actor, changed(dates))


def keep_up(store: Store) -> list[RolloverStage]:
    """Bring a rollover to the stage of the lab time; cheap where nothing is to be done. Answers the stages entered."""
    now = store.clock.now()
    with store.read() as session:
        rollover = rollover_under_way(session)
    if rollover is None or stage_at(rollover, now) is rollover.stage:
        return []
    with store.write() as write:
        return advance(write, now)


def next_stage(store: Store) -> tuple[RolloverStage, datetime] | None:
    """The stage that comes next and when (lab time); None when no rollover is under way."""
    with store.read() as session:
        rollover = rollover_under_way(session)
    if rollover is None:
        return None
    coming = [(stage, getattr(rollover, name)) for stage, name in STAGE_DATES.items()]
    order = [stage for stage, _moment in coming]
    done = order.index(rollover.stage) + 1 if rollover.stage in order else 0
    return coming[done] if done < len(coming) else None
