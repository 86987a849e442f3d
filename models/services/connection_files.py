"""Download Connection File and Connect from File: how one Vault asks to be connected and another one answers.

A file is good for one use, for a limited time, and only as long as nothing about its connection changed.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session

from models.connection_file import (
    EXTENSION,
    VALID_FOR,
    FileContent,
    FileRefused,
    changed_file,
    file_name,
    read_file,
    write_file,
)
from models.errors import ConsoleError, NotPossible
from models.feed import Topic
from models.permissions import Actor, Permission
from models.secrets import SecretBox
from models.services.checks import TYPE_LABELS, connection_in_vault, key_of
from models.services.connection_pairing import audit_side, check_free, check_vaults, establish, withdraw_files
from models.services.connection_timeline import add_timeline, has_open_task
from models.services.connection_workflow import start_workflow
from models.services.connections import create_connection
from models.signing_keys import read_certificate, read_private_key, signature_matches
from models.store import WriteSession
from models.tables import (
    CertificateState,
    Connection,
    ConnectionFile,
    ConnectionState,
    ConnectionType,
    SigningCertificate,
    Vault,
    table_of,
)
from models.time import iso

DOWNLOAD_DIALOG = (
    f"The connection file lets the Vault that uses it connect with this one. It can be used once, within "
    f"{VALID_FOR.days} days of lab time; files that were downloaded before are no longer good. Without a Remote Vault "
    f"ID any Vault of the domain may use it, and both Vaults then approve the connection. It ends in {EXTENSION}."
)

_connections = table_of(Connection)
_files = table_of(ConnectionFile)
_certificates = table_of(SigningCertificate)


@dataclass(frozen=True, slots=True)
class DownloadedFile:
    """A connection file to be saved: under this name, with exactly these bytes."""

    name: str
    data: bytes
    content: FileContent


@dataclass(frozen=True, slots=True)
class FilePreview:
    """What Connect from File would do in the actor's Vault. With a `refusal` it would do nothing."""

    refusal: str | None
    remedy: str = ""
    content: FileContent | None = None
    connection_id: int | None = None
    connection_name: str = ""
    creates: bool = False
    needs_approval: bool = False
    steps: Sequence[str] = ()


@dataclass(frozen=True)
class _Plan:
    file: ConnectionFile
    content: FileContent
    source: Connection
    source_vault: Vault
    target: Connection | None

    @property
    def needs_approval(self) -> bool:
        return self.content.remote_vault_id is None


def download_problem(session: Session, connection: Connection) -> str | None:
    """Why no connection file can be downloaded; None when it can."""
    if connection.type is not ConnectionType.VAULT_TO_VAULT:
        return (
            f"{connection.name} is of type {TYPE_LABELS[connection.type]}; only Vault to Vault connections have files."
        )
    if has_open_task(session, key_of(connection)):
        return f"{connection.name} waits for an approval: complete its task first."
    if connection.state is not ConnectionState.PENDING:
        return f"{connection.name} is {connection.state.value.capitalize()}: reset the connection first."
    return None


def download_connection_file(
    write: WriteSession, actor: Actor, secrets: SecretBox, connection_id: int
) -> DownloadedFile:
    """Write the connection file of a Pending connection, signed with the current signing certificate.

    `secrets` opens the certificate's key (`store.secrets`). Files of this connection that left before are withdrawn;
    the state stays. Raises NotAllowed, NotFound, NotPossible with the reason.
    """
    actor.require(Permission.MANAGE_CONNECTIONS)
    connection = connection_in_vault(write, connection_id, actor.vault_id)
    problem = download_problem(write, connection)
    if problem:
        raise NotPossible(problem, "A connection file is downloaded from a Pending connection.")
    certificate = _current_certificate(write)
    vault = write.get_one(Vault, actor.vault_id)
    content = FileContent(
        file_id=str(uuid.uuid4()),
        certificate_id=certificate.certificate_id,
        source_vault_id=vault.id,
        source_vault_name=vault.name,
        source_dns_host=vault.dns_host,
        source_domain=vault.domain,
        source_sandbox=vault.sandbox,
        record_id=connection.record_id,
        name=connection.name,
        api_name=connection.api_name,
        connection_type=connection.type.value,
        standard_connection=connection.standard_connection,
        cross_domain=connection.cross_domain,
        remote_vault_id=connection.remote_vault_id,
        issued_at=write.now,
        expires_at=write.now + VALID_FOR,
    )
    data = write_file(content, read_private_key(secrets.open(certificate.sealed_private_key)))
    withdraw_files(write, connection)
    write.add(
        ConnectionFile(
            file_id=content.file_id,
            vault_id=vault.id,
            connection_id=connection_id,
            remote_vault_id=content.remote_vault_id,
            issued_at=content.issued_at,
            issued_by=actor.name,
            expires_at=content.expires_at,
        )
    )
    add_timeline(write, connection, "Download Connection File", actor)
    audit_side(write, connection, actor, action="Download Connection File")
    write.changed(Topic.CONNECTIONS, vault.id)
    write.flush()
    return DownloadedFile(file_name(content), data, content)


def preview_file(session: Session, actor: Actor, data: bytes, now: datetime) -> FilePreview:
    """What Connect from File would do with these bytes in the actor's Vault, or why it is refused.

    Changes nothing; `now` is the lab time.
    """
    content: FileContent | None = None
    try:
        content = read_file(data).content
        plan = _plan(session, actor, data, now)
    except ConsoleError as refusal:
        return FilePreview(refusal.message, refusal.remedy, content)
    target, vault = plan.target, f"{plan.source_vault.name} ({plan.source_vault.id})"
    steps = [f"Connect with {vault} through its connection {plan.source.name}."]
    steps.append(f"Use the connection {target.name}." if target else f"Create the connection {content.name}.")
    if plan.needs_approval:
        steps.append("Start an approval workflow: both Vaults must approve before the connection is Active.")
    else:
        steps.append("Make both connections Active at once.")
    return FilePreview(
        None,
        content=content,
        connection_id=None if target is None else key_of(target),
        connection_name=content.name if target is None else target.name,
        creates=target is None,
        needs_approval=plan.needs_approval,
        steps=tuple(steps),
    )


def connect_from_file(write: WriteSession, actor: Actor, data: bytes) -> Connection:
    """Use a connection file in the actor's Vault; answers its connection, Active or waiting for approval.

    A custom connection that the Vault does not have is created (Assumed); a standard one must be there. Without a
    Remote Vault ID in the file this needs Workflow: Start. Raises NotAllowed, FileRefused, NotPossible with the reason.
    """
    plan = _plan(write, actor, data, write.now)
    target = plan.target or create_connection(
        write,
        actor,
        type=ConnectionType.VAULT_TO_VAULT,
        name=plan.content.name,
        api_name=plan.content.api_name,
        cross_domain=plan.source.cross_domain,
    )
    file = plan.file
    file.used_at, file.used_by_vault_id = write.now, actor.vault_id
    write.add(file)
    withdraw_files(write, target)
    audit_side(write, target, actor, action="Connect from File")
    if plan.needs_approval:
        start_workflow(write, actor, file, plan.source, target)
    else:
        establish(write, plan.source, target, actor=actor)
    write.changed(Topic.CONNECTIONS, plan.source.vault_id)
    write.changed(Topic.CONNECTIONS, actor.vault_id)
    write.flush()
    return target


def _plan(session: Session, actor: Actor, data: bytes, now: datetime) -> _Plan:
    actor.require(Permission.MANAGE_CONNECTIONS)
    content = _verified(session, data, now)
    if content.connection_type != ConnectionType.VAULT_TO_VAULT:
        raise FileRefused(
            "This file is of another type of connection.",
            "Only Vault to Vault connections are established from a file.",
        )
    file = _usable(session, content, now)
    source = session.get_one(Connection, file.connection_id)
    source_vault, target_vault = session.get_one(Vault, source.vault_id), session.get_one(Vault, actor.vault_id)
    if source_vault.id == target_vault.id:
        raise FileRefused(
            "This file was downloaded from this very Vault.",
            "Use it in the Vault that is to be connected with this one.",
        )
    if content.remote_vault_id not in (None, target_vault.id):
        raise FileRefused(
            f"This file is for Vault {content.remote_vault_id}; this is Vault {target_vault.id}.",
            "Use it in that Vault, or download it anew with another Remote Vault ID.",
        )
    if source.state is not ConnectionState.PENDING or has_open_task(session, key_of(source)):
        raise FileRefused(
            f"{source.name} in Vault {source.vault_id} no longer waits to be connected.",
            "Reset it there, and download a new connection file.",
        )
    target = _find_target(session, source, target_vault.id)
    cross_domain = source.cross_domain and (target is None or target.cross_domain)
    check_vaults(source_vault, target_vault, cross_domain=cross_domain)
    if target is not None:
        _check_target(session, source, target)
    if content.remote_vault_id is None:
        actor.require(Permission.WORKFLOW_START)
    return _Plan(file, content, source, source_vault, target)


def _verified(session: Session, data: bytes, now: datetime) -> FileContent:
    signed = read_file(data)
    content = signed.content
    certificate = session.execute(
        select(_certificates.c.pem).where(_certificates.c.certificate_id == content.certificate_id)
    ).scalar_one_or_none()
    if certificate is None:
        raise FileRefused(
            "This file is signed with a certificate that is not known here.",
            "Download the connection file again from a Vault of this lab.",
        )
    key = read_certificate(content.certificate_id, certificate)
    if not signature_matches(key.public_key, signed.signature, signed.signed):
        raise changed_file()
    if not key.not_before <= now <= key.not_after:
        raise FileRefused(
            f"The signing certificate {content.certificate_id} of this file is not valid now.",
            "Download the connection file again.",
        )
    return content


def _usable(session: Session, content: FileContent, now: datetime) -> ConnectionFile:
    found = session.execute(select(_files.c.id).where(_files.c.file_id == content.file_id)).scalar_one_or_none()
    again = "Download a new connection file."
    if found is None:
        raise FileRefused("The connection that this file came from no longer exists.", again)
    file = session.get_one(ConnectionFile, found)
    if file.used_at is not None:
        raise FileRefused(f"This file was already used, at {iso(file.used_at)}.", again)
    if file.withdrawn_at is not None:
        raise FileRefused(
            f"This file is no longer good since {iso(file.withdrawn_at)}: its connection was changed, or a newer file "
            "was downloaded.",
            "Use the newest connection file, or download a new one.",
        )
    if now >= content.expires_at:
        raise FileRefused(f"This file expired at {iso(content.expires_at)}.", again)
    return file


def _find_target(session: Session, source: Connection, vault_id: int) -> Connection | None:
    """The target Vault's own record of the connection; None when a custom one is to be created.

    The partner of before comes first. The sides of a standard connection may differ in their API names; the sides of
    a custom one share theirs.
    """
    rows = session.scalars(select(Connection).where(_connections.c.vault_id == vault_id).order_by(_connections.c.id))
    own = list(rows)
    partner = next((row for row in own if row.id == source.remote_connection_id), None)
    if partner is not None:
        return partner
    if source.standard_connection:
        alike = [row for row in own if row.standard_connection == source.standard_connection]
        alike.sort(key=lambda row: (row.remote_vault_id != source.vault_id, row.state is ConnectionState.ACTIVE))
    else:
        alike = [row for row in own if row.api_name == source.api_name and not row.standard_connection]
    if alike:
        return alike[0]
    if source.system_managed:
        raise FileRefused(
            f"This Vault has no standard connection {source.name}.",
            "Only Vaults of applications that have this connection can be connected by it.",
        )
    return None


def _check_target(session: Session, source: Connection, target: Connection) -> None:
    if target.type is not ConnectionType.VAULT_TO_VAULT:
        raise FileRefused(
            f"{target.name} ({target.api_name}) of this Vault is of type {TYPE_LABELS[target.type]}.",
            "A Vault to Vault connection cannot be connected with it: rename or delete it.",
        )
    if has_open_task(session, key_of(target)):
        raise FileRefused(f"{target.name} of this Vault waits for an approval.", "Complete its task first.")
    if target.state is ConnectionState.PENDING and target.remote_vault_id not in (None, source.vault_id):
        # Assumed: what the target's own administrator entered counts as much as what the file says.
        raise FileRefused(
            f"{target.name} of this Vault names Vault {target.remote_vault_id} as Remote Vault ID.",
            f"Empty the field, or enter {source.vault_id}.",
        )
    check_free(target, source)


def _current_certificate(write: WriteSession) -> SigningCertificate:
    statement = (
        select(SigningCertificate)
        .where(
            _certificates.c.state == CertificateState.CURRENT,
            _certificates.c.not_before <= write.now,
            _certificates.c.not_after >= write.now,
        )
        .order_by(_certificates.c.id.desc())
        .limit(1)
    )
    certificate = write.scalars(statement).first()
    if certificate is None:
        raise NotPossible(
            "There is no signing certificate that is current and valid now.", "Issue one, then download the file again."
        )
    return certificate
