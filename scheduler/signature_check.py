"""Looking at a message's signature after the fact: by which certificate, and whether it holds."""

from sqlalchemy import select

from models.errors import NotFound
from models.store import Store
from models.tables import SigningCertificate, SparkMessage, SparkMessageBody, table_of
from models.time import from_iso
from scheduler.signing import REQUEST_DATE_TIME, REQUEST_URL, Verdict, Verifier

_messages = table_of(SparkMessage)
_bodies = table_of(SparkMessageBody)
_certificates = table_of(SigningCertificate)


def check_signature(store: Store, vault_id: int, message_key: int) -> Verdict:
    """Verify headers and body of a message as they are kept, at the time at which it was signed.

    All certificates of the store count, retired ones too. A message that was never sent has no signature. Raises
    NotFound.
    """
    with store.read() as session:
        row = session.execute(
            select(_bodies.c.headers, _bodies.c.body)
            .join_from(_messages, _bodies, _bodies.c.message_id == _messages.c.id)
            .where(_messages.c.id == message_key, _messages.c.vault_id == vault_id)
        ).one_or_none()
        pems = session.execute(select(_certificates.c.certificate_id, _certificates.c.pem)).all()
    if row is None:
        raise NotFound(f"Vault {vault_id} has no message {message_key}.", "It may have been deleted in the meantime.")
    if not row.headers or row.body is None:
        return Verdict(
            valid=False,
            certificate_id=None,
            reason="The message carries no signature here: it has not been signed yet.",
        )
    names = {name.lower(): value for name, value in row.headers.items()}
    try:
        signed_at = from_iso(names[REQUEST_DATE_TIME.lower()])
    except (KeyError, ValueError):
        signed_at = store.clock.now()
    verifier = Verifier({pem.certificate_id: pem.pem for pem in pems})
    return verifier.verify(row.body.encode(), row.headers, names.get(REQUEST_URL.lower(), ""), signed_at)
