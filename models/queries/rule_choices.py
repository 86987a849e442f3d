"""What a person may choose from when he designs an integration: real objects, fields, lookups and points.

Those of the source Vault are known while the connection is established with a Vault of this lab.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session

from models.data_model import DOCUMENTS, ObjectModel, load_object
from models.errors import NotFound
from models.queries.window import fetch
from models.services.checks import in_vault
from models.services.field_rules import check_field_rule
from models.services.query_object_rules import check_query_object_rule
from models.services.rule_parts import RulePlace, rule_place
from models.services.rules import check_rule
from models.system_fields import LABELS, SYSTEM_COLUMNS
from models.tables import (
    Connection,
    ConnectionState,
    ConnectionType,
    Direction,
    FieldRule,
    FieldType,
    Integration,
    IntegrationPoint,
    IntegrationRule,
    ObjectKind,
    QueryObjectRule,
    ReferenceLookup,
    VaultObject,
    table_of,
)
from models.vql import compile_callback
from models.vql.errors import VqlError

Options = tuple[tuple[str, str], ...]
"""Values with their labels."""

_objects = table_of(VaultObject).c
_connections = table_of(Connection).c
_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)
"""Only whether VQL can be answered is asked, not what it answers today."""


@dataclass(frozen=True, slots=True)
class RuleLook:
    """How a form stands with what is typed so far: the choices and the problems of its fields."""

    choices: Mapping[str, Options] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RuleScene:
    """What designing under a rule begins from. `source_vault_id` is None while the source Vault is not known."""

    rule_id: int
    rule: str
    primary_query_object: str | None
    connection_id: int
    source_vault_id: int | None


def source_vault(session: Session, connection: Connection) -> int | None:
    """The Vault at the other end of an established connection; None when it is not established, or not in this lab."""
    if connection.state is not ConnectionState.ACTIVE or connection.remote_connection_id is None:
        return None
    remote = session.get(Connection, connection.remote_connection_id)
    return remote.vault_id if remote is not None else None


def scene_of_rule(session: Session, vault_id: int, rule_id: int) -> RuleScene:
    """What designing under a rule begins from. Raises NotFound."""
    return _scene(session, rule_place(session, vault_id, rule_id))


def source_vault_of_point(session: Session, point_id: int) -> int | None:
    """The Vault that an inbound point receives from; None when it is not known."""
    point = session.get(IntegrationPoint, point_id)
    return None if point is None else source_vault(session, _connection_of(session, point.integration_id))


def connection_options(session: Session, vault_id: int) -> Options:
    """The Vault to Vault connections of a Vault: the only ones that have integrations."""
    statement = (
        select(_connections.id, _connections.name)
        .where(_connections.vault_id == vault_id, _connections.type == ConnectionType.VAULT_TO_VAULT)
        .order_by(_connections.name)
    )
    return tuple((str(row.id), row.name) for row in fetch(session, statement))


def object_options(session: Session, vault_id: int | None, *, documents: bool = True) -> Options:
    """The objects of a Vault by label, with documents or without; none for no Vault."""
    if vault_id is None:
        return ()
    statement = select(_objects.name, _objects.label).where(_objects.vault_id == vault_id).order_by(_objects.label)
    if not documents:
        statement = statement.where(_objects.kind == ObjectKind.OBJECT)
    return tuple((row.name, f"{row.label} ({row.name})") for row in fetch(session, statement))


def document_field_options(session: Session, vault_id: int) -> Options:
    """The fields of documents that a field rule may fill; none in a Vault without documents."""
    model = _model(session, vault_id, DOCUMENTS)
    return target_field_options(model) if model is not None else ()


def target_field_options(model: ObjectModel) -> Options:
    """The fields of an object that a field rule may fill."""
    return tuple((name, _field_text(model, name)) for name in model.cleaners)


def read_field_options(session: Session, model: ObjectModel, *, walks: bool) -> Options:
    """The fields of an object that can be read, and with `walks` those of the objects that it refers to."""
    found = [(name, _field_text(model, name)) for name in (*SYSTEM_COLUMNS, *model.fields)]
    for relationship, reference in model.relationships.items() if walks else ():
        try:
            other = load_object(session, model.vault_id, reference.reference or "")
        except NotFound:
            continue
        found += [
            (f"{relationship}.{name}", f"{reference.label}: {_field_text(other, name, relationship)}")
            for name in (*SYSTEM_COLUMNS, *other.fields)
        ]
    return tuple(found)


def lookup_options(session: Session, connection_id: int) -> Options:
    """The reference lookups of a connection, by id."""
    columns = table_of(ReferenceLookup).c
    statement = (
        select(columns.id, columns.name, columns.type)
        .where(columns.connection_id == connection_id)
        .order_by(columns.name)
    )
    return tuple((str(row.id), f"{row.name} ({row.type.value})") for row in fetch(session, statement))


def remote_point_options(session: Session, integration_id: int) -> Options:
    """The inbound points of the connection's partner, to which an outbound point may send; none when not known."""
    connection = _connection_of(session, integration_id)
    if source_vault(session, connection) is None:
        return ()
    points, integrations = table_of(IntegrationPoint).c, table_of(Integration).c
    statement = (
        select(points.api_name, points.name)
        .join(table_of(Integration), integrations.id == points.integration_id)
        .where(integrations.connection_id == connection.remote_connection_id, points.direction == Direction.INBOUND)
        .order_by(points.name)
    )
    return tuple((row.api_name, f"{row.name} ({row.api_name})") for row in fetch(session, statement))


def look_at_field_rule(
    session: Session, vault_id: int, rule_id: int, key: int | None, values: Mapping[str, Any]
) -> RuleLook:
    """The choices and problems of a field rule with what is typed so far. Raises NotFound when the rule is gone."""
    place = rule_place(session, vault_id, rule_id)
    scene = _scene(session, place)
    row = session.get(FieldRule, key) if key is not None else None
    cleaned, checks = check_field_rule(session, place, values, row)
    choices: dict[str, Options] = {}
    model = _model(session, vault_id, values.get("target_object"))
    choices["target_field"] = target_field_options(model) if model else ()
    target = model.fields.get(values.get("target_field") or "") if model else None
    if docfield := values.get("target_docfield"):
        documents = _model(session, vault_id, DOCUMENTS)
        target = documents.fields.get(docfield) if documents else None
    referred = _model(session, vault_id, target.reference) if target and target.type is FieldType.OBJECT else None
    choices["target_lookup_field"] = read_field_options(session, referred, walks=False) if referred else ()
    problems = dict(checks.problems)
    if scene.source_vault_id is not None:
        source = _model(session, scene.source_vault_id, cleaned["query_object"])
        walks = scene.primary_query_object is not None
        choices["query_field"] = read_field_options(session, source, walks=walks) if source else ()
        for name, problem in source_problems(session, scene, cleaned).items():
            problems.setdefault(name, problem)
    for name, problem in target_problems(session, vault_id, cleaned).items():
        problems.setdefault(name, problem)
    return RuleLook(choices, problems)


def look_at_rule(
    session: Session, vault_id: int, point_id: int, key: int | None, values: Mapping[str, Any]
) -> RuleLook:
    """The problems of a rule with what is typed so far. Raises NotFound when its point is gone."""
    point = in_vault(session, IntegrationPoint, point_id, vault_id, "integration point")
    rule = session.get(IntegrationRule, key) if key is not None else None
    cleaned, checks = check_rule(session, point, values, standard=rule is not None and rule.standard, rule=rule)
    problems = dict(checks.problems)
    source, primary = source_vault_of_point(session, point_id), cleaned["primary_query_object"]
    if source is not None and primary and _model(session, source, primary) is None:
        problems.setdefault("primary_query_object", f"The source Vault has no object {primary}.")
    return RuleLook({}, problems)


def look_at_query_object_rule(
    session: Session, vault_id: int, rule_id: int, key: int | None, values: Mapping[str, Any]
) -> RuleLook:
    """The problems of a query object rule with what is typed so far. Raises NotFound when the rule is gone."""
    place = rule_place(session, vault_id, rule_id)
    row = session.get(QueryObjectRule, key) if key is not None else None
    cleaned, checks = check_query_object_rule(session, place, values, row)
    problems = dict(checks.problems)
    for name, problem in source_problems(session, _scene(session, place), cleaned).items():
        problems.setdefault(name, problem)
    return RuleLook({}, problems)


def source_problems(session: Session, scene: RuleScene, values: Mapping[str, Any]) -> dict[str, str]:
    """What the source Vault does not have of what a rule's child names; empty while that Vault is not known.

    It is told, not refused: rules may be made before the source's data model is.
    """
    query_object, path = values.get("query_object") or "", values.get("query_field") or ""
    if scene.source_vault_id is None or not query_object:
        return {}
    model = _model(session, scene.source_vault_id, query_object)
    if model is None:
        return {"query_object": f"The source Vault has no object {query_object}."}
    problems = _vql_problems(session, model, values)
    if path and (problem := _path_problem(session, scene.source_vault_id, model, path)):
        problems["query_field"] = problem
    return problems


def _path_problem(session: Session, vault_id: int, model: ObjectModel, path: str) -> str:
    relationship, dot, name = path.rpartition(".")
    holder: ObjectModel | None = model
    if dot:
        reference = model.relationships.get(relationship)
        holder = _model(session, vault_id, reference.reference) if reference else None
        if holder is None:
            return f"{model.label} in the source Vault has no relationship {relationship}."
    if holder is not None and name not in SYSTEM_COLUMNS and name not in holder.fields:
        return f"{holder.label} in the source Vault has no field {name}."
    return ""


def target_problems(session: Session, vault_id: int, values: Mapping[str, Any]) -> dict[str, str]:
    """What the target field of a field rule would refuse of its default.

    It is told, not refused: what a field takes may change after the rule was made, and before.
    """
    default, docfield = values.get("default_value"), values.get("target_docfield")
    model = _model(session, vault_id, DOCUMENTS if docfield else values.get("target_object"))
    name = docfield or values.get("target_field") or ""
    if not default or model is None or name not in model.cleaners:
        return {}
    field = model.fields.get(name)
    if field is not None and field.type is FieldType.OBJECT:
        # A reference is matched when the record arrives.
        return {}
    try:
        model.cleaners[name](default)
    except ValueError as problem:
        return {"default_value": f"{model.label_of(name)} does not take this default. {problem}"}
    return {}


def _vql_problems(session: Session, model: ObjectModel, values: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with the VQL of a rule's child, asked of the source object."""
    asked = {
        "query_field_select": (values.get("query_field_select") or "id", ""),
        "filter_clause": ("id", values.get("filter_clause") or ""),
    }
    problems = {}
    for name, (item, where) in asked.items():
        try:
            compile_callback(session, model, None, [item], where, now=_ANY_TIME)
        except VqlError as error:
            problems[name] = f"{error.message.rstrip('.')}. {error.remedy}".strip()
    return problems


def _scene(session: Session, place: RulePlace) -> RuleScene:
    source = source_vault(session, place.connection)
    return RuleScene(place.key, place.rule.name, place.rule.primary_query_object, place.connection.id or 0, source)


def _connection_of(session: Session, integration_id: int) -> Connection:
    integration = session.get(Integration, integration_id)
    connection = session.get(Connection, integration.connection_id) if integration is not None else None
    if connection is None:
        raise NotFound(f"There is no integration {integration_id}.", "It may have been deleted in the meantime.")
    return connection


def _model(session: Session, vault_id: int, name: str | None) -> ObjectModel | None:
    if not name:
        return None
    try:
        return load_object(session, vault_id, name)
    except NotFound:
        return None


def _field_text(model: ObjectModel, name: str, relationship: str = "") -> str:
    own = model.fields.get(name)
    label = own.label if own is not None else LABELS.get(name, name)
    kind = "" if own is None else f"  {own.type.value.replace('_', ' ')}"
    return f"{label} ({f'{relationship}.' if relationship else ''}{name}){kind}"
