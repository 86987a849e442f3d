"""Calls that do what is done with the lab clock, jobs, exceptions, records, documents, queries and undo.

Each function is named as what it is the twin of.
"""

# ruff: noqa: D103 - the catalogue says what each is the twin of

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from console.twins.call import Free, Given, Words, flag


def pause_or_resume(given: Given) -> Sequence[Words]:
    return [["clock", "pause" if given["pause"] else "resume"]]


def step(_given: Given) -> Sequence[Words]:
    return [["clock", "step", "5m"]]


def set_speed(given: Given) -> Sequence[Words]:
    return [["clock", "speed", f"{given['speed']:g}"]]


def request_runs(given: Given) -> Sequence[Words]:
    connection = given["connection_id"]
    through = ["--connection", given.name("Connection", connection)] if connection is not None else []
    return [["jobs", "run", *given["kinds"], *through, "--no-wait"]]


def set_limits(given: Given) -> Sequence[Words]:
    return [["jobs", "limit", kind, typed.replace(",", "")] for kind, typed in given.values.items()]


def start_retry(given: Given) -> Sequence[Words]:
    from models.queries.exceptions import ExceptionFilter

    chosen = given["_positional"][0]
    words = ["exceptions", "retry"]
    if not isinstance(chosen, ExceptionFilter):
        return [[*words, *(str(key) for key in chosen), "--no-wait"]]
    narrowed: Words = []
    if chosen.connection_id is not None:
        narrowed += ["--connection", given.name("Connection", chosen.connection_id)]
    if chosen.integration_id is not None:
        narrowed += ["--integration", given.name("Integration", chosen.integration_id)]
    kind, side = chosen.error_type, chosen.side
    narrowed += [*flag("--point", chosen.point), *flag("--type", kind.value if kind else "")]
    narrowed += [*flag("--side", side.value if side else ""), *flag("--text", chosen.text)]
    return [[*words, *(narrowed or ["--all"]), "--no-wait"]]


def cancel_retry(given: Given) -> Sequence[Words]:
    return [["exceptions", "cancel-retry", str(given["retry_id"])]]


def set_bell(given: Given) -> Sequence[Words]:
    return [["notifications", "set", "--bell" if given["bell"] else "--no-bell"]]


def save_record(given: Given) -> Sequence[Words]:
    values: Any = given.values or given["values"] or {}
    pairs = [f"{name}={value or ''}" for name, value in values.items()]
    is_document = given["object_name"] == "documents"
    if given["record_id"] is not None:
        return [
            ["documents" if is_document else "records", "edit" if is_document else "set", given["record_id"], *pairs]
        ]
    pairs = [f"{name}={value}" for name, value in values.items() if value]
    if is_document:
        return [["documents", "create", *pairs]]
    return [["records", "create", given["object_name"], *pairs]]


def take_over(given: Given) -> Sequence[Words]:
    return [["records", "take", given["object_name"], given["source_id"], "--connection", given["connection"]]]


def delete_record(given: Given) -> Sequence[Words]:
    return [["records", "delete", given["record_id"]]]


def new_version(given: Given) -> Sequence[Words]:
    return [["documents", "version", given["document_id"]]]


def change_state(given: Given) -> Sequence[Words]:
    return [["documents", "state", given["document_id"], given["state"]]]


def perform_action(given: Given) -> Sequence[Words]:
    return [["records", "act", given["record_id"], Free(given["name"])]]


def export_query(given: Given) -> Sequence[Words]:
    force = ["--force"] if given["_confirmed"] else []
    return [["query", given["text"], "--csv", given.values.get("path", ""), *force]]


def take_back(given: Given) -> Sequence[Words]:
    change = given.row("ConfigurationChange", given["change_id"])
    is_redo = change is not None and change.undoes is not None
    return [["redo" if is_redo else "undo", str(given["change_id"]), "--yes"]]


def mark_seen(given: Given) -> Sequence[Words]:
    return [["notifications", "seen", *(given["keys"] or ())]]


def save_snapshot(given: Given) -> Sequence[Words]:
    return [["snapshot", "save", Free(given.values["name"].strip())]]


def restore_snapshot(given: Given) -> Sequence[Words]:
    return [["snapshot", "restore", Free(given["name"])]]


def delete_snapshot(given: Given) -> Sequence[Words]:
    return [["snapshot", "delete", Free(given["name"])]]
