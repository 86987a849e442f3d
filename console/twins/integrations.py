"""Calls that do what is done with integrations, their points and rules, and with reference lookups.

Each function is named as what it is the twin of.
"""

# ruff: noqa: D103 - the catalogue says what each is the twin of

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from console.twins.call import Free, Given, Words, flag


def _of(given: Given, key: int | None) -> str:
    return given.name("Integration", key)


def set_active(given: Given) -> Sequence[Words]:
    return [["integrations", "activate" if given["active"] else "inactivate", _of(given, given["integration_id"])]]


def change_settings(given: Given) -> Sequence[Words]:
    return [["integrations", "set", _of(given, given["key"]), *given.pairs()]]


def set_last_run(given: Given) -> Sequence[Words]:
    moment = given.values.get("last_successful_run_time", "")
    return [["integrations", "last-run", _of(given, given["key"]), moment]]


def create(given: Given) -> Sequence[Words]:
    values = given.values
    connection = given.name("Connection", int(values.get("connection_id") or 0))
    words = ["integrations", "create", Free(values.get("name", "")), "--connection", connection]
    return [[*words, *flag("--api-name", values.get("api_name")), *flag("--feature", values.get("feature"))]]


def edit(given: Given) -> Sequence[Words]:
    return [["integrations", "edit", _of(given, given["key"]), *given.pairs()]]


def delete(given: Given) -> Sequence[Words]:
    return [["integrations", "delete", _of(given, given["key"])]]


def create_point(given: Given) -> Sequence[Words]:
    values = given.values
    words = ["integrations", "create-point", _of(given, given["integration_id"]), Free(values.get("name", ""))]
    words += ["--direction", given["direction"], *flag("--api-name", values.get("api_name"))]
    words += flag("--matching", values.get("matching"))
    return [words + [f"--no-{name}" for name in ("creates", "updates") if values.get(name) == "false"]]


def edit_point(given: Given) -> Sequence[Words]:
    return [["integrations", "edit-point", given.name("IntegrationPoint", given["key"]), *given.pairs()]]


def save_source(given: Given) -> Sequence[Words]:
    values, held = given.values, given.row("PointSource", given["key"]) if given["key"] is not None else None
    point = given.name("IntegrationPoint", given["point_id"])
    to = values.get("remote_point", held.remote_point if held is not None else "")
    words = ["integrations", "watch", point, values.get("object_name") or given["object_name"], "--to", to]
    pieces = [piece.strip() for piece in values.get("criteria", "").split(",") if piece.strip()]
    return [words + [word for piece in pieces for word in ("--where", piece)]]


def create_rule(given: Given) -> Sequence[Words]:
    values = given.values
    words = [
        "rules",
        "create",
        Free(values.get("name", "")),
        "--point",
        given.name("IntegrationPoint", given["point_id"]),
    ]
    words += flag("--api-name", values.get("api_name"))
    words += flag("--primary-query-object", values.get("primary_query_object"))
    return [words + (["--inactive"] if values.get("active") == "false" else [])]


def edit_rule(given: Given) -> Sequence[Words]:
    words = ["rules", "edit", _rule(given, given["key"]), *given.pairs(renamed={"name": "label"})]
    return [words]


def _rule(given: Given, key: int | None) -> str:
    return given.name("IntegrationRule", key)


def _part_fields(given: Given) -> Words:
    """Fields of a field rule or query object rule; a new one is made without those that are empty."""
    new = given["key"] is None
    words = []
    for name, value in given.values.items():
        if name == "api_name" or (new and not value):
            continue
        if name == "reference_lookup_id":
            lookup = given.row("ReferenceLookup", int(value)) if value else None
            words.append(f"reference_lookup={lookup.api_name if lookup is not None else ''}")
        else:
            words.append(f"{name}={value}")
    return words


def save_query_rule(given: Given) -> Sequence[Words]:
    return _save_part(given, "query", "QueryObjectRule")


def save_field_rule(given: Given) -> Sequence[Words]:
    return _save_part(given, "field", "FieldRule")


def _save_part(given: Given, kind: str, model: str) -> Sequence[Words]:
    rule = _rule(given, given["rule_id"])
    if given["key"] is None:
        own = flag("--api-name", given.values.get("api_name"))
        return [["rules", f"add-{kind}", rule, *_part_fields(given), *own]]
    return [["rules", f"edit-{kind}", rule, given.row(model, given["key"]).api_name, *_part_fields(given)]]


def set_part_active(given: Given) -> Sequence[Words]:
    row: Any = given["row"]
    active = bool(given["active"])
    if row.kind == "rule":
        more = ["--with-children"] if given["with_children"] else []
        return [["rules", "activate" if active else "inactivate", _rule(given, row.id), *more]]
    return [["rules", f"edit-{row.kind}", _rule(given, row.rule_id), row.api_name, f"active={str(active).lower()}"]]


def delete_part(given: Given) -> Sequence[Words]:
    row: Any = given["row"]
    match row.kind:
        case "point":
            return [["integrations", "delete-point", given.name("IntegrationPoint", row.id)]]
        case "source":
            point = given.name("IntegrationPoint", row.point_id)
            return [["integrations", "unwatch", point, row.part.object_name]]
        case "rule":
            return [["rules", "delete", _rule(given, row.id)]]
        case _:
            return [["rules", f"delete-{row.kind}", _rule(given, row.rule_id), row.api_name]]


def export(given: Given) -> Sequence[Words]:
    narrowed = given["narrowed"] or {}
    words = ["rules", "export"]
    for name, model, option in (
        ("rule_id", "IntegrationRule", ""),
        ("point_id", "IntegrationPoint", "--point"),
        ("integration_id", "Integration", "--integration"),
        ("connection_id", "Connection", "--connection"),
    ):
        if name in narrowed:
            found = given.name(model, narrowed[name])
            words += [option, found] if option else [found]
    force = ["--force"] if given["_confirmed"] else []
    return [[*words, "--output", given.values.get("path", ""), *force]]


def import_text(given: Given) -> Sequence[Words]:
    return [["rules", "import", str(given["path"] or "FILE")]]


# Reference lookups


def _lookup(given: Given, key: int | None) -> Words:
    row = given.row("ReferenceLookup", key)
    return [row.api_name, "--connection", given.name("Connection", row.connection_id)]


def create_lookup(given: Given) -> Sequence[Words]:
    values = given.values
    words = ["lookups", "create", Free(values.get("name", ""))]
    words += ["--connection", given.name("Connection", given["connection_id"]), "--type", given["kind"]]
    for name in ("api_name", "target_object", "target_key_field"):
        words += flag("--" + name.replace("_", "-"), values.get(name))
    return [words]


def edit_lookup(given: Given) -> Sequence[Words]:
    options = [word for name, value in given.values.items() for word in ("--" + name.replace("_", "-"), value)]
    return [["lookups", "edit", *_lookup(given, given["lookup_id"]), *options]]


def delete_lookup(given: Given) -> Sequence[Words]:
    return [["lookups", "delete", *_lookup(given, given["lookup_id"])]]


def save_key(given: Given) -> Sequence[Words]:
    from models.services.lookups import target_keys

    lookup, values, old = _lookup(given, given["lookup_id"]), given.values, given["old"]
    source = values.get("source_key", old or "")
    held = target_keys(given.session, given["lookup_id"], [old]).get(old, "") if old is not None else ""
    calls = [["lookups", "set", *lookup, Free(source), Free(values.get("target_key", held))]]
    if old is not None and source != old:
        calls.insert(0, ["lookups", "unset", *lookup, Free(old)])
    return calls


def remove_keys(given: Given) -> Sequence[Words]:
    return [["lookups", "unset", *_lookup(given, given["lookup_id"]), *map(Free, given["source_keys"])]]


def forget(given: Given) -> Sequence[Words]:
    return [["lookups", "misses", *_lookup(given, given["lookup_id"]), "--forget"]]


def load(given: Given) -> Sequence[Words]:
    words = ["lookups", "load", *_lookup(given, given["lookup_id"]), str(given["path"] or "FILE")]
    words += ["--mode", given["mode"].value]
    return [words + (["--all-or-nothing"] if given["all_or_nothing"] else [])]


def export_keys(given: Given) -> Sequence[Words]:
    force = ["--force"] if given["_confirmed"] else []
    return [["lookups", "export", *_lookup(given, given["lookup_id"]), given.values.get("path", ""), *force]]
