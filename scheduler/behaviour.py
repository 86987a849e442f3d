"""Special behaviour of integration points, by name: what a standard connection does that its rules cannot say.

A point names its behaviours (`IntegrationPoint.behaviours`); each is a module of `scheduler.behaviours` of that name
with a `BEHAVIOUR`. The stages ask the behaviours of a point at six places and know nothing else of them, so that
run, dry run and explanation do the same. Everything is set-based: a behaviour is asked once for many records.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import ColumnElement, Table, select
from sqlmodel import Session

import scheduler.behaviours
from models.callback import SourceRow
from models.data_model import FieldModel, ObjectModel
from models.errors import NotPossible
from models.record_writer import Draft
from models.rules.compiled import CompiledTarget
from models.store import WriteSession
from models.tables import Record, table_of

if TYPE_CHECKING:
    from scheduler.route import Route

_others = table_of(Record).alias("other")

Pair = tuple[SourceRow, Draft]
Dependents = tuple[ObjectModel, Sequence[Pair]]
"""Drafts of one object that a behaviour has written, each with the source record on whose account."""


@dataclass(frozen=True, slots=True)
class Sending:
    """An outbound point that looks for records of an object. `table` has them, or the versions of documents.

    `feature` is that of the point's integration. `criteria` are those of the point for this object, a value by field or
    by path across a reference.
    """

    vault_id: int
    connection_id: int
    feature: str
    model: ObjectModel
    table: Table
    criteria: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Receiving:
    """Drafts for one target object that are written together, each with its source record.

    A draft's `existing` is the target record that it was matched with.
    """

    route: "Route"
    target: CompiledTarget
    pairs: Sequence[Pair]


@dataclass(frozen=True, slots=True)
class Asking:
    """A call-back for records of a source object that is made ready. The connection is that of the receiving Vault."""

    session: Session
    connection_id: int
    source: ObjectModel


@dataclass(frozen=True, slots=True)
class Preparing:
    """An integration of a Vault that is about to look for what changed in a span of time."""

    vault_id: int
    connection_id: int
    since: datetime | None
    until: datetime


class Behaviour:
    """What a point does beside its rules. Each method is one of the places where it can step in.

    `about` is one sentence for people who wonder why.
    """

    about: ClassVar[str] = ""
    creates_anew: ClassVar[bool] = False
    """Whether a target record that was deleted is created again when its source changes."""

    def narrow(self, session: Session, sending: Sending) -> Iterable[ColumnElement[bool]]:
        """Which records or versions an outbound point sends: conditions on `sending.table`, beside its criteria.

        Versions of documents that no longer meet them are withdrawn, where the integration does so. Raises
        ConsoleError when the Vault lacks what the behaviour goes by.
        """
        return ()

    def stirs(
        self, session: Session, sending: Sending, since: datetime, until: datetime
    ) -> Iterable[ColumnElement[bool]]:
        """Which records count as changed in a span of time though nobody changed them: any of the conditions will do.

        They, or the versions of documents, must meet the criteria as all others.
        """
        return ()

    def prepare(self, write: WriteSession, preparing: Preparing) -> bool:
        """Step in before an outbound point looks for changes: write records that are to be sent; answers whether any.

        They are written after the span of time that is looked at, which then reaches to just after them.
        """
        return False

    def asks(self, asking: Asking) -> Iterable[str]:
        """Query items that the call-back for a source object asks for as well; a pair's row has their `values`.

        Raises ConsoleError when the behaviour lacks what it goes by.
        """
        return ()

    def reach(self, session: Session, route: "Route", items: Sequence[str]) -> Sequence[str]:
        """Which source records a receive run calls back for: the items of a message, or further ones after them."""
        return items

    def drafted(self, write: WriteSession, receiving: Receiving) -> None:
        """Step in before drafts are matched: change their values, by which target records are then found."""

    def before(self, write: WriteSession, receiving: Receiving) -> None:
        """Step in before drafts are written: change their values, `skip` or `fail` them, or set another `existing`.

        With `existing` None a new target record is made where one would have been updated.
        """

    def after(self, write: WriteSession, receiving: Receiving) -> Iterable[Dependents]:
        """Step in after drafts were written: write dependent records in the same transaction.

        They go through the record writer like all others, and are answered, to be counted and told of; what fails
        among them becomes a user exception item of its source record.
        """
        return ()


def referring_to_changed(
    session: Session, sending: Sending, references: Iterable[FieldModel], since: datetime, until: datetime
) -> Iterator[ColumnElement[bool]]:
    """Conditions for records of which one of these references names a record that changed in a span of time."""
    for reference in references:
        changed = select(_others.c.record_id).where(
            _others.c.object_id == reference.reference_id,
            _others.c.modified_at >= since,
            _others.c.modified_at < until,
        )
        # Mostly nothing has changed, and then no reference need be read.
        if session.execute(changed.limit(1)).first() is not None:
            yield sending.table.c.data[reference.name].as_string().in_(changed)


@cache
def known_behaviours() -> tuple[str, ...]:
    """The names of all behaviours."""
    return tuple(sorted(module.name for module in iter_modules(scheduler.behaviours.__path__)))


@cache
def find_behaviour(name: str) -> Behaviour:
    """The behaviour of this name. Raises NotPossible that lists the names there are."""
    if name not in known_behaviours():
        known = ", ".join(known_behaviours()) or "none"
        raise NotPossible(f"There is no behaviour {name}.", f"Correct the integration point. There is: {known}.")
    found: Behaviour = import_module(f"{scheduler.behaviours.__name__}.{name}").BEHAVIOUR
    return found


def behaviours_of(names: Iterable[str]) -> tuple[Behaviour, ...]:
    """The behaviours of these names, in their order. Raises NotPossible for one that there is not."""
    return tuple(find_behaviour(name) for name in names)


def narrowing(session: Session, names: Iterable[str], sending: Sending) -> Iterator[ColumnElement[bool]]:
    """The conditions of the behaviours of an outbound point. Raises ConsoleError."""
    for behaviour in behaviours_of(names):
        yield from behaviour.narrow(session, sending)


def stirring(
    session: Session, names: Iterable[str], sending: Sending, since: datetime, until: datetime
) -> Iterator[ColumnElement[bool]]:
    """What else counts as a change, by the behaviours of an outbound point. Raises ConsoleError."""
    for behaviour in behaviours_of(names):
        yield from behaviour.stirs(session, sending, since, until)
