"""Opening a store: where it is, whether it is ours, and bringing it up to date."""

from pathlib import Path

from sqlmodel import SQLModel

from models.secrets import SecretBox
from models.store import Store, engine_for
from models.tables import Lab, table_of
from models.time import Clock, SystemClock


def open_store(location: str | Path, *, clock: Clock | None = None) -> Store:
    """Open the store at a path or URL, creating it when it is not there."""
    path = Path(location)
    engine = engine_for(f"sqlite:///{path}")
    SQLModel.metadata.create_all(engine)
    store = Store(engine.url, engine, SecretBox.beside(path.with_suffix(".key")))
    store.clock = clock or SystemClock()
    now = store.clock.now()
    with engine.begin() as connection:
        if connection.execute(table_of(Lab).select()).first() is None:
            connection.execute(table_of(Lab).insert().values(id=1, name="", lab_base=now, real_base=now, last_tick=now, speed=1.0, paused=False, generator=False))
    return store
