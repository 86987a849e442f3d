"""Builds what a scenario configures: Vaults with their data model, and connections with everything under them."""

from sqlalchemy import insert, select

from models.data_model import DOCUMENTS, ObjectModel, models_kept
from models.errors import ConsoleError, NotPossible
from models.feed import Topic
from models.permissions import Actor
from models.services.checks import key_of
from models.services.connections import create_connection, establish
from models.services.integration_needs import Needs
from models.services.integration_settings import change_integration_settings
from models.services.integrations import add_point_source, create_integration, create_point
from models.services.objects import FieldSpec, create_object, create_picklist
from models.services.query_object_rules import add_query_object_rule
from models.services.queues import connect_queue, create_queue
from models.services.rules import add_field_rule, create_rule
from models.services.vaults import create_profile, create_user, create_vault
from models.store import WriteSession
from models.tables import Connection, Direction, ReferenceLookup, ReferenceLookupKey, User, table_of
from models.user_actions import UserAction
from seed.schema import (
    PlannedConnection,
    PlannedIntegration,
    PlannedPoint,
    PlannedQueue,
    PlannedRule,
    PlannedSide,
    PlannedVault,
    Scenario,
)

PROCESSOR_USER = "integration@"
"""How the name of the user begins that works off a Vault's inbound queues."""


class Builder:
    """Makes Vaults and connections through the services, as the platform itself."""

    def __init__(self, write: WriteSession, scenario: Scenario) -> None:
        self._write = write
        self._scenario = scenario
        self._vaults = {vault.key: vault for vault in scenario.vaults}
        self._kept: dict[tuple[int, str], ObjectModel] = {}

    def build_vault(self, planned: PlannedVault) -> None:
        """Make a Vault with users and data model. Raises NotPossible that names the Vault and what is wrong."""
        try:
            self._build_vault(planned)
        except ConsoleError as error:
            raise NotPossible(f"Vault {planned.name}: {error.message}", error.remedy) from error

    def build_connection(self, planned: PlannedConnection) -> None:
        """Make a connection, both sides of it, and establish it if it is. Raises NotPossible that names it."""
        try:
            # Connections come after all Vaults: no data model changes any more.
            with models_kept(self._write, self._kept):
                sides = [self.build_side(planned, side, self._vaults[side.vault]) for side in planned.sides]
                if planned.established:
                    establish(self._write, *sides)
                for side in planned.sides:
                    self._build_copies(planned, side)
        except ConsoleError as error:
            raise NotPossible(f"Connection {planned.key}: {error.message}", error.remedy) from error

    def _build_vault(self, planned: PlannedVault) -> None:
        parent = self._vaults[planned.sandbox_of] if planned.sandbox_of else None
        create_vault(
            self._write,
            id=planned.id,
            name=planned.name,
            dns_host=planned.dns_host,
            domain=planned.domain,
            family=planned.family,
            applications=planned.applications,
            features=planned.features,
            parent_id=parent.id if parent else None,
            administrator=planned.administrator,
        )
        # A sandbox is made with its parent's configuration (seed S1).
        model = parent or planned
        for profile in model.profiles:
            create_profile(self._write, planned.id, profile.name, profile.permissions)
        for user in planned.users:
            create_user(self._write, planned.id, user.username, user.first_name, user.last_name, user.profile)
        for picklist in model.picklists:
            create_picklist(self._write, planned.id, picklist.name, picklist.label, list(picklist.values.items()))
        for item in model.objects:
            fields = [
                FieldSpec(
                    name=field.name,
                    label=field.label,
                    type=field.type,
                    required=field.required,
                    unique=field.unique,
                    max_length=field.max_length,
                    picklist=field.picklist,
                    several=field.several,
                    reference_object=field.object,
                    relationship=field.relationship,
                )
                for field in item.fields
            ]
            create_object(
                self._write,
                planned.id,
                item.name,
                item.label,
                item.plural,
                item.prefix,
                fields,
                item.lifecycle,
                kind=item.kind,
                locked_when=item.locked_when,
                actions=[UserAction(each.label, each.sets, each.when, each.about) for each in item.actions],
            )

    def _build_copies(self, planned: PlannedConnection, side: PlannedSide) -> None:
        """Make the connection in sandboxes of the side's Vault: Pending there, the remote stays as it is (seed S1)."""
        for vault in self._scenario.vaults:
            if vault.sandbox_of == side.vault:
                self.build_side(planned, side, vault)

    def build_side(self, planned: PlannedConnection, side: PlannedSide, vault: PlannedVault) -> Connection:
        """Make one side of a connection in a Vault, with all that hangs under it."""
        actor = Actor.system(vault.id)
        connection = create_connection(
            self._write,
            actor,
            type=planned.type,
            name=side.name,
            api_name=side.api_name,
            description=side.description,
            system_managed=True,
            cross_domain=planned.cross_domain,
            standard_connection=planned.key,
            at_most=side.at_most,
        )
        lookups = self._build_lookups(side, key_of(connection), vault.id)
        for integration in side.integrations:
            self._build_integration(actor, key_of(connection), integration, lookups)
        for queue in side.queues:
            self._build_queue(actor, key_of(connection), queue)
        return connection

    def _build_lookups(self, side: PlannedSide, connection_id: int, vault_id: int) -> dict[str, int]:
        ids: dict[str, int] = {}
        for planned in side.lookups:
            lookup = ReferenceLookup(
                connection_id=connection_id,
                name=planned.name,
                api_name=planned.api_name,
                type=planned.type,
                target_object=planned.target_object,
                target_key_field=planned.target_key_field,
            )
            self._write.add(lookup)
            self._write.flush()
            ids[planned.api_name] = key_of(lookup)
            rows = [
                {"lookup_id": key_of(lookup), "source_key": source, "target_key": target}
                for source, target in planned.keys.items()
            ]
            self._write.execute(insert(table_of(ReferenceLookupKey)), rows)
        self._write.changed(Topic.RULES, vault_id)
        return ids

    def _build_integration(
        self, actor: Actor, connection_id: int, planned: PlannedIntegration, lookups: dict[str, int]
    ) -> None:
        integration = create_integration(
            self._write,
            actor,
            connection_id,
            name=planned.name,
            api_name=planned.api_name,
            feature=planned.feature,
            standard=True,
            active=planned.active,
            needs=Needs(
                depends_on=planned.depends_on,
                supersedes=planned.supersedes,
                required_applications=planned.applications,
                required_features=planned.features,
                remote_applications=planned.remote_applications,
                remote_features=planned.remote_features,
            ),
        )
        integration.locks_rule_activation = "activation" in planned.locks
        integration.locks_rule_defaults = "defaults" in planned.locks
        self._write.add(integration)
        for point in planned.points:
            self._build_point(actor, key_of(integration), point, lookups)
        if planned.settings:
            change_integration_settings(self._write, actor, key_of(integration), planned.settings)

    def _build_point(self, actor: Actor, integration_id: int, planned: PlannedPoint, lookups: dict[str, int]) -> None:
        point = create_point(
            self._write,
            actor,
            integration_id,
            name=planned.name,
            api_name=planned.api_name,
            direction=planned.direction,
            matching=planned.matching,
            creates=planned.creates,
            updates=planned.updates,
            behaviours=planned.behaviours,
            standard=True,
        )
        for source in planned.sources:
            add_point_source(
                self._write,
                actor,
                key_of(point),
                object_name=source.object,
                remote_point=source.to_point,
                criteria=source.criteria,
            )
        for rule in planned.rules:
            self._build_rule(actor, key_of(point), rule, lookups)

    def _build_rule(self, actor: Actor, point_id: int, planned: PlannedRule, lookups: dict[str, int]) -> None:
        rule = create_rule(
            self._write,
            actor,
            point_id,
            name=planned.name,
            api_name=planned.api_name,
            primary_query_object=planned.query_object,
            active=planned.active,
            standard=True,
        )
        if planned.only_where and planned.query_object:
            add_query_object_rule(
                self._write, actor, key_of(rule), query_object=planned.query_object, filter_clause=planned.only_where
            )
        for field in planned.fields:
            is_document = field.target_object == DOCUMENTS
            add_field_rule(
                self._write,
                actor,
                key_of(rule),
                target_object="" if is_document else field.target_object,
                target_field="" if is_document else field.target_field,
                target_docfield=field.target_field if is_document else None,
                query_field=field.get,
                default_value=field.default,
                target_lookup_field=field.match,
                reference_lookup_id=lookups[field.lookup] if field.lookup else None,
                active=field.active,
            )

    def _build_queue(self, actor: Actor, connection_id: int, planned: PlannedQueue) -> None:
        inbound = planned.type is Direction.INBOUND
        queue = create_queue(
            self._write,
            actor,
            label=planned.label,
            type=planned.type,
            api_name=planned.api_name,
            description=planned.description,
            processor_user_id=self._processor_user(actor.vault_id) if inbound else None,
            standard=planned.api_name.endswith("__v"),
        )
        connect_queue(self._write, actor, key_of(queue), connection_id, planned.deliver_to)

    def _processor_user(self, vault_id: int) -> int | None:
        users = table_of(User)
        found: int | None = self._write.execute(
            select(users.c.id).where(users.c.vault_id == vault_id, users.c.username.startswith(PROCESSOR_USER))
        ).scalar()
        return found
