"""Where a list's rows come from. A list asks in plain numbers and keys, in a thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from models.queries.window import Key, Listing, View
    from models.store import Store


@dataclass(frozen=True, slots=True)
class Place:
    """Where a list looks: how many rows it shows from which on, and the row that its cursor holds."""

    height: int
    top: int = 0
    cursor: int = 0
    key: Key | None = None
    seek: bool = False


class WindowSource(Protocol):
    """A list's rows, read a window at a time. Both methods are called in a thread."""

    def look(self, place: Place, early: Callable[[View[Any]], object] | None = None) -> View[Any]:
        """What the list shows now. `early` may be given its first page before its rows are counted."""
        ...

    def pages(self, numbers: list[int], total: int, known: Mapping[int, tuple[int, Key]]) -> dict[int, list[Any]]:
        """Pages of rows by number; `known` names a row of known place for some of them."""
        ...


class StoreSource:
    """Rows of a listing in the store. `listing` is called in the thread, so that it may import what it needs."""

    def __init__(self, store: Store, listing: Callable[[], Listing[Any]]) -> None:
        self._store = store
        self._listing = listing

    def look(self, place: Place, early: Callable[[View[Any]], object] | None = None) -> View[Any]:
        from models.queries.lab import ask
        from models.queries.window import Look, look

        wanted = Look(place.height, place.top, place.cursor, place.key, place.seek)
        return ask(self._store, look, self._listing(), wanted, early)

    def pages(self, numbers: list[int], total: int, known: Mapping[int, tuple[int, Key]]) -> dict[int, list[Any]]:
        from models.queries.lab import ask
        from models.queries.window import Anchor, read_pages

        anchors = {number: Anchor(*row) for number, row in known.items()}
        return ask(self._store, read_pages, self._listing(), numbers, total, anchors)

    def in_sorted_order(self) -> Iterator[Any] | None:
        """All rows of a list that is sorted by something else than its key; None for one that is not."""
        from models.queries.window import Listing

        listing = self._listing()
        if not isinstance(listing, Listing) or listing.sort is None:
            return None
        from models.queries.lab import stream

        return stream(self._store, listing.every)
