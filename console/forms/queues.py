"""The forms of queues (Spark facts, section 1)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from console.doing import queues as doing
from console.forms.connections import EXTERNAL, YES_NO
from console.modals.form import Form, form_field

if TYPE_CHECKING:
    from console.doing.asking import Made
    from console.doing.queues import QueuePage
    from console.session import Session
    from models.queries.queue_detail import ServedConnection
    from models.queries.records import FormField

TYPES: Final = (
    ("outbound", "Outbound", "Takes messages of this Vault and delivers them"),
    ("inbound", "Inbound", "Takes messages of other Vaults and has them processed"),
)
HELPS: Final = {
    "label": "The name by which people know the queue.",
    "api_name": "Optional: made from the label. A custom name ends in __c.",
    "message_processor": "What is done with each message. transfer runs the integrations.",
    "processor_user_id": "Optional: the user as whom the processor works.",
    "delivery_handler": "Optional: what is called when a message leaves the queue undelivered. It needs a user.",
    "handler_user_id": "The user as whom the handler works.",
    "retry_minutes": "Minutes between attempts, e.g. 1, 2, 5; together at most 360. Empty: 1, 2, 5, 10, 20, 40, 60, "
    "60, 60 (Assumed).",
    "sequential": "Whether a message waits until the one before it has gone.",
    "rollback_on_error": "Whether putting on a full queue fails the whole transaction, or only drops the message.",
    "connection_id": "The connection whose messages this queue takes; each connection gets a message of its own.",
    "deliver_to_queue": "The API name of the inbound queue of the receiving Vault.",
    "path": "Optional, External connections only: appended to the URL, e.g. /orders/new.",
    "active": "An Inactive one gets no new messages; those that wait for it fail, and are tried again (Assumed).",
    "object": "The object whose records the items are, e.g. product__v.",
    "integration_point": "API name of the inbound integration point of the receiving Vault.",
    "more": "Further attributes as name=value, with commas between them.",
    "items": "Record ids with blanks or commas between them, at most 500.",
}
SERVED_HELPS: Final = HELPS | {"label": "Optional: a name for this connection of the queue."}


def create_form(kind: str, session: Session, made: Made) -> Form:
    """The form of a new queue."""
    fields = [
        form_field("label", "Label", required=True),
        form_field("api_name", "Name", hint="my_queue__c"),
        *_settings(kind, session, {}),
    ]
    label = next(label for key, label, _ in TYPES if key == kind)
    return Form(f"New {label} queue", fields, partial(doing.create, kind=kind, made=made), is_new=True, helps=HELPS)


def edit_form(page: QueuePage, session: Session) -> Form:
    """The form of a queue as it stands; type and name never change."""
    detail, more = page.detail, page.settings
    values = {
        "description": detail.description,
        "message_processor": detail.message_processor or "",
        "delivery_handler": more.delivery_handler or "",
        "retry_minutes": ", ".join(map(str, more.retry_minutes)) if more.own_schedule else "",
        "sequential": "true" if detail.sequential else "false",
        "rollback_on_error": "true" if detail.rollback_on_error else "false",
        **{name: str(key or "") for name, key in page.users.items()},
    }
    fields = [form_field("label", "Label", detail.label, required=True), *_settings(detail.type, session, values)]
    return Form(f"Edit {detail.label}", fields, partial(doing.edit, queue_id=page.key), helps=HELPS)


def serve_form(page: QueuePage, connections: Sequence[tuple[int, str, str]]) -> Form:
    """Which connection the queue is to serve, and where its messages go."""
    choices = [(str(key), name) for key, name, _ in connections]
    fields = [form_field("connection_id", "Connection", required=True, type="picklist", choices=choices)]
    if page.detail.type == "outbound":
        fields.append(form_field("deliver_to_queue", "Deliver to Queue", hint="inbound queue of the remote Vault"))
        fields.append(form_field("path", "Path"))
    fields.append(form_field("label", "Label"))
    save = partial(doing.serve, queue_id=page.key)
    return Form(f"Add a connection to {page.detail.label}", fields, save, is_new=True, helps=SERVED_HELPS, saves="Add")


def change_form(page: QueuePage, line: ServedConnection) -> Form:
    """How the queue serves a connection: a label, where its messages go, and whether it is served at present."""
    fields = [form_field("label", "Label", line.label)]
    if page.detail.type == "outbound" and line.type == EXTERNAL:
        fields.append(form_field("path", "Path", line.path or ""))
    elif page.detail.type == "outbound":
        fields.append(form_field("deliver_to_queue", "Deliver to Queue", line.deliver_to or "", required=True))
    status = (("true", "Active"), ("false", "Inactive"))
    fields.append(form_field("active", "Status", "true" if line.active else "false", choices=status))
    save = partial(doing.change_serving, queue_id=page.key, connection_id=line.key)
    return Form(f"{line.name} in {page.detail.label}", fields, save, helps=SERVED_HELPS)


def message_form(page: QueuePage) -> Form:
    """A Spark message to put by hand."""
    events = (("changed", "changed"), ("deleted", "deleted"))
    fields = (
        form_field("object", "Object", hint="product__v"),
        form_field("event", "Event", "changed", choices=events),
        form_field("integration_point", "Integration Point", hint="product_inbound__c"),
        form_field("more", "More attributes", hint="name=value, name=value"),
        form_field("items", "Items"),
    )
    save = partial(doing.put_message, queue_id=page.key)
    title = f"Put a Spark message on {page.detail.label}"
    count = sum(line.active for line in page.detail.connections)
    about = f"One message is put for {'its connection' if count == 1 else f'each of its {count} connections'}."
    return Form(title, fields, save, is_new=True, about=about, helps=HELPS, saves="Put")


def _settings(kind: str, session: Session, values: dict[str, str]) -> list[FormField]:
    users = [(str(row.key), f"{row.full_name} ({row.username})") for row in session.users if row.active]

    def user(name: str, label: str) -> FormField:
        return form_field(name, label, values.get(name, ""), type="picklist", choices=users)

    def switch(name: str, label: str) -> FormField:
        return form_field(name, label, values.get(name, "false"), choices=YES_NO)

    fields = [form_field("description", "Description", values.get("description", ""))]
    if kind == "inbound":
        from scheduler.processors import names

        chosen = values.get("message_processor", "transfer")
        found = [(name, name) for name in dict.fromkeys((*names(), chosen))]
        fields.append(form_field("message_processor", "Message Processor", chosen, required=True, choices=found))
        fields.append(user("processor_user_id", "Processor User"))
    else:
        from scheduler.handlers import GROUP
        from scheduler.processors import names

        chosen = values.get("delivery_handler", "")
        found = [(name, name) for name in dict.fromkeys((*names(GROUP), *filter(None, [chosen])))]
        fields.append(form_field("delivery_handler", "Delivery Event Handler", chosen, type="picklist", choices=found))
        fields.append(user("handler_user_id", "Handler User"))
        fields.append(form_field("retry_minutes", "Retry after minutes", values.get("retry_minutes", "")))
    return [*fields, switch("sequential", "Sequential"), switch("rollback_on_error", "Rollback on Error")]
