"""`integrations create|edit|delete|create-point|...`: custom integrations from nothing (seed S1, "Integrations")."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from console.cli.frame import command
from console.cli.integrations import integrations
from console.cli.lab import opened
from console.cli.naming import told_as
from console.cli.output import tell
from console.cli.settings import settings_of
from models.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from models.permissions import Actor
    from models.queries.lookup import Named
    from models.store import WriteSession

T = TypeVar("T")

Integration = Annotated[str, typer.Argument(metavar="INTEGRATION", help="Its API name, name or number.")]
Point = Annotated[str, typer.Argument(metavar="POINT", help="Its API name, name or number.")]
OfConnection = Annotated[str, typer.Option("--connection", metavar="CONNECTION", help="The connection it belongs to.")]
ApiName = Annotated[str, typer.Option("--api-name", metavar="NAME", help="Its API name; made from the name without.")]
Where = Annotated[
    list[str] | None,
    typer.Option(
        "--where", metavar="FIELD=VALUE", help="Only records that hold this, or one of a|b; may be given several times."
    ),
]


def change(
    context: typer.Context, kind: str, name: str, work: Callable[[WriteSession, Actor, Named], T]
) -> tuple[Named, T]:
    """Do something to what a person names, as his Vault's user; `kind` is the name of its table's class."""
    from models import tables

    with opened(settings_of(context)) as lab:
        with lab.store.read() as session:
            found = lab.find(session, getattr(tables, kind), name)
            actor = lab.actor(session, found.vault_id)
        with lab.store.write() as write:
            return found, work(write, actor, found)


def pairs(texts: Sequence[str], known: Sequence[str]) -> dict[str, str]:
    """Fields and values from texts such as `name=Products`. Raises InvalidInput for a field that is not known."""
    found: dict[str, str] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or name.strip() not in known:
            raise InvalidInput({name.strip() or "field": f"Write FIELD=VALUE, with {', '.join(known)}."})
        found[name.strip()] = value
    return found


def yes_or_no(field: str, text: str) -> bool:
    """A switch as it is typed. Raises InvalidInput."""
    if text.strip().lower() not in ("true", "yes", "false", "no"):
        raise InvalidInput({field: "It is true or false."})
    return text.strip().lower() in ("true", "yes")


@command(integrations, "create")
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the new integration.")],
    connection: OfConnection,
    api_name: ApiName = "",
    feature: Annotated[str, typer.Option(help="What it is for.")] = "",
) -> None:
    """Create a custom integration on a Vault to Vault connection; it begins as Inactive."""
    from models.services.checks import key_of
    from models.services.integrations import create_integration

    def work(write: WriteSession, actor: Actor, found: Named) -> tuple[int, str]:
        made = create_integration(write, actor, found.key, name=name, api_name=api_name, feature=feature)
        return key_of(made), made.api_name

    found, (key, made_name) = change(context, "Connection", connection, work)
    document = {"id": key, "vault_id": found.vault_id, "connection": found.api_name, "api_name": made_name}
    tell(settings_of(context), document, f"Created integration {made_name} on {found.label} of {found.vault}.")


@command(integrations, "edit")
def edit(
    context: typer.Context,
    integration: Integration,
    fields: Annotated[list[str], typer.Argument(metavar="FIELD=VALUE...", help="name, api_name or feature.")],
) -> None:
    """Save fields of a custom integration."""
    from models.services.integration_editing import edit_integration

    values = pairs(fields, ("name", "api_name", "feature"))
    found, changed = change(
        context, "Integration", integration, lambda write, actor, row: edit_integration(write, actor, row.key, values)
    )
    tell_changed(context, found, changed=changed)


@command(integrations, "delete")
def delete(context: typer.Context, integration: Integration) -> None:
    """Delete a custom, inactive integration with its points and rules."""
    from models.services.integration_editing import delete_integration

    found, _ = change(
        context, "Integration", integration, lambda write, actor, row: delete_integration(write, actor, row.key)
    )
    tell_deleted(context, found)


@command(integrations, "create-point")
def create_point_command(
    context: typer.Context,
    integration: Integration,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the new integration point.")],
    direction: Annotated[str, typer.Option(metavar="inbound|outbound", help="Which way its messages go.")],
    api_name: ApiName = "",
    matching: Annotated[
        str, typer.Option(metavar="WAY", help="How an inbound point finds target records; else as the integration.")
    ] = "",
    creates: Annotated[bool, typer.Option("--creates/--no-creates", help="Whether it creates records.")] = True,
    updates: Annotated[bool, typer.Option("--updates/--no-updates", help="Whether it updates records.")] = True,
) -> None:
    """Create an inbound or outbound integration point."""
    from models.services.checks import key_of
    from models.services.integrations import create_point
    from models.tables import Direction, Matching

    for field, value, kinds in (("direction", direction, Direction), ("matching", matching, Matching)):
        if value and value not in tuple(kinds):
            raise InvalidInput({field: f"It is one of {', '.join(kinds)}."})

    def work(write: WriteSession, actor: Actor, found: Named) -> tuple[int, str]:
        made = create_point(
            write,
            actor,
            found.key,
            name=name,
            api_name=api_name,
            direction=Direction(direction),
            matching=Matching(matching) if matching else None,
            creates=creates,
            updates=updates,
        )
        return key_of(made), made.api_name

    found, (key, made_name) = change(context, "Integration", integration, work)
    document = {"id": key, "vault_id": found.vault_id, "integration": found.api_name, "api_name": made_name}
    tell(settings_of(context), document, f"Created {direction} integration point {made_name} in {found.label}.")


@command(integrations, "edit-point")
def edit_point_command(
    context: typer.Context,
    point: Point,
    fields: Annotated[
        list[str], typer.Argument(metavar="FIELD=VALUE...", help="name, api_name, matching, creates or updates.")
    ],
) -> None:
    """Save fields of an integration point; matching without a value is that of the integration."""
    from models.services.integration_editing import edit_point

    values: dict[str, Any] = dict(pairs(fields, ("name", "api_name", "matching", "creates", "updates")))
    for switch in ("creates", "updates"):
        if switch in values:
            values[switch] = yes_or_no(switch, values[switch])
    found, changed = change(
        context, "IntegrationPoint", point, lambda write, actor, row: edit_point(write, actor, row.key, values)
    )
    tell_changed(context, found, changed=changed)


@command(integrations, "delete-point")
def delete_point_command(context: typer.Context, point: Point) -> None:
    """Delete a custom integration point with its rules."""
    from models.services.integration_editing import delete_point

    found, _ = change(context, "IntegrationPoint", point, lambda write, actor, row: delete_point(write, actor, row.key))
    tell_deleted(context, found)


@command(integrations, "watch")
def watch(
    context: typer.Context,
    point: Point,
    object_name: Annotated[str, typer.Argument(metavar="OBJECT", help="API name of the object.")],
    to: Annotated[str, typer.Option(metavar="POINT", help="API name of the inbound point of the remote Vault.")],
    where: Where = None,
) -> None:
    """Have an outbound point watch an object, or change where and which of its changes it sends."""
    from models.services.integration_editing import edit_point_source
    from models.services.integrations import add_point_source
    from models.services.point_criteria import read_criteria

    def work(write: WriteSession, actor: Actor, found: Named) -> tuple[bool, str]:
        watched = _watched(write, found.key, object_name)
        note = _no_such_remote_point(write, found, to)
        with told_as(_option_of):
            criteria = read_criteria(write, actor.vault_id, object_name, where or ())
            if len(watched) == 1:
                return edit_point_source(write, actor, watched[0], remote_point=to, criteria=criteria), note
            add_point_source(write, actor, found.key, object_name=object_name, remote_point=to, criteria=criteria)
        return True, note

    found, (changed, note) = change(context, "IntegrationPoint", point, work)
    document = {"vault_id": found.vault_id, "point": found.api_name, "object": object_name, "changed": changed}
    sentence = f"{found.label} sends changes of {object_name} to {to}. {note}".strip()
    tell(settings_of(context), document | {"warning": note}, sentence)


@command(integrations, "unwatch")
def unwatch(
    context: typer.Context,
    point: Point,
    object_name: Annotated[str, typer.Argument(metavar="OBJECT", help="API name of the object.")],
) -> None:
    """Have an outbound point no longer watch an object."""
    from models.services.integration_editing import remove_point_source

    def work(write: WriteSession, actor: Actor, found: Named) -> int:
        watched = _watched(write, found.key, object_name)
        if not watched:
            raise NotFound(f"{found.label} does not watch {object_name}.")
        for key in watched:
            remove_point_source(write, actor, key)
        return len(watched)

    found, removed = change(context, "IntegrationPoint", point, work)
    document = {"vault_id": found.vault_id, "point": found.api_name, "object": object_name, "removed": removed}
    tell(settings_of(context), document, f"{found.label} no longer watches {object_name}.")


def _option_of(field: str) -> str:
    """The option of `watch` that a refused field was typed in."""
    if field == "remote_point":
        return "--to"
    return f"--where{field.removeprefix('criteria')}" if field.startswith("criteria") else field


def _no_such_remote_point(write: WriteSession, found: Named, to: str) -> str:
    """What to say when the remote Vault has no such inbound point; empty while that Vault is not known.

    It is told, not refused: one side may be designed before the other.
    """
    from models.queries.rule_choices import remote_point_options
    from models.tables import IntegrationPoint

    points = remote_point_options(write, write.get_one(IntegrationPoint, found.key).integration_id)
    names = [name for name, _label in points]
    if not names or to in names:
        return ""
    return f"Note: the remote Vault's connection has no inbound point {to}. It has {', '.join(names)}."


def _watched(write: WriteSession, point_id: int, object_name: str) -> list[int]:
    from sqlalchemy import select

    from models.tables import PointSource, VaultObject, table_of

    sources, objects = table_of(PointSource).c, table_of(VaultObject).c
    statement = (
        select(sources.id)
        .join(table_of(VaultObject), objects.id == sources.object_id)
        .where(sources.point_id == point_id, objects.name == object_name)
    )
    return list(write.execute(statement).scalars())


def tell_changed(context: typer.Context, found: Named, *, changed: bool) -> None:
    """Say whether a save changed anything."""
    document = {"vault_id": found.vault_id, "id": found.key, "changed": changed}
    text = f"{found.label} was saved." if changed else f"{found.label} is unchanged."
    tell(settings_of(context), document, text)


def tell_deleted(context: typer.Context, found: Named) -> None:
    """Say that something was deleted."""
    document = {"vault_id": found.vault_id, "id": found.key, "api_name": found.api_name, "deleted": True}
    tell(settings_of(context), document, f"{found.label} of {found.vault} was deleted.")
