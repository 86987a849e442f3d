"""Sandboxes: creating one from a Vault, and refreshing it (seed S1, Connections & Sandbox Vaults)."""

from sqlalchemy import select, update
from sqlmodel import SQLModel

from models.audit import audit
from models.errors import NotFound, NotPossible
from models.feed import Topic
from models.permissions import Actor, Permission
from models.removal import remove_rows
from models.services.connection_pairing import lose_partner
from models.services.connection_timeline import add_timeline
from models.services.connection_workflow import cancel_workflow
from models.services.sandbox_copy import Cancelled, Progress, SandboxCancelled, VaultCopy
from models.services.vaults import create_vault
from models.store import WriteSession
from models.tables import Connection, ConnectionType, Job, JobRun, RunStatus, Vault, table_of

__all__ = ["SandboxCancelled", "create_sandbox", "refresh_sandbox"]

_connections = table_of(Connection)
_jobs = table_of(Job)
_runs = table_of(JobRun)

KEPT = frozenset({"vault", "audit_row", "job"})
"""Tables whose rows of a Vault outlive a refresh: the Vault itself, its audit trail, its jobs."""


def create_sandbox(
    write: WriteSession,
    actor: Actor,
    *,
    id: int,
    name: str,
    dns_host: str,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> Vault:
    """Make a sandbox of the actor's Vault with its users, data model, configuration and records; answers it.

    Messages, runs, exceptions, stats and audit rows stay behind. `progress` is told what is copied and how much of all
    is done (0 to 1); when `cancelled` answers True, SandboxCancelled is raised and the transaction must end with it.
    Raises NotAllowed, and InvalidInput for an id, name or host that cannot be.
    """
    actor.require(Permission.SANDBOX_VAULTS)
    parent = write.get_one(Vault, actor.vault_id)
    sandbox = create_vault(
        write,
        id=id,
        name=name,
        dns_host=dns_host,
        domain=parent.domain,
        family=parent.family,
        applications=parent.applications,
        features=parent.features,
        parent_id=parent.id,
    )
    return _fill(write, actor, sandbox.id, "Create Sandbox", progress, cancelled)


def refresh_sandbox(
    write: WriteSession,
    actor: Actor,
    sandbox_id: int,
    *,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> Vault:
    """Replace a sandbox's content by that of its parent, the actor's Vault, as it is now; answers the sandbox.

    A remote connection that was established with the sandbox stays as it is and can be established again with the new
    record of the same API name; where there is none it becomes Disconnected. Raises NotAllowed, NotFound, NotPossible
    while a job of the sandbox runs, and SandboxCancelled (see `create_sandbox`).
    """
    actor.require(Permission.SANDBOX_VAULTS)
    sandbox = write.get(Vault, sandbox_id)
    if sandbox is None or sandbox.parent_id != actor.vault_id:
        raise NotFound(f"Vault {actor.vault_id} has no sandbox {sandbox_id}.", "Check the Vault ID.")
    running = select(_runs.c.id).where(_runs.c.vault_id == sandbox_id, _runs.c.status == RunStatus.RUNNING).limit(1)
    if write.execute(running).first() is not None:
        raise NotPossible(f"A job of {sandbox.name} runs right now.", "Try again when it has ended.")
    return _fill(write, actor, sandbox_id, "Refresh Sandbox", progress, cancelled)


def _fill(
    write: WriteSession,
    actor: Actor,
    sandbox_id: int,
    action: str,
    progress: Progress | None,
    cancelled: Cancelled | None,
) -> Vault:
    partners = _leave_workflows(write, actor, sandbox_id)
    _empty(write, sandbox_id)
    VaultCopy(write, actor.vault_id, sandbox_id, progress, cancelled).run()
    parent, sandbox = write.get_one(Vault, actor.vault_id), write.get_one(Vault, sandbox_id)
    for field in ("family", "applications", "features", "client_id_filtering", "next_record"):
        setattr(sandbox, field, getattr(parent, field))
    write.add(sandbox)
    write.flush()
    _rejoin(write, actor, sandbox.id, partners)
    audit(write, actor, action=action, object_name="vault", item=sandbox.name)
    behalf = f"{actor.name} (Vault {actor.vault_id})"
    audit(
        write,
        Actor.system(sandbox.id),
        action=action,
        object_name="vault",
        item=sandbox.name,
        on_behalf_of=behalf,
    )
    for topic in Topic:
        write.changed(topic, sandbox.id)
    return sandbox


def _leave_workflows(write: WriteSession, actor: Actor, sandbox_id: int) -> dict[str, int]:
    """Close approvals that wait; answers the remote connections that name one of this Vault, by its API name."""
    partners: dict[str, int] = {}
    for connection in write.scalars(select(Connection).where(_connections.c.vault_id == sandbox_id)).all():
        cancel_workflow(write, connection, actor, "the sandbox was refreshed")
        if connection.remote_connection_id is not None:
            partners[connection.api_name] = connection.remote_connection_id
    return partners


def _empty(write: WriteSession, vault_id: int) -> None:
    """Remove everything in a Vault except what outlives a refresh."""
    write.flush()
    write.expunge_all()
    for table in SQLModel.metadata.sorted_tables[::-1]:
        if table.name not in KEPT and "vault_id" in table.c:
            remove_rows(write, table, table.c.vault_id == vault_id)
    write.execute(update(_jobs).where(_jobs.c.vault_id == vault_id).values(requested_at=None))


def _rejoin(write: WriteSession, actor: Actor, sandbox_id: int, partners: dict[str, int]) -> None:
    """Have the remote connections name the new records in place of those that a refresh removed."""
    rows = write.scalars(select(Connection).where(_connections.c.vault_id == sandbox_id)).all()
    own = {row.api_name: row for row in rows if row.type is ConnectionType.VAULT_TO_VAULT}
    for api_name, partner_id in partners.items():
        partner = write.get_one(Connection, partner_id)
        successor = own.get(api_name)
        if successor is None:
            # Its partner is gone as if it had been deleted.
            lose_partner(write, partner, actor)
            continue
        successor.remote_connection_id, partner.remote_connection_id = partner.id, successor.id
        write.add_all([successor, partner])
        add_timeline(write, partner, f"The sandbox {sandbox_id} was refreshed: establish the connection again", actor)
    write.flush()
