"""Is the connection established: state on both sides, files, approvals, domains, users and their permissions."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Row, select

from models.doctor.case import Case, Side, quoted
from models.doctor.finding import Finding, FindingKind, Findings
from models.permissions import Right, actor_of
from models.tables import (
    ApprovalTask,
    ConnectionFile,
    ConnectionState,
    ConnectionType,
    User,
    table_of,
)

_tasks = table_of(ApprovalTask)
_files = table_of(ConnectionFile)
_users = table_of(User)


def check_state(case: Case) -> Findings:
    """State on both sides, the way there, and whether the Remote Vault Details are still true."""
    own = case.own
    if case.is_vault_to_vault:
        yield from _approvals(case)
    if case.is_vault_to_vault and own.row.state is ConnectionState.PENDING:
        yield from _not_established(case)
        return
    for side in case.sides:
        if side.row.state is not ConnectionState.ACTIVE:
            yield _not_active(side)
    if case.is_vault_to_vault:
        yield from _partner(case)
    elif own.row.type is ConnectionType.EXTERNAL and not own.row.url:
        yield own.finding(
            FindingKind.NO_URL,
            "Nobody knows where to post its messages.",
            "Give it a URL that begins with https://.",
            command=f"connections edit {quoted(own.row.api_name)} url=https://HOST/PATH",
        )


def _not_established(case: Case) -> Findings:
    own, command = case.own, f"connections download {quoted(case.own.row.api_name)}"
    yield own.finding(
        FindingKind.NOT_ESTABLISHED,
        f"{own.name} is Pending: the other Vault has not used its connection file.",
        "Download Connection File here, then Connect from File in the other Vault.",
        command=command,
    )
    last = own.session.execute(
        select(_files).where(_files.c.connection_id == own.key).order_by(_files.c.id.desc()).limit(1)
    ).one_or_none()
    if last is None or last.used_at is not None:
        return
    if last.withdrawn_at is not None:
        cause = "The last file was withdrawn, by a newer file or by a reset."
    elif last.expires_at <= case.now:
        cause = f"The last file ran out at {last.expires_at:%Y-%m-%d %H:%M} (UTC)."
    else:
        return
    yield own.finding(FindingKind.FILE_NO_LONGER_GOOD, cause, "Download a new one.", command=command)


def _approvals(case: Case) -> Findings:
    for side in case.sides:
        waiting = side.session.execute(
            select(_tasks.c.opened_at).where(_tasks.c.connection_id == side.key, _tasks.c.completed_at.is_(None))
        ).first()
        if waiting is not None:
            yield side.finding(
                FindingKind.WAITS_FOR_APPROVAL,
                f"A task to approve {side.name} is open in {side.vault} since {waiting.opened_at:%Y-%m-%d %H:%M}.",
                "Complete it: Actions menu, Complete, Approve.",
                command=f"connections approve {quoted(side.row.api_name)}",
            )


def _not_active(side: Side) -> Finding:
    remedy = {
        ConnectionState.APPROVED: "The other Vault has to approve it too.",
        ConnectionState.DISCONNECTED: "Reset Connection, then establish it again.",
        ConnectionState.PENDING: "Establish it: Download Connection File, then Connect from File in the other Vault.",
        ConnectionState.INACTIVE: "Set its Status to Active.",
    }
    reset = side.row.state is ConnectionState.DISCONNECTED
    return side.finding(
        FindingKind.NOT_ACTIVE,
        f"{side.name} is {side.row.state.value.capitalize()} in {side.vault}: nothing is sent and nothing is let in.",
        remedy[side.row.state],
        command=f"connections {'reset' if reset else 'show'} {quoted(side.row.api_name)}",
    )


def _partner(case: Case) -> Findings:
    own, remote = case.own, case.remote
    if remote is None:
        if own.row.state is ConnectionState.ACTIVE:
            yield own.finding(
                FindingKind.PARTNER_GONE,
                "It is Active, yet no connection of another Vault belongs to it.",
                "Reset Connection, then establish it again.",
                command=f"connections reset {quoted(own.row.api_name)}",
            )
        return
    if remote.row.remote_connection_id != own.key:
        yield remote.finding(
            FindingKind.PARTNER_NOT_ACTIVE,
            f"{remote.name} of {remote.vault} belongs to another connection: call-backs from {own.vault} are refused.",
            "Reset one of them and establish the connection again.",
            command=f"connections reset {quoted(remote.row.api_name)}",
        )
    for side, other in case.flows:
        yield from _details(side, other)
    if own.row.domain != remote.row.domain and not (own.row.cross_domain and remote.row.cross_domain):
        yield own.finding(
            FindingKind.OTHER_DOMAIN,
            f"{own.vault} is of {own.row.domain}, {remote.vault} of {remote.row.domain}.",
            "Connect Vaults of one domain, or have both sides allow another domain.",
            severity="warns",
        )


def _details(side: Side, other: Side) -> Findings:
    wrong = [
        f"{label} is {shown!r}, really {true!r}"
        for label, shown, true in (
            ("Vault ID", side.row.remote_vault_id, other.vault_id),
            ("DNS", side.row.remote_dns_host, other.row.dns_host),
            ("Vault", side.row.remote_vault_name, other.vault),
        )
        if shown != true
    ]
    if wrong:
        yield side.finding(
            FindingKind.REMOTE_DETAILS_OLD,
            f"{'; '.join(wrong)}.",
            "Reset Connection, then establish it again.",
            severity="stops" if side.row.remote_vault_id != other.vault_id else "warns",
            command=f"connections reset {quoted(side.row.api_name)}",
        )


def check_users(case: Case) -> Findings:
    """The Authorized Connection User of each side, and whether he may read what the partner calls back for."""
    for side in case.sides:
        yield from _user(side, read_objects(side) if case.is_vault_to_vault else {})


def read_objects(side: Side) -> dict[str, None]:
    """The objects that the partner reads in this Vault when active integrations send, in their order."""
    return dict.fromkeys(stream.object_name for stream in side.streams if stream.active)


def _user(side: Side, objects: dict[str, None]) -> Iterator[Finding]:
    edit = f"connections edit {quoted(side.row.api_name)} authorized_user=USER"
    if side.row.authorized_user_id is None:
        yield side.finding(
            FindingKind.NO_USER,
            f"{side.name} of {side.vault} acts as nobody: call-backs are refused and nothing can be written.",
            "Select an Authorized Connection User.",
            command=edit,
        )
        return
    user: Row[Any] = side.session.execute(select(_users).where(_users.c.id == side.row.authorized_user_id)).one()
    if not user.active:
        yield side.finding(
            FindingKind.USER_INACTIVE,
            f"{user.username} is inactive in {side.vault}.",
            "Select an active user.",
            command=edit,
        )
        return
    actor = actor_of(side.session, user.id)
    for object_name in objects:
        if not actor.may_object(object_name, Right.READ):
            yield side.finding(
                FindingKind.USER_LACKS_PERMISSION,
                f'{user.username} may not read {object_name} in {side.vault}: the permission "Object: {object_name}: '
                f'{Right.READ}" is missing.',
                "Grant it in the user's security profile, or select a user who has it.",
                command=edit,
            )
