"""What a value of a record is drawn from: a plain value, or one of the ways to draw one."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Discriminator, Field, StringConstraints, Tag

ApiName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]*__[a-z]+$", max_length=60)]
"""An API name with its namespace. Ours, where the vendor publishes none, begin with `sim_` and end in `__c`."""
ObjectName = Annotated[str, StringConstraints(pattern=r"^([a-z][a-z0-9_-]*__[a-z]+|documents)$", max_length=60)]
"""An object's API name; that of a Vault's documents has no namespace."""
Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
"""A name that only the scenario's files use."""
Scalar = str | int | float | bool | date | datetime | None


class Part(BaseModel):
    """Anything in a scenario: typed, complete, and without unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Get(Part):
    """The value at a path: a field drawn before, or one behind a reference, e.g. `parent.country__v.code__sys`."""

    get: str


class Pick(Part):
    """One of a list, or of a word list; `by` is a path whose value chooses among word lists by key."""

    pick: str | tuple[Scalar, ...]
    by: str | None = None


class Weighted(Part):
    """One of several values, by weight."""

    weighted: dict[str, Annotated[int, Field(gt=0)]]


class Whole(Part):
    """A whole number between two bounds."""

    whole: tuple[int, int]


class Days(Part):
    """A date so many days after the record's creation; before it when negative."""

    days: tuple[int, int]


class MinutesAgo(Part):
    """The time of creation, so many minutes ago."""

    minutes_ago: tuple[int, int]


class Ref(Part):
    """A record that a recipe made: its id. `where` holds fields to the value they must have."""

    ref: Key
    where: dict[str, Scalar] = Field(default_factory=dict)


class After(Part):
    """What follows the record's present value in a list; the last one stays."""

    after: tuple[str, ...]
    path: str


class Chance(Part):
    """With a probability one value, else the other."""

    chance: Annotated[float, Field(ge=0, le=1)]
    then: "Value"
    otherwise: "Value" = None


_KINDS: Mapping[str, str] = {
    "get": "get",
    "pick": "pick",
    "weighted": "weighted",
    "whole": "whole",
    "days": "days",
    "minutes_ago": "minutesago",
    "ref": "ref",
    "after": "after",
    "chance": "chance",
}


def _kind_of(value: Any) -> str | None:
    if isinstance(value, Mapping):
        return next((kind for key, kind in _KINDS.items() if key in value), None)
    if isinstance(value, Part):
        return type(value).__name__.lower()
    return "scalar"


Value = Annotated[
    Annotated[Scalar, Tag("scalar")]
    | Annotated[Get, Tag("get")]
    | Annotated[Pick, Tag("pick")]
    | Annotated[Weighted, Tag("weighted")]
    | Annotated[Whole, Tag("whole")]
    | Annotated[Days, Tag("days")]
    | Annotated[MinutesAgo, Tag("minutesago")]
    | Annotated[Ref, Tag("ref")]
    | Annotated[After, Tag("after")]
    | Annotated[Chance, Tag("chance")],
    Discriminator(
        _kind_of,
        custom_error_type="value_kind",
        custom_error_message="a value is plain, or has one of the keys: " + ", ".join(_KINDS),
    ),
]
"""A plain value (text may hold `{path}` and `{n:03}`), or a way to draw one."""
