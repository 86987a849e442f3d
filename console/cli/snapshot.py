"""`snapshot`: the whole lab as it was at one moment, saved under a name and put back."""

from __future__ import annotations

from typing import Annotated

import typer

from console.cli.frame import area, command
from console.cli.lab import opened
from console.cli.output import Column, answer, table, tell
from console.cli.settings import settings_of
from console.doing.snapshots import line_of, size_text

snapshot = area(
    "snapshot",
    "Named snapshots of the store: all Vaults with their data, messages and configuration, and the lab clock. They are "
    "kept beside the store's file.",
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="Letters, digits, '-', '_' and '.'.")]


@command(snapshot, "save")
def save(
    context: typer.Context,
    name: Name,
    replace: Annotated[bool, typer.Option("--replace", help="Replace the snapshot of this name.")] = False,
) -> None:
    """Save the store as it is; engine and consoles go on meanwhile."""
    from scheduler.snapshots import save_snapshot

    settings = settings_of(context)
    with opened(settings) as lab:
        lab.require_writing()
        made = save_snapshot(lab.store, name, replace=replace)
    tell(settings, {"snapshot": line_of(made)}, f"Saved {name}: {size_text(made.size)}, in {made.path}")


@command(snapshot, "list", lists="snapshots")
def list_snapshots(context: typer.Context) -> None:
    """List the snapshots of the store, the latest first."""
    from scheduler.snapshots import Snapshot, snapshots

    settings = settings_of(context)
    with opened(settings) as lab:
        rows = snapshots(lab.store)
    columns: list[Column[Snapshot]] = [
        Column("Snapshot", lambda row: row.name),
        Column("Saved", lambda row: row.saved_at),
        Column("Lab time", lambda row: row.lab_time),
        Column("Size", lambda row: size_text(row.size), right=True),
    ]
    answer(
        settings,
        {"snapshots": [line_of(row) for row in rows]},
        lambda: table(columns, rows, empty="There are no snapshots. vault-console snapshot save NAME makes one."),
    )


@command(snapshot, "restore")
def restore(context: typer.Context, name: Name) -> None:
    """Put a snapshot back in place of everything in the store, while no engine runs on it.

    What was there is kept as the snapshot before-restore. Consoles that are open have to be opened anew.
    """
    from scheduler.snapshots import BEFORE_RESTORE, restore_snapshot

    settings = settings_of(context)
    with opened(settings) as lab:
        lab.require_writing()
        found = restore_snapshot(lab.store, name)
    tell(
        settings,
        {"snapshot": line_of(found), "kept": BEFORE_RESTORE},
        f"{name} is back, at lab time {found.lab_time:%Y-%m-%d %H:%M} (UTC). What was there is kept as "
        f"{BEFORE_RESTORE}. Open consoles of this store anew.",
    )


@command(snapshot, "delete")
def delete(context: typer.Context, name: Name) -> None:
    """Delete a snapshot for good."""
    from scheduler.snapshots import delete_snapshot

    settings = settings_of(context)
    with opened(settings) as lab:
        lab.require_writing()
        gone = delete_snapshot(lab.store, name)
    tell(settings, {"deleted": line_of(gone)}, f"Deleted the snapshot {name}.")
