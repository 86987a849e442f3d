"""Telling which of several things a person means by a name. Loads nothing of the store."""

from collections.abc import Sequence
from dataclasses import dataclass

from models.errors import NotFound, NotPossible


@dataclass(frozen=True, slots=True)
class Candidate:
    """One of the things that a name may mean. `where` tells it from another of the same name."""

    key: int
    names: tuple[str, ...]
    where: str = ""


def choose(candidates: Sequence[Candidate], text: str, what: str, remedy: str) -> Candidate:
    """The one that is called `text`, in any case; else the one whose name alone begins with it.

    Raises NotFound when there is none, NotPossible with `remedy` when there are several.
    """
    wanted = text.strip().casefold()
    exact = [one for one in candidates if wanted in (name.casefold() for name in one.names)]
    found = exact or [one for one in candidates if wanted and any(n.casefold().startswith(wanted) for n in one.names)]
    if len(found) == 1:
        return found[0]
    if found:
        raise NotPossible(f"Several are called {text}: {_listed(found)}.", remedy)
    raise NotFound(f"There is no {what} {text} here.", f"There is {_listed(candidates)}." if candidates else "")


def _listed(candidates: Sequence[Candidate], most: int = 12) -> str:
    texts = [
        f"{one.names[1]} ({', '.join(dict.fromkeys(filter(None, (one.where, one.names[0]))))})"
        for one in candidates[:most]
    ]
    more = [f"{len(candidates) - most} more"] if len(candidates) > most else []
    return ", ".join(texts + more)
