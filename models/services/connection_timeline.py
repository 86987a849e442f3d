"""The Workflow Timeline of a connection, and whether an approval waits (seed S1)."""

from sqlalchemy import select
from sqlmodel import Session

from models.permissions import Actor
from models.services.checks import key_of
from models.store import WriteSession
from models.tables import ApprovalTask, Connection, TimelineEvent, Verdict, table_of

_tasks = table_of(ApprovalTask)


def add_timeline(
    write: WriteSession, connection: Connection, what: str, actor: Actor | None, verdict: Verdict | None = None
) -> None:
    """Add a line to a connection's timeline: what happened, by whom, at the transaction's time."""
    who = "System" if actor is None else actor.name
    if actor is not None and actor.vault_id != connection.vault_id:
        who = f"{who} (Vault {actor.vault_id})"
    write.add(
        TimelineEvent(
            vault_id=connection.vault_id,
            connection_id=key_of(connection),
            at=write.now,
            what=what[:300],
            who=who[:200],
            verdict=verdict,
        )
    )


def has_open_task(session: Session, connection_id: int) -> bool:
    """Whether a connection waits for an approval in its Vault, or in the remote one after its own was given."""
    own = select(_tasks.c.file_id).where(_tasks.c.connection_id == connection_id)
    found = select(1).where(_tasks.c.file_id.in_(own), _tasks.c.completed_at.is_(None)).limit(1)
    return session.execute(found).first() is not None
