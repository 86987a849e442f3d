"""Stories about transfers: what a user does in one Vault, and what is then found in the other. A file per connection.

They are the catalogue's samples: a lab is filled with what they create, and each of them is proven by running it.
Values are written by hand: nothing is derived from the rules of the catalogue.

- `given` are records made first, by name and in order; then all jobs run, so that they arrive too.
- `create` are the values of the record that the story is about; or `source` names one of `given` that is changed so.
- A value `@study` is the id of a record that was made, `@study.global_id__sys` one of its fields, `@country__v/US` the
  record of that object and Vault whose name or Country Code is `US`.
- `arrives`, `then` and `marked` say by target object what it holds afterwards; a path walks references.
"""

from typing import Literal

from pydantic import Field

from seed.catalogue.load import CATALOGUE
from seed.values import Key, ObjectName, Part, Scalar
from seed.yaml_files import read_yaml

STORIES = CATALOGUE / "stories"

Values = dict[str, Scalar]


class Given(Part):
    """A record made beforehand in a Vault. `runs` says whether all jobs run before the next one is made."""

    vault: Key
    object: ObjectName
    values: Values
    life: tuple[str, ...] = ()
    runs: bool = False


class Closed(Part):
    """A gate that is closed: by these values nothing arrives."""

    why: str
    create: Values = Field(default_factory=dict)
    given: dict[str, Values] = Field(default_factory=dict)
    life: tuple[str, ...] | None = None
    change: Values | None = None


class Target(Part):
    """What a target object holds, and how many records there are. `found` finds them when they are not linked."""

    holds: dict[str, Scalar] = Field(default_factory=dict)
    found: dict[str, Scalar] | None = None
    linked: bool = True
    count: int = 1


class Story(Part):
    """What is told of one transfer.

    `features` are switched on beforehand, and what supersedes them off: for a transfer that is off in a running lab.
    """

    features: tuple[str, ...] = ()
    given: dict[str, Given] = Field(default_factory=dict)
    create: Values | None = None
    source: str | None = None
    life: tuple[str, ...] = ()
    arrives: dict[str, Target]
    change: Values | None = None
    change_life: tuple[str, ...] = ()
    """What a document goes through at the change: `draft` is a new version, anything else a state."""
    then: dict[str, Target] = Field(default_factory=dict)
    inactivated: bool = False
    """Whether targets follow when the source is inactivated."""
    marked: dict[str, Target] = Field(default_factory=dict)
    deleted: Literal["stays", "deleted", "inactivated", "marked"] | None = None
    """What becomes of the targets with their source; None: the story does not tell."""
    closed: tuple[Closed, ...] = ()


class Stories(Part):
    """A file of stories: by transfer."""

    stories: dict[str, Story]


def stories_of(connection: str) -> dict[str, Story]:
    """The stories of a connection by transfer; none when there is no file."""
    path = STORIES / f"{connection}.yaml"
    return dict(read_yaml(path, Stories).content.stories) if path.exists() else {}
