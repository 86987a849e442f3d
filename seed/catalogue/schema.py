"""What a file of the catalogue may say: one standard connection with both sides, or the Vaults that they are made for.

What hangs under a connection record is written as in a scenario (`seed.schema`). Beside it stand what the overview of
the standard connections says (features with required applications, dependencies and supersession) and the transfers:
what crosses, when, and what is documented of it.
"""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, StringConstraints, model_validator

from models.tables import DeletePolicy
from seed.schema import Label, PlannedLab, PlannedObject, PlannedPicklist, PlannedProfile, PlannedSide, PlannedUser
from seed.values import ApiName, Key, ObjectName, Part, Value

Sentence = Annotated[str, StringConstraints(min_length=1, max_length=400, strip_whitespace=True)]


class Evidence(StrEnum):
    """How well something is known."""

    DOCUMENTED = "documented"
    """The vendor's help or a seed says so."""
    LEGACY = "legacy"
    """Only an older copy of the help says so."""
    DERIVED = "derived"
    """It follows from what is documented."""
    ASSUMED = "assumed"
    """Nobody says so: the product's own choice."""


class Kind(StrEnum):
    """What a transfer moves."""

    RECORD = "record"
    DOCUMENT = "document"
    BINDER = "binder"
    ANCHOR = "anchor"
    STATE = "state"
    EVENT = "event"
    LOOKUP = "lookup"
    """Looked up while somebody works; no job and no message."""


class OnDelete(StrEnum):
    """What becomes of the target when the source is deleted."""

    STAYS = "stays"
    DELETED = "deleted"
    INACTIVATED = "inactivated"
    MARKED = "marked"

    @property
    def policy(self) -> DeletePolicy:
        """The delete policy of an integration that does so."""
        return {
            OnDelete.STAYS: DeletePolicy.LEAVE,
            OnDelete.DELETED: DeletePolicy.DELETE,
            OnDelete.INACTIVATED: DeletePolicy.INACTIVATE,
            OnDelete.MARKED: DeletePolicy.MARK,
        }[self]


class Feature(Part):
    """A feature of a connection as the overview of the standard connections lists it (seed S0).

    `applications` and `settings` say by Vault what it must have: applications, of which `A|B` means either, and local
    features that are configured. `requires` and `supersedes` name other features of the connection.
    """

    name: Label
    applications: dict[Key, tuple[str, ...]] = Field(default_factory=dict)
    settings: dict[Key, tuple[str, ...]] = Field(default_factory=dict)
    requires: tuple[str, ...] = ()
    supersedes: tuple[str, ...] = ()
    evidence: Evidence = Evidence.DOCUMENTED
    note: Sentence | None = None


class Transfer(Part):
    """One thing that a connection moves from one Vault to the other.

    `sends` and `receives` name the outbound and the inbound integration point by API name. `documented` and `assumed`
    tell in a sentence each what of it is known and what the product chose.
    """

    key: Key
    part_of: Key | None = None
    """The transfer that this one belongs to, where the vendor's list of what crosses has them as one."""
    name: Label
    """What crosses and what becomes of it, e.g. `Study Country to Study Registration`."""
    kind: Kind = Kind.RECORD
    source: Key
    """The Vault that it comes from."""
    target: Key
    """The Vault that it goes to."""
    object: ObjectName
    """The source object."""
    becomes: tuple[ObjectName, ...]
    """The target objects."""
    feature: str
    sends: ApiName | None = None
    receives: ApiName | None = None
    receives_too: tuple[ApiName, ...] = ()
    """Further inbound points that the same records are sent to, each for objects of its own."""
    trigger: Sentence | None = None
    gate: Sentence | None = None
    on_delete: OnDelete = OnDelete.STAYS
    evidence: Evidence = Evidence.DOCUMENTED
    documented: Sentence | None = None
    assumed: Sentence | None = None

    @model_validator(mode="after")
    def _moves_by_points(self) -> "Transfer":
        if self.kind is not Kind.LOOKUP and (self.sends is None or self.receives is None):
            raise ValueError("a transfer names its outbound point (sends) and its inbound point (receives)")
        return self


class Note(Part):
    """A behaviour or a contradiction that an administrator ought to know, and the test that shows it."""

    text: Sentence
    evidence: Evidence = Evidence.DOCUMENTED
    proof: str | None = None
    """A test, e.g. `catalogue/test_traps.py::test_the_hyphen_is_kept`."""


class Statistic(Part):
    """A figure that a Vault shows of a connection, beside its Connection Stats: how many records came of it so far.

    Counted are records of `object` in the Vault `of`, the showing one unless it is named; those with a Link to the
    other Vault only, unless `linked` is false; and of these those in a `state`, or with a field `filled`.
    """

    label: Label
    vault: Key
    object: ObjectName
    of: Key | None = None
    state: ApiName | None = None
    filled: ApiName | None = None
    linked: bool = True


class StandardObject(PlannedObject):
    """An object of a Vault. Several files may describe one: its fields are put together."""

    plural: Label = ""
    prefix: Annotated[str, StringConstraints(pattern=r"^([0-9A-Z]{3})?$")] = ""

    @model_validator(mode="before")
    @classmethod
    def _plural(cls, value: Any) -> Any:
        if isinstance(value, dict) and not value.get("plural") and isinstance(value.get("label"), str):
            label = value["label"]
            plural = f"{label[:-1]}ies" if label.endswith("y") and label[-2:-1] not in "aeiou" else f"{label}s"
            return {**value, "plural": plural}
        return value


class BasicRecords(Part):
    """Records that must be there before anything moves, e.g. countries: made at once, in the order of the files."""

    key: Key
    object: ObjectName
    rows: tuple[dict[str, Value], ...]
    lives: tuple[tuple[str, ...], ...] = ()


class DataModel(Part):
    """What a connection needs in one Vault: picklists, objects and records."""

    picklists: tuple[PlannedPicklist, ...] = ()
    objects: tuple[StandardObject, ...] = ()
    records: tuple[BasicRecords, ...] = ()


class Articles(Part):
    """Numbers of the vendor's help articles on a connection."""

    about: str | None = None
    configuring: str | None = None


class StandardConnection(Part):
    """One standard connection: a file of the catalogue."""

    key: Key
    name: Label
    """How the overview of the standard connections calls it (seed S0)."""
    aliases: tuple[str, ...] = ()
    families: tuple[str, ...]
    articles: Articles = Articles()
    about: Sentence
    cross_domain: bool = False
    several: Sentence | None = None
    """Whether a Vault can have the connection several times."""
    features: tuple[Feature, ...]
    sides: Annotated[tuple[PlannedSide, ...], Field(min_length=2, max_length=2)]
    data: dict[Key, DataModel] = Field(default_factory=dict)
    transfers: tuple[Transfer, ...]
    statistics: tuple[Statistic, ...] = ()
    notes: tuple[Note, ...] = ()
    unknown: tuple[str, ...] = ()
    """What the vendor does not publish, in a few words each."""

    def feature(self, name: str) -> Feature | None:
        """A feature by its name."""
        return next((feature for feature in self.features if feature.name == name), None)

    def side(self, vault: str) -> PlannedSide | None:
        """The side in this Vault."""
        return next((side for side in self.sides if side.vault == vault), None)


class StandardVault(Part):
    """A Vault that standard connections are made for, with what all of them need in it."""

    key: Key
    id: Annotated[int, Field(gt=0)]
    name: Label
    family: str
    applications: tuple[str, ...]
    features: tuple[str, ...] = ()
    administrator: tuple[str, str]
    profiles: tuple[PlannedProfile, ...] = ()
    users: tuple[PlannedUser, ...] = ()
    data: DataModel = DataModel()


class VaultsFile(Part):
    """The file that describes the Vaults, their lab and their domain."""

    lab: PlannedLab
    domain: str
    vaults: tuple[StandardVault, ...]
