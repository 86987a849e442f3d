"""What a receiving Vault tells of messages that it refused: its Connection Stats and its Queue Log.

The message itself never comes in: nothing that an unproven sender says is kept but the message's id.
"""

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import insert, select

from models.feed import Topic
from models.store import WriteSession
from models.tables import Connection, LogEntryType, QueueLogEntry, table_of
from scheduler.destination import Destination
from scheduler.runs import add_to_stats
from scheduler.signing_desk import Attempt

_log = table_of(QueueLogEntry)
_connections = table_of(Connection)


def note_refusals(write: WriteSession, attempts: Sequence[Attempt]) -> None:
    """Count and log, in each receiving Vault, the attempts that it refused; others are passed over.

    Each refused attempt is a failure of the receiving connection as it is one of the sending (Assumed). A Local
    connection is both at once and counts it once.
    """
    refused = [
        (attempt, attempt.destination)
        for attempt in attempts
        if attempt.refusal and isinstance(attempt.destination, Destination)
    ]
    if not refused:
        return
    receiving = {destination.connection_id for _attempt, destination in refused}
    names = select(_connections.c.id, _connections.c.record_id).where(_connections.c.id.in_(receiving))
    record_ids: dict[int, str] = {row.id: row.record_id for row in write.execute(names)}
    failures: Counter[tuple[int, int]] = Counter()
    rows = []
    for attempt, destination in refused:
        message = attempt.message
        if destination.connection_id != message.connection_id:
            failures[destination.vault_id, destination.connection_id] += 1
        rows.append(
            {
                "vault_id": destination.vault_id,
                "entry_type": LogEntryType.REFUSAL,
                "at": write.now,
                "queue_id": destination.queue_id,
                "queue_name": destination.queue_name,
                "connection_name": record_ids.get(destination.connection_id, ""),
                "message_id": message.message_id,
                "queue_time": message.entered_at,
                "send_time": attempt.at,
                "attempts": message.attempts + 1,
                "reason": attempt.refusal[:1000],
            }
        )
    write.connection().execute(insert(_log), rows)
    for (vault_id, connection_id), number in failures.items():
        add_to_stats(write, vault_id, connection_id, failures=number)
    for vault_id in {destination.vault_id for _attempt, destination in refused}:
        write.changed(Topic.QUEUES, vault_id)
        write.changed(Topic.MESSAGES, vault_id)
