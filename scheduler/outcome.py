"""What became of a set of items: counts of target records, and what could not be written."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from models.callback import SourceRow
from models.data_model import ObjectModel
from models.record_writer import Draft, Effect


@dataclass(frozen=True, slots=True)
class Failure:
    """A target record that could not be written, with what is wrong per target field and what was to be written."""

    item: str
    target_object: str
    fields: dict[str, str]
    data: dict[str, Any]

    @property
    def sentence(self) -> str:
        """All problems in one line."""
        return " ".join(f"{name}: {problem}" for name, problem in self.fields.items())


@dataclass(slots=True)
class Applied:
    """What became of a set of items, counted by target record."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    deleted: int = 0
    skipped: int = 0
    failures: list[Failure] = field(default_factory=list)
    dependents: list[tuple[ObjectModel, SourceRow, Draft]] = field(default_factory=list)
    """What behaviours have written beside the drafts of the rules; it is counted with them."""

    def depend(self, model: ObjectModel, drafted: Sequence[tuple[SourceRow, Draft]]) -> None:
        """Count and keep what a behaviour has written."""
        self.add(model, drafted)
        self.dependents += [(model, row, draft) for row, draft in drafted]

    def add(self, model: ObjectModel, drafted: Sequence[tuple[SourceRow, Draft]]) -> None:
        """Count what became of the drafts for one target object."""
        effects = Counter(draft.effect for _, draft in drafted)
        self.created += effects[Effect.CREATED]
        self.updated += effects[Effect.UPDATED]
        self.unchanged += effects[Effect.UNCHANGED]
        self.skipped += effects[Effect.SKIPPED]
        if not effects[Effect.FAILED]:
            return
        for row, draft in drafted:
            if draft.effect is Effect.FAILED:
                data = {name: value for name, value in draft.values.items() if value is not None}
                self.failures.append(Failure(row.record_id, model.name, draft.problems, data))

    def counts(self) -> dict[str, int]:
        """As counted in a job run."""
        return {
            "created": self.created,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "deleted": self.deleted,
            "skipped": self.skipped,
            "failed": len(self.failures),
        }
