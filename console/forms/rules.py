"""The forms in which integrations are designed: points, rules, query object rules, field rules (facts, section 2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from console.doing import rules as doing
from console.forms.connections import YES_NO
from console.modals.form import Form, form_field

if TYPE_CHECKING:
    from console.doing.rules import Made
    from console.modals.live_form import Look
    from models.queries.integrations import IntegrationDetail, PointLine, RuleLine, SourceLine
    from models.queries.records import FormField
    from models.queries.rules import FieldRuleLine, QueryObjectRuleLine

Options = Sequence[tuple[str, str]]
STATUS: Final = (("true", "Active"), ("false", "Inactive"))
MATCHING: Final = {
    "link": "Link = source Global ID",
    "crm_keys": "CRM Org with CRM ID, External ID or Link; else External ID",
    "external_id": "External ID, then Link",
    "fields": "the integration's pair of fields",
    "origin": "Global ID = source Link",
}
"""How target records are found, as people read it."""
TYPES: Final = (
    ("text", "Text"),
    ("number", "Number"),
    ("yes_no", "Yes/No"),
    ("date", "Date"),
    ("datetime", "DateTime"),
    ("picklist", "Picklist"),
    ("object", "Object"),
)
_API_NAME = "Only lowercase, alphanumeric characters and underscores between them. Empty: made from the name."
HELPS: Final = {
    "connection_id": "The Vault to Vault connection that the integration belongs to.",
    "name": "The name by which people know it.",
    "api_name": f"{_API_NAME} It ends in __c.",
    "feature": "Optional: what it is for.",
    "matching": "How the target record of a source record is found. Empty: as the integration says.",
    "creates": "Whether source records without a target make a new one.",
    "updates": "Whether target records follow changes of their source.",
    "object_name": "The object of this Vault whose changes are sent.",
    "remote_point": "API name of the inbound integration point in the remote Vault.",
    "criteria": "Optional: only records that hold this, e.g. marketed__c=true, state__v=a__c|b__c for one of two.",
    "primary_query_object": "The source object whose records are read. Without it, field rules cannot walk "
    "relationships.",
    "active": "Inactive rules never apply; inactivating a rule inactivates what is in it.",
    "label": "Optional: a label of at most 60 characters.",
    "query_object": "The object of the source Vault that is read. Empty in a field rule: the rule's primary one.",
    "filter_clause": "Optional Criteria VQL, a WHERE body without the word, e.g. status__v = 'active__v'.",
    "target_object": "The object of this Vault that is filled. Empty for a field of documents.",
    "target_field": "The field that is filled.",
    "target_docfield": "Instead of an object's field: the field of documents that is filled.",
    "query_field": "The field that is read; study__vr.name__v walks a relationship.",
    "query_field_select": "Optional: what is selected in its place, as VQL writes it, e.g. TONAME(status__v).",
    "query_field_type": "Optional: the type of what is selected (Assumed: the types of object fields).",
    "default_value": "Used when the source has no value, or the lookup no match.",
    "target_lookup_field": "For an object reference: the field of the referenced object that is matched.",
    "reference_lookup_id": "Optional: maps the source's value to the one of this Vault.",
    "path": "A path on this machine. ~ is your home folder.",
}


@dataclass(frozen=True, slots=True)
class RuleChoices:
    """What may be chosen under a rule. `source_known` tells whether the source Vault's objects are."""

    rule_id: int
    primary_query_object: str | None
    source_known: bool
    source_objects: Options = ()
    target_objects: Options = ()
    lookups: Options = ()
    document_fields: Options = ()
    standard: bool = False


def integration_form(connections: Options, made: Made) -> Form:
    """A new custom integration."""
    chosen = connections[0][0] if len(connections) == 1 else ""
    fields = (
        form_field("connection_id", "Connection", chosen, required=True, type="picklist", choices=connections),
        form_field("name", "Name", required=True),
        form_field("api_name", "API Name", hint="my_integration__c"),
        form_field("feature", "Feature"),
    )
    save = partial(doing.create_integration, made=made)
    return Form("New custom integration", fields, save, is_new=True, helps=HELPS, saves="Create")


def edit_integration_form(detail: IntegrationDetail) -> Form:
    """A custom integration as it stands."""
    fields = (
        form_field("name", "Name", detail.name, required=True),
        form_field("api_name", "API Name", detail.api_name, required=True),
        form_field("feature", "Feature", detail.feature),
    )
    return Form(f"Edit {detail.name}", fields, partial(doing.edit_integration, key=detail.key), helps=HELPS)


def point_form(integration_id: int, direction: str, point: PointLine | None, own_matching: str, made: Made) -> Form:
    """An inbound or outbound integration point. `own_matching` is empty where the integration's way holds."""
    fields = [
        form_field("name", "Name", point.name if point else "", required=True),
        form_field("api_name", "API Name", point.api_name if point else "", hint="my_point__c"),
    ]
    if direction == "inbound":
        creates, updates = (point.creates, point.updates) if point else (True, True)
        fields += [
            form_field("matching", "Matched by", own_matching, type="picklist", choices=tuple(MATCHING.items())),
            form_field("creates", "Creates records", _truth(creates), choices=YES_NO),
            form_field("updates", "Updates records", _truth(updates), choices=YES_NO),
        ]
    if point is not None:
        return Form(f"Edit {point.name}", fields, partial(doing.edit_point, key=point.key), helps=HELPS)
    save = partial(doing.create_point, integration_id=integration_id, direction=direction, made=made)
    return Form(f"New {direction} integration point", fields, save, is_new=True, helps=HELPS, saves="Create")


def source_form(point_id: int, source: SourceLine | None, objects: Options, remote_points: Options, made: Made) -> Form:
    """What an outbound point watches, and where it sends its changes."""
    criteria = ", ".join(source.only_where) if source else ""
    remote = source.remote_point if source else remote_points[0][0] if len(remote_points) == 1 else ""
    fields = [] if source else [form_field("object_name", "Object", required=True, type="picklist", choices=objects)]
    fields += [
        chosen("remote_point", "Remote integration point", remote, remote_points, required=True),
        form_field("criteria", "Only where", criteria, hint="field=value, field=value"),
    ]
    save = partial(
        doing.save_source,
        point_id=point_id,
        key=source.key if source else None,
        object_name=source.object_name if source else "",
        made=made,
    )
    title = f"What is sent of {source.object_label}" if source else "Watch an object"
    return Form(title, fields, save, is_new=source is None, helps=HELPS, saves="Save" if source else "Watch")


def rule_form(point_id: int, rule: RuleLine | None, source_objects: Options, made: Made) -> tuple[Form, Look]:
    """An integration rule, and how it is looked at as one types."""
    primary = (rule.primary_query_object or "") if rule else ""
    fields = [form_field("name", "Label", rule.name if rule else "", required=True)]
    if rule is None or not rule.standard:
        fields.append(form_field("api_name", "API Name", rule.api_name if rule else "", hint="my_rule__c"))
    fields.append(chosen("primary_query_object", "Primary query object", primary, source_objects))
    look = partial(doing.look_at_rule, point_id=point_id, key=rule.key if rule else None)
    if rule is not None:
        return Form(f"Edit {rule.name}", fields, partial(doing.edit_rule, key=rule.key), helps=HELPS), look
    fields.append(form_field("active", "Status", "true", choices=STATUS))
    save = partial(doing.create_rule, point_id=point_id, made=made)
    return Form("New integration rule", fields, save, is_new=True, helps=HELPS, saves="Create"), look


def query_rule_form(choices: RuleChoices, line: QueryObjectRuleLine | None, made: Made) -> tuple[Form, Look]:
    """A query object rule, and how it is looked at as one types."""
    query_object = line.query_object if line else choices.primary_query_object or ""
    fields = [
        chosen("query_object", "Query object", query_object, choices.source_objects, required=True),
        form_field("filter_clause", "Only where (VQL)", line.filter_clause if line else ""),
        *_head(line, choices),
    ]
    key = line.key if line else None
    save = partial(doing.save_query_rule, rule_id=choices.rule_id, key=key, made=made)
    look = partial(doing.look_at_query_rule, rule_id=choices.rule_id, key=key, unseen=_unseen(line))
    title = f"Edit query object rule {line.api_name}" if line else "New query object rule"
    form = Form(title, fields, save, is_new=line is None, helps=HELPS, saves="Save" if line else "Add")
    return form, look


def field_rule_form(choices: RuleChoices, line: FieldRuleLine | None, made: Made) -> tuple[Form, Look]:
    """A field rule, and how it is looked at as one types: choices follow the chosen objects."""
    query_object = line.query_object if line else choices.primary_query_object or ""
    query_field = (line.query_field or "") if line else ""

    def held(value: str | None) -> str:
        return value or ""

    lookup = str(line.reference_lookup_id or "") if line else ""
    fields = [
        form_field(
            "target_object",
            "Target object",
            line.target_object if line else _only(choices.target_objects),
            type="picklist",
            choices=choices.target_objects,
        ),
        form_field("target_field", "Target field", line.target_field if line else "", type="picklist"),
        form_field(
            "target_docfield",
            "or document field",
            held(line.target_docfield) if line else "",
            type="picklist",
            choices=choices.document_fields,
        ),
        chosen("query_object", "Query object", query_object, choices.source_objects),
        form_field("query_field", "Query field", query_field, type="picklist" if choices.source_known else "text"),
        form_field("default_value", "Default", held(line.default_value) if line else ""),
        form_field("reference_lookup_id", "Reference lookup", lookup, type="picklist", choices=choices.lookups),
        form_field(
            "target_lookup_field", "Matched on field", held(line.target_lookup_field) if line else "", type="picklist"
        ),
        form_field("query_field_select", "Selects instead", held(line.query_field_select) if line else ""),
        form_field(
            "query_field_type",
            "of type",
            held(line.query_field_type) if line else "",
            type="picklist",
            choices=TYPES,
        ),
        *_head(line, choices),
    ]
    key = line.key if line else None
    save = partial(doing.save_field_rule, rule_id=choices.rule_id, key=key, made=made)
    look = partial(doing.look_at_field_rule, rule_id=choices.rule_id, key=key, unseen=_unseen(line))
    title = f"Edit field rule {line.api_name}" if line else "New field rule"
    form = Form(title, fields, save, is_new=line is None, helps=HELPS, saves="Save" if line else "Add")
    return form, look


def export_form(what: str, narrowed: Mapping[str, int], path: str) -> Form:
    """Where to save rules as MDL text."""
    fields = (form_field("path", "Save as", path, required=True),)
    save = partial(doing.export, narrowed=narrowed)
    about = "The text can be changed and imported again, here or in another Vault with the same connection."
    return Form(f"Export the rules of {what}", fields, save, is_new=True, about=about, helps=HELPS, saves="Export")


def _head(line: QueryObjectRuleLine | FieldRuleLine | None, choices: RuleChoices) -> list[FormField]:
    fields = [form_field("label", "Label", line.label if line else "")]
    if line is None or not choices.standard:
        fields.append(form_field("api_name", "API Name", line.api_name if line else "", hint="made from the target"))
    if line is None:
        fields.append(form_field("active", "Status", "true", choices=STATUS))
    return fields


def _unseen(line: QueryObjectRuleLine | FieldRuleLine | None) -> dict[str, str]:
    """What a form of something that exists does not show, for the look at it."""
    return {} if line is None else {"api_name": line.api_name}


def chosen(name: str, label: str, value: str, options: Options, *, required: bool = False) -> FormField:
    """A field that is chosen where the choices are known, else typed. A value that is gone stays choosable."""
    if not options:
        return form_field(name, label, value, required=required)
    if value and value not in dict(options):
        options = (*options, (value, f"{value} (not there any more)"))
    return form_field(name, label, value, required=required, type="picklist", choices=options)


def _only(options: Options) -> str:
    return options[0][0] if len(options) == 1 else ""


def _truth(value: bool) -> str:
    return "true" if value else "false"
