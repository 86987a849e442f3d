"""Secrets at rest: passwords, client secrets and private keys are stored sealed, opened only where used.

The key never lies in the store: it lies in a file beside a store that is a file, and in an environment
variable for any other store. A copy of the store alone therefore gives no secret away.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import os
import tempfile
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from models.errors import ConsoleError

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

KEY_BYTES = 32
"""How long a key is."""
KEY_VARIABLE = "VAULT_CONSOLE_KEY"
"""The environment variable that holds the key of a store that is not a file."""


class SecretUnreadable(ConsoleError):
    """A stored secret, or the key that opens secrets, cannot be read. Holds neither secret nor key text."""

    title = "Secret not readable"


class SecretBox:
    """Seals and opens secrets with one key (Fernet: AES-128-CBC and HMAC-SHA256, a changed token is noticed).

    Takes a key as `new_key` makes it. Raises SecretUnreadable when it is none. Safe to share between threads.
    """

    def __init__(self, key: bytes) -> None:
        # A key of its own: what is marked tells nothing about what is sealed.
        self._marks = hashlib.sha256(b"marks of this store" + key.strip()).digest()
        self._key = key
        try:
            whole = len(base64.urlsafe_b64decode(key)) == KEY_BYTES
        except ValueError:
            whole = False
        if not whole:
            raise SecretUnreadable(
                "The key for stored secrets is not a valid key.",
                "A key is 32 random bytes, written as 44 characters of URL-safe base64.",
            ) from None

    @cached_property
    def _fernet(self) -> Fernet:
        # Most sessions of the console open no secret: the library for it takes seven megabytes.
        from cryptography.fernet import Fernet

        return Fernet(self._key)

    def __repr__(self) -> str:
        return "<SecretBox>"

    @staticmethod
    def new_key() -> bytes:
        """Answer a new random key: 44 characters of URL-safe base64, for the key file or variable."""
        return base64.urlsafe_b64encode(os.urandom(KEY_BYTES))

    @classmethod
    def ephemeral(cls) -> SecretBox:
        """Answer a box whose key lives only in this process: what it seals is lost when the process ends."""
        return cls(cls.new_key())

    @classmethod
    def from_environment(cls) -> SecretBox:
        """Answer the box of a store that is not a file: VAULT_CONSOLE_KEY holds its key.

        Raises SecretUnreadable when the variable is empty or holds no valid key.
        """
        key = os.environ.get(KEY_VARIABLE, "").strip()
        if not key:
            raise SecretUnreadable(
                "There is no key for the secrets of this store.",
                f"Set the environment variable {KEY_VARIABLE} to the key the store was made with.",
            )
        return cls(key.encode())

    @classmethod
    def beside(cls, path: Path) -> SecretBox:
        """Open the key file `path`, which lies beside the store, or create it, readable by its owner only.

        Processes that start together agree on one key. A key file that exists is never changed. Raises
        SecretUnreadable when it cannot be read or created, or holds no key.
        """
        try:
            if not path.exists():
                _create(path, cls.new_key())
            key = path.read_bytes()
        except OSError as trouble:
            raise SecretUnreadable(
                f"The key file {path} cannot be used: {trouble.strerror}.",
                "Make the file readable, or its folder writable, for the user who runs the console.",
            ) from None
        try:
            return cls(key)
        except SecretUnreadable:
            raise SecretUnreadable(
                f"The key file {path} holds no valid key.",
                "Put back the key file of this store; without it, its secrets must be entered again.",
            ) from None

    def mark(self, text: str) -> str:
        """Answer 64 hexadecimal digits for a text: always the same, and not to be guessed without the key."""
        return hmac.new(self._marks, text.encode(), hashlib.sha256).hexdigest().upper()

    def seal(self, plain: bytes | str) -> str:
        """Answer a token (ASCII text) that only the same key opens; text is sealed as UTF-8.

        The same secret sealed twice gives two different tokens.
        """
        return self._fernet.encrypt(plain.encode() if isinstance(plain, str) else plain).decode("ascii")

    def open(self, token: str) -> bytes:
        """Answer the bytes sealed in `token`. Raises SecretUnreadable for another key or a changed token."""
        from cryptography.fernet import InvalidToken

        try:
            return self._fernet.decrypt(token.encode())
        except (InvalidToken, ValueError):
            raise SecretUnreadable(
                "A stored secret cannot be opened with this store's key.",
                "Put back the key that belongs to this store, or enter the secret again.",
            ) from None


def _create(target: Path, key: bytes) -> None:
    """Put `key` at `target` whole or not at all; when another process was first, its key stays."""
    # mkstemp opens with O_EXCL and mode 0600: the key is at no moment readable by others.
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    draft = Path(name)
    try:
        _write(handle, key)
        with contextlib.suppress(FileExistsError):
            _publish(draft, target, key)
    finally:
        draft.unlink()
    _sync_folder(target.parent)


def _publish(draft: Path, target: Path, key: bytes) -> None:
    """Give the finished draft its name. Raises FileExistsError when another process was first."""
    try:
        # A link, unlike a rename, refuses to replace the key that another process has just put there.
        target.hardlink_to(draft)
    except FileExistsError:
        raise
    except OSError:
        # File systems without links (exFAT): one exclusive create and one short write is the best there is.
        _write(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), key)


def _write(handle: int, key: bytes) -> None:
    with os.fdopen(handle, "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Make the new name survive a power cut, where folders can be synced: a lost key loses every secret."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
