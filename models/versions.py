"""How documents are numbered: 0.1 when new, a minor number per draft, the next major number in a steady state.

What a lifecycle state means to that is its type, whatever the state is called. The vendor publishes only that a
CrossLink is bound to a version and follows its source into later ones (integration facts, section 5).

Assumed: a draft that enters a steady state becomes x.0 itself, rather than leaving a copy behind; a version that is
x.0 already keeps its number when it enters a steady state again; a document that begins in a steady state, or in one
that comes after it, begins as 1.0; a CrossLink is numbered in its own Vault, from 1.0 or 0.1, whatever number its
source has.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

MAJOR = "major_version_number__v"
MINOR = "minor_version_number__v"
VERSION_ID = "version_id"
STATE = "state__v"
ASKED = (STATE, MAJOR, MINOR)
"""What a call-back about documents asks for besides what the rules ask for."""
STATETYPE = "STATETYPE()"
"""In the criteria of an integration point: the type of the lifecycle state."""


class StateType(StrEnum):
    """What a lifecycle state means for a document."""

    INITIAL = "initial"
    STEADY = "steady"
    SUPERSEDED = "superseded"
    OBSOLETE = "obsolete"


SETTLED = frozenset({StateType.STEADY, StateType.SUPERSEDED, StateType.OBSOLETE})
"""A new document that begins in a state of these types has been steady before, elsewhere."""


class Version(NamedTuple):
    """A version's number; later versions compare as greater."""

    major: int
    minor: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"

    @property
    def is_draft(self) -> bool:
        """Whether it is between two steady versions."""
        return self.minor > 0

    def draft(self) -> "Version":
        """The version that a new draft of this one gets."""
        return Version(self.major, self.minor + 1)

    def settled(self) -> "Version":
        """The number that this version has in a steady state: the next major one for a draft, else its own."""
        return Version(self.major + 1, 0) if self.is_draft else self

    def replaced_by(self, later: "Version") -> bool:
        """Whether `later` is this version under its new number, rather than one more version."""
        return self.is_draft and later == self.settled()


def first_version(state_type: StateType | None) -> Version:
    """The version of a new document that begins in a state of this type."""
    return Version(1, 0) if state_type in SETTLED else Version(0, 1)


def entering(own: Version, state_type: StateType | None) -> Version:
    """The number of a version when it enters a state of this type."""
    return own.settled() if state_type is StateType.STEADY else own


def following(own: Version, source: Version) -> Version:
    """The version that comes after a CrossLink's `own` when it is bound to the later version `source`."""
    return own.draft() if source.is_draft else Version(own.major + 1, 0)


def version_id(record_id: str, version: Version) -> str:
    """What names a version in messages."""
    return f"{record_id}_{version.major}_{version.minor}"


def record_id_of(item: str) -> str:
    """The id of the record that an item of a message is about, whether the item is a record's id or a version's."""
    return item.partition("_")[0]


def version_in(values: Mapping[str, Any]) -> Version:
    """The version that a document's field values state; 0.1 where they state none."""
    return Version(int(values.get(MAJOR) or 0), int(values.get(MINOR, 1)))
