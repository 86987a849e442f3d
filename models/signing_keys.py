"""RSA keys of signing certificates: reading them, signing bytes and checking a signature. Pure: no store, no clock.

Signatures are RSA PKCS#1 v1.5 with SHA-256 in base64 (Spark facts, section 2). The library for them is loaded by the
first key: a console that only looks needs none.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from models.errors import ConsoleError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import rsa


class SigningKeyUnreadable(ConsoleError):
    """A signing certificate or its private key is not a PEM of RSA. Holds no key text."""

    title = "Signing key not readable"


@dataclass(frozen=True, slots=True)
class CertificateKey:
    """The public key of a certificate and the aware times between which it is valid."""

    public_key: rsa.RSAPublicKey
    not_before: datetime
    not_after: datetime


def read_private_key(pem: bytes) -> rsa.RSAPrivateKey:
    """The key in an unencrypted PEM. Raises SigningKeyUnreadable when it holds no RSA key."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    try:
        # The numbers of the key need no proof, which would take 30 ms: keys are our own and kept sealed.
        key = serialization.load_pem_private_key(pem, password=None, unsafe_skip_rsa_key_validation=True)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise SigningKeyUnreadable(
            "The private key of a signing certificate is not a readable RSA key.",
            "Issue a new certificate.",
        ) from None
    return key


def read_certificate(certificate_id: str, pem: str) -> CertificateKey:
    """The public key of a certificate. Raises SigningKeyUnreadable when it is not an X.509 one of an RSA key."""
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import rsa

    try:
        certificate = x509.load_pem_x509_certificate(pem.encode())
        public_key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        public_key = None
    if not isinstance(public_key, rsa.RSAPublicKey):
        raise SigningKeyUnreadable(
            f"The signing certificate {certificate_id} is not a readable X.509 certificate of an RSA key.",
            "Download the certificate again from the Vault that signs with it.",
        ) from None
    return CertificateKey(public_key, certificate.not_valid_before_utc, certificate.not_valid_after_utc)


def sign_bytes(key: rsa.RSAPrivateKey, data: bytes) -> str:
    """The signature over exactly these bytes, in base64."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    return base64.b64encode(key.sign(data, padding.PKCS1v15(), hashes.SHA256())).decode("ascii")


def signature_matches(public_key: rsa.RSAPublicKey, signature: str, data: bytes) -> bool:
    """Whether the signature was made over exactly these bytes with the key's private half."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    try:
        raw = base64.b64decode(signature, validate=True)
    except ValueError:
        return False
    # Base64 has unused bits at its end: without this check several texts would pass for one signature.
    if base64.b64encode(raw).decode("ascii") != signature:
        return False
    try:
        public_key.verify(raw, data, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True
