"""Named snapshots of the store, as the console saves and lists them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.session import Who
    from models.store import Store
    from scheduler.snapshots import Snapshot


def size_text(size: float) -> str:
    """A size in bytes as people read it."""
    for unit in ("bytes", "KB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def line_of(snapshot: Snapshot) -> dict[str, object]:
    """A snapshot as a program reads it."""
    return {
        "name": snapshot.name,
        "path": str(snapshot.path),
        "saved_at": snapshot.saved_at,
        "lab_time": snapshot.lab_time,
        "size": snapshot.size,
    }


def save(store: Store, who: Who, values: Mapping[str, str], confirmed: bool) -> str:
    """Save the store under the name that a form asked for; nothing has to be confirmed."""
    del confirmed
    from scheduler.snapshots import save_snapshot

    _require_changes(who)
    made = save_snapshot(store, values["name"].strip())
    return f"Saved the snapshot {made.name}: {size_text(made.size)}."


def delete(store: Store, who: Who, *, name: str) -> str:
    """Delete a snapshot for good."""
    from scheduler.snapshots import delete_snapshot

    _require_changes(who)
    delete_snapshot(store, name)
    return f"Deleted the snapshot {name}."


def restore(store: Store, who: Who, *, name: str) -> str:
    """Put a snapshot back in place of everything in the store, which is closed by it."""
    from scheduler.snapshots import BEFORE_RESTORE, restore_snapshot

    _require_changes(who)
    found = restore_snapshot(store, name)
    return f"{name} is back, at lab time {found.lab_time:%Y-%m-%d %H:%M}. What was there is kept as {BEFORE_RESTORE}."


def _require_changes(who: Who) -> None:
    from models.errors import NotAllowed

    if who.read_only:
        message = "This console is read-only: it saves, deletes and puts back nothing."
        raise NotAllowed(message, "Start it without --readonly.")


def told(snapshot: Snapshot) -> list[str]:
    """A snapshot in lines."""
    # What draws a screen: the command line, which reads sizes and names here, does without.
    from console.details.texts import moment

    return [
        f"Saved {moment(snapshot.saved_at)} UTC, at lab time {moment(snapshot.lab_time)} UTC",
        f"{size_text(snapshot.size)}, in {snapshot.path}",
    ]


def consequences(snapshot: Snapshot) -> list[str]:
    """What happens when a snapshot is put back."""
    from console.details.texts import moment

    when = moment(snapshot.lab_time)
    return [
        f"All Vaults become what they were at lab time {when} UTC: data, messages, configuration, and the lab clock.",
        "What is there now is kept as the snapshot before-restore, in place of an earlier one of that name.",
        "Running jobs are ended first. Other consoles that are open on this lab have to be opened anew.",
    ]
