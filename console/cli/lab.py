"""The opened store that a command works on: finding Vaults, users and whatever a person names in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from console.cli.reaching import apply_reach
from console.cli.settings import Settings
from models.errors import NotAllowed, NotFound, NotPossible
from models.queries.choosing import Candidate, choose

if TYPE_CHECKING:
    from sqlmodel import Session

    from models.permissions import Actor
    from models.queries.lab import VaultRow
    from models.queries.lookup import Named
    from models.queries.window import Keyed, Listing
    from models.store import Store
    from models.tables import Connection, Integration, IntegrationPoint, IntegrationRule, Queue
    from scheduler.clock import LabClock

R = TypeVar("R", bound="Keyed")
READ_ONLY = "This is a read-only session, which changes nothing."
LEAVE_READ_ONLY = "Leave out --readonly to make changes."


class Located(NamedTuple):
    """A row of a list that goes over several Vaults, and the Vault it is in."""

    vault: VaultRow
    row: Any


@dataclass(frozen=True)
class OpenLab:
    """A store, and the settings of the call that opened it."""

    settings: Settings
    store: Store
    clock: LabClock

    @property
    def now(self) -> datetime:
        """The lab's time."""
        return self.clock.now()

    def vaults(self, session: Session) -> tuple[VaultRow, ...]:
        """The Vault that was named with --vault, or all Vaults."""
        from models.queries.lab import vault_list

        rows = vault_list(session)
        if self.settings.vault is None:
            return rows
        candidates = [Candidate(row.key, (str(row.key), row.name, row.dns_host)) for row in rows]
        chosen = choose(candidates, self.settings.vault, "Vault", "Name it in full.")
        return tuple(row for row in rows if row.key == chosen.key)

    def vault(self, session: Session) -> VaultRow:
        """The one Vault that a command is about. Raises NotPossible when there are several and none was named."""
        rows = self.vaults(session)
        if not rows:
            raise NotFound("This store holds no Vaults.", "vault-console demo makes a store with Vaults to look at.")
        if len(rows) > 1:
            names = ", ".join(f"{row.name} ({row.key})" for row in rows)
            raise NotPossible("This needs to know which Vault is meant.", f"Name it with --vault: {names}.")
        return rows[0]

    def vault_ids(self, session: Session) -> list[int]:
        """Ids of the Vault that was named, or of all Vaults."""
        return [row.key for row in self.vaults(session)]

    def rows(
        self, session: Session, listing_of: Callable[[int], Listing[R]], limit: int | None = None
    ) -> tuple[int, list[Located]]:
        """How many rows the lists of the Vaults in question have, and the first of them, Vault by Vault."""
        found: list[Located] = []
        counted = 0
        for vault in self.vaults(session):
            listing = listing_of(vault.key)
            total = listing.count(session)
            counted += total
            wanted = total if limit is None else limit - len(found)
            found += [Located(vault, row) for row in listing.page(session, 0, wanted, total)]
        return counted, found

    def actor(self, session: Session, vault_id: int) -> Actor:
        """Who acts in a Vault: the user named with --user, else its administrator, else its Application Owner."""
        from models.permissions import actor_for
        from models.queries.lab import default_user

        username = self.settings.user or default_user(session, vault_id).username
        return actor_for(session, vault_id, username, read_only=self.settings.read_only)

    def find(
        self,
        session: Session,
        kind: type[Connection | Integration | IntegrationPoint | IntegrationRule | Queue],
        text: str,
        *,
        connection_id: int | None = None,
    ) -> Named:
        """What a person names, e.g. a connection or a queue, in the Vault named with --vault or in any.

        Raises NotFound, and NotPossible when several are called so.
        """
        from models.queries.lookup import named

        rows = [
            row
            for row in named(session, kind, self.vault_ids(session))
            if connection_id is None or row.connection_id == connection_id
        ]
        candidates = [Candidate(row.key, (str(row.key), row.api_name, row.label), row.vault) for row in rows]
        # IntegrationRule is said as integration rule.
        what = re.sub(r"(?<!^)(?=[A-Z])", " ", kind.__name__).lower()
        chosen = choose(
            candidates, text, what, "Give more of its name, its Vault with --vault, or the number in brackets."
        )
        return next(row for row in rows if row.key == chosen.key)

    def require_writing(self) -> None:
        """Let pass unless the session is read-only. Raises NotAllowed."""
        if self.settings.read_only:
            raise NotAllowed(READ_ONLY, LEAVE_READ_ONLY)


def gone(what: str) -> NotFound:
    """What was found a moment ago has been deleted."""
    return NotFound(f"The {what} is gone.", "Somebody has deleted it this very moment.")


@contextmanager
def opened(settings: Settings, *, create: bool = False) -> Iterator[OpenLab]:
    """Open the store that the settings name, on lab time, and close it at the end.

    Unless told to `create` it, a store that is not there is refused: a slip in a path makes no empty store.
    """
    from models.opening import open_store, store_url
    from scheduler.clock import attach_lab

    if not create and not store_is_there(settings):
        raise NotFound(
            f"There is no store at {store_url(settings.store).database} yet.",
            "vault-console makes an empty one when it opens; vault-console demo makes one with Vaults to look at.",
        )
    store = open_store(settings.store)
    try:
        apply_reach(settings, store)
        yield OpenLab(settings, store, attach_lab(store))
    finally:
        store.close()


def store_is_there(settings: Settings) -> bool:
    """Whether the store that the settings name exists; of a database server that is not looked at."""
    from pathlib import Path

    from models.opening import store_url

    url = store_url(settings.store)
    return url.get_backend_name() != "sqlite" or Path(url.database or "").exists()
