"""The approval workflow of a connection file that names no Remote Vault ID (seed S1; Spark facts, section 4).

A task opens in both Vaults. Approving makes that side Approved, and both Active once both have approved. Rejecting
takes both back to Pending and closes both tasks (Assumed).
"""

from sqlalchemy import select
from sqlmodel import Session

from models.audit import WorkflowStep
from models.errors import NotPossible
from models.permissions import Actor, Permission
from models.services.checks import connection_in_vault, key_of
from models.services.connection_pairing import audit_side, establish, set_values
from models.services.connection_timeline import add_timeline
from models.store import WriteSession
from models.tables import ApprovalTask, Connection, ConnectionFile, ConnectionState, Vault, Verdict, table_of

_tasks = table_of(ApprovalTask)

WORKFLOW = "Approval Workflow"
TASK = "Approve Connection"
"""How workflow and task are called in the audit; the seed speaks of the Approval Workflow (S1)."""


def start_workflow(
    write: WriteSession, actor: Actor, file: ConnectionFile, source: Connection, target: Connection
) -> None:
    """Open an approval task in both Vaults. Whether that is allowed was checked where the file was read."""
    for side, other in ((source, target), (target, source)):
        vault = write.get_one(Vault, other.vault_id)
        task = ApprovalTask(
            vault_id=side.vault_id, connection_id=key_of(side), file_id=key_of(file), opened_at=write.now
        )
        write.add(task)
        add_timeline(write, side, f"Approval requested: connection with {vault.name} ({vault.id})", actor)
        audit_side(write, side, actor, action="Start Workflow", step=WorkflowStep(WORKFLOW, TASK))
    write.flush()


def complete_task(write: WriteSession, actor: Actor, connection_id: int, *, approve: bool) -> ConnectionState:
    """Complete the approval task of a connection in the actor's Vault; answers the state that follows.

    Needs Manage Connections in that Vault (Assumed: the vendor names no permission for the verdict). Raises NotAllowed,
    NotFound, and NotPossible when no task is open or the Vaults no longer fit.
    """
    actor.require(Permission.MANAGE_CONNECTIONS)
    connection = connection_in_vault(write, connection_id, actor.vault_id)
    task = open_task(write, connection_id)
    if task is None:
        raise NotPossible(_no_task(connection), "Only an open approval task is completed.")
    source, target = sides_of(write, task.file_id)
    other = target if source.id == connection_id else source
    verdict = Verdict.APPROVED if approve else Verdict.REJECTED
    step = WorkflowStep(WORKFLOW, TASK, verdict.value)
    task.completed_at, task.completed_by, task.verdict = write.now, actor.name, verdict
    write.add(task)
    write.flush()
    for side in (connection, other):
        add_timeline(write, side, f"Approval task of Vault {actor.vault_id} completed", actor, verdict)
    if not approve:
        _close_tasks(write, task.file_id)
        for side in (connection, other):
            values = {"state": ConnectionState.PENDING}
            set_values(write, side, values, action="Reject Connection", actor=actor, step=step)
        write.flush()
        return connection.state
    values = {"state": ConnectionState.APPROVED}
    set_values(write, connection, values, action="Approve Connection", actor=actor, step=step)
    write.flush()
    if open_task(write, key_of(other)) is None:
        establish(write, source, target, actor=actor, step=WorkflowStep(WORKFLOW, verdict=verdict.value))
    return connection.state


def cancel_workflow(write: WriteSession, connection: Connection, actor: Actor | None, reason: str) -> None:
    """Close the tasks of the workflow that a connection is in, if it is in one; who was Approved is Pending again."""
    own = select(_tasks.c.file_id).where(_tasks.c.connection_id == key_of(connection))
    waiting = select(_tasks.c.file_id).where(_tasks.c.file_id.in_(own), _tasks.c.completed_at.is_(None))
    step = WorkflowStep(WORKFLOW, TASK, Verdict.CANCELLED.value)
    for file_id in set(write.execute(waiting).scalars()):
        _close_tasks(write, file_id)
        for side in sides_of(write, file_id):
            add_timeline(write, side, f"Approval cancelled: {reason}", actor, Verdict.CANCELLED)
            if side.state is ConnectionState.APPROVED:
                values = {"state": ConnectionState.PENDING}
                set_values(write, side, values, action="Cancel Approval", actor=actor, step=step)
            else:
                audit_side(write, side, actor, action="Cancel Approval", step=step)
    write.flush()


def open_task(session: Session, connection_id: int) -> ApprovalTask | None:
    """The approval task that waits in a connection's own Vault."""
    statement = select(_tasks.c.id).where(_tasks.c.connection_id == connection_id, _tasks.c.completed_at.is_(None))
    key = session.execute(statement).scalars().first()
    return None if key is None else session.get(ApprovalTask, key)


def complete_problem(session: Session, connection: Connection) -> str | None:
    """Why there is nothing to complete for a connection; None when an approval task is open in its Vault."""
    return None if open_task(session, key_of(connection)) else _no_task(connection)


def sides_of(session: Session, file_id: int) -> tuple[Connection, Connection]:
    """The two connections of a workflow: the one whose file it is, and the one it was used for."""
    source_id = session.get_one(ConnectionFile, file_id).connection_id
    statement = select(_tasks.c.connection_id).where(_tasks.c.file_id == file_id, _tasks.c.connection_id != source_id)
    target_id = session.execute(statement).scalar_one()
    return session.get_one(Connection, source_id), session.get_one(Connection, target_id)


def _close_tasks(write: WriteSession, file_id: int) -> None:
    for task in write.scalars(select(ApprovalTask).where(_tasks.c.file_id == file_id)):
        if task.completed_at is None:
            task.completed_at, task.completed_by, task.verdict = write.now, "System", Verdict.CANCELLED
            write.add(task)
    write.flush()


def _no_task(connection: Connection) -> str:
    if connection.state is ConnectionState.APPROVED:
        return f"{connection.name} is approved in this Vault already; it waits for the remote Vault."
    return f"{connection.name} has no approval task."
