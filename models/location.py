"""Where a store lies when it is named, and when it is not. Loads nothing of the store."""

import os
from pathlib import Path

import platformdirs

STORE_VARIABLE = "VAULT_CONSOLE_STORE"
"""The environment variable that names the store to open when none is given: a path or a URL."""


def default_store_path() -> Path:
    """Answer where the store lies when nothing else is said: in the platform's folder for a user's data."""
    return platformdirs.user_data_path("vault-console", appauthor=False) / "store.sqlite3"


def default_location() -> str:
    """Answer the path or URL to open when none is given: VAULT_CONSOLE_STORE, else the default path."""
    return os.environ.get(STORE_VARIABLE, "").strip() or str(default_store_path())


def is_url(location: str) -> bool:
    """Whether a location is a URL, and no path."""
    return "://" in location or location.startswith("sqlite:")


def plain_file(location: str | None) -> Path | None:
    """The file that is named by its path; None for a URL, and for what cannot be a file's path."""
    location = default_location() if location is None else location
    if not location.strip() or location == ":memory:" or is_url(location):
        return None
    try:
        return Path(location).expanduser().resolve()
    except (OSError, ValueError, RuntimeError):
        return None
