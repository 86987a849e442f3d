"""Records and how they come about: recipes, records that are wrong on purpose, and what users change now and then."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, field_validator, model_validator

from models.data_model import DOCUMENTS
from seed.values import ApiName, Key, ObjectName, Part, Scalar, Value

DRAFT = "draft"
"""In the life of a document: a new version."""


class Per(Part):
    """Make so many records for each record of another recipe that meets `where`; it is then the `parent`."""

    recipe: Key
    count: tuple[int, int] = (1, 1)
    where: dict[str, Scalar] = Field(default_factory=dict)


class Odd(Part):
    """Records that are wrong on purpose: by number, what they hold instead, and what goes wrong with them."""

    at: tuple[int, ...]
    why: str
    values: dict[str, Value]


class Recipe(Part):
    """How to make records of one object: fixed rows, a count, or so many per record of another recipe.

    `let` draws values that only later ones use. `distinct` fields are drawn again until they differ within the recipe,
    or within one parent. The records come into being in `batches` transactions, spread over `when`.

    Documents go through `lives` afterwards, one after the other in turn: each is a row of lifecycle states that the
    document enters, where `draft` stands for a new version.
    """

    key: Key
    vault: Key
    object: ObjectName
    by: str
    when: tuple[AwareDatetime, AwareDatetime]
    batches: Annotated[int, Field(gt=0)] = 1
    rows: tuple[dict[str, Value], ...] = ()
    count: Annotated[int, Field(gt=0)] | None = None
    per: Per | None = None
    let: dict[str, Value] = Field(default_factory=dict)
    values: dict[str, Value] = Field(default_factory=dict)
    distinct: tuple[str, ...] = ()
    odd: tuple[Odd, ...] = ()
    lives: tuple[tuple[ApiName | Literal["draft"], ...], ...] = ()

    @field_validator("when")
    @classmethod
    def _is_a_span(cls, when: tuple[datetime, datetime]) -> tuple[datetime, datetime]:
        if when[1] < when[0]:
            raise ValueError("the end is before the start")
        return when

    @model_validator(mode="after")
    def _makes_records_in_one_way(self) -> "Recipe":
        if sum((bool(self.rows), self.count is not None, self.per is not None)) != 1:
            raise ValueError("a recipe has either rows, or a count, or a parent (per)")
        if self.lives and self.object != DOCUMENTS:
            raise ValueError("only documents go through a life (lives)")
        return self


class Change(Part):
    """Something that users do now and then: make a record by a recipe, or change one that meets `where`."""

    key: Key
    weight: Annotated[int, Field(gt=0)]
    words: str
    make: Key | None = None
    change: Key | None = None
    """The recipe that names Vault and object of the records to change."""
    by: str | None = None
    where: dict[str, Scalar] = Field(default_factory=dict)
    let: dict[str, Value] = Field(default_factory=dict)
    values: dict[str, Value] = Field(default_factory=dict)
    life: tuple[ApiName | Literal["draft"], ...] = ()
    """What a document that is changed goes through: versions and lifecycle states, as in `Recipe.lives`."""

    @model_validator(mode="after")
    def _does_one_thing(self) -> "Change":
        if (self.make is None) is (self.change is None):
            raise ValueError("a change either makes a record (make) or changes one (change)")
        if self.make is not None and self.where:
            raise ValueError("a record that is made has no conditions (where)")
        if self.make is not None and self.life:
            raise ValueError("a record that is made lives as its recipe says (lives)")
        return self
