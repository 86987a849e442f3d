"""Reads the catalogue from its files. Every error names the file, the line and the key."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from seed.catalogue.schema import StandardConnection, StandardVault, VaultsFile
from seed.yaml_files import Mistake, ScenarioError, Source, read_yaml

CATALOGUE = Path(__file__).parent
"""Where the files of the catalogue lie: `vaults.yaml`, and a file for each connection below `connections`."""
VAULTS = "vaults.yaml"
CONNECTIONS = "connections"


@dataclass(frozen=True)
class Catalogue:
    """All standard connections, and the Vaults that they are made for, in the order of the files."""

    vaults_file: Source[VaultsFile]
    files: tuple[Source[StandardConnection], ...]

    @property
    def connections(self) -> Mapping[str, StandardConnection]:
        """The connections by key."""
        return {file.content.key: file.content for file in self.files}

    @property
    def vaults(self) -> Mapping[str, StandardVault]:
        """The Vaults by key."""
        return {vault.key: vault for vault in self.vaults_file.content.vaults}


def read_catalogue(folder: Path = CATALOGUE) -> Catalogue:
    """Read a catalogue; what its files say about each other is not looked at yet (`seed.catalogue.checks`).

    Raises ScenarioError that names file, line and key of every mistake.
    """
    mistakes: list[Mistake] = []
    files: list[Source[StandardConnection]] = []
    for path in sorted((folder / CONNECTIONS).glob("*.yaml")):
        try:
            files.append(read_yaml(path, StandardConnection))
        except ScenarioError as error:
            mistakes.extend(error.mistakes)
    try:
        vaults = read_yaml(folder / VAULTS, VaultsFile)
    except ScenarioError as error:
        raise ScenarioError([*error.mistakes, *mistakes]) from None
    mistakes.extend(_repeated(files))
    if mistakes:
        raise ScenarioError(mistakes)
    return Catalogue(vaults, tuple(files))


@cache
def catalogue() -> Catalogue:
    """The catalogue that comes with the program, read once."""
    return read_catalogue()


def _repeated(files: Sequence[Source[StandardConnection]]) -> list[Mistake]:
    seen: dict[str, str] = {}
    mistakes = []
    for file in files:
        key = file.content.key
        if key in seen:
            mistakes.append(file.mistake(("key",), f"{seen[key]} already describes the connection {key}"))
        seen[key] = file.name
    return mistakes
