"""Jobs: asking for one to run at once."""

from sqlalchemy import select, update

from models.audit import audit
from models.errors import InvalidInput, NotFound
from models.feed import Topic
from models.permissions import Actor, Permission
from models.services.checks import connection_in_vault
from models.store import WriteSession
from models.tables import Job, JobKind, table_of

_jobs = table_of(Job)
LONGEST_LIMIT = 86_400
"""Seconds that a job may take at most."""


def request_run(
    write: WriteSession, actor: Actor, vault_id: int, kind: JobKind, connection_id: int | None = None
) -> None:
    """Ask for a job to run at once, limited to one connection or not. Raises NotAllowed and NotFound."""
    actor.require(Permission.MANAGE_INTEGRATIONS)
    if vault_id != actor.vault_id:
        raise NotFound(f"{actor.name} acts in Vault {actor.vault_id}, not in Vault {vault_id}.", "Switch the Vault.")
    connection = None if connection_id is None else connection_in_vault(write, connection_id, vault_id)
    mark_requested(write, vault_id, kind, connection_id)
    audit(
        write,
        actor,
        action="Run Now",
        object_name="job",
        item=kind.value.capitalize() + (f" of {connection.name}" if connection else ""),
        record_id=connection.record_id if connection else "",
    )


def set_job_limit(write: WriteSession, actor: Actor, kind: JobKind, seconds: int) -> None:
    """Say how long (real time) a run of a job of the actor's Vault may take before it ends as TIMEOUT.

    Assumed: the vendor publishes that jobs time out (seed S0), but not after how long. Raises NotAllowed, and
    InvalidInput when the limit is not from one second to a day.
    """
    actor.require(Permission.MANAGE_INTEGRATIONS)
    if not 1 <= seconds <= LONGEST_LIMIT:
        raise InvalidInput({"longest_seconds": f"1 to {LONGEST_LIMIT:,} seconds are needed."})
    row = (_jobs.c.vault_id == actor.vault_id, _jobs.c.kind == kind)
    before = write.execute(select(_jobs.c.longest_seconds).where(*row)).scalar_one()
    write.execute(update(_jobs).where(*row).values(longest_seconds=seconds))
    changes = {"longest_seconds": (before, seconds)}
    audit(write, actor, action="Edit", object_name="job", item=kind.value.capitalize(), changes=changes)
    write.changed(Topic.JOBS, actor.vault_id)


def mark_requested(write: WriteSession, vault_id: int, kind: JobKind, connection_id: int | None = None) -> None:
    """Note that a job is to run at once, as part of an action that was allowed already. Raises NotFound.

    Two requests that wait together for different connections become one for all connections: no request is lost.
    """
    waiting = write.execute(
        select(_jobs.c.requested_at, _jobs.c.requested_connection_id).where(
            _jobs.c.vault_id == vault_id, _jobs.c.kind == kind
        )
    ).one_or_none()
    if waiting is None:
        raise NotFound(f"Vault {vault_id} has no {kind.value} job.", "A Vault has one from when it is made.")
    if waiting.requested_at is not None and waiting.requested_connection_id != connection_id:
        connection_id = None
    write.execute(
        update(_jobs)
        .where(_jobs.c.vault_id == vault_id, _jobs.c.kind == kind)
        .values(requested_at=write.now, requested_connection_id=connection_id)
    )
    write.changed(Topic.JOBS, vault_id)
