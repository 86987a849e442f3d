"""The few pages of a long list that are in memory: the last ones used, with the places from which to read on."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from models.queries.window import Key

PAGE = 200
"""Rows in a page, as `models.queries.window` reads them."""
KEPT = 12
"""Pages kept in memory; the least recently used goes first."""


class Pages:
    """Rows of a list by their place, as far as they have been read."""

    def __init__(self) -> None:
        self._pages: OrderedDict[int, list[Any]] = OrderedDict()

    def __len__(self) -> int:
        return sum(len(page) for page in self._pages.values())

    def replace(self, pages: Mapping[int, list[Any]]) -> None:
        """Forget everything and keep these: places may have shifted."""
        self._pages = OrderedDict(pages)

    def add(self, pages: Mapping[int, list[Any]]) -> None:
        """Keep these too."""
        for number, rows in pages.items():
            self._pages[number] = rows
            self._pages.move_to_end(number)
        while len(self._pages) > KEPT:
            self._pages.popitem(last=False)

    def row(self, index: int) -> Any | None:
        """The row at a place, or None when its page is not here."""
        page = self._pages.get(index // PAGE)
        place = index % PAGE
        return page[place] if page is not None and place < len(page) else None

    def missing(self, first: int, last: int, total: int) -> list[int]:
        """Numbers of the pages that rows `first` to `last` need and that are not here."""
        wanted = range(max(0, first) // PAGE, min(last, total - 1) // PAGE + 1)
        for number in wanted:
            if number in self._pages:
                self._pages.move_to_end(number)
        return [number for number in wanted if number not in self._pages]

    def anchors(self, numbers: list[int]) -> dict[int, tuple[int, Key]]:
        """For each page that has a neighbour here, the neighbour's nearest row: its place and key."""
        found: dict[int, tuple[int, Key]] = {}
        for number in numbers:
            before, after = self._pages.get(number - 1), self._pages.get(number + 1)
            if before and len(before) == PAGE:
                found[number] = (number * PAGE - 1, before[-1].key)
            elif after:
                found[number] = ((number + 1) * PAGE, after[0].key)
        return found
