"""`rules add-field|edit-field|delete-field|add-query|edit-query|delete-query`: what is in an integration rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli.frame import command
from console.cli.integration_changes import change, pairs, yes_or_no
from console.cli.naming import told_as
from console.cli.output import answer, printable
from console.cli.rules import Name, rules
from console.cli.settings import settings_of
from models.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from models.permissions import Actor
    from models.queries.lookup import Named
    from models.store import WriteSession

QUERY_FIELDS = ("label", "active", "query_object", "filter_clause")
MDL_NAMES = {
    "target_object_field": "target_field",
    "field_default": "default_value",
    "target_field_lookup": "target_lookup_field",
}
"""MDL's names of attributes, which are taken as well."""
FIELD_FIELDS = (
    "label",
    "active",
    "target_object",
    "target_object_field",
    "target_docfield",
    "query_object",
    "query_field",
    "query_field_select",
    "query_field_type",
    "field_default",
    "target_field_lookup",
    "reference_lookup",
)

FieldValues = Annotated[
    list[str],
    typer.Argument(metavar="FIELD=VALUE...", help=f"{', '.join(FIELD_FIELDS)}. An empty value empties the field."),
]
QueryValues = Annotated[
    list[str],
    typer.Argument(metavar="FIELD=VALUE...", help=f"{', '.join(QUERY_FIELDS)}. An empty value empties the field."),
]
ChildName = Annotated[str, typer.Argument(metavar="NAME", help="API name within the rule.")]
OwnName = Annotated[
    str, typer.Option("--api-name", metavar="NAME", help="API name; without one it is made from the target.")
]


@command(rules, "add-field")
def add_field(context: typer.Context, rule: Name, fields: FieldValues, api_name: OwnName = "") -> None:
    """Add a field rule to a rule.

    The target is target_object with target_object_field, or target_docfield for a document. The value comes from
    query_field of query_object (also over a relationship of the primary query object, as country__vr.code__sys), goes
    through reference_lookup, and is field_default when it is empty. query_field_select is the VQL to select instead,
    e.g. TONAME(state__v), and query_field_type what type that has. A reference is matched on target_field_lookup.

    For example: rules add-field my_rule__c target_object=case__c target_object_field=name__v query_field=name__v
    """
    from models.services.field_rules import add_field_rule

    def work(write: WriteSession, actor: Actor, found: Named) -> tuple[str, dict[str, str]]:
        values = _field_values(write, found, fields)
        with told_as(_mdl_names(fields)):
            made = add_field_rule(write, actor, found.key, api_name=api_name, **values)
        return made.api_name, _warnings(write, found, made.model_dump())

    found, (made, warnings) = change(context, "IntegrationRule", rule, work)
    _tell(context, found, made, f"Field rule {made} was added to {found.label}.", warnings)


@command(rules, "edit-field")
def edit_field(context: typer.Context, rule: Name, name: ChildName, fields: FieldValues) -> None:
    """Save fields of a field rule; active=false inactivates it."""
    from models.services.field_rules import change_field_rule
    from models.tables import FieldRule

    def work(write: WriteSession, actor: Actor, found: Named) -> tuple[bool, dict[str, str]]:
        key = _child(write, FieldRule, found, name, "field rule")
        with told_as(_mdl_names(fields)):
            changed = change_field_rule(write, actor, key, _field_values(write, found, fields))
        row = write.get_one(FieldRule, key)
        return changed, _warnings(write, found, row.model_dump())

    found, (changed, warnings) = change(context, "IntegrationRule", rule, work)
    _tell(context, found, name, _saved(name, changed=changed), warnings, changed=changed)


@command(rules, "delete-field")
def delete_field(context: typer.Context, rule: Name, name: ChildName) -> None:
    """Delete a field rule."""
    from models.services.field_rules import delete_field_rule
    from models.tables import FieldRule

    def work(write: WriteSession, actor: Actor, found: Named) -> None:
        delete_field_rule(write, actor, _child(write, FieldRule, found, name, "field rule"))

    found, _ = change(context, "IntegrationRule", rule, work)
    _tell(context, found, name, f"{name} of {found.label} was deleted.", deleted=True)


@command(rules, "add-query")
def add_query(context: typer.Context, rule: Name, fields: QueryValues, api_name: OwnName = "") -> None:
    """Add a query object rule to a rule; filter_clause is VQL, a WHERE body.

    For example: rules add-query my_rule__c query_object=account__v filter_clause="status__v = 'active__v'"
    """
    from models.services.query_object_rules import add_query_object_rule

    def work(write: WriteSession, actor: Actor, found: Named) -> tuple[str, dict[str, str]]:
        values: dict[str, Any] = {"query_object": "", **_query_values(fields)}
        made = add_query_object_rule(write, actor, found.key, api_name=api_name, **values)
        return made.api_name, _warnings(write, found, made.model_dump())

    found, (made, warnings) = change(context, "IntegrationRule", rule, work)
    _tell(context, found, made, f"Query object rule {made} was added to {found.label}.", warnings)


@command(rules, "edit-query")
def edit_query(context: typer.Context, rule: Name, name: ChildName, fields: QueryValues) -> None:
    """Save fields of a query object rule; active=false inactivates it."""
    from models.services.query_object_rules import change_query_object_rule
    from models.tables import QueryObjectRule

    def work(write: WriteSession, actor: Actor, found: Named) -> tuple[bool, dict[str, str]]:
        key = _child(write, QueryObjectRule, found, name, "query object rule")
        changed = change_query_object_rule(write, actor, key, _query_values(fields))
        return changed, _warnings(write, found, write.get_one(QueryObjectRule, key).model_dump())

    found, (changed, warnings) = change(context, "IntegrationRule", rule, work)
    _tell(context, found, name, _saved(name, changed=changed), warnings, changed=changed)


@command(rules, "delete-query")
def delete_query(context: typer.Context, rule: Name, name: ChildName) -> None:
    """Delete a query object rule."""
    from models.services.query_object_rules import delete_query_object_rule
    from models.tables import QueryObjectRule

    def work(write: WriteSession, actor: Actor, found: Named) -> None:
        delete_query_object_rule(write, actor, _child(write, QueryObjectRule, found, name, "query object rule"))

    found, _ = change(context, "IntegrationRule", rule, work)
    _tell(context, found, name, f"{name} of {found.label} was deleted.", deleted=True)


def _warnings(write: WriteSession, found: Named, values: dict[str, Any]) -> dict[str, str]:
    """What a rule's child names that is not there yet, in the source or the target Vault: it is told, not refused."""
    from models.queries.rule_choices import scene_of_rule, source_problems, target_problems

    scene = scene_of_rule(write, found.vault_id, found.key)
    return source_problems(write, scene, values) | target_problems(write, found.vault_id, values)


def _mdl_names(texts: list[str]) -> dict[str, str]:
    """How refused fields are named: as the help and MDL do, unless they were typed by the store's own names."""
    typed = {text.partition("=")[0].strip() for text in texts}
    names = {own: mdl for mdl, own in MDL_NAMES.items() if own not in typed}
    return names | {"reference_lookup_id": "reference_lookup"}


def _query_values(texts: list[str]) -> dict[str, Any]:
    values: dict[str, Any] = dict(pairs(texts, QUERY_FIELDS))
    if "active" in values:
        values["active"] = yes_or_no("active", values["active"])
    return values


def _field_values(write: WriteSession, found: Named, texts: list[str]) -> dict[str, Any]:
    typed = pairs(texts, (*FIELD_FIELDS, *MDL_NAMES.values()))
    values: dict[str, Any] = {MDL_NAMES.get(name, name): value for name, value in typed.items()}
    if "active" in values:
        values["active"] = yes_or_no("active", values["active"])
    if "reference_lookup" in values:
        values["reference_lookup_id"] = _lookup(write, found, values.pop("reference_lookup"))
    return values


def _lookup(write: WriteSession, found: Named, name: str) -> int | None:
    """Id of the reference lookup of the rule's connection that is named by API name or name; None for no name."""
    from sqlalchemy import select

    from models.services.rule_parts import rule_place
    from models.tables import ReferenceLookup, table_of

    if not name:
        return None
    columns = table_of(ReferenceLookup).c
    connection = rule_place(write, found.vault_id, found.key).connection
    statement = select(columns.id).where(
        columns.connection_id == connection.id, (columns.api_name == name) | (columns.name == name)
    )
    key: int | None = write.execute(statement).scalars().first()
    if key is None:
        names = ", ".join(
            write.execute(select(columns.api_name).where(columns.connection_id == connection.id)).scalars()
        )
        has = f"It has {names}." if names else "vault-console lookups create makes one."
        raise InvalidInput({"reference_lookup": f"{connection.name} has no reference lookup {name}. {has}"})
    return key


def _child(write: WriteSession, model: Any, found: Named, name: str, what: str) -> int:
    from sqlalchemy import select

    from models.tables import table_of

    columns = table_of(model).c
    statement = select(columns.id).where(columns.rule_id == found.key, columns.api_name == name)
    key: int | None = write.execute(statement).scalar_one_or_none()
    if key is None:
        names = ", ".join(write.execute(select(columns.api_name).where(columns.rule_id == found.key)).scalars())
        raise NotFound(f"{found.label} has no {what} {name}.", f"It has {names}." if names else "")
    return key


def _saved(name: str, *, changed: bool) -> str:
    return f"{name} was saved." if changed else f"{name} is unchanged."


def _tell(
    context: typer.Context,
    found: Named,
    name: str,
    sentence: str,
    warnings: dict[str, str] | None = None,
    **more: object,
) -> None:
    document = {"vault_id": found.vault_id, "rule": found.api_name, "name": name, "warnings": warnings or {}, **more}
    text = " ".join((sentence, *(f"Note: {warning}" for warning in (warnings or {}).values())))
    answer(settings_of(context), document, lambda: printable(text))
