r"""Signing of Spark messages: certificates, the two signatures, their verification, and the message body.

Everything here follows the Spark facts, sections 2 and 3. With H the canonical headers (`canonical_headers`):

    V1 = H + body                  X-VaultAPI-Signature
    V2 = H + body + "\n" + URL      X-VaultAPI-SignatureV2

each signed with RSA PKCS#1 v1.5 and SHA-256 and written in base64. The bytes signed are the bytes sent: a
receiver verifies what arrived, never a body that was parsed and written again. Pure: no store, no own clock.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import orjson
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from models.signing_keys import SigningKeyUnreadable as SigningKeyUnreadable
from models.signing_keys import read_certificate, read_private_key, sign_bytes, signature_matches
from models.time import from_iso, iso, whole_milliseconds

CERTIFICATE_ID = "X-VaultAPISignature-CertificateId"
EXECUTION_ID = "X-VaultAPISignature-ExecutionId"
REQUEST_ID = "X-VaultAPISignature-RequestId"
REQUEST_DATE_TIME = "X-VaultAPISignature-RequestDateTime"
REQUEST_NOT_BEFORE = "X-VaultAPISignature-RequestNotBefore"
REQUEST_NOT_AFTER = "X-VaultAPISignature-RequestNotAfter"
REQUEST_TYPE = "X-VaultAPISignature-RequestType"
REQUEST_URL = "X-VaultAPISignature-URL"
VAULT_ID = "X-VaultAPISignature-VaultId"
SIGNATURE_V1 = "X-VaultAPI-Signature"
SIGNATURE_V2 = "X-VaultAPI-SignatureV2"

SIGNED_HEADERS = (
    CERTIFICATE_ID,
    EXECUTION_ID,
    REQUEST_ID,
    REQUEST_DATE_TIME,
    REQUEST_NOT_BEFORE,
    REQUEST_NOT_AFTER,
    REQUEST_TYPE,
    REQUEST_URL,
    VAULT_ID,
)
"""The nine headers that every Spark message carries under its signature."""

SPARK_MESSAGE = "spark_message"
USER_AGENT = "Veeva Vault Spark Message Agent"
CONTENT_TYPE = "application/json"

EARLY = timedelta(seconds=60)
"""How long before its RequestDateTime a request already counts."""
LATE = timedelta(seconds=300)
"""How long after its RequestDateTime a request still counts."""
MAX_ITEMS = 500
"""Items that one Spark message may carry."""

_PREFIX = "x-vaultapisignature-"
_OPTIONAL_WHITESPACE = " \t"
_BREAKS = re.compile(r"[\r\n\0]")
_NOT_A_NAME = re.compile(r"[^!-9;-~]")
_CERTIFICATE_ID_FORM = re.compile(r"[A-Za-z0-9_-]{1,20}")


@dataclass(frozen=True, slots=True)
class IssuedCertificate:
    """A new signing certificate and its private key (unencrypted PKCS#8 PEM: seal it before storing it).

    The two times are those inside the certificate: aware, UTC, whole seconds.
    """

    certificate_id: str
    certificate_pem: str
    private_key_pem: bytes = field(repr=False)
    not_before: datetime
    not_after: datetime


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the receiver thinks of a message: `reason` is one sentence for the reader, also when it is valid.

    `certificate_id` is the one the message claims, None when it claims none.
    """

    valid: bool
    certificate_id: str | None
    reason: str


def issue_certificate(certificate_id: str, not_before: datetime, not_after: datetime) -> IssuedCertificate:
    """Make a key pair (RSA-2048, some 60 ms) and a self-signed X.509 certificate for it.

    Takes an id such as `00001` (up to 20 ASCII letters, digits, `_`, `-`) and aware times, cut to whole
    seconds. Raises ValueError for another id, a naive time, or an end that is not after the start.
    """
    if not _CERTIFICATE_ID_FORM.fullmatch(certificate_id):
        raise ValueError("a certificate id is 1 to 20 letters, digits, underscores or hyphens")
    start, end = (whole_milliseconds(moment).replace(microsecond=0) for moment in (not_before, not_after))
    if end <= start:
        raise ValueError("a certificate must end after it starts")
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Lab certificate, not for real Vaults"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"Vault Spark Signing {certificate_id}"),
        ]
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return IssuedCertificate(
        certificate_id=certificate_id,
        certificate_pem=certificate.public_bytes(serialization.Encoding.PEM).decode("ascii"),
        private_key_pem=key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
    )


def iso_ms(moment: datetime) -> str:
    """Write an aware time as the headers do: `2026-01-31T12:00:00.000Z`. ValueError for a naive one."""
    return iso(moment)


def spark_body(
    *,
    vault_name: str,
    vault_host_name: str,
    queue_name: str,
    enter_queue_timestamp: datetime,
    send_message_timestamp: datetime,
    send_attempt: int,
    message_id: str,
    attributes: Mapping[str, str | int | float | bool],
    items: Sequence[str],
) -> bytes:
    """Write the JSON body of a Spark message: the bytes to sign and to send.

    `send_attempt` counts from 1; `items` are record or document ids. Raises ValueError for attempt 0, more
    than MAX_ITEMS items, a naive time and a number that JSON cannot write.
    """
    if send_attempt < 1:
        raise ValueError("send attempts count from 1")
    if len(items) > MAX_ITEMS:
        raise ValueError(f"a Spark message carries at most {MAX_ITEMS} items")
    if any(isinstance(value, float) and not math.isfinite(value) for value in attributes.values()):
        raise ValueError("an attribute is not a finite number")
    return orjson.dumps(
        {
            "vault_name": vault_name,
            "vault_host_name": vault_host_name,
            "queue_name": queue_name,
            "enter_queue_timestamp": iso(enter_queue_timestamp),
            "send_message_timestamp": iso(send_message_timestamp),
            "send_attempt": send_attempt,
            "message_id": message_id,
            "message": {"attributes": dict(attributes), "items": list(items)},
        }
    )


def signature_headers(
    *, certificate_id: str, execution_id: str, message_id: str, now: datetime, url: str, vault_id: str
) -> dict[str, str]:
    """Answer the nine headers to be signed, for one attempt made at `now` by the Vault `vault_id` to `url`.

    Every attempt gets new ones: the times change, the message id stays. Raises ValueError for a naive time.
    """
    moment = whole_milliseconds(now)
    return {
        CERTIFICATE_ID: certificate_id,
        EXECUTION_ID: execution_id,
        REQUEST_ID: message_id,
        REQUEST_DATE_TIME: iso(moment),
        REQUEST_NOT_BEFORE: iso(moment - EARLY),
        REQUEST_NOT_AFTER: iso(moment + LATE),
        REQUEST_TYPE: SPARK_MESSAGE,
        REQUEST_URL: url,
        VAULT_ID: vault_id,
    }


def canonical_headers(headers: Mapping[str, str]) -> bytes:
    """Answer H: each signed header as `lower(name):trim(value)` and a line feed, sorted by name, in UTF-8.

    Headers outside `X-VaultAPISignature-` are left out. Raises ValueError where two readings of H would be
    possible: a name given twice, or a line break in a name or value.
    """
    return _canonical(_signed_fields(headers))


class Signer:
    """Signs messages with one private key. Make it once per certificate: loading a key costs some 33 ms.

    Takes an unencrypted PEM. Raises SigningKeyUnreadable when it holds no RSA key. Safe to share between
    threads.
    """

    __slots__ = ("_key",)

    def __init__(self, private_key_pem: bytes) -> None:
        self._key = read_private_key(private_key_pem)

    def sign(self, body: bytes, headers: Mapping[str, str], url: str) -> dict[str, str]:
        """Answer `headers` with both signatures added; older signatures among them are replaced.

        Takes the exact body and URL to be sent. Raises ValueError as `canonical_headers` does.
        """
        first = canonical_headers(headers) + body
        old = (SIGNATURE_V1.lower(), SIGNATURE_V2.lower())
        signed = {name: value for name, value in headers.items() if name.lower() not in old}
        signed[SIGNATURE_V1] = self._signature(first)
        signed[SIGNATURE_V2] = self._signature(first + b"\n" + url.encode())
        return signed

    def _signature(self, data: bytes) -> str:
        return sign_bytes(self._key, data)


class Verifier:
    """Verifies messages against the certificates given: PEM by certificate id, several during a rollover.

    Raises SigningKeyUnreadable when one of them is not an X.509 certificate of an RSA key. Safe to share
    between threads.
    """

    __slots__ = ("_certificates",)

    def __init__(self, certificates: Mapping[str, str]) -> None:
        self._certificates = {name: read_certificate(name, pem) for name, pem in certificates.items()}

    def verify(
        self,
        body: bytes,
        headers: Mapping[str, str],
        url: str,
        now: datetime,
        *,
        expected_vault_id: str | None = None,
    ) -> Verdict:
        """Judge one message as it arrived: exact body, all headers (names in any case), the URL it reached.

        `now` is the receiver's aware time, `expected_vault_id` the Vault that the connection allows to send.
        Never raises for anything a sender can do; raises ValueError for a naive `now`.
        """
        now = whole_milliseconds(now)
        certificate_id: str | None = None
        try:
            fields = _received_fields(headers)
            certificate_id = fields.get(CERTIFICATE_ID.lower())
            _require_headers(fields)
            public_key = self._usable_key(fields[CERTIFICATE_ID.lower()], now)
            _require_signatures(public_key, fields, body, url)
            # Only now are the headers' claims the sender's own.
            _require_claims(fields, now, expected_vault_id)
        except _Refused as refusal:
            return Verdict(valid=False, certificate_id=certificate_id, reason=refusal.reason)
        return Verdict(valid=True, certificate_id=certificate_id, reason="Both signatures match.")

    def _usable_key(self, certificate_id: str, now: datetime) -> rsa.RSAPublicKey:
        known = self._certificates.get(certificate_id)
        if known is None:
            raise _Refused(f"The certificate {_shown(certificate_id)} is not known here.")
        if now < known.not_before:
            raise _Refused(f"The certificate {certificate_id} is not valid before {iso(known.not_before)}.")
        if now > known.not_after:
            raise _Refused(f"The certificate {certificate_id} expired on {iso(known.not_after)}.")
        return known.public_key


class _Refused(Exception):
    """A message did not pass: a turn in the flow that carries the sentence for the verdict."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def _signed_fields(headers: Mapping[str, str]) -> dict[str, str]:
    """Answer the signed headers by lower-cased name, trimmed; ValueError as in `canonical_headers`."""
    fields: dict[str, str] = {}
    for name, value in headers.items():
        lowered = name.lower()
        if not lowered.startswith(_PREFIX):
            continue
        if _NOT_A_NAME.search(name):
            raise ValueError(f"The header name {_shown(name)} is malformed.")
        if lowered in fields:
            raise ValueError(f"The header {name} is given twice.")
        if _BREAKS.search(value):
            raise ValueError(f"The header {name} holds a line break.")
        fields[lowered] = value.strip(_OPTIONAL_WHITESPACE)
    return fields


def _canonical(fields: Mapping[str, str]) -> bytes:
    signed = sorted(item for item in fields.items() if item[0].startswith(_PREFIX))
    return "".join(f"{name}:{value}\n" for name, value in signed).encode()


def _received_fields(headers: Mapping[str, str]) -> dict[str, str]:
    """Answer the signed headers and the signatures themselves, by lower-cased name, trimmed."""
    try:
        fields = _signed_fields(headers)
    except ValueError as problem:
        raise _Refused(str(problem)) from None
    for wanted in (SIGNATURE_V1, SIGNATURE_V2):
        found = [value for name, value in headers.items() if name.lower() == wanted.lower()]
        if len(found) > 1:
            raise _Refused(f"The header {wanted} is given twice.")
        if found:
            fields[wanted.lower()] = found[0].strip(_OPTIONAL_WHITESPACE)
    return fields


def _require_headers(fields: Mapping[str, str]) -> None:
    for name in (*SIGNED_HEADERS, SIGNATURE_V1, SIGNATURE_V2):
        if not fields.get(name.lower()):
            raise _Refused(f"The header {name} is missing.")


def _require_signatures(public_key: rsa.RSAPublicKey, fields: Mapping[str, str], body: bytes, url: str) -> None:
    try:
        first = _canonical(fields) + body
        second = first + b"\n" + url.encode()
    except UnicodeEncodeError:
        raise _Refused("A signed header or the URL is not valid Unicode text.") from None
    if not signature_matches(public_key, fields[SIGNATURE_V1.lower()], first):
        raise _Refused("The V1 signature does not match: headers or body are not those that were signed.")
    if not signature_matches(public_key, fields[SIGNATURE_V2.lower()], second):
        raise _Refused("The V2 signature does not match: the message was not signed for the URL it reached.")


def _require_claims(fields: Mapping[str, str], now: datetime, expected_vault_id: str | None) -> None:
    request_type = fields[REQUEST_TYPE.lower()]
    if request_type != SPARK_MESSAGE:
        raise _Refused(f"The request type is {_shown(request_type)}, not {SPARK_MESSAGE}.")
    start = _time(fields, REQUEST_NOT_BEFORE)
    end = _time(fields, REQUEST_NOT_AFTER)
    _time(fields, REQUEST_DATE_TIME)
    if not start <= now <= end:
        raise _Refused(
            f"The request is outside of its time window: it counts from {iso(start)} to {iso(end)}, "
            f"and it is {iso(now)}."
        )
    vault_id = fields[VAULT_ID.lower()]
    if expected_vault_id is not None and vault_id != expected_vault_id:
        raise _Refused(f"The message comes from the Vault {_shown(vault_id)}, not from {expected_vault_id}.")


def _time(fields: Mapping[str, str], name: str) -> datetime:
    try:
        return from_iso(fields[name.lower()])
    except (ValueError, OverflowError):
        raise _Refused(f"The header {name} holds no time with a time zone.") from None


def _shown(text: str) -> str:
    """Make a sender's text fit for a sentence: short and printable."""
    printable = "".join(character if character.isprintable() else "?" for character in text[:60])
    return printable + "..." if len(text) > 60 else printable
