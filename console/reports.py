"""Reports about errors of our own: a file in the platform's log folder, so that the session can go on."""

from __future__ import annotations

import platform
import traceback
from datetime import UTC, datetime
from pathlib import Path


def write_report(error: BaseException, folder: Path | None = None) -> Path:
    """Write what is known about an error; answers the file. Without a `folder`, the platform's log folder is used."""
    if folder is None:
        from platformdirs import user_log_path

        folder = user_log_path("vault-console", appauthor=False)
    now = datetime.now(UTC)
    path = folder / f"report-{now:%Y%m%d-%H%M%S-%f}.txt"
    lines = [
        f"When: {now.isoformat()}",
        f"Python: {platform.python_version()} on {platform.system()}",
        "",
        *traceback.format_exception(error),
    ]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines), encoding="utf-8")
    except OSError:
        return Path("(no report: the log folder cannot be written)")
    return path
