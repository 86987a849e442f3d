"""What a person has chosen for himself, kept in a small file from one session to the next.

Whoever starts the console says where; without a place nothing is kept. A file that cannot be read counts as empty, one
that cannot be written is not kept: a preference never stands in the way.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FILE = "settings.json"


@dataclass(slots=True)
class Preferences:
    """A person's choices, and the file that keeps them."""

    path: Path | None = None
    kept: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: Path) -> Preferences:
        """Read those that are kept in a folder."""
        path = folder / FILE
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            found = {}
        return cls(path, found if isinstance(found, dict) else {})

    @property
    def theme(self) -> str | None:
        """The theme that was chosen last."""
        found = self.kept.get("theme")
        return found if isinstance(found, str) else None

    def keep(self, name: str, value: Any) -> None:
        """Keep one from now on. What another console has kept meanwhile stays."""
        if self.path is not None:
            self.kept = {**self.kept, **Preferences.load(self.path.parent).kept}
        self.kept[name] = value
        if self.path is None:
            return
        draft = self.path.with_name(f"{self.path.name}.part")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            draft.write_text(json.dumps(self.kept, ensure_ascii=False, indent=1), encoding="utf-8")
            draft.replace(self.path)
        except (OSError, ValueError):
            draft.unlink(missing_ok=True)
