"""Two connections becoming a pair, and ceasing to be one: establish, reset, and what happens to the one left behind.

The state machine is that of the Spark facts, section 4. What holds at all times: a partner names its partner back; an
Active Vault to Vault connection has a partner, which is Active too or waits to be established again; a Disconnected
one has none.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import update
from sqlmodel import Session

from models.audit import NO_WORKFLOW, WorkflowStep, audit
from models.errors import NotPossible
from models.feed import Topic
from models.permissions import Actor, Permission
from models.services.checks import TYPE_LABELS, changed, connection_in_vault, key_of
from models.services.connection_timeline import add_timeline, has_open_task
from models.store import WriteSession
from models.tables import Connection, ConnectionFile, ConnectionState, ConnectionType, Vault, table_of

OBJECT_NAME = "connection__sys"
RESET_DIALOG = (
    "Resetting breaks the connection: nothing is sent or received until it is established again. This record becomes "
    "Pending; the record in the remote Vault stays Active until then."
)

_files = table_of(ConnectionFile)


def establish(
    write: WriteSession,
    source: Connection,
    target: Connection,
    *,
    actor: Actor | None = None,
    step: WorkflowStep = NO_WORKFLOW,
) -> None:
    """Pair two Vault to Vault connections: both become Active and receive their Remote Vault Details (seed S1).

    `source` is the side whose connection file was used, `actor` who asked for it: the platform does it on his behalf
    in the other Vault. His permission is checked where he asks. `step` is that of the workflow that ends with it. A
    side that had another partner leaves it: that one, when it was still Active, becomes Disconnected (Assumed). Raises
    NotPossible when the two do not fit.
    """
    source_vault, target_vault = _vault_of(write, source), _vault_of(write, target)
    check_pair(source, target, source_vault, target_vault)
    for side, other in ((source, target), (target, source)):
        leave_partner(write, side, actor, unless=key_of(other))
    for side, other, other_vault in ((source, target, target_vault), (target, source, source_vault)):
        details: dict[str, Any] = {
            "state": ConnectionState.ACTIVE,
            "remote_vault_id": other_vault.id,
            "remote_vault_name": other_vault.name,
            "remote_dns_host": other_vault.dns_host,
            "remote_connection_id": key_of(other),
        }
        set_values(write, side, details, action="Establish Connection", actor=actor, step=step)
        add_timeline(write, side, f"Established with {other_vault.name} ({other_vault.id})", actor)
        withdraw_files(write, side)
    write.flush()


def reset_connection(write: WriteSession, actor: Actor, connection_id: int) -> None:
    """Make an Active connection Pending, ready for a new connection file; the remote stays Active (seed S1).

    The Remote Vault ID is emptied, so that the next file goes to whom the administrator then names; who the partner was
    stays known (Assumed). A Disconnected connection can be reset as well (Assumed). Raises NotAllowed, NotFound,
    NotPossible.
    """
    actor.require(Permission.MANAGE_CONNECTIONS)
    connection = connection_in_vault(write, connection_id, actor.vault_id)
    reason = reset_problem(write, connection)
    if reason:
        raise NotPossible(reason, "Only an Active or Disconnected Vault to Vault connection can be reset.")
    values = {"state": ConnectionState.PENDING, "remote_vault_id": None}
    set_values(write, connection, values, action="Reset Connection", actor=actor)
    add_timeline(write, connection, "Reset Connection", actor)
    withdraw_files(write, connection)
    write.flush()


def reset_problem(session: Session, connection: Connection) -> str | None:
    """Why a connection cannot be reset; None when it can."""
    if connection.type is not ConnectionType.VAULT_TO_VAULT:
        return f"{connection.name} is of type {TYPE_LABELS[connection.type]}; it has no remote side."
    if has_open_task(session, key_of(connection)):
        return f"{connection.name} waits for an approval: complete its task first."
    if connection.state not in (ConnectionState.ACTIVE, ConnectionState.DISCONNECTED):
        return f"{connection.name} is {connection.state.value.capitalize()}, not Active."
    return None


def leave_partner(
    write: WriteSession, connection: Connection, actor: Actor | None, *, unless: int | None = None
) -> Connection | None:
    """Take a connection from its partner, except from the partner `unless`; answers the one that was left.

    One that was still Active becomes Disconnected: there is nothing left that it could be established with.
    """
    partner_id = connection.remote_connection_id
    if partner_id is None or partner_id == unless:
        return None
    connection.remote_connection_id = None
    partner = write.get(Connection, partner_id)
    if partner is None or partner.remote_connection_id != connection.id:
        return None
    lose_partner(write, partner, actor)
    return partner


def lose_partner(write: WriteSession, connection: Connection, actor: Actor | None) -> None:
    """Let a connection stand alone; one that was Active becomes Disconnected."""
    values: dict[str, Any] = {"remote_connection_id": None}
    if connection.state is ConnectionState.ACTIVE:
        values["state"] = ConnectionState.DISCONNECTED
        add_timeline(write, connection, "Disconnected: the remote connection is gone", actor)
    set_values(write, connection, values, action="Disconnect", actor=actor)


def set_values(
    write: WriteSession,
    connection: Connection,
    values: Mapping[str, Any],
    *,
    action: str,
    actor: Actor | None,
    step: WorkflowStep = NO_WORKFLOW,
) -> None:
    """Set fields of a connection, audited in its Vault: as the actor's doing, or the platform's on his behalf."""
    changes = changed({field: getattr(connection, field) for field in values}, values)
    for field, value in values.items():
        setattr(connection, field, value)
    connection.modified_at = write.now
    write.add(connection)
    audit_side(write, connection, actor, action=action, changes=changes, step=step)
    write.changed(Topic.CONNECTIONS, connection.vault_id)


def audit_side(
    write: WriteSession,
    connection: Connection,
    actor: Actor | None,
    *,
    action: str,
    changes: Mapping[str, tuple[Any, Any]] | None = None,
    step: WorkflowStep = NO_WORKFLOW,
) -> None:
    """Audit in a connection's own Vault what a person did in it, or had the platform do there from another Vault."""
    inside = actor is not None and actor.vault_id == connection.vault_id
    audit(
        write,
        actor if actor is not None and inside else Actor.system(connection.vault_id),
        action=action,
        object_name=OBJECT_NAME,
        item=connection.name,
        record_id=connection.record_id,
        changes=changes,
        on_behalf_of="" if actor is None or inside else f"{actor.name} (Vault {actor.vault_id})",
        step=step,
    )


def withdraw_files(write: WriteSession, connection: Connection) -> int:
    """Make the connection files that left this connection worthless, unless they are used; answers how many."""
    statement = (
        update(_files)
        .where(
            _files.c.connection_id == key_of(connection),
            _files.c.used_at.is_(None),
            _files.c.withdrawn_at.is_(None),
        )
        .values(withdrawn_at=write.now)
    )
    return int(getattr(write.execute(statement), "rowcount", 0))


def check_pair(source: Connection, target: Connection, source_vault: Vault, target_vault: Vault) -> None:
    """Raise NotPossible with the reason when the two connections cannot be paired."""
    for side in (source, target):
        if side.type is not ConnectionType.VAULT_TO_VAULT:
            raise NotPossible(
                f"{side.name} is of type {TYPE_LABELS[side.type]}; it has no remote side.",
                "Only Vault to Vault connections are established.",
            )
    check_vaults(source_vault, target_vault, cross_domain=source.cross_domain and target.cross_domain)
    if source.remote_vault_id not in (None, target_vault.id):
        raise NotPossible(
            f"{source.name} names Vault {source.remote_vault_id} as Remote Vault ID, not Vault {target_vault.id}.",
            "Only the named Vault can be connected: correct the Remote Vault ID and try again.",
        )
    check_free(source, target)
    check_free(target, source)


def check_vaults(source: Vault, target: Vault, *, cross_domain: bool) -> None:
    """Raise NotPossible when these two Vaults cannot be connected, in this direction.

    Both are of one domain, except for connections that work across domains (seeds S0, S2). A sandbox's file does not
    connect a production Vault, so that no sandbox data gets into production; only connections that work between
    production and sandbox are exempt (Assumed from seed S2).
    """
    if source.id == target.id:
        raise NotPossible(
            f"Both connections belong to Vault {source.id}.", "Establish the connection in another Vault."
        )
    if cross_domain:
        return
    if source.domain != target.domain:
        raise NotPossible(
            f"{source.name} is of domain {source.domain}, {target.name} of {target.domain}.",
            "Both Vaults of this connection must be of the same domain.",
        )
    if source.sandbox and not target.sandbox:
        raise NotPossible(
            f"{source.name} is a sandbox and {target.name} a production Vault.",
            "Data of a sandbox must not get into production: connect the sandbox with another sandbox.",
        )


def check_free(side: Connection, other: Connection | None) -> None:
    """Raise NotPossible when a side is taken.

    A side that is Active may only be paired again with the one it is paired with, after that was reset.
    """
    if side.state is not ConnectionState.ACTIVE:
        return
    if other is not None and side.remote_connection_id == other.id and other.state is not ConnectionState.ACTIVE:
        return
    raise NotPossible(
        f"{side.name} in Vault {side.vault_id} is already established with Vault {side.remote_vault_id}.",
        "Reset the connection first.",
    )


def _vault_of(write: WriteSession, connection: Connection) -> Vault:
    return write.get_one(Vault, connection.vault_id)
