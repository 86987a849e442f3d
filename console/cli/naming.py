"""Naming refused fields as the command line does: by the option or argument that a person typed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from models.errors import InvalidInput


@contextmanager
def told_as(names: Mapping[str, str] | Callable[[str], str]) -> Iterator[None]:
    """Let refused fields go by these names, a mapping or a function of theirs; the others keep their own."""
    name_of = names if callable(names) else lambda name: names.get(name, name)
    try:
        yield
    except InvalidInput as refused:
        fields = {name_of(name): problem for name, problem in refused.fields.items()}
        raise InvalidInput(fields, refused.remedy) from refused
