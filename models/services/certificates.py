"""Signing certificates: one serves all Vaults, and a rollover replaces it in five stages (seed S1; Spark facts, 3).

Issuing a certificate is the scheduler's; what is kept here comes as arguments.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlmodel import Session

from models.audit import audit
from models.errors import InvalidInput, NotFound, NotPossible
from models.feed import Topic
from models.permissions import Actor, Permission
from models.services.checks import changed, connection_in_vault
from models.store import WriteSession
from models.tables import (
    CertificateRollover,
    CertificateState,
    Connection,
    RolloverStage,
    SigningCertificate,
    Vault,
    table_of,
)

OBJECT_NAME = "signing_certificate"
ROLLOVER_OBJECT_NAME = "certificate_rollover"

_certificates = table_of(SigningCertificate)
_rollovers = table_of(CertificateRollover)
_connections = table_of(Connection)

STAGES = (
    RolloverStage.PUBLISHED,
    RolloverStage.TESTING,
    RolloverStage.ROLLOVER,
    RolloverStage.BOTH_SUPPORTED,
    RolloverStage.FINAL,
)
STAGE_DATES = {
    RolloverStage.PUBLISHED: "published_at",
    RolloverStage.TESTING: "testing_at",
    RolloverStage.ROLLOVER: "rollover_at",
    RolloverStage.BOTH_SUPPORTED: "both_supported_at",
    RolloverStage.FINAL: "final_at",
}
PERIOD = frozenset({RolloverStage.ROLLOVER, RolloverStage.BOTH_SUPPORTED})
"""The rollover period: a connection may go back to the previous certificate."""
_ORDER = (RolloverStage.PLANNED, *STAGES)
DEFAULT_DATES = (timedelta(0), timedelta(days=14), timedelta(days=30), timedelta(days=44), timedelta(days=90))
"""When each stage begins, counted from the first. Assumed: the vendor publishes the stages, not how long they last."""


@dataclass(frozen=True, slots=True)
class Dates:
    """When (lab time) the five stages of a rollover begin, in this order."""

    published: datetime
    testing: datetime
    rollover: datetime
    both_supported: datetime
    final: datetime

    @classmethod
    def usual(cls, begins: datetime) -> "Dates":
        """The assumed dates of a rollover whose new certificate is published at `begins`."""
        return cls(*(begins + pause for pause in DEFAULT_DATES))

    @classmethod
    def evenly(cls, begins: datetime, stage: timedelta) -> "Dates":
        """Dates for a trainer: each stage lasts as long as `stage`."""
        return cls(*(begins + stage * place for place in range(5)))

    def as_tuple(self) -> tuple[datetime, ...]:
        """The five times."""
        return (self.published, self.testing, self.rollover, self.both_supported, self.final)


@dataclass(frozen=True, slots=True)
class Choice:
    """A certificate as the dialog Manage Signing Certificate shows it."""

    key: int
    certificate_id: str
    state: CertificateState
    not_after: datetime
    used: bool


def add_certificate(
    write: WriteSession,
    *,
    certificate_id: str,
    pem: str,
    sealed_private_key: str,
    not_before: datetime,
    not_after: datetime,
    state: CertificateState = CertificateState.UPCOMING,
) -> SigningCertificate:
    """Keep an issued certificate whose private key has been sealed. Raises NotPossible for an id that is taken."""
    taken = select(_certificates.c.id).where(_certificates.c.certificate_id == certificate_id)
    if write.execute(taken).first() is not None:
        raise NotPossible(f"There is a signing certificate {certificate_id} already.", "Choose another id.")
    row = SigningCertificate(
        certificate_id=certificate_id,
        pem=pem,
        sealed_private_key=sealed_private_key,
        state=state,
        not_before=not_before,
        not_after=not_after,
    )
    write.add(row)
    write.flush()
    write.changed(Topic.CERTIFICATES)
    return row


def next_certificate_id(session: Session) -> str:
    """The id after the highest one in use, e.g. 00002."""
    ids = session.execute(select(_certificates.c.certificate_id)).scalars()
    return f"{max((int(name) for name in ids if name.isdecimal()), default=0) + 1:05}"


def plan_rollover(write: WriteSession, actor: Actor, new: SigningCertificate, dates: Dates) -> CertificateRollover:
    """Plan the change from the current certificate to a new one; `advance` takes it from stage to stage.

    Needs Manage Connections in any Vault, whose audit tells of it (Assumed: with the vendor, the vendor does this).
    Raises NotAllowed, NotPossible when there is no current certificate or a rollover is under way, InvalidInput for
    dates that do not follow each other.
    """
    actor.require(Permission.MANAGE_CONNECTIONS)
    if rollover_under_way(write) is not None:
        raise NotPossible("A rollover is under way already.", "Wait for its final stage.")
    current = write.execute(
        select(_certificates.c.id).where(_certificates.c.state == CertificateState.CURRENT)
    ).scalar()
    if current is None or new.id is None:
        raise NotPossible("There is no current signing certificate to replace.", "Issue one first.")
    _check_dates(dates, new.not_before)
    begins: dict[str, Any] = dict(zip(STAGE_DATES.values(), dates.as_tuple(), strict=True))
    row = CertificateRollover(old_id=current, new_id=new.id, **begins)
    write.add(row)
    write.flush()
    audit(write, actor, action="Create", object_name=OBJECT_NAME, item=new.certificate_id)
    changes = {name: (None, moment) for name, moment in begins.items()}
    _audit_rollover(write, actor, row, "Start Rollover", changes)
    write.changed(Topic.CERTIFICATES)
    return row


def change_dates(write: WriteSession, actor: Actor, dates: Dates) -> bool:
    """Change when the stages begin that the rollover has not reached; answers False when nothing differs.

    Raises NotAllowed, NotPossible when no rollover is under way, InvalidInput for dates that do not follow each other
    and for a stage that has begun.
    """
    actor.require(Permission.MANAGE_CONNECTIONS)
    found = rollover_under_way(write)
    if found is None:
        raise NotPossible("No rollover is under way.", "Start one first.")
    row = write.get_one(CertificateRollover, found.id)
    wanted = dict(zip(STAGE_DATES.values(), dates.as_tuple(), strict=True))
    changes = changed({name: getattr(row, name) for name in wanted}, wanted)
    if not changes:
        return False
    begun = [STAGE_DATES[stage] for stage in _ORDER[1 : _ORDER.index(row.stage) + 1]]
    problems = {name: "This stage has begun already." for name in changes if name in begun}
    if problems:
        raise InvalidInput(problems)
    _check_dates(dates, write.get_one(SigningCertificate, row.new_id).not_before)
    for name, (_old, moment) in changes.items():
        setattr(row, name, moment)
    write.add(row)
    write.flush()
    _audit_rollover(write, actor, row, "Edit", changes)
    write.changed(Topic.CERTIFICATES)
    return True


def _check_dates(dates: Dates, valid_from: datetime) -> None:
    moments = dates.as_tuple()
    problems = {
        name: "This stage must begin after the one before it."
        for name, before, moment in zip(list(STAGE_DATES.values())[1:], moments, moments[1:], strict=False)
        if moment <= before
    }
    if dates.rollover < valid_from:
        problems["rollover_at"] = "The new certificate is not valid yet by then."
    if problems:
        raise InvalidInput(problems)


def _audit_rollover(
    write: WriteSession, actor: Actor, rollover: Any, action: str, changes: Mapping[str, tuple[Any, Any]]
) -> None:
    names = _names(write)
    item = f"{names.get(rollover.old_id)} to {names.get(rollover.new_id)}"
    audit(write, actor, action=action, object_name=ROLLOVER_OBJECT_NAME, item=item, changes=changes)


def rollover_under_way(session: Session) -> Any:
    """The row of the rollover that has not come to its final stage; None when there is none."""
    statement = _rollovers.select().where(_rollovers.c.stage != RolloverStage.FINAL).order_by(_rollovers.c.id)
    return session.execute(statement).first()


def stage_at(rollover: Any, moment: datetime) -> RolloverStage:
    """The stage that a rollover is in at a lab time, by its dates."""
    reached = RolloverStage.PLANNED
    for stage in STAGES:
        if getattr(rollover, STAGE_DATES[stage]) <= moment:
            reached = stage
    return reached


def advance(write: WriteSession, moment: datetime) -> list[RolloverStage]:
    """Bring the rollover to the stage of a lab time; answers the stages it entered, in order.

    With ROLLOVER every connection uses the new certificate. With FINAL the previous one is retired and a connection
    that went back to it uses the new one again. One certificate serves all Vaults, so the audit of every Vault tells of
    each stage, as the platform's doing.
    """
    rollover = rollover_under_way(write)
    if rollover is None:
        return []
    reached = stage_at(rollover, moment)
    entered = list(_ORDER[_ORDER.index(rollover.stage) + 1 : _ORDER.index(reached) + 1])
    vault_ids = list(write.execute(select(table_of(Vault).c.id).order_by(table_of(Vault).c.id)).scalars())
    before = rollover.stage
    for stage in entered:
        for vault_id in vault_ids:
            system = Actor.system(vault_id)
            _audit_rollover(write, system, rollover, "Rollover Stage", {"stage": (before, stage)})
        before = stage
        if stage is RolloverStage.ROLLOVER:
            _use_new(write, rollover, CertificateState.PREVIOUS)
        elif stage is RolloverStage.FINAL:
            _use_new(write, rollover, CertificateState.RETIRED)
    if entered:
        write.execute(update(_rollovers).where(_rollovers.c.id == rollover.id).values(stage=entered[-1]))
        write.expire_all()
        write.changed(Topic.CERTIFICATES)
    return entered


def _use_new(write: WriteSession, rollover: Any, old_state: CertificateState) -> None:
    states = {rollover.old_id: old_state, rollover.new_id: CertificateState.CURRENT}
    for key, state in states.items():
        write.execute(update(_certificates).where(_certificates.c.id == key).values(state=state))
    chosen = write.execute(
        select(_connections.c.id, _connections.c.vault_id, _connections.c.name, _connections.c.record_id).where(
            _connections.c.certificate_id.is_not(None), _connections.c.certificate_id != rollover.new_id
        )
    ).all()
    names = _names(write)
    for row in chosen:
        audit(
            write,
            Actor.system(row.vault_id),
            action="Edit",
            object_name="connection__sys",
            item=row.name,
            record_id=row.record_id,
            changes={"signing_certificate": (names.get(rollover.old_id), names.get(rollover.new_id))},
        )
    write.execute(update(_connections).where(_connections.c.certificate_id.is_not(None)).values(certificate_id=None))
    for vault_id in write.execute(select(table_of(Vault).c.id)).scalars():
        write.changed(Topic.CONNECTIONS, vault_id)


def choices(session: Session, vault_id: int, connection_id: int) -> tuple[Choice, ...]:
    """What Manage Signing Certificate offers for a connection: one certificate, or two in the rollover period.

    Raises NotFound.
    """
    connection = connection_in_vault(session, connection_id, vault_id)
    rows = _available(session)
    current = next((row.id for row in rows if row.state is CertificateState.CURRENT), None)
    used = current if connection.certificate_id is None else connection.certificate_id
    return tuple(Choice(row.id, row.certificate_id, row.state, row.not_after, row.id == used) for row in rows)


def choose_certificate(write: WriteSession, actor: Actor, connection_id: int, certificate_id: str) -> bool:
    """Have a connection sign with a certificate, from its next message on; answers False when it does so already.

    Raises NotAllowed, NotFound, and NotPossible outside the rollover period, when there is only one to use.
    """
    actor.require(Permission.MANAGE_CONNECTIONS)
    connection = connection_in_vault(write, connection_id, actor.vault_id)
    offered = choices(write, actor.vault_id, connection_id)
    wanted = next((choice for choice in offered if choice.certificate_id == certificate_id.strip()), None)
    if wanted is not None and wanted.used:
        return False
    if len(offered) < 2:
        only = offered[0].certificate_id if offered else "none"
        raise NotPossible(
            f"Only one signing certificate is available at present ({only}), so it cannot be changed.",
            "Another one can be chosen in the rollover period.",
        )
    if wanted is None:
        names = " and ".join(choice.certificate_id for choice in offered)
        raise NotFound(f"There is no certificate {certificate_id} to choose.", f"Available are {names}.")
    before = next((choice.certificate_id for choice in offered if choice.used), None)
    # The current one is meant by None, so that the connection takes part in the next rollover.
    connection.certificate_id = None if wanted.state is CertificateState.CURRENT else wanted.key
    connection.modified_at = write.now
    write.add(connection)
    write.flush()
    audit(
        write,
        actor,
        action="Edit",
        object_name="connection__sys",
        item=connection.name,
        record_id=connection.record_id,
        changes={"signing_certificate": (before, wanted.certificate_id)},
    )
    write.changed(Topic.CONNECTIONS, actor.vault_id)
    write.changed(Topic.CERTIFICATES)
    return True


def _available(session: Session) -> Sequence[Any]:
    """The current certificate, and in the rollover period the previous one too; the newest first.

    Assumed: while a new certificate is only published or tested, it can be downloaded but not chosen.
    """
    rollover = rollover_under_way(session)
    states = [CertificateState.CURRENT]
    if rollover is not None and rollover.stage in PERIOD:
        states.append(CertificateState.PREVIOUS)
    columns = (_certificates.c.id, _certificates.c.certificate_id, _certificates.c.state, _certificates.c.not_after)
    return session.execute(
        select(*columns).where(_certificates.c.state.in_(states)).order_by(_certificates.c.id.desc())
    ).all()


def _names(session: Session) -> dict[int, str]:
    return {
        row.id: row.certificate_id
        for row in session.execute(select(_certificates.c.id, _certificates.c.certificate_id))
    }
