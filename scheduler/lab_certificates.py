"""TLS certificates for a receiver on a trainer's own machine: a CA of its own, and a server certificate from it."""

import ipaddress
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from models.errors import InvalidInput, NotPossible

CA_FILE, CERTIFICATE_FILE, KEY_FILE = "ca.pem", "server.pem", "server.key"


def make_certificates(folder: Path, host: str, *, days: int = 365) -> tuple[Path, Path, Path]:
    """Make a CA and a server certificate for a host name (or IP address); answers CA, certificate and key file.

    The CA's key is thrown away: it has signed all that it will. Raises NotPossible when a file is there already,
    InvalidInput for what is no host name.
    """
    files = (folder / CA_FILE, folder / CERTIFICATE_FILE, folder / KEY_FILE)
    there = [file.name for file in files if file.exists()]
    if there:
        raise NotPossible(f"{folder} holds {', '.join(there)} already.", "Name another folder, or remove them.")
    name = _host_name(host)
    start = datetime.now(UTC) - timedelta(days=1)
    end = start + timedelta(days=days + 1)
    ca_key, server_key = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Lab CA, not for real systems")])
    server_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host[:64])])

    def builder(subject: x509.Name, public_key: rsa.RSAPublicKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(ca_name)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(end)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
        )

    ca = (
        builder(ca_name, ca_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(key_cert_sign=True), critical=True)
        .sign(ca_key, hashes.SHA256())
    )
    server = (
        builder(server_name, server_key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([name]), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    key_text = server_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file, text in zip(
            files,
            (ca.public_bytes(serialization.Encoding.PEM), server.public_bytes(serialization.Encoding.PEM), key_text),
            strict=True,
        ):
            file.touch(mode=0o600 if file.name == KEY_FILE else 0o644)
            file.write_bytes(text)
    except OSError as error:
        raise NotPossible(f"{folder} cannot be written: {error.strerror}.", "Name another folder.") from error
    return files


def _usage(*, digital_signature: bool = False, key_cert_sign: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=digital_signature,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=key_cert_sign,
        encipher_only=False,
        decipher_only=False,
    )


def _host_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        pass
    if not re.fullmatch(r"(?:\*\.)?[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*", host):
        raise InvalidInput({"host": f"{host} is no host name."})
    return x509.DNSName(host)
