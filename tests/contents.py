"""What a store holds, so that a test can prove that nothing was changed."""

import hashlib
import sqlite3
from contextlib import closing

from models.store import Store


def digest_of(store: Store) -> str:
    """A hash of all that the store holds."""
    assert store.path is not None
    hashed = hashlib.sha256()
    with closing(sqlite3.connect(store.path)) as connection:
        for line in connection.iterdump():
            hashed.update(line.encode())
    return hashed.hexdigest()
