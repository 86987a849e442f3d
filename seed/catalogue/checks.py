"""Checks what the files of the catalogue say about each other: every name must exist where it is looked for."""

from collections.abc import Iterator
from dataclasses import dataclass

from models.errors import NotPossible
from models.tables import DeletePolicy, Direction
from seed.catalogue.assemble import State, assemble
from seed.catalogue.load import Catalogue
from seed.catalogue.schema import DataModel, Kind, StandardConnection, StandardObject, Transfer
from seed.checks import Checks, below, check_actions
from seed.schema import PlannedIntegration, PlannedPoint, Scenario
from seed.yaml_files import Location, ScenarioError

Found = Iterator[tuple[Location, str]]


def check_catalogue(catalogue: Catalogue) -> Catalogue:
    """Check a catalogue across its files; answers it. Raises ScenarioError that names every mistake at its place."""
    vaults = catalogue.vaults
    mistakes = [
        file.mistake(("sides", at, "vault"), f"there is no Vault {side.vault}")
        for file in catalogue.files
        for at, side in enumerate(file.content.sides)
        if side.vault not in vaults
    ] + [
        file.mistake(("data", key), f"there is no Vault {key} on a side of this connection")
        for file in catalogue.files
        for key in file.content.data
        if file.content.side(key) is None
    ]
    if not mistakes:
        mistakes = [
            file.mistake(place, problem)
            for file in catalogue.files
            for place, problem in _Connection(catalogue, file.content).mistakes()
        ]
        mistakes += [catalogue.vaults_file.mistake(place, problem) for place, problem in _vaults(catalogue)]
    if mistakes:
        raise ScenarioError(mistakes)
    return catalogue


def _vaults(catalogue: Catalogue) -> Found:
    for at, vault in enumerate(catalogue.vaults_file.content.vaults):
        known = {item.name for item in vault.data.objects}
        picklists = {item.name for item in vault.data.picklists}
        yield from below(("vaults", at, "data"), _data_model(vault.data, known, picklists))
        lists = {item.name: item for item in vault.data.picklists}
        for position, item in enumerate(vault.data.objects):
            yield from below(("vaults", at, "data", "objects", position), check_actions(item, item, lists))


def _data_model(model: DataModel, objects: set[str], picklists: set[str]) -> Found:
    for at, item in enumerate(model.objects):
        for position, field in enumerate(item.fields):
            place = ("objects", at, "fields", position)
            if field.picklist is not None and field.picklist not in picklists:
                yield (*place, "picklist"), f"there is no picklist {field.picklist} in that Vault"
            if field.object is not None and field.object not in objects:
                yield (*place, "object"), f"there is no object {field.object} in that Vault"


@dataclass(frozen=True)
class _Ends:
    """The two points of a transfer, each with its integration."""

    out: tuple[PlannedIntegration, PlannedPoint] | None
    into: tuple[PlannedIntegration, PlannedPoint] | None


class _Connection:
    """The checks of one connection: it is complete without any other one."""

    def __init__(self, catalogue: Catalogue, connection: StandardConnection) -> None:
        self._catalogue, self._connection = catalogue, connection

    def mistakes(self) -> Found:
        base = self._catalogue.vaults
        found = False
        for vault, model in self._connection.data.items():
            both = (base[vault].data, model)
            objects = {item.name for part in both for item in part.objects}
            picklists = {item.name for part in both for item in part.picklists}
            for place, problem in below(("data", vault), _data_model(model, objects, picklists)):
                found = True
                yield place, problem
            for at, item in enumerate(model.objects):
                yield from below(("data", vault, "objects", at), self._agrees(vault, item))
        if found:
            return
        try:
            scenario = assemble(self._catalogue, [self._connection.key], State.RUNNING)
        except NotPossible as ring:
            yield ("data",), ring.message
            return
        checks = Checks(scenario)
        yield from checks.connection(scenario.connections[0])
        for vault, model in self._connection.data.items():
            for at, item in enumerate(model.objects):
                yield from below(("data", vault, "objects", at), checks.actions(vault, item))
            for at, records in enumerate(model.records):
                recipe = next(one for one in scenario.records if one.key == records.key)
                yield from below(("data", vault, "records", at), checks.recipe(recipe))
        yield from self._features()
        yield from self._statistics(scenario)
        for at, transfer in enumerate(self._connection.transfers):
            yield from below(("transfers", at), self._transfer(transfer))
        yield from self._told_of()

    def _agrees(self, vault: str, item: StandardObject) -> Found:
        """Several files may describe an object, but must not contradict each other."""
        parts = [
            (name, other)
            for name, model in [
                ("vaults.yaml", self._catalogue.vaults[vault].data),
                *((file.name, file.content.data.get(vault, DataModel())) for file in self._catalogue.files),
            ]
            for other in model.objects
            if other.name == item.name and other is not item
        ]
        for name, other in parts:
            if other.label != item.label:
                yield ("label",), f"{name} calls the object {other.label}"
            if other.prefix and item.prefix and other.prefix != item.prefix:
                yield ("prefix",), f"{name} gives the object the prefix {other.prefix}"
            if other.states and item.states and other.states != item.states:
                yield ("states",), f"{name} gives the object other lifecycle states"
            theirs = {field.name: field for field in other.fields}
            for at, field in enumerate(item.fields):
                if theirs.get(field.name, field) != field:
                    yield ("fields", at), f"{name} describes the field {field.name} in another way"
            done = {action.label: action for action in other.actions}
            for at, action in enumerate(item.actions):
                if done.get(action.label, action) != action:
                    yield ("actions", at), f"{name} describes the action {action.label} in another way"

    def _statistics(self, scenario: Scenario) -> Found:
        sides = {side.vault for side in self._connection.sides}
        models = {vault.key: {item.name: item for item in vault.objects} for vault in scenario.vaults}
        for at, figure in enumerate(self._connection.statistics):
            for key, vault in (("vault", figure.vault), ("of", figure.of or figure.vault)):
                if vault not in sides:
                    yield ("statistics", at, key), f"the connection has no side in Vault {vault}"
            found = models.get(figure.of or figure.vault, {}).get(figure.object)
            if found is None:
                yield ("statistics", at, "object"), f"there is no object {figure.object} in that Vault"
            elif figure.state is not None and figure.state not in found.states:
                yield ("statistics", at, "state"), f"{figure.object} has no lifecycle state {figure.state}"
            elif figure.filled is not None and figure.filled not in {field.name for field in found.fields}:
                yield ("statistics", at, "filled"), f"{figure.object} has no field {figure.filled}"

    def _features(self) -> Found:
        names = {feature.name for feature in self._connection.features}
        sides = {side.vault for side in self._connection.sides}
        for at, feature in enumerate(self._connection.features):
            for key, named in (("requires", feature.requires), ("supersedes", feature.supersedes)):
                for name in named:
                    if name not in names:
                        yield ("features", at, key), f"the connection has no feature {name}"
            for key, by_vault in (("applications", feature.applications), ("settings", feature.settings)):
                for vault in by_vault.keys() - sides:
                    yield ("features", at, key, vault), f"the connection has no side in Vault {vault}"
        for at, side in enumerate(self._connection.sides):
            for position, integration in enumerate(side.integrations):
                if integration.feature not in names:
                    place = ("sides", at, "integrations", position, "feature")
                    yield place, f"the connection has no feature {integration.feature or 'without a name'}"

    def _transfer(self, transfer: Transfer) -> Found:
        if self._connection.feature(transfer.feature) is None:
            yield ("feature",), f"the connection has no feature {transfer.feature}"
        if transfer.kind is Kind.LOOKUP:
            return
        ends = self._ends(transfer)
        if ends.out is None:
            yield ("sends",), f"the side in {transfer.source} has no outbound point {transfer.sends}"
        elif not any(
            source.object == transfer.object and source.to_point == transfer.receives for source in ends.out[1].sources
        ):
            yield ("sends",), f"{transfer.sends} does not send {transfer.object} to {transfer.receives}"
        if ends.into is None:
            yield ("receives",), f"the side in {transfer.target} has no inbound point {transfer.receives}"
            return
        integration, point = ends.into
        yield from self._becomes(transfer, point)
        policy = integration.settings.get("delete_policy", DeletePolicy.LEAVE)
        if policy != transfer.on_delete.policy:
            yield ("on_delete",), f"the integration {integration.name} has the delete policy {policy}"

    def _becomes(self, transfer: Transfer, first: PlannedPoint) -> Found:
        """Each target object must be filled by a rule of a point that receives the transfer."""
        points = [first]
        for at, name in enumerate(transfer.receives_too):
            found = self._point(transfer.target, name, Direction.INBOUND)
            if found is None:
                yield ("receives_too", at), f"the side in {transfer.target} has no inbound point {name}"
            else:
                points.append(found[1])
        filled = {field.target_object for point in points for rule in point.rules for field in rule.fields}
        for name in transfer.becomes:
            if name not in filled:
                yield ("becomes",), f"no rule of {transfer.receives} fills {name}"

    def _ends(self, transfer: Transfer) -> _Ends:
        return _Ends(
            self._point(transfer.source, transfer.sends, Direction.OUTBOUND),
            self._point(transfer.target, transfer.receives, Direction.INBOUND),
        )

    def _point(
        self, vault: str, api_name: str | None, direction: Direction
    ) -> tuple[PlannedIntegration, PlannedPoint] | None:
        side = self._connection.side(vault)
        for integration in side.integrations if side else ():
            for point in integration.points:
                if point.api_name == api_name and point.direction is direction:
                    return integration, point
        return None

    def _told_of(self) -> Found:
        """What a point sends is a transfer: the catalogue tells of everything that moves."""
        told = {
            (one.source, one.sends, one.object, receives)
            for one in self._connection.transfers
            for receives in (one.receives, *one.receives_too)
        }
        for at, side in enumerate(self._connection.sides):
            for position, integration in enumerate(side.integrations):
                for number, point in enumerate(integration.points):
                    for place, source in enumerate(point.sources):
                        if (side.vault, point.api_name, source.object, source.to_point) not in told:
                            where = ("sides", at, "integrations", position, "points", number, "sources", place)
                            yield where, "no transfer of the connection tells of this source"
