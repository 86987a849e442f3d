"""`queues`: list Spark queues, and show one with its latest messages."""

from typing import Annotated

import typer

from console.cli.frame import Words, area, command
from console.cli.lab import Located, gone, opened
from console.cli.output import Column, answer, facts, located, parts, section, table
from console.cli.settings import settings_of

queues = area("queues", "Spark queues, and the messages in them.")


@command(queues, "list", lists="queues")
def list_queues(context: typer.Context, words: Words = "") -> None:
    """List queues, with how many messages wait in each."""
    from models.queries.queues import listing

    settings = settings_of(context)
    with opened(settings) as lab, lab.store.read() as session:
        _total, rows = lab.rows(session, lambda vault_id: listing(vault_id, text=words))
    columns: list[Column[Located]] = [
        Column("Vault", lambda line: line.vault.name),
        Column("Queue", lambda line: line.row.api_name),
        Column("Type", lambda line: line.row.type),
        Column("Status", lambda line: "Active" if line.row.active else "Inactive"),
        Column("Delivery", lambda line: "" if line.row.delivery_enabled else "held"),
        Column("Waiting", lambda line: line.row.queued, right=True),
        Column("Left", lambda line: line.row.left, right=True),
        Column("Removed", lambda line: line.row.removed, right=True),
    ]
    answer(
        settings,
        {"queues": [located(line.vault.key, line.vault.name, line.row) for line in rows]},
        lambda: table(columns, rows, empty="There are no queues."),
    )


@command(queues, "show")
def show(
    context: typer.Context,
    queue: Annotated[str, typer.Argument(help="Its API name, label or number.")],
    limit: Annotated[int, typer.Option(min=0, help="How many messages to show, the newest first.")] = 12,
) -> None:
    """Show one queue, the connections it serves and its newest messages; nothing is taken out of it."""
    from models.queries.queue_detail import settings as settings_query
    from models.queries.queues import detail, message_listing
    from models.tables import Queue

    settings = settings_of(context)
    with opened(settings) as lab, lab.store.read() as session:
        found = lab.find(session, Queue, queue)
        row = detail(session, found.vault_id, found.key)
        more = settings_query(session, found.vault_id, found.key)
        listing = message_listing(found.vault_id, found.key)
        total = listing.count(session)
        messages = listing.page(session, 0, limit, total)
    if row is None or more is None:
        raise gone("queue")

    def text() -> str:
        return parts(
            facts(
                [
                    ("Label", row.label),
                    ("API name", row.api_name),
                    ("Vault", found.vault),
                    ("Type", row.type),
                    ("Status", "Active" if row.active else "Inactive"),
                    ("Delivery", None if row.delivery_enabled else "held"),
                    ("Message processor", row.message_processor),
                    ("Processor user", row.processor_user),
                    ("Event handler", more.delivery_handler),
                    ("Handler user", more.handler_user),
                    ("Sequential", row.sequential),
                    ("Rollback on error", row.rollback_on_error),
                    ("Retries after", _schedule(more.retry_minutes) if row.type == "outbound" else None),
                    ("Traced until", more.trace_until),
                    ("Description", row.description),
                    *((f"Messages {state}", number) for state, number in row.counts.items()),
                ]
            ),
            section(
                "Connections",
                table(
                    [
                        Column("Name", lambda line: line.name),
                        Column("Type", lambda line: line.type.removesuffix("__sys")),
                        Column("State", lambda line: line.state),
                        Column("Served", lambda line: line.active),
                        Column("Delivers to", lambda line: line.deliver_to or line.path),
                        Column("Waiting", lambda line: line.waiting, right=True),
                        Column("Last attempt", lambda line: line.last_kind),
                        Column("Answer", lambda line: line.last_answer),
                    ],
                    more.connections,
                ),
            ),
            section(
                f"Messages ({len(messages)} of {total})",
                table(
                    [
                        Column("Number", lambda line: line.key, right=True),
                        Column("State", lambda line: line.state),
                        Column("Object", lambda line: line.object_name),
                        Column("Event", lambda line: line.event),
                        Column("Items", lambda line: line.items, right=True),
                        Column("Attempts", lambda line: line.attempts, right=True),
                        Column("Entered", lambda line: line.entered_at),
                        Column("Error", lambda line: line.last_error),
                    ],
                    messages,
                ),
            ),
        )

    document = located(found.vault_id, found.vault, row) | {
        "latest": messages,
        "messages": total,
        "settings": more,
    }
    answer(settings, {"queue": document}, text)


def _schedule(minutes: tuple[int, ...]) -> str:
    return ", ".join(map(str, minutes)) + " minutes" if minutes else "none: one attempt only"
