"""`keys`: what every key of the console does, and whether the person's own key map can be used."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli.frame import Area, command, that_lists
from console.cli.output import Column, answer, say, table
from console.cli.places import config_folder
from console.cli.settings import settings_of

if TYPE_CHECKING:
    from console.keymap import Bound, KeyMap

keys = typer.Typer(
    cls=that_lists(Area, "keys"),
    name="keys",
    help="The keys of the console.",
    invoke_without_command=True,
    add_completion=False,
    rich_markup_mode=None,
)


@keys.callback()
def list_keys(
    context: typer.Context,
    toml: Annotated[
        bool, typer.Option("--toml", help="Print a key map with all keys as they are, to begin one's own with.")
    ] = False,
) -> None:
    """List all bindings with their ids and keys. A key is given to one in keys.toml; `info` says where that is."""
    if context.invoked_subcommand is not None:
        return
    from console.key_names import shown
    from console.keymap import FILE, every_binding, load

    settings = settings_of(context)
    key_map = load(config_folder())
    found = tuple(every_binding().values())
    if toml and not settings.json:
        say(_as_toml(found, key_map))
        return
    columns: tuple[Column[Bound], ...] = (
        Column("Id", lambda row: row.id),
        Column("Keys", lambda row: "  ".join(map(shown, key_map.keys(row.id)))),
        Column("Mapped", lambda row: "yes" if row.id in key_map.given else ""),
        Column("Name", lambda row: row.label),
        Column("What it does", lambda row: row.about),
    )
    document = {
        "file": str(config_folder() / FILE),
        "keys": [
            {"id": row.id, "keys": key_map.keys(row.id), "usual": row.keys, "name": row.label, "about": row.about}
            for row in found
        ],
    }
    answer(settings, document, lambda: table(columns, found))


def _as_toml(found: Iterable[Bound], key_map: KeyMap) -> str:
    """A key map that gives every binding the keys that it has; what a person does not change can stand or go."""
    lines = ["[keys]"]
    where = ""
    for row in found:
        if row.where != where:
            where = row.where
            lines.append("")
        given = ", ".join(f'"{key}"' for key in key_map.keys(row.id))
        lines.append(f'"{row.id}" = [{given}]  # {row.label + ": " if row.label else ""}{row.about}')
    return "\n".join(lines)


@command(keys, "check")
def check(context: typer.Context) -> None:
    """Say whether the key map can be used: what is wrong, in which line, and what to do."""
    from console.key_names import shown
    from console.keymap import FILE, load

    path = config_folder() / FILE
    key_map = load(config_folder())
    given = [f"{name}  {'  '.join(map(shown, key_map.keys(name)))}" for name in sorted(key_map.given)]
    document = {"file": str(path), "exists": path.exists(), "keys": dict(key_map.given)}

    def text() -> str:
        if not path.exists():
            return f"There is no {path}: all keys are as they were. Begin one with: vault-console keys --toml"
        return "\n".join([f"{path} can be used.", *given])

    answer(settings_of(context), document, text)
