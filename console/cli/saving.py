"""Writing a file that an option or argument names: nothing is replaced by accident, and refusals name the option."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Force = Annotated[bool, typer.Option("--force", help="Replace the file if there is one.")]


def write_file(path: Path, data: bytes, option: str, *, force: bool) -> Path:
    """Write a file; answers where it is. `option` is what named it.

    Raises InvalidInput, which names the option, and NotPossible where a file is already.
    """
    from console.doing.asking import NeedsYes
    from console.doing.files import save_file
    from models.errors import InvalidInput, NotPossible

    try:
        return save_file(str(path), data, replace=force)
    except NeedsYes as asked:
        raise NotPossible(asked.message, "Name another file, or replace it with --force.") from asked
    except InvalidInput as refused:
        raise InvalidInput({option: " ".join(refused.fields.values())}) from refused
