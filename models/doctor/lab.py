"""What every connection stands on: the certificate that signs, the lab clock, the engine; and what failed already."""

from sqlalchemy import func, select

from models.doctor.case import Case, Side
from models.doctor.finding import FindingKind, Findings
from models.queries.notices import SOON
from models.tables import (
    CertificateState,
    ExceptionItem,
    ExceptionMessage,
    ItemStatus,
    Lab,
    SigningCertificate,
    table_of,
)

_certificates = table_of(SigningCertificate)
_messages = table_of(ExceptionMessage)
_items = table_of(ExceptionItem)


def check_certificate(case: Case) -> Findings:
    """The certificate with which each side signs: there, valid now, and for how long."""
    for side in case.sides:
        yield from _certificate(case, side)


def _certificate(case: Case, side: Side) -> Findings:
    chosen = side.row.certificate_id
    condition = _certificates.c.state == CertificateState.CURRENT if chosen is None else _certificates.c.id == chosen
    row = side.session.execute(select(_certificates).where(condition)).first()
    if row is None:
        yield side.finding(
            FindingKind.NO_CERTIFICATE,
            f"{side.vault} has nothing to sign its messages with.",
            "Issue a signing certificate under Certificates.",
            command="certificates list",
        )
        return
    name, ends = f"Signing certificate {row.certificate_id}", f"{row.not_after:%Y-%m-%d %H:%M} (UTC)"
    place = {"area": "certificates", "key": row.id, "where": name}
    roll = "certificates rollover --start"
    if row.state is CertificateState.RETIRED or not row.not_before <= case.now < row.not_after:
        why = (
            "is retired"
            if row.state is CertificateState.RETIRED
            else f"is valid only from {row.not_before:%Y-%m-%d %H:%M} (UTC)"
            if case.now < row.not_before
            else f"ended at {ends}"
        )
        yield side.finding(
            FindingKind.CERTIFICATE_NOT_VALID,
            f"{name}, with which {side.vault} signs, {why}: every receiver refuses its messages.",
            "Switch to a valid certificate (Manage Signing Certificate), or roll over to a new one.",
            command=roll,
            **place,
        )
    elif row.not_after - case.now < SOON:
        yield side.finding(
            FindingKind.CERTIFICATE_ENDS,
            f"{name}, with which {side.vault} signs, ends at {ends}.",
            "Roll over to a new one in time.",
            severity="warns",
            command=roll,
            **place,
        )


def check_lab(case: Case) -> Findings:
    """The clock and the engine that all jobs follow."""
    lab = case.session.execute(select(table_of(Lab))).one()
    if lab.paused:
        yield case.own.finding(
            FindingKind.CLOCK_STANDS,
            f"It stands at {case.now:%Y-%m-%d %H:%M} (UTC), so no job falls due.",
            "Resume it.",
            where="Lab clock",
            command="clock resume",
        )
    if lab.holder is None or lab.alive_until is None or lab.alive_until < case.real_now:
        yield case.own.finding(
            FindingKind.NO_ENGINE,
            "No process runs the send and receive jobs of this store, so nothing moves.",
            "Open the console, or start an engine without a screen.",
            where="Engine",
            command="run",
        )


def check_exceptions(case: Case) -> Findings:
    """What could not be applied or sent already."""
    for side in case.sides:
        active = side.session.execute(
            select(func.count(), func.max(_messages.c.id)).where(
                _messages.c.vault_id == side.vault_id, _messages.c.active, _messages.c.connection_id == side.key
            )
        ).one()
        if not active[0]:
            continue
        items = side.session.execute(
            select(func.count())
            .select_from(_items.join(_messages, _messages.c.id == _items.c.message_id))
            .where(
                _messages.c.vault_id == side.vault_id,
                _messages.c.active,
                _messages.c.connection_id == side.key,
                _items.c.status == ItemStatus.OPEN,
            )
        ).scalar_one()
        yield side.finding(
            FindingKind.EXCEPTIONS_OPEN,
            f"{active[0]} active user exception {'message' if active[0] == 1 else 'messages'} in {side.vault}, "
            f"{items} open {'item' if items == 1 else 'items'}.",
            "Mend their causes; the next run tries them again.",
            severity="warns",
            area="exceptions",
            key=active[1],
            within=side.key,
            where="User Exception Messages",
            command="exceptions list",
        )
