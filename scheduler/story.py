"""What an explanation tells: the steps of a record on its way, and for each target field how it came to its value."""

from dataclasses import dataclass, field
from typing import Any, Literal

from models.record_writer import Effect
from models.rules.compiled import FieldTrace

Verdict = Literal["ok", "stops", "waits", "note"]
"""What a step comes to: it lets the record on, stops it, lets it wait for the next run, or only tells something."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step on the way, with what to do where it stops."""

    name: str
    verdict: Verdict
    text: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class FieldStory:
    """How one target field came to its value: the trace of its rule, and what the target holds before and after."""

    label: str
    trace: FieldTrace | None
    before: Any
    after: Any
    problem: str = ""


@dataclass(frozen=True, slots=True)
class TargetStory:
    """What one rule makes of the record in one target object."""

    rule: str
    target_object: str
    target_label: str
    matched_by: str
    record_id: str
    effect: Effect
    note: str
    fields: tuple[FieldStory, ...]


@dataclass(frozen=True, slots=True)
class Story:
    """The way of one source record into one inbound point."""

    item: str
    name: str
    source_vault_id: int
    source_object: str
    target_vault_id: int
    target_vault: str
    connection: str
    integration: str
    point: str
    steps: tuple[Step, ...]
    targets: tuple[TargetStory, ...] = ()

    @property
    def stopped(self) -> Step | None:
        """The first step that stops it."""
        return next((step for step in self.steps if step.verdict == "stops"), None)


@dataclass(frozen=True, slots=True)
class Way:
    """A way into an inbound point. `before` are the steps that led to it."""

    connection_id: int
    connection: str
    vault_id: int
    vault: str
    point_name: str
    integration: str
    before: tuple[Step, ...] = ()


@dataclass(slots=True)
class Telling:
    """A story as it grows."""

    item: str
    way: Way
    source_vault_id: int
    source_object: str
    name: str = ""
    steps: list[Step] = field(default_factory=list)
    targets: list[TargetStory] = field(default_factory=list)

    def say(self, name: str, verdict: Verdict, text: str, remedy: str = "") -> None:
        """Add a step."""
        self.steps.append(Step(name, verdict, text, remedy))

    def end(self) -> Story:
        """The whole story."""
        way = self.way
        return Story(
            self.item,
            self.name,
            self.source_vault_id,
            self.source_object,
            way.vault_id,
            way.vault,
            way.connection,
            way.integration,
            way.point_name,
            (*way.before, *self.steps),
            tuple(self.targets),
        )
