"""What queues and certificates need besides deliveries: stages of a rollover, handlers, put-backs, the log's end."""

from datetime import datetime

from sqlalchemy import or_, select
from sqlmodel import Session

from models.services.certificates import rollover_under_way, stage_at
from models.services.queue_log import clear_old_entries, has_old_entries
from models.store import Store
from models.tables import QueueLogEntry, table_of
from scheduler.handlers import put_back_due, run_handlers
from scheduler.rollover import keep_up

_log = table_of(QueueLogEntry)


def is_due(session: Session, now: datetime, vault_id: int) -> bool:
    """Whether `tend` would find something to do for a Vault."""
    rollover = rollover_under_way(session)
    if rollover is not None and stage_at(rollover, now) is not rollover.stage:
        return True
    waits = or_(_log.c.due_back_at <= now, _log.c.handler.is_not(None) & _log.c.handled_at.is_(None))
    waiting = select(_log.c.id).where(_log.c.vault_id == vault_id, waits).limit(1)
    return session.execute(waiting).first() is not None or has_old_entries(session, now, vault_id)


def tend(store: Store, vault_id: int) -> None:
    """Bring the certificates to the lab time, then a Vault's removed messages and the Queue Log."""
    with store.read() as session:
        if not is_due(session, store.clock.now(), vault_id):
            return
    keep_up(store)
    run_handlers(store, vault_id)
    put_back_due(store, vault_id)
    with store.read() as session:
        old = has_old_entries(session, store.clock.now(), vault_id)
    if old:
        with store.write() as write:
            clear_old_entries(write, vault_id)
