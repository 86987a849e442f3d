"""The connection file: what one Vault hands to another to be connected. Reading and writing it, without a store.

Assumed: the vendor does not publish the format. Ours is one JSON document in one fixed form (keys sorted, two blanks of
indent), signed over its bytes without the signature. A file is only read when it is byte by byte what this module
would write: a changed byte either breaks the form or the signature.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson

from models.errors import NotPossible
from models.signing_keys import sign_bytes
from models.time import from_iso, iso

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import rsa

EXTENSION = ".vaultconnection"
FORMAT = "vault-connection-file"
VERSION = 1
VALID_FOR = timedelta(days=7)
"""Lab time in which a connection file can be used (Assumed: the vendor names no limit)."""
LARGEST_FILE = 64 * 1024
"""Bytes; a connection file has about one thousand."""

_BEGINS = b'{\n  "api_name": '
"""With what every connection file begins: enough to tell a piece of one from something else."""
_NOT_IN_FILE_NAME = re.compile(r"[^A-Za-z0-9_.-]")


class FileRefused(NotPossible):
    """The file is no connection file, or not one that can be used as it is."""

    title = "Connection file refused"


@dataclass(frozen=True, slots=True)
class FileContent:
    """What a connection file says. `remote_vault_id` is the only Vault that may use it; None lets any Vault ask."""

    file_id: str
    certificate_id: str
    source_vault_id: int
    source_vault_name: str
    source_dns_host: str
    source_domain: str
    source_sandbox: bool
    record_id: str
    name: str
    api_name: str
    connection_type: str
    standard_connection: str
    cross_domain: bool
    remote_vault_id: int | None
    issued_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SignedFile:
    """A file as it was read. The signature is not checked yet: `signed` are the bytes it must match."""

    content: FileContent
    signature: str
    signed: bytes


def file_name(content: FileContent) -> str:
    """The name under which a connection file is offered for download."""
    return f"{_NOT_IN_FILE_NAME.sub('-', content.api_name)}-{content.source_vault_id}{EXTENSION}"


def write_file(content: FileContent, key: rsa.RSAPrivateKey) -> bytes:
    """The bytes of a signed connection file."""
    document = _document(content)
    signature = sign_bytes(key, _render(document))
    return _render({**document, "signature": signature})


def read_file(data: bytes) -> SignedFile:
    """Read a connection file's form; the caller checks the signature. Raises FileRefused with the reason."""
    if len(data) > LARGEST_FILE:
        raise _no_file()
    document = _parse(data)
    version = document.get("version")
    if version != VERSION:
        raise FileRefused(
            f"This connection file has format version {_short(version)}; only version {VERSION} can be read.",
            "Download the connection file again from a Vault of this version.",
        )
    signature = document.pop("signature", None)
    content = _content(document)
    signed = _render(_document(content))
    if not isinstance(signature, str) or _render({**_document(content), "signature": signature}) != data:
        raise changed_file()
    return SignedFile(content, signature, signed)


def changed_file() -> FileRefused:
    """The refusal of a file that is not what was signed."""
    return FileRefused(
        "This connection file was changed after it was downloaded: its signature does not match.",
        "Download the connection file again, and move it without opening it in an editor.",
    )


def _document(content: FileContent) -> dict[str, Any]:
    values = asdict(content)
    for name in ("issued_at", "expires_at"):
        values[name] = iso(values[name])
    return {"format": FORMAT, "version": VERSION, **values}


def _render(document: Mapping[str, Any]) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)


def _parse(data: bytes) -> dict[str, Any]:
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError:
        if data and data.startswith(_BEGINS[: len(data)]):
            raise FileRefused(
                "This connection file is damaged or not complete.", "Download the connection file again."
            ) from None
        raise _no_file() from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise _no_file()
    return document


def _content(document: Mapping[str, Any]) -> FileContent:
    try:
        values = {field.name: document[field.name] for field in fields(FileContent)}
        for name in ("issued_at", "expires_at"):
            values[name] = from_iso(values[name])
    except (KeyError, TypeError, ValueError, OverflowError):
        raise changed_file() from None
    kinds = {
        "source_vault_id": int,
        "remote_vault_id": int | None,
        "source_sandbox": bool,
        "cross_domain": bool,
        "issued_at": datetime,
        "expires_at": datetime,
    }
    # bool counts as int: the form's comparison with the file's own bytes tells them apart.
    if not all(isinstance(value, kinds.get(name, str)) for name, value in values.items()):
        raise changed_file()
    return FileContent(**values)


def _no_file() -> FileRefused:
    return FileRefused(
        "This is not a connection file.", f"Choose the file ending in {EXTENSION} that the other Vault downloaded."
    )


def _short(value: Any) -> str:
    text = str(value)
    printable = "".join(sign if sign.isprintable() else "?" for sign in text[:20])
    return printable + "..." if len(text) > 20 else printable
