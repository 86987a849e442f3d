"""What a person may choose from in the settings of an integration: fields of the objects that its rules are about."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlmodel import Session

from models.data_model import DOCUMENTS, ObjectModel, load_object
from models.errors import NotFound
from models.queries.rule_choices import Options, read_field_options, source_vault, target_field_options
from models.tables import Connection, FieldRule, Integration, IntegrationPoint, IntegrationRule, table_of


@dataclass(frozen=True, slots=True)
class SettingsChoices:
    """Fields to choose from, by API name with their label; empty where they are not known, and then typed.

    `source` are those of the objects that the rules read, while the source Vault is known; `target` those of the
    objects that they fill, and `marked` those of them that can be written.
    """

    source: Options = ()
    target: Options = ()
    marked: Options = ()


def settings_choices(session: Session, integration_id: int) -> SettingsChoices:
    """The fields that settings of an integration may name, by its rules as they are now."""
    integration = session.get(Integration, integration_id)
    connection = session.get(Connection, integration.connection_id) if integration is not None else None
    if integration is None or connection is None:
        return SettingsChoices()
    points, rules, fields = table_of(IntegrationPoint).c, table_of(IntegrationRule).c, table_of(FieldRule).c
    statement = (
        select(
            func.coalesce(func.nullif(fields.query_object, ""), rules.primary_query_object).label("reads"),
            fields.target_object,
            fields.target_docfield,
        )
        .select_from(table_of(FieldRule))
        .join(table_of(IntegrationRule), rules.id == fields.rule_id)
        .join(table_of(IntegrationPoint), points.id == rules.point_id)
        .where(points.integration_id == integration_id)
        .order_by(fields.id)
    )
    rows = session.execute(statement).all()
    reads = list(dict.fromkeys(row.reads for row in rows if row.reads))
    fills = list(dict.fromkeys(DOCUMENTS if row.target_docfield else row.target_object for row in rows))
    source = source_vault(session, connection)
    sources = _models(session, source, reads) if source is not None else []
    targets = _models(session, integration.vault_id, fills)
    return SettingsChoices(
        _merged(read_field_options(session, model, walks=True) for model in sources),
        _merged(read_field_options(session, model, walks=False) for model in targets),
        _merged(target_field_options(model) for model in targets),
    )


def _models(session: Session, vault_id: int, names: list[str]) -> list[ObjectModel]:
    found = []
    for name in names:
        try:
            found.append(load_object(session, vault_id, name))
        except NotFound:
            continue
    return found


def _merged(options: Iterable[Options]) -> Options:
    """The options of several objects as one list; the first label of a name stays."""
    merged: dict[str, str] = {}
    for each in options:
        for name, label in each:
            merged.setdefault(name, label)
    return tuple(merged.items())
