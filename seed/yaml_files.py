"""Reads YAML files into typed models. Every error names the file, the line and the key."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from yaml.constructor import ConstructorError
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from models.errors import ConsoleError

try:
    from yaml import CSafeLoader as _Loader  # the same loader, ten times as fast
except ImportError:  # PyYAML may be built without libyaml
    from yaml import SafeLoader as _Loader  # type: ignore[assignment]

Location = tuple[str | int, ...]
"""Keys and positions that lead to something in a file."""

Content = TypeVar("Content", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing wrong in a scenario: where, and what."""

    file: str
    line: int
    key: str
    problem: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}, {self.key}: {self.problem}"


class ScenarioError(ConsoleError):
    """A scenario's files say something that cannot be built; `mistakes` names every place."""

    title = "The scenario cannot be read"

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(map(str, mistakes)), "Correct the scenario's files.")


@dataclass(frozen=True)
class Source(Generic[Content]):
    """A file as it was written: its name, what it says, and where each key stands."""

    name: str
    node: Node | None
    content: Content

    def mistake(self, location: Location, problem: str) -> Mistake:
        """A mistake at a place in this file, as deep as the place exists."""
        return Mistake(self.name, _line(self.node, location), _key(self.node, location), problem)


def read_yaml(path: Path, shape: type[Content]) -> Source[Content]:
    """Read one file of this shape; an empty file is one without keys.

    Raises ScenarioError that names file, line and key of every mistake.
    """
    text = path.read_text(encoding="utf-8")
    try:
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
            mistakes = [*_repeated_keys(path.name, node, ())]
            value = {} if node is None else loader.construct_document(node)
        finally:
            loader.dispose()
    except (yaml.MarkedYAMLError, ConstructorError) as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ScenarioError([Mistake(path.name, line, "-", f"not readable as YAML: {error.problem}")]) from None
    if mistakes:
        raise ScenarioError(mistakes)
    try:
        return Source(path.name, node, shape.model_validate(value))
    except ValidationError as error:
        wrong = [(_location(node, problem["loc"]), problem["msg"]) for problem in error.errors(include_url=False)]
        raise ScenarioError(
            [Mistake(path.name, _line(node, where), _key(node, where), what) for where, what in wrong]
        ) from None


def _repeated_keys(file: str, node: Node | None, location: Location) -> Iterator[Mistake]:
    # YAML readers keep the last of two equal keys without a word.
    if isinstance(node, MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            if name in seen:
                yield Mistake(file, key.start_mark.line + 1, _written((*location, name)), "the key stands here twice")
            seen.add(name)
            yield from _repeated_keys(file, value, (*location, name))
    elif isinstance(node, SequenceNode):
        for position, item in enumerate(node.value):
            yield from _repeated_keys(file, item, (*location, position))


def _steps(node: Node | None, location: Iterable[str | int]) -> Iterator[tuple[str | int, Node]]:
    """Walk down as far as the location exists; answers each step with the node that tells its line."""
    for step in location:
        if isinstance(node, MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == step), None)
            if found is None:
                continue
            place, node = found
        elif isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
            place = node = node.value[step]
        else:
            continue
        yield step, place


def _location(node: Node | None, location: Location) -> Location:
    """A checker's location without the steps that are not in the file (the kind of a value, for example).

    The last step stays: a key that is missing is not in the file either.
    """
    there = [step for step, _ in _steps(node, location)]
    last = location[-1] if location else "-"
    if not there or there[-1] != last:
        leaf = _leaf(node, there)
        if not isinstance(leaf, ScalarNode) and isinstance(last, str):
            there.append(last)
    return tuple(there)


def _leaf(node: Node | None, location: Iterable[str | int]) -> Node | None:
    for step in location:
        if isinstance(node, MappingNode):
            node = next((value for key, value in node.value if key.value == step), None)
        elif isinstance(node, SequenceNode) and isinstance(step, int):
            node = node.value[step]
    return node


def _line(node: Node | None, location: Location) -> int:
    line = node.start_mark.line if node is not None else 0
    for _, place in _steps(node, location):
        line = place.start_mark.line
    return int(line) + 1


def _key(node: Node | None, location: Location) -> str:
    return _written(_location(node, location)) or "-"


def _written(location: Location) -> str:
    words = ""
    for step in location:
        words += f"[{step}]" if isinstance(step, int) else f".{step}" if words else str(step)
    return words
