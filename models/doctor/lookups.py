"""Do reference lookups know what is in the data: source values for which a lookup has neither a key nor a default."""

from collections.abc import Sequence

from sqlalchemy import String, cast, select

from models.data_model import ObjectModel
from models.doctor.case import Case, Side, quoted
from models.doctor.finding import FindingKind, Findings
from models.doctor.rules import RuleUse, rule_uses
from models.system_fields import SYSTEM_COLUMNS
from models.tables import FieldType, Record, ReferenceLookup, ReferenceLookupKey, table_of

_records = table_of(Record)
_lookups = table_of(ReferenceLookup)
_keys = table_of(ReferenceLookupKey)

SHOWN = 5
"""Missing keys that are named; more are counted."""
READ_AT_MOST = 1000


def check_lookups(case: Case) -> Findings:
    """Values of source records that the lookup of an active field rule does not know."""
    told: set[tuple[int, str, str]] = set()
    for use in rule_uses(case):
        rule = use.rule
        if rule.reference_lookup_id is None or rule.default_value or not rule.query_field:
            continue
        mark = (rule.reference_lookup_id, use.stream.object_name, rule.query_field)
        if mark in told:
            continue
        told.add(mark)
        yield from _missing(use)


def _missing(use: RuleUse) -> Findings:
    lookup = use.receiver.session.execute(
        select(_lookups).where(_lookups.c.id == use.rule.reference_lookup_id)
    ).one_or_none()
    source = use.sender.model(use.stream.object_name)
    if lookup is None or source is None:
        return
    values = _values_without_key(use.sender, source, use.rule.query_field, lookup.id)
    if not values:
        return
    named = ", ".join(repr(value) for value in values[:SHOWN])
    more = f" and {len(values) - SHOWN} more" if len(values) > SHOWN else ""
    yield use.receiver.finding(
        FindingKind.LOOKUP_KEY_MISSING,
        f"{source.label} of {use.sender.vault} holds {named}{more} in {use.rule.query_field}; reference lookup "
        f"{lookup.name} has no such key, and the field rule no default.",
        "Add the keys, or give the field rule a default.",
        area="lookups",
        key=lookup.id,
        within=use.receiver.key,
        where=f"Reference lookup {lookup.name}",
        command=f"lookups show {quoted(lookup.api_name)}",
    )


def _values_without_key(side: Side, model: ObjectModel, path: str, lookup_id: int) -> Sequence[str]:
    """Distinct values of a field, also of a field of the object that a reference leads to."""
    relationship, dot, name = path.rpartition(".")
    held_by = model
    if dot:
        reference = model.relationships.get(relationship)
        walked = side.model(reference.reference) if reference is not None and reference.reference else None
        if walked is None:
            return ()
        held_by = walked
    if name in SYSTEM_COLUMNS:
        value = cast(_records.c[SYSTEM_COLUMNS[name]], String)
    elif name in held_by.fields and held_by.fields[name].type is not FieldType.YES_NO:
        value = _records.c.data[name].as_string()
    else:
        return ()
    known = select(_keys.c.source_key).where(_keys.c.lookup_id == lookup_id)
    statement = (
        select(value)
        .distinct()
        .where(_records.c.object_id == held_by.id, value.is_not(None), value != "", value.not_in(known))
        .order_by(value)
        .limit(READ_AT_MOST)
    )
    return list(side.session.execute(statement).scalars())
