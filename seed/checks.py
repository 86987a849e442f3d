"""Checks what the files of a scenario say about each other: every name must exist where it is looked for."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from models.data_model import cleaner_for, named
from models.system_fields import SYSTEM_COLUMNS, WRITABLE
from models.tables import Direction, FieldType, ObjectKind
from models.versions import MAJOR, MINOR, STATETYPE
from seed.drawing import PLACEHOLDER
from seed.schema import (
    File,
    PlannedAction,
    PlannedConnection,
    PlannedField,
    PlannedFieldRule,
    PlannedObject,
    PlannedPicklist,
    PlannedPoint,
    PlannedRule,
    PlannedSide,
    PlannedSource,
    PlannedVault,
    Scenario,
)
from seed.story import DRAFT, Change, Recipe
from seed.values import After, Chance, Get, Pick, Ref, Scalar, Value
from seed.yaml_files import Location, ScenarioError, Source

Found = Iterator[tuple[Location, str]]
"""Places in one file with what is wrong there."""


def check_scenario(scenario: Scenario, sources: Sequence[Source[File]]) -> Scenario:
    """Check a scenario across its files; answers it. Raises ScenarioError that names every mistake at its place."""
    checks = Checks(scenario)
    mistakes = [source.mistake(place, problem) for source in sources for place, problem in checks.of(source)]
    if mistakes:
        raise ScenarioError(mistakes)
    return scenario


@dataclass(frozen=True)
class _Model:
    """A Vault's data model, by name."""

    objects: Mapping[str, PlannedObject]
    picklists: Mapping[str, PlannedPicklist]

    def field(self, object_name: str, field_name: str) -> PlannedField | None:
        found = self.objects.get(object_name)
        return next((field for field in found.fields if field.name == field_name), None) if found else None

    def path_problem(self, object_name: str, path: str) -> str | None:
        """What is wrong with a query field or criterion of an object, one reference deep at most."""
        found = self.objects.get(object_name)
        if found is None:
            return f"there is no object {object_name} in that Vault"
        is_document = found.kind is ObjectKind.DOCUMENT
        if is_document and path in (STATETYPE, MAJOR, MINOR):
            return None
        relationship, dot, name = path.rpartition(".")
        if dot:
            reference = next((field for field in found.fields if field.relationship == relationship), None)
            if reference is None or reference.object is None:
                return f"{object_name} has no relationship {relationship}"
            object_name = reference.object
        if name in SYSTEM_COLUMNS or self.field(object_name, name):
            return None
        return f"{object_name} has no field {name}"


class Checks:
    """The checks of a scenario, part by part; places are told from the part on."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._vaults = {vault.key: vault for vault in scenario.vaults}
        self._models = {vault.key: self._model(vault) for vault in scenario.vaults}
        self._recipes = {recipe.key: recipe for recipe in scenario.records}

    def of(self, source: Source[File]) -> Found:
        """What is wrong in one file."""
        for at, vault in enumerate(source.content.vaults):
            yield from below(("vaults", at), self._vault(vault))
        for at, connection in enumerate(source.content.connections):
            yield from below(("connections", at), self.connection(connection))
        for at, recipe in enumerate(source.content.records):
            yield from below(("records", at), self.recipe(recipe))
        for at, change in enumerate(source.content.changes):
            yield from below(("changes", at), self._change(change))

    def _model(self, vault: PlannedVault) -> _Model:
        parent = self._vaults.get(vault.sandbox_of or "", vault)
        return _Model({item.name: item for item in parent.objects}, {item.name: item for item in parent.picklists})

    def _vault(self, vault: PlannedVault) -> Found:
        if vault.sandbox_of is not None and vault.sandbox_of not in self._vaults:
            yield ("sandbox_of",), f"there is no Vault {vault.sandbox_of}"
        if vault.sandbox_of is not None and (vault.objects or vault.picklists or vault.profiles):
            yield ("sandbox_of",), "a sandbox has the data model and the profiles of its parent"
        model, made = self._models[vault.key], set[str]()
        for at, item in enumerate(vault.objects):
            made.add(item.name)
            for position, field in enumerate(item.fields):
                place = ("objects", at, "fields", position)
                if field.picklist is not None and field.picklist not in model.picklists:
                    yield (*place, "picklist"), f"there is no picklist {field.picklist}"
                if field.object is not None and field.object not in made:
                    yield (*place, "object"), f"there is no object {field.object} before this one"
            yield from below(("objects", at), self.actions(vault.key, item))

    def actions(self, vault: str, item: PlannedObject) -> Found:
        """What is wrong in the user actions that a file gives an object of a Vault."""
        model = self._models[vault]
        yield from check_actions(item, model.objects[item.name], model.picklists)

    def connection(self, connection: PlannedConnection) -> Found:
        """What is wrong in a connection."""
        for at, side in enumerate(connection.sides):
            if side.vault not in self._vaults:
                yield ("sides", at, "vault"), f"there is no Vault {side.vault}"
                continue
            others = [other for other in connection.sides if other is not side]
            yield from below(("sides", at), self._side(side, others[0] if others else None))

    def _side(self, side: PlannedSide, other: PlannedSide | None) -> Found:
        for at, integration in enumerate(side.integrations):
            for position, point in enumerate(integration.points):
                yield from below(("integrations", at, "points", position), self._point(side, other, point))
        there = {queue.api_name for queue in other.queues if queue.type is Direction.INBOUND} if other else set()
        for at, queue in enumerate(side.queues):
            if queue.deliver_to is not None and queue.deliver_to not in there:
                yield ("queues", at, "deliver_to"), f"the other side has no inbound queue {queue.deliver_to}"

    def _point(self, side: PlannedSide, other: PlannedSide | None, point: PlannedPoint) -> Found:
        for at, sent in enumerate(point.sources):
            yield from below(("sources", at), self._source(side, other, sent))
        for at, rule in enumerate(point.rules):
            yield from below(("rules", at), self._rule(side, other, rule))

    def _source(self, side: PlannedSide, other: PlannedSide | None, sent: PlannedSource) -> Found:
        model = self._models[side.vault]
        if sent.object not in model.objects:
            yield ("object",), f"there is no object {sent.object} in Vault {side.vault}"
            return
        if sent.to_point not in _inbound_points(other):
            yield ("to_point",), f"the other side has no inbound integration point {sent.to_point}"
        for path in sent.criteria:
            problem = model.path_problem(sent.object, path)
            if problem:
                yield ("criteria", path), problem

    def _rule(self, side: PlannedSide, other: PlannedSide | None, rule: PlannedRule) -> Found:
        if rule.query_object is None or other is None:
            return
        there = self._models.get(other.vault)
        if there is None or rule.query_object not in there.objects:
            yield ("query_object",), f"there is no object {rule.query_object} in Vault {other.vault}"
            return
        lookups = {lookup.api_name for lookup in side.lookups}
        for at, field in enumerate(rule.fields):
            place: Location = ("fields", at)
            problem = there.path_problem(rule.query_object, field.get) if field.get else None
            if problem:
                yield (*place, "get"), problem
            if field.lookup is not None and field.lookup not in lookups:
                yield (*place, "lookup"), f"this side of the connection has no reference lookup {field.lookup}"
            yield from below(place, self._target(side, field))

    def _target(self, side: PlannedSide, rule: PlannedFieldRule) -> Found:
        model = self._models[side.vault]
        if rule.target_object not in model.objects:
            yield ("to",), f"there is no object {rule.target_object} in Vault {side.vault}"
            return
        field = model.field(rule.target_object, rule.target_field)
        if field is None and rule.target_field not in WRITABLE:
            yield ("to",), f"{rule.target_object} has no field {rule.target_field} that can be written"
        is_reference = field is not None and field.type is FieldType.OBJECT
        if is_reference and rule.match is None:
            yield ("to",), "an object reference needs a field to be matched on (match)"
        if rule.match is not None:
            problem = (
                model.path_problem(field.object, rule.match)
                if field is not None and field.object is not None
                else "only an object reference is matched"
            )
            if problem:
                yield ("match",), problem

    def recipe(self, recipe: Recipe) -> Found:
        """What is wrong in a recipe."""
        vault = self._vaults.get(recipe.vault)
        if vault is None:
            yield ("vault",), f"there is no Vault {recipe.vault}"
            return
        yield from self._user(vault, recipe.by)
        if recipe.per is not None and recipe.per.recipe not in self._recipes:
            yield ("per", "recipe"), f"there is no recipe {recipe.per.recipe}"
        if recipe.object not in self._models[recipe.vault].objects:
            yield ("object",), f"there is no object {recipe.object} in Vault {recipe.vault}"
            return
        names = {
            "n",
            *(("parent",) if recipe.per else ()),
            *recipe.values,
            *(name for row in recipe.rows for name in row),
        }
        yield from self._values(recipe, recipe.let, ("let",), names | set(recipe.let), fields=False)
        names |= set(recipe.let)
        yield from self._values(recipe, recipe.values, ("values",), names)
        for at, row in enumerate(recipe.rows):
            yield from self._values(recipe, row, ("rows", at), names)
        for at, odd in enumerate(recipe.odd):
            yield from self._values(recipe, odd.values, ("odd", at, "values"), names)

    def _change(self, change: Change) -> Found:
        key = "make" if change.make is not None else "change"
        recipe = self._recipes.get(change.make or change.change or "")
        if recipe is None:
            yield (key,), f"there is no recipe {change.make or change.change}"
            return
        if change.by is not None:
            yield from self._user(self._vaults[recipe.vault], change.by)
        item = self._models[recipe.vault].objects[recipe.object]
        for state in change.life:
            if item.kind is not ObjectKind.DOCUMENT or state not in (DRAFT, *item.states):
                yield ("life",), f"{state} is no step in the life of {item.label}"
        names = {"n", "parent", *recipe.let, *recipe.values, *change.let, *SYSTEM_COLUMNS}
        names |= {field.name for field in item.fields}
        yield from self._values(recipe, change.let, ("let",), names, fields=False)
        yield from self._values(recipe, change.values, ("values",), names)

    def _user(self, vault: PlannedVault, username: str) -> Found:
        standard = {f"admin@{vault.domain}", f"app.owner@{vault.domain}"}
        if username not in standard and username not in {user.username for user in vault.users}:
            yield ("by",), f"Vault {vault.key} has no user {username}"

    def _values(
        self, recipe: Recipe, values: Mapping[str, Value], place: Location, names: set[str], *, fields: bool = True
    ) -> Found:
        model = self._models[recipe.vault]
        for name, value in values.items():
            if fields and name not in WRITABLE and model.field(recipe.object, name) is None:
                yield (*place, name), f"{recipe.object} has no field {name} that can be written"
            for problem in self._value(value, names):
                yield (*place, name), problem

    def _value(self, value: Value, names: set[str]) -> Iterator[str]:
        match value:
            case str():
                for found in PLACEHOLDER.finditer(value):
                    yield from _unknown(found[1], names)
            case Get(get=path) | After(path=path):
                yield from _unknown(path, names)
            case Pick(pick=str() as listed, by=by):
                if listed not in self._scenario.words:
                    yield f"there is no word list {listed}"
                yield from _unknown(by, names) if by else ()
            case Ref(ref=recipe):
                if recipe not in self._recipes:
                    yield f"there is no recipe {recipe}"
            case Chance(then=then, otherwise=otherwise):
                yield from self._value(then, names)
                yield from self._value(otherwise, names)


def check_actions(item: PlannedObject, whole: PlannedObject, picklists: Mapping[str, PlannedPicklist]) -> Found:
    """What is wrong in the user actions of an object. `whole` is the object with all that any file says of it."""
    labels = [action.label.casefold() for action in item.actions]
    for at, action in enumerate(item.actions):
        if action.label.casefold() in labels[:at]:
            yield ("actions", at, "label"), f"{item.label} has an action {action.label} already"
        yield from below(("actions", at), _action(action, whole, picklists))


def _action(action: PlannedAction, item: PlannedObject, picklists: Mapping[str, PlannedPicklist]) -> Found:
    fields = {field.name: field for field in item.fields}
    for key, values in (("sets", action.sets), ("when", action.when)):
        for name, value in values.items():
            field = fields.get(name)
            if field is None and name not in WRITABLE:
                yield (key, name), f"{item.name} has no field {name} that can be written"
            elif key == "sets" and name == "state__v" and item.kind is ObjectKind.DOCUMENT:
                yield (key, name), "a document's state is changed by its lifecycle"
            elif name == "state__v" and value not in item.states:
                yield (key, name), f"the lifecycle of {item.label} has no state {value}"
            elif field is not None and (problem := _value_problem(field, value, picklists)):
                yield (key, name), problem


def _value_problem(field: PlannedField, value: Scalar, picklists: Mapping[str, PlannedPicklist]) -> str | None:
    if value is None:
        return None
    if field.type is FieldType.OBJECT:
        return "an object reference cannot be told by a value: it names a record"
    listed = picklists.get(field.picklist or "")
    if listed is not None and any(name not in listed.values for name in named(value)):
        return f"the picklist {listed.name} has no value {value}"
    try:
        cleaner_for(field.type)(value)
    except ValueError as problem:
        return str(problem)
    return None


def _unknown(path: str, names: set[str]) -> Iterator[str]:
    if path.partition(".")[0] not in names:
        yield f"there is nothing called {path.partition('.')[0]} to take {path} from"


def _inbound_points(side: PlannedSide | None) -> set[str]:
    if side is None:
        return set()
    return {
        point.api_name
        for integration in side.integrations
        for point in integration.points
        if point.direction is Direction.INBOUND
    }


def below(place: Location, found: Found) -> Found:
    """What was found in a part, with its places told from where the part stands."""
    for location, problem in found:
        yield (*place, *location), problem
