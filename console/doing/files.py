"""Files that a person names: saving without overwriting by accident, and listing folders."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from console.doing.asking import NeedsYes
from models.errors import InvalidInput, NotPossible

LARGEST = 1_000_000
"""Bytes of a file that a person may have chosen by mistake; a connection file is far smaller."""
LONGEST_LIST = 2000
"""Entries of a folder that are listed."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a folder. `wanted` ones are of the kind that is looked for."""

    name: str
    path: Path
    folder: bool
    wanted: bool


def first_folder() -> Path:
    """Where a file is saved unless a person says otherwise: here, or at home when nothing can be written here."""
    here = Path.cwd()
    return here if os.access(here, os.W_OK) else Path.home()


def save_file(typed: str, data: bytes, *, replace: bool) -> Path:
    """Write a file for its owner's eyes. Raises InvalidInput for a path that cannot be, NeedsYes where one is."""
    if not typed.strip():
        raise InvalidInput({"path": "Say where to save the file."})
    path = Path(typed.strip()).expanduser()
    if path.exists() and not replace and not path.is_dir():
        raise NeedsYes("Replace the file?", f"There is a file {path} already.", "Replace it")
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
    except (OSError, ValueError) as error:
        raise InvalidInput({"path": _why_not_written(path, error)}) from error
    return path


def read_bytes(path: Path) -> bytes:
    """Read a file that a person chose. Raises NotPossible with the reason."""
    try:
        with path.expanduser().open("rb") as file:
            return file.read(LARGEST)
    except (OSError, ValueError) as error:
        raise NotPossible(f"{path}: {reason(error)}", "Choose another file.") from error


def read_whole(path: Path, largest: int) -> bytes:
    """Read a file of at most `largest` bytes that a person chose. Raises NotPossible with the reason."""
    try:
        with path.expanduser().open("rb") as file:
            data = file.read(largest + 1)
    except (OSError, ValueError) as error:
        raise NotPossible(f"{path}: {reason(error)}", "Choose another file.") from error
    if len(data) > largest:
        raise NotPossible(f"{path}: It is larger than {largest // 1_000_000} MB.", "Choose another file.")
    return data


def list_folder(folder: Path, suffix: str) -> tuple[Entry, ...]:
    """The entries of a folder: wanted files first, then folders, then the rest. Raises NotPossible."""
    found: list[Entry] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if not entry.name.startswith("."):
                    is_folder = entry.is_dir()
                    wanted = not is_folder and entry.name.endswith(suffix)
                    found.append(Entry(entry.name, Path(entry.path), is_folder, wanted))
    except OSError as error:
        raise NotPossible(f"{folder}: {reason(error)}", "Choose another folder.") from error
    found.sort(key=lambda entry: (not entry.wanted, not entry.folder, entry.name.casefold()))
    up = (Entry("..", folder.parent, folder=True, wanted=False),) if folder.parent != folder else ()
    split = sum(entry.wanted for entry in found)
    return (*found[:split], *up, *found[split:LONGEST_LIST])


def _why_not_written(path: Path, error: Exception) -> str:
    """Why a file cannot be written, and what to do about it."""
    match error:
        case FileNotFoundError():
            return f"There is no folder {path.parent}: make it first, or name another one."
        case IsADirectoryError():
            return f"{path} is a folder: name a file in it."
        case NotADirectoryError():
            return f"{path.parent} is no folder: name another one."
        case PermissionError():
            return f"You may not write {path}: name another place."
        case _:
            return f"{path} cannot be written. {reason(error)} Name another place."


def reason(error: Exception) -> str:
    """Why a file cannot be read or written, in words."""
    reason = error.strerror if isinstance(error, OSError) else None
    return f"{reason}." if reason else "This is not a path."
