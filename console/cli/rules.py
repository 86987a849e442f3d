"""`rules`: integration rules, query object rules and field rules, and their MDL text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from console.cli.frame import area, command
from console.cli.integration_changes import change, pairs, tell_changed, tell_deleted
from console.cli.lab import gone, opened
from console.cli.output import Column, answer, facts, parts, section, table, tell
from console.cli.settings import settings_of

if TYPE_CHECKING:
    from models.permissions import Actor
    from models.queries.lookup import Named
    from models.queries.rules import FieldRuleLine, QueryObjectRuleLine, RuleRow
    from models.store import WriteSession

rules = area("rules", "Integration rules: what the records of a source Vault become in the target Vault.")

Name = Annotated[str, typer.Argument(metavar="RULE", help="Its API name, label or number.")]
Point = Annotated[str, typer.Option("--point", metavar="POINT", help="The inbound integration point it hangs under.")]


@command(rules, "list", lists="rules")
def list_rules(
    context: typer.Context,
    connection: Annotated[str | None, typer.Option(metavar="CONNECTION", help="Only rules of this one.")] = None,
) -> None:
    """List integration rules."""
    from models.queries.rules import rule_rows
    from models.tables import Connection

    settings = settings_of(context)
    with opened(settings) as lab, lab.store.read() as session:
        rows = rule_rows(session, lab.vault_ids(session))
        if connection is not None:
            chosen = lab.find(session, Connection, connection).key
            rows = tuple(row for row in rows if row.connection_id == chosen)
    columns: list[Column[RuleRow]] = [
        Column("Vault", lambda row: row.vault),
        Column("Connection", lambda row: row.connection),
        Column("Point", lambda row: row.point),
        Column("Rule", lambda row: row.api_name),
        Column("Label", lambda row: row.name),
        Column("Status", lambda row: "Active" if row.active else "Inactive"),
        Column("Reads", lambda row: row.primary_query_object),
        Column("Field rules", lambda row: row.field_rules, right=True),
    ]
    answer(settings, {"rules": rows}, lambda: table(columns, rows, empty="There are no integration rules."))


@command(rules, "show")
def show(context: typer.Context, rule: Name) -> None:
    """Show one integration rule with its query object rules and field rules."""
    from models.queries.rules import rule_line, rule_rows
    from models.tables import IntegrationRule

    settings = settings_of(context)
    with opened(settings) as lab, lab.store.read() as session:
        found = lab.find(session, IntegrationRule, rule)
        line = rule_line(session, found.vault_id, found.key)
        place = next((row for row in rule_rows(session, [found.vault_id]) if row.key == found.key), None)
    if line is None or place is None:
        raise gone("integration rule")
    queries: list[Column[QueryObjectRuleLine]] = [
        Column("Name", lambda row: row.api_name),
        Column("Status", lambda row: "Active" if row.active else "Inactive"),
        Column("Query object", lambda row: row.query_object),
        Column("Only where", lambda row: row.filter_clause),
    ]
    field_rules: list[Column[FieldRuleLine]] = [
        Column("Name", lambda row: row.api_name),
        Column("Status", lambda row: "Active" if row.active else "Inactive"),
        Column("Fills", lambda row: row.target),
        Column("From", lambda row: ".".join(filter(None, (row.query_object, row.query_field)))),
        Column("Selects", lambda row: row.query_field_select),
        Column("Default", lambda row: row.default_value),
        Column("Matched on", lambda row: row.target_lookup_field),
        Column("Lookup", lambda row: row.reference_lookup),
    ]

    def text() -> str:
        return parts(
            facts(
                [
                    ("Label", line.name),
                    ("API name", line.api_name),
                    ("Vault", place.vault),
                    ("Connection", place.connection),
                    ("Integration", place.integration),
                    ("Integration point", place.point),
                    ("Status", "Active" if line.active else "Inactive"),
                    ("Standard", line.standard),
                    ("Primary query object", line.primary_query_object),
                ]
            ),
            section("Query object rules", table(queries, line.query_object_rules, empty="None.")),
            section("Field rules", table(field_rules, line.field_rules, empty="None.")),
        )

    answer(settings, {"rule": line, "place": place}, text)


@command(rules, "create")
def create(
    context: typer.Context,
    label: Annotated[str, typer.Argument(metavar="LABEL", help="Label of the new rule.")],
    point: Point,
    api_name: Annotated[str, typer.Option(metavar="NAME", help="API name; made from the label without.")] = "",
    primary_query_object: Annotated[
        str, typer.Option(metavar="OBJECT", help="The source object; without it no field rule walks relationships.")
    ] = "",
    inactive: Annotated[bool, typer.Option("--inactive", help="Create it inactive.")] = False,
) -> None:
    """Create an integration rule under an inbound integration point."""
    from models.services.checks import key_of
    from models.services.rules import create_rule

    def work(write: WriteSession, actor: Actor, found: Named) -> tuple[int, str]:
        made = create_rule(
            write,
            actor,
            found.key,
            name=label,
            api_name=api_name,
            primary_query_object=primary_query_object,
            active=not inactive,
        )
        return key_of(made), made.api_name

    found, (key, made_name) = change(context, "IntegrationPoint", point, work)
    document = {"id": key, "vault_id": found.vault_id, "point": found.api_name, "api_name": made_name}
    tell(settings_of(context), document, f"Created rule {made_name} under {found.label} of {found.vault}.")


@command(rules, "edit")
def edit(
    context: typer.Context,
    rule: Name,
    fields: Annotated[
        list[str], typer.Argument(metavar="FIELD=VALUE...", help="label, api_name or primary_query_object.")
    ],
) -> None:
    """Save fields of a rule; an empty value empties the field."""
    from models.services.rules import change_rule

    values = pairs(fields, ("label", "api_name", "primary_query_object"))
    if "label" in values:
        values["name"] = values.pop("label")
    found, changed = change(
        context, "IntegrationRule", rule, lambda write, actor, row: change_rule(write, actor, row.key, values)
    )
    tell_changed(context, found, changed=changed)


@command(rules, "activate")
def activate(
    context: typer.Context,
    rule: Name,
    with_children: Annotated[
        bool, typer.Option("--with-children", help="Its query object rules and field rules, too.")
    ] = False,
) -> None:
    """Activate a rule; what is in it stays as it is, unless told otherwise."""
    _switch(context, rule, active=True, with_children=with_children)


@command(rules, "inactivate")
def inactivate(context: typer.Context, rule: Name) -> None:
    """Inactivate a rule with all that is in it."""
    _switch(context, rule, active=False, with_children=True)


def _switch(context: typer.Context, rule: str, *, active: bool, with_children: bool) -> None:
    from models.services.rules import set_rule_active

    found, changed = change(
        context,
        "IntegrationRule",
        rule,
        lambda write, actor, row: set_rule_active(write, actor, row.key, active=active, with_children=with_children),
    )
    document = {"vault_id": found.vault_id, "rule": found.api_name, "active": active, "changed": changed}
    state = "Active" if active else "Inactive"
    tell(settings_of(context), document, f"{found.label} is {state}{'' if changed else ' already'}.")


@command(rules, "delete")
def delete(context: typer.Context, rule: Name) -> None:
    """Delete a custom rule with all that is in it."""
    from models.services.rules import delete_rule

    found, _ = change(context, "IntegrationRule", rule, lambda write, actor, row: delete_rule(write, actor, row.key))
    tell_deleted(context, found)
