"""Where the program keeps what is its own, by the platform's custom."""

from pathlib import Path

import platformdirs

NAME = "vault-console"


def log_folder() -> Path:
    """Where reports of program errors are written."""
    return platformdirs.user_log_path(NAME, appauthor=False)


def config_folder() -> Path:
    """Where a person's own settings are looked for."""
    return platformdirs.user_config_path(NAME, appauthor=False)


def cache_folder() -> Path:
    """Where is kept what can be found out anew."""
    return platformdirs.user_cache_path(NAME, appauthor=False)


def data_folder() -> Path:
    """Where stores are kept when no other place is named."""
    return platformdirs.user_data_path(NAME, appauthor=False)


def demo_store() -> Path:
    """The store of `demo`; never the default store."""
    return data_folder() / "demo.sqlite3"
