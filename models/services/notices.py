"""Marking notices as seen, each user for himself."""

from collections.abc import Collection

from sqlalchemy import delete, insert, select

from models.errors import NotFound
from models.feed import Topic
from models.permissions import Actor, Permission
from models.queries.notices import Notice, notices
from models.store import WriteSession
from models.tables import NotificationSeen, table_of

_seen = table_of(NotificationSeen)


def mark_seen(write: WriteSession, actor: Actor, keys: Collection[str] | None = None) -> tuple[Notice, ...]:
    """Mark notices of the actor's Vault as seen by him, all of them without `keys`; answers those that were not.

    Marks of what is over are dropped. Needs no permission. Raises NotAllowed in a read-only session, and NotFound for
    a key that no notice has (any more).
    """
    actor.require_changes()
    if actor.user_id is None:
        return ()
    found = notices(
        write,
        actor.vault_id,
        write.now,
        user_id=actor.user_id,
        with_exceptions=actor.may(Permission.READ_EXCEPTIONS),
    )
    known = {notice.key for notice in found}
    for key in keys or ():
        if key not in known:
            raise NotFound(f"There is no notification {key} (any more).", "The list shows those that there are.")
    news = tuple(notice for notice in found if not notice.seen and (keys is None or notice.key in keys))
    own = _seen.c.user_id == actor.user_id
    over = set(write.execute(select(_seen.c.notification).where(own)).scalars()) - known
    if over:
        write.execute(delete(_seen).where(own, _seen.c.notification.in_(over)))
    if news:
        rows = [{"user_id": actor.user_id, "notification": notice.key, "seen_at": write.now} for notice in news]
        write.execute(insert(_seen), rows)
        write.changed(Topic.NOTICES, actor.vault_id)
    return news
