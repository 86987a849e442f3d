"""What can be wrong with a connection, to be found and mended: each fault breaks one side's record of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select, update

from models.errors import NotFound
from models.permissions import Actor
from models.services.checks import key_of
from models.services.connection_pairing import reset_connection
from models.services.integrations import set_integration_active
from models.services.lookups import remove_keys, target_keys
from models.services.queues import set_delivery_enabled
from models.store import WriteSession
from models.tables import Connection, Direction, Integration, Queue, QueueConnection, ReferenceLookup, User, table_of


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a connection. `symptom` is what an administrator hears of it, not what it is.

    `break_it` breaks one side, given its connection record; it answers whether there was anything to break.
    """

    name: str
    symptom: str
    break_it: Callable[[WriteSession, Connection], bool]


def _switch_off(write: WriteSession, side: Connection) -> bool:
    columns = table_of(Integration).c
    wanted = (columns.connection_id == side.id, columns.active)
    names = {row.api_name: row for row in write.execute(select(table_of(Integration)).where(*wanted))}
    needed = {name for row in names.values() for name in row.depends_on}
    # One that another one needs can only be switched off after it.
    for row in sorted(names.values(), key=lambda row: (row.api_name in needed, row.id)):
        set_integration_active(write, Actor.system(side.vault_id), row.id, active=False)
    return bool(names)


def _let_the_user_go(write: WriteSession, side: Connection) -> bool:
    users = table_of(User)
    write.execute(update(users).where(users.c.id == side.authorized_user_id).values(active=False))
    return side.authorized_user_id is not None


def _hold_deliveries(write: WriteSession, side: Connection) -> bool:
    queues, served = table_of(Queue).c, table_of(QueueConnection).c
    statement = (
        select(queues.id)
        .join(table_of(QueueConnection), served.queue_id == queues.id)
        .where(served.connection_id == side.id, queues.type == Direction.OUTBOUND)
    )
    found = list(write.execute(statement).scalars())
    for queue_id in found:
        set_delivery_enabled(write, Actor.system(side.vault_id), int(queue_id), enabled=False)
    return bool(found)


def _lose_keys(write: WriteSession, side: Connection) -> bool:
    columns = table_of(ReferenceLookup).c
    lost = 0
    for key in list(write.execute(select(columns.id).where(columns.connection_id == side.id)).scalars()):
        lookup = write.get_one(ReferenceLookup, key)
        kept = list(target_keys(write, key_of(lookup)))[:1]
        remove_keys(write, Actor.system(side.vault_id), key, kept)
        lost += 1
    return lost > 0


def _forget_the_partner(write: WriteSession, side: Connection) -> bool:
    reset_connection(write, Actor.system(side.vault_id), key_of(side))
    return True


FAULTS: Final = (
    Fault("one-side-off", "What one Vault sends is never taken in by the other.", _switch_off),
    Fault("user-gone", "Somebody left the company, and since then data is refused.", _let_the_user_go),
    Fault("delivery-held", "Messages are made but do not leave their Vault.", _hold_deliveries),
    Fault("keys-lost", "Some values arrive empty where a lookup should have translated them.", _lose_keys),
    Fault("partner-forgotten", "A sandbox was refreshed, and the partner is no longer reached.", _forget_the_partner),
)


def fault(name: str) -> Fault:
    """The fault of this name. Raises NotFound with the names that there are."""
    found = next((one for one in FAULTS if one.name == name), None)
    if found is None:
        raise NotFound(f"There is no fault {name}.", f"There is {', '.join(one.name for one in FAULTS)}.")
    return found
