"""Calls that do what is done with queues and their messages.

Each function is named as what it is the twin of.
"""

# ruff: noqa: D103 - the catalogue says what each is the twin of

from __future__ import annotations

from collections.abc import Sequence

from console.twins.call import Free, Given, Words, flag

OPTIONS = {
    "label": "--label",
    "description": "--description",
    "message_processor": "--message-processor",
    "processor_user_id": "--processor-user",
    "delivery_handler": "--delivery-handler",
    "handler_user_id": "--handler-user",
    "retry_minutes": "--retry",
}
SWITCHES = {
    "sequential": ("--sequential", "--not-sequential"),
    "rollback_on_error": ("--rollback-on-error", "--no-rollback-on-error"),
}


def _of(given: Given) -> str:
    return given.name("Queue", given["queue_id"])


def set_active(given: Given) -> Sequence[Words]:
    return [["queues", "activate" if given["active"] else "inactivate", _of(given)]]


def set_delivery(given: Given) -> Sequence[Words]:
    return [["queues", "enable-delivery" if given["enabled"] else "disable-delivery", _of(given)]]


def _settings(given: Given, *, changed: bool) -> Words:
    """Options for what a form held; for a new queue only those that say something."""
    words: Words = []
    for name, value in given.values.items():
        if name in SWITCHES:
            words.append(SWITCHES[name][value != "true"])
        elif name in OPTIONS and (changed or value.strip()):
            words += [OPTIONS[name], _value(given, name, value)]
    return words


def _value(given: Given, name: str, value: str) -> str:
    if name.endswith("_user_id"):
        return given.username(value)
    return ",".join(value.replace(",", " ").split()) or "default" if name == "retry_minutes" else value


def create(given: Given) -> Sequence[Words]:
    values = given.values
    words = ["queues", "create", Free(values.get("label", "")), "--type", given["kind"]]
    words += flag("--name", values.get("api_name"))
    settings = Given(given.session, given.who, {}, {name: values[name] for name in values if name != "label"})
    inactive = ["--inactive"] if values.get("active") == "false" else []
    return [[*words, *_settings(settings, changed=False), *inactive]]


def edit(given: Given) -> Sequence[Words]:
    return [["queues", "edit", _of(given), *_settings(given, changed=True)]]


def delete(given: Given) -> Sequence[Words]:
    return [["queues", "delete", _of(given), "--confirm"]]


def reset(given: Given) -> Sequence[Words]:
    return [["queues", "reset", _of(given), "--type-name", given["typed"]]]


def trace(given: Given) -> Sequence[Words]:
    return [["queues", "trace", _of(given), *(["--off"] if given["off"] else [])]]


def _served(given: Given, connection: str, *, changed: bool) -> Words:
    """`changed`: what is empty in the form was emptied there."""
    values = given.values
    words = ["queues", "connect", _of(given), connection]
    for field, option in (("deliver_to_queue", "--deliver-to"), ("path", "--path"), ("label", "--label")):
        words += [option, values[field]] if changed and field in values else flag(option, values.get(field))
    if "active" in values:
        words.append("--active" if values["active"] == "true" else "--inactive")
    return words


def serve(given: Given) -> Sequence[Words]:
    return [_served(given, given.name("Connection", int(given.values["connection_id"] or 0)), changed=False)]


def change_serving(given: Given) -> Sequence[Words]:
    return [_served(given, given.name("Connection", given["connection_id"]), changed=True)]


def stop_serving(given: Given) -> Sequence[Words]:
    return [["queues", "disconnect", _of(given), given.name("Connection", given["connection_id"])]]


def put_message(given: Given) -> Sequence[Words]:
    values = given.values
    pairs = [f"{name}={values[name]}" for name in ("object", "event", "integration_point") if values.get(name)]
    pairs += [
        f"{name.strip()}={value.strip()}"
        for name, _, value in (piece.partition("=") for piece in values.get("more", "").split(",") if piece.strip())
    ]
    words = ["messages", "put", _of(given)]
    words += [word for pair in pairs for word in ("--attribute", pair)]
    words += [word for item in values.get("items", "").replace(",", " ").split() for word in ("--item", item)]
    return [words]


def put_back(given: Given) -> Sequence[Words]:
    entry = given.row("QueueLogEntry", given["entry_id"])
    return [["messages", "put-back", str(entry.message_id)]]


def save_body(given: Given) -> Sequence[Words]:
    """`messages show` into a file."""
    force = ["--force"] if given["_confirmed"] else []
    return [["messages", "show", str(given["message_key"]), "--output", given.values.get("path", ""), *force]]
