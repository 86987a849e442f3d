"""What a scenario may say: the typed shape of the YAML files, checked before anything is built.

Words are the field's own: vaults with their data model, connections with both sides, integrations, points, rules,
queues, and recipes for records. A key that is not known here is an error, so that a slip of the pen is found.
"""

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from models.tables import ConnectionType, Direction, FieldType, LookupType, Matching, ObjectKind
from models.user_actions import LONGEST_LABEL
from models.versions import StateType
from seed.story import Change, Recipe
from seed.values import ApiName, Key, ObjectName, Part, Scalar

Label = Annotated[str, StringConstraints(min_length=1, max_length=100)]


# Vaults and their data model.


class PlannedUser(Part):
    """A user of a Vault."""

    username: str
    first_name: str
    last_name: str
    profile: str


class PlannedProfile(Part):
    """A custom security profile: what it grants, by the permissions' labels."""

    name: Label
    permissions: tuple[str, ...]


class PlannedPicklist(Part):
    """A picklist: value names with their labels."""

    name: ApiName
    label: Label
    values: dict[str, Label]


class PlannedField(Part):
    """A field of an object. `picklist` and `object` are named by API name; a reference is walked by its name + `r`."""

    name: ApiName
    label: Label
    type: FieldType = FieldType.TEXT
    required: bool = False
    unique: bool = False
    max_length: Annotated[int, Field(gt=0, le=1500)] | None = None
    picklist: ApiName | None = None
    several: bool = False
    """Whether it holds several values of its picklist."""
    object: ObjectName | None = None

    @model_validator(mode="after")
    def _fits_its_type(self) -> "PlannedField":
        if (self.type is FieldType.PICKLIST) is not (self.picklist is not None):
            raise ValueError("a field of type picklist, and no other, names its picklist")
        if (self.type is FieldType.OBJECT) is not (self.object is not None):
            raise ValueError("a field of type object, and no other, names its object")
        return self

    @property
    def relationship(self) -> str | None:
        """The name by which a query walks this reference, e.g. `study__vr` for `study__v`."""
        return f"{self.name}r" if self.object else None


class PlannedState(Part):
    """A lifecycle state with the type that says what it means for a document."""

    label: Label
    type: StateType | None = None


class PlannedAction(Part):
    """A user action of an object's records: its label, the values it sets, and those that a record must hold for it."""

    label: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_LABEL)]
    sets: Annotated[dict[str, Scalar], Field(min_length=1)]
    when: dict[str, Scalar] = Field(default_factory=dict)
    about: Annotated[str, StringConstraints(max_length=400, strip_whitespace=True)] = ""
    """A sentence on what comes of it."""


class PlannedObject(Part):
    """An object; `states` maps names of lifecycle states to labels, or labels and types, the starting state first.

    The object of a Vault's documents is of kind document and named `documents`; its records are numbered by the Vault.
    """

    name: ObjectName
    label: Label
    plural: Label
    prefix: Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{3}$")]
    kind: ObjectKind = ObjectKind.OBJECT
    states: dict[str, Label | PlannedState] = Field(default_factory=dict)
    locked_when: dict[str, Scalar] = Field(default_factory=dict)
    """Values by which a record is locked: users cannot edit it any more."""
    fields: tuple[PlannedField, ...] = ()
    actions: tuple[PlannedAction, ...] = ()
    """What users do with its records at one stroke."""

    @property
    def lifecycle(self) -> list[tuple[str, str, StateType | None]]:
        """The states in order: name, label, type."""
        found: list[tuple[str, str, StateType | None]] = []
        for name, state in self.states.items():
            found.append((name, state, None) if isinstance(state, str) else (name, state.label, state.type))
        return found


class PlannedVault(Part):
    """A Vault with users and data model. A sandbox names its parent and takes its data model and connections over."""

    key: Key
    id: Annotated[int, Field(gt=0)]
    name: Label
    dns_host: str
    domain: str
    family: str
    applications: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    sandbox_of: Key | None = None
    administrator: tuple[str, str] = ("Vault", "Administrator")
    profiles: tuple[PlannedProfile, ...] = ()
    users: tuple[PlannedUser, ...] = ()
    picklists: tuple[PlannedPicklist, ...] = ()
    objects: tuple[PlannedObject, ...] = ()


# Connections.


class PlannedFieldRule(Part):
    """A field rule: `to` is target object and field, `get` the query field, `match` the target's lookup field."""

    to: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]+\.[a-z0-9_]+$")]
    get: str | None = None
    default: str | None = None
    match: str | None = None
    lookup: ApiName | None = None
    active: bool = True

    @model_validator(mode="after")
    def _has_a_source(self) -> "PlannedFieldRule":
        if self.get is None and self.default is None:
            raise ValueError("a field rule needs a query field (get), a default, or both")
        return self

    @property
    def target_object(self) -> str:
        """The object that the rule writes to."""
        return self.to.partition(".")[0]

    @property
    def target_field(self) -> str:
        """The field that the rule writes to."""
        return self.to.partition(".")[2]


class PlannedRule(Part):
    """An integration rule under an inbound point; all its field rules read `query_object`.

    `only_where` narrows which of its records the rule takes: a WHERE body in VQL.
    """

    name: Label
    api_name: ApiName
    active: bool = True
    query_object: ObjectName | None = None
    only_where: str = ""
    fields: tuple[PlannedFieldRule, ...] = ()

    @model_validator(mode="after")
    def _reads_something(self) -> "PlannedRule":
        if self.query_object is None and (self.fields or self.only_where):
            raise ValueError("a rule with field rules names the object it reads (query_object)")
        return self


class PlannedSource(Part):
    """What an outbound point sends: an object's changed records that meet the criteria, to a point over there.

    A criterion is a field's value, or a list of values; `STATETYPE()` stands for the type of a document's state.
    """

    object: ObjectName
    to_point: ApiName
    criteria: dict[str, Scalar | tuple[Scalar, ...]] = Field(default_factory=dict)


class PlannedPoint(Part):
    """An integration point with what it sends, or with the rules of what it receives."""

    name: Label
    api_name: ApiName
    direction: Direction
    matching: Matching | None = None
    creates: bool = True
    updates: bool = True
    behaviours: tuple[Key, ...] = ()
    """What the point does beside its rules, by name (`scheduler.behaviour`)."""
    sources: tuple[PlannedSource, ...] = ()
    rules: tuple[PlannedRule, ...] = ()

    @model_validator(mode="after")
    def _fits_its_direction(self) -> "PlannedPoint":
        if self.direction is Direction.INBOUND and self.sources:
            raise ValueError("an inbound point has rules, not sources")
        if self.direction is Direction.OUTBOUND and self.rules:
            raise ValueError("an outbound point has sources, not rules")
        return self


class PlannedIntegration(Part):
    """An integration of a connection. `settings` are those of `models.services.integration_settings`, by name.

    `locks` says what may not be changed on its standard rules (integration facts, section 2). `depends_on` and
    `supersedes` name integrations of the same side; the others name what the side's own Vault and the partner Vault
    must have, where `CTMS|eTMF` means any of these (seed S0).
    """

    name: Label
    api_name: ApiName
    feature: str = ""
    active: bool = False
    locks: frozenset[Literal["activation", "defaults"]] = frozenset()
    settings: dict[str, Scalar] = Field(default_factory=dict)
    depends_on: tuple[ApiName, ...] = ()
    supersedes: tuple[ApiName, ...] = ()
    applications: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    remote_applications: tuple[str, ...] = ()
    remote_features: tuple[str, ...] = ()
    points: tuple[PlannedPoint, ...] = ()


class PlannedLookup(Part):
    """A reference lookup: which value there is which value here."""

    name: Label
    api_name: ApiName
    type: LookupType = LookupType.GENERIC
    target_object: ApiName | None = None
    target_key_field: str | None = None
    keys: dict[str, str]


class PlannedQueue(Part):
    """A queue that serves the connection; an outbound one names the queue of the other side it delivers to."""

    label: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    api_name: ApiName
    type: Direction
    deliver_to: ApiName | None = None
    description: str = ""

    @model_validator(mode="after")
    def _delivers_when_outbound(self) -> "PlannedQueue":
        if (self.type is Direction.OUTBOUND) is not (self.deliver_to is not None):
            raise ValueError("an outbound queue, and no other, says where it delivers to (deliver_to)")
        return self


class PlannedSide(Part):
    """One Vault's Connection record with everything that hangs under it.

    `at_most` is how many of them the Vault may have, duplicates included; any number when it is not said.
    """

    vault: Key
    name: Label
    api_name: ApiName
    at_most: Annotated[int, Field(gt=0)] | None = None
    description: str = ""
    integrations: tuple[PlannedIntegration, ...] = ()
    lookups: tuple[PlannedLookup, ...] = ()
    queues: tuple[PlannedQueue, ...] = ()


class PlannedConnection(Part):
    """A connection: two sides between Vaults, one side otherwise. Only an established one is Active."""

    key: Key
    type: ConnectionType = ConnectionType.VAULT_TO_VAULT
    cross_domain: bool = False
    established: bool = False
    sides: Annotated[tuple[PlannedSide, ...], Field(min_length=1, max_length=2)]

    @model_validator(mode="after")
    def _has_two_sides_to_be_established(self) -> "PlannedConnection":
        if self.established and (self.type is not ConnectionType.VAULT_TO_VAULT or len(self.sides) != 2):
            raise ValueError("only a Vault to Vault connection with two sides can be established")
        return self


class PlannedLab(Part):
    """The lab: when its story begins and ends, and how fast its clock then runs."""

    name: Label
    configured: AwareDatetime
    """When the Vaults were set up and their integrations activated: before any record of the story."""
    starts: AwareDatetime
    speed: Annotated[float, Field(gt=0)] = 1.0
    generator: bool = False
    certificate: str = "00001"
    certificate_from: AwareDatetime
    certificate_until: AwareDatetime


class File(Part):
    """One file of a scenario: any of its sections."""

    lab: PlannedLab | None = None
    vaults: tuple[PlannedVault, ...] = ()
    connections: tuple[PlannedConnection, ...] = ()
    words: dict[Key, tuple[str, ...] | dict[str, tuple[str, ...]]] = Field(default_factory=dict)
    records: tuple[Recipe, ...] = ()
    changes: tuple[Change, ...] = ()


class Scenario(Part):
    """A whole scenario: the sections of all its files together."""

    lab: PlannedLab
    vaults: tuple[PlannedVault, ...]
    connections: tuple[PlannedConnection, ...]
    words: dict[str, tuple[str, ...] | dict[str, tuple[str, ...]]]
    records: tuple[Recipe, ...]
    changes: tuple[Change, ...]
