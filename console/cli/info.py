"""`info`: everything about the program and its places that a person needs when something is not as expected."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli.output import answer, facts, parts, section
from console.cli.settings import settings_of

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

DISTRIBUTION = "vault-connections-console"
LIBRARIES = ("textual", "sqlmodel", "sqlalchemy", "alembic", "apscheduler", "cryptography", "orjson", "typer")


def version() -> str:
    """The program's version."""
    from importlib import metadata

    return metadata.version(DISTRIBUTION)


def info(
    context: typer.Context,
    check: Annotated[
        bool, typer.Option("--check", help="Also read the whole store and say what is wrong in it.")
    ] = False,
) -> None:
    """Show versions and places; with --check, prove the store."""
    import platform
    import sqlite3
    from importlib import metadata

    from models.opening import store_url

    settings = settings_of(context)
    url = store_url(settings.store)
    versions = {
        "vault-console": version(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "sqlite": sqlite3.sqlite_version,
        **{name: metadata.version(name) for name in LIBRARIES},
    }
    places = dict(_places(url))
    document: dict[str, Any] = {"versions": versions, "places": places}
    problems = _problems(settings.store, url) if check else None
    if problems is not None:
        document["check"] = {"sound": not problems, "problems": problems}

    def text() -> str:
        return parts(
            facts(versions.items()),
            section("Places", facts((place.replace("_", " "), where) for place, where in places.items())),
            "" if problems is None else section("Check", "\n".join(problems) or "The store is sound."),
        )

    answer(settings, document, text)
    if problems:
        raise typer.Exit(1)


def _places(url: URL) -> Iterator[tuple[str, Any]]:
    from console.cli.places import config_folder, data_folder, demo_store, log_folder
    from models.opening import default_store_path, key_path
    from models.refusals import name_of
    from scheduler.snapshots import folder_beside

    yield "store", name_of(url)
    if url.get_backend_name() == "sqlite":
        path = Path(url.database or "")
        yield "store_exists", path.exists()
        yield "store_bytes", path.stat().st_size if path.exists() else None
        yield "key", str(key_path(path))
        yield "snapshots", str(folder_beside(path))
    yield "default_store", str(default_store_path())
    yield "demo_store", str(demo_store())
    yield "data_folder", str(data_folder())
    yield "config_folder", str(config_folder())
    yield "keys", str(config_folder() / "keys.toml")
    yield "settings", str(config_folder() / "settings.json")
    yield "log_folder", str(log_folder())
    yield "program", str(Path(__file__).resolve().parents[2])


def _problems(location: str | None, url: URL) -> list[str]:
    from models.opening import check_store, open_store

    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        return ["There is no store yet."]
    store = open_store(location)
    try:
        return check_store(store)
    finally:
        store.close()
