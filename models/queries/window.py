"""Reading a long list through a window: how many rows there are, one page of them, and where a row stands.

A list is ordered by one unique key, or by a sort column and then the key. Pages next to a known row are found from its
key, so that paging on costs the same at row 200 and at row 900,000; only a jump into the middle counts rows, in the
index.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from sqlalchemy import ColumnElement, Enum, Executable, Integer, Select, String, and_, cast, func, or_, select
from sqlmodel import Session

from models.typed_times import read_moment

PAGE = 200
"""Rows in a page."""

Key = int | str
"""What names a row in a list, for good: its cursor and selection hold on to it."""


class Keyed(Protocol):
    """A row that says its key."""

    @property
    def key(self) -> Key:
        """The row's key."""
        ...


R = TypeVar("R", bound=Keyed)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Anchor:
    """A row whose place in the list is known."""

    index: int
    key: Key


class Paged(Protocol):
    """A list that says how long it is and answers its rows."""

    def count(self, session: Session) -> int:
        """How many rows there are."""
        ...

    def page(self, session: Session, offset: int, limit: int, total: int) -> Sequence[Any]:
        """The rows from `offset` on."""
        ...


@dataclass(frozen=True)
class Listing(Generic[R]):
    """One list, filtered and sorted, of one Vault.

    `keys` selects just the key column, under all conditions; `rows` selects what `build` needs, without conditions.
    `sort` must never be null.
    """

    key: ColumnElement[Any]
    keys: Select[Any]
    rows: Select[Any]
    build: Callable[[Any], R]
    sort: ColumnElement[Any] | None = None
    descending: bool = False
    dated: ColumnElement[Any] | None = None
    """The time that a row is of, where people look for one by that."""

    def count(self, session: Session) -> int:
        """How many rows there are."""
        return int(session.execute(select(func.count()).select_from(self.keys.subquery())).scalar_one())

    def page(self, session: Session, offset: int, limit: int, total: int, anchor: Anchor | None = None) -> list[R]:
        """The rows from `offset` on, at most `limit`. `anchor` is any row of known place, to count from."""
        limit = max(0, min(limit, total - offset))
        if not limit:
            return []
        backwards = False
        statement = self.keys
        if anchor is not None and self.sort is None:
            backwards = offset < anchor.index
            statement = statement.where(self._beyond(anchor.key, backwards=backwards))
            skip = anchor.index - offset - limit if backwards else offset - anchor.index - 1
            if backwards and skip < 0:
                limit, skip = anchor.index - offset, 0
        else:
            backwards = offset > total // 2
            skip = total - offset - limit if backwards else offset
        wanted = statement.order_by(*self._order(backwards=backwards)).limit(limit).offset(skip)
        chosen = self.rows.where(self.key.in_(wanted)).order_by(*self._order(backwards=False))
        return [self.build(row) for row in fetch(session, chosen)]

    def every(self, session: Session) -> Iterator[R]:
        """All rows in order, by one statement that is read on: pages of a sorted list would each be sorted for."""
        chosen = self.rows.where(self.key.in_(self.keys)).order_by(*self._order(backwards=False))
        for row in session.execute(chosen, execution_options={"yield_per": PAGE}):
            yield self.build(row)

    def position(self, session: Session, key: Key) -> int | None:
        """Where the row with this key stands, counted from 0; None when it is not (or no longer) in the list."""
        here = self.key if self.sort is None else self.sort
        value = session.execute(self.keys.with_only_columns(here).where(self.key == key)).first()
        if value is None:
            return None
        if self.sort is None:
            before = self._beyond(key, backwards=True)
        else:
            ahead = self.sort > value[0] if self.descending else self.sort < value[0]
            before = or_(ahead, and_(self.sort == value[0], self._beyond(key, backwards=True)))
        counted = select(func.count()).select_from(self.keys.where(before).subquery())
        return int(session.execute(counted).scalar_one())

    def go_to(self, session: Session, text: str, now: datetime) -> Key | None:
        """The row that a person means: by its key (a number may stand after `#`), or the last one up to a time.

        None when there is none. Raises ValueError with a sentence when the text is neither; `now` is the lab time.
        """
        text = text.strip()
        number = text.removeprefix("#")
        if not isinstance(self.key.type, Integer):
            here = self.position(session, text)
        else:
            here = self.position(session, int(number)) if number.isascii() and number.isdigit() else None
            text = "" if number.isdigit() else text
        if here is not None:
            return int(number) if isinstance(self.key.type, Integer) else text
        if not text:
            return None
        if self.dated is None:
            raise ValueError("This list has no such row, and none is found by a time.")
        upto = self.keys.where(self.dated <= read_moment(text, now))
        in_order = self.sort is None and self.descending
        latest = (self.key.desc(),) if in_order else (self.dated.desc(), self.key.desc())
        found: Key | None = session.execute(upto.order_by(*latest).limit(1)).scalar()
        return found

    def neighbour(self, session: Session, whole: "Listing[Any]", key: Key | None, *, backwards: bool) -> Key | None:
        """The key of the row of this list that follows the row `key` of a `whole` list sorted alike, or goes before it.

        Without a `key` it is the first one, or the last; None when there is none.
        """
        statement = self.keys
        if key is not None:
            beyond = self._beyond(key, backwards=backwards)
            if self.sort is not None:
                here = session.execute(whole.keys.with_only_columns(self.sort).where(whole.key == key)).first()
                if here is None:
                    return None
                ahead = self.sort < here[0] if self.descending != backwards else self.sort > here[0]
                beyond = or_(ahead, and_(self.sort == here[0], beyond))
            statement = statement.where(beyond)
        found = session.execute(statement.order_by(*self._order(backwards=backwards)).limit(1)).scalar()
        return None if found is None else self._key(found)

    @staticmethod
    def _key(found: Any) -> Key:
        return found if isinstance(found, int) else str(found)

    def _beyond(self, key: Key, *, backwards: bool) -> ColumnElement[bool]:
        return self.key < key if self.descending != backwards else self.key > key

    def _order(self, *, backwards: bool) -> tuple[ColumnElement[Any], ...]:
        columns = (self.key,) if self.sort is None else (self.sort, self.key)
        return tuple(column.desc() if self.descending != backwards else column.asc() for column in columns)


def neighbour_of_few(
    session: Session, whole: Paged, matching: Paged, key: Key | None, *, backwards: bool
) -> Key | None:
    """What `Listing.neighbour` answers, for lists that are put together in memory."""

    def keys_of(listing: Paged) -> list[Key]:
        total = listing.count(session)
        return [row.key for row in listing.page(session, 0, total, total)]

    order = {each: place for place, each in enumerate(keys_of(whole))}
    matches = [each for each in keys_of(matching) if each in order]
    if backwards:
        matches.reverse()
    if key is None:
        return next(iter(matches), None)
    here = order.get(key, 0)
    return next((each for each in matches if (order[each] < here if backwards else order[each] > here)), None)


@dataclass(frozen=True, slots=True)
class Look:
    """What a window asks when anything may have changed: where it looked, and at which row its cursor stood."""

    height: int
    top: int = 0
    cursor: int = 0
    key: Key | None = None
    seek: bool = False
    """Bring the row `key` into view, wherever it stands, instead of holding the window still around it."""


@dataclass(frozen=True, slots=True)
class View(Generic[R]):
    """What the window shows now. `found` says whether the row that was asked for is still there."""

    total: int
    top: int
    cursor: int
    found: bool
    pages: Mapping[int, list[R]] = field(default_factory=dict)


def look(session: Session, listing: Listing[R], ask: Look, early: Callable[[View[R]], object] | None = None) -> View[R]:
    """Read what a window shows, so that its cursor stays on its row and the rows around it stay where they are.

    A window that stands at the top of its list stays there while the cursor's row is in sight, so that new rows above
    are seen. With `early` the first page of a list in its own order is read before its rows are counted, and handed
    over with as many rows as `total`: counting a broad filter takes longer than all the rest.
    """
    if early is not None and isinstance(listing, Listing) and listing.sort is None:
        first = listing.page(session, 0, PAGE, PAGE)
        if len(first) < PAGE:
            here = next((place for place, row in enumerate(first) if row.key == ask.key), None)
            return View(len(first), 0, here or 0, here is not None, {0: first} if first else {})
        early(View(PAGE, 0, 0, found=False, pages={0: first}))
    total = listing.count(session)
    place = listing.position(session, ask.key) if ask.key is not None else None
    cursor = ask.cursor if place is None else place
    cursor = max(0, min(cursor, total - 1))
    top = ask.top
    if place is not None:
        if ask.seek:
            inside = top <= cursor < top + ask.height
            top = top if inside else cursor - ask.height // 2
        elif top > 0 or cursor >= ask.height:
            top += place - ask.cursor
    top = max(0, min(top, total - ask.height))
    numbers = {number for row in (top, top + ask.height - 1, cursor) if (number := row // PAGE) * PAGE < total}
    return View(total, top, cursor, place is not None, read_pages(session, listing, sorted(numbers), total, {}))


def read_pages(
    session: Session, listing: Listing[R], numbers: list[int], total: int, known: Mapping[int, Anchor]
) -> dict[int, list[R]]:
    """Read pages by number. `known` maps page numbers to a row of known place on the side that is wanted."""
    pages: dict[int, list[R]] = {}
    for number in numbers:
        anchor = known.get(number)
        if anchor is None and pages.get(number - 1):
            anchor = Anchor(number * PAGE - 1, pages[number - 1][-1].key)
        pages[number] = listing.page(session, number * PAGE, PAGE, total, anchor)
    return pages


def ordered(listing: Listing[R], sorts: Mapping[str, ColumnElement[Any]], sort: str, *, descending: bool) -> Listing[R]:
    """The listing sorted by one of `sorts`; an unknown name leaves its own order."""
    if sort not in sorts:
        return listing
    return replace(listing, sort=sorts[sort], descending=descending)


def matches(text: str, *columns: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether any of the columns holds every word of `text`, in any case. Nothing in the text is a wildcard."""
    # An enumeration takes only its own values: its text is what a word is looked for in.
    texts = [cast(column, String) if isinstance(column.type, Enum) else column for column in columns]
    return and_(*(or_(*(column.icontains(word, autoescape=True) for column in texts)) for word in text.split()))


def fetch(session: Session, statement: Executable) -> Sequence[Any]:
    """The rows of a statement, as plain sequences to build frozen rows from."""
    return session.execute(statement).all()


def fetch_one(session: Session, statement: Executable) -> Any:
    """The one row of a statement, or None."""
    return session.execute(statement).one_or_none()


def row_of(kind: Callable[..., T], columns: Sequence[Any], *more: Any, **named: Any) -> T:
    """Build a frozen row from selected columns, in their order, and from what was read besides."""
    return kind(*columns, *more, **named)
