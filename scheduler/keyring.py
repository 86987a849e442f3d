"""Signing keys and certificates of a store, loaded once: reading a private key takes longer than thirty signatures."""

from weakref import WeakKeyDictionary

from sqlalchemy import select
from sqlmodel import Session

from models.errors import NotPossible
from models.store import Store
from models.tables import CertificateState, SigningCertificate, table_of
from scheduler.signing import Signer, Verifier

_certificates = table_of(SigningCertificate)


class KeyRing:
    """Gives the signer of a certificate, and a verifier that knows every certificate of the store."""

    def __init__(self, store: Store) -> None:
        self.secrets = store.secrets
        self._signers: dict[int, tuple[str, Signer]] = {}
        self._verifier: tuple[frozenset[int], Verifier] | None = None

    def signer(self, session: Session, certificate: int | None) -> tuple[str, Signer]:
        """The certificate id and signer of a certificate row, or of the current certificate when None.

        Raises NotPossible when the store has no current certificate.
        """
        statement = select(_certificates.c.id)
        if certificate is None:
            statement = statement.where(_certificates.c.state == CertificateState.CURRENT)
        else:
            statement = statement.where(_certificates.c.id == certificate)
        key = session.execute(statement).scalar()
        if key is None:
            raise NotPossible("There is no current signing certificate.", "Issue one under Certificates.")
        if key not in self._signers:
            row = session.execute(select(_certificates).where(_certificates.c.id == key)).one()
            self._signers[key] = (row.certificate_id, Signer(self.secrets.open(row.sealed_private_key)))
        return self._signers[key]

    def verifier(self, session: Session) -> Verifier:
        """A verifier over all certificates of the store that are not retired."""
        rows = session.execute(
            select(_certificates.c.id, _certificates.c.certificate_id).where(
                _certificates.c.state != CertificateState.RETIRED
            )
        ).all()
        known = frozenset(row.id for row in rows)
        if self._verifier is None or self._verifier[0] != known:
            pems = session.execute(
                select(_certificates.c.certificate_id, _certificates.c.pem).where(_certificates.c.id.in_(known))
            )
            self._verifier = (known, Verifier({row.certificate_id: row.pem for row in pems}))
        return self._verifier[1]


_rings: WeakKeyDictionary[Store, KeyRing] = WeakKeyDictionary()


def key_ring(store: Store) -> KeyRing:
    """The key ring of a store."""
    ring = _rings.get(store)
    if ring is None:
        ring = _rings[store] = KeyRing(store)
    return ring
