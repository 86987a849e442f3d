"""Reads a scenario from its folder of YAML files. Every error names the file, the line and the key."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from seed.schema import File, PlannedLab, Scenario
from seed.yaml_files import Mistake, ScenarioError, Source, read_yaml

SCENARIOS = Path(__file__).parent / "scenarios"
"""Where the scenarios that come with the program lie, one folder each."""


def read_scenario(folder: Path) -> tuple[Scenario, tuple[Source[File], ...]]:
    """Read all YAML files of a folder as one scenario; answers it and its files, for errors found later.

    Raises ScenarioError that names file, line and key of every mistake.
    """
    sources: list[Source[File]] = []
    mistakes: list[Mistake] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            sources.append(read_yaml(path, File))
        except ScenarioError as error:
            mistakes.extend(error.mistakes)
    if mistakes:
        raise ScenarioError(mistakes)
    return _joined(folder, sources), tuple(sources)


def _joined(folder: Path, sources: Sequence[Source[File]]) -> Scenario:
    labs: list[PlannedLab] = []
    words: dict[str, Any] = {}
    mistakes: list[Mistake] = []
    for source in sources:
        if source.content.lab is not None:
            labs.append(source.content.lab)
            if len(labs) > 1:
                mistakes.append(source.mistake(("lab",), "another file already describes the lab"))
        for name, listed in source.content.words.items():
            if name in words:
                mistakes.append(source.mistake(("words", name), "another file already has this word list"))
            words[name] = listed
    if not labs:
        mistakes.append(Mistake(folder.name, 1, "lab", "no file of the scenario describes the lab"))
    if mistakes:
        raise ScenarioError(mistakes)
    files = [source.content for source in sources]
    return Scenario(
        lab=labs[0],
        vaults=tuple(vault for file in files for vault in file.vaults),
        connections=tuple(connection for file in files for connection in file.connections),
        words=words,
        records=tuple(recipe for file in files for recipe in file.records),
        changes=tuple(change for file in files for change in file.changes),
    )
