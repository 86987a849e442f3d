"""Both halves of a connection at once: what is read of each, and the steps that take both of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.commands import acting
from console.doing.connections import ConnectionPage, read_page
from console.session import Session

if TYPE_CHECKING:
    from datetime import date

    from sqlmodel import Session as StoreSession

    from console.session import Who
    from models.queries.connection_detail import FileLine
    from models.queries.split import Halves, OtherHalf
    from models.queries.topology import End
    from models.services.connection_files import FilePreview
    from models.store import Store


@dataclass(frozen=True, slots=True)
class Half:
    """One side: who acts there, its page, the connection files that left it, and what it moved today.

    `page` is None in a Vault that has no such connection yet.
    """

    session: Session
    page: ConnectionPage | None
    files: tuple[FileLine, ...]
    end: End | None

    @property
    def vault(self) -> str:
        """The Vault's name."""
        return self.session.vault.name if self.session.vault else ""

    @property
    def vault_id(self) -> int:
        """The Vault's id."""
        return self.session.vault_id

    @property
    def state(self) -> str:
        """The connection's state; empty where there is none."""
        return self.page.detail.state if self.page else ""

    @property
    def file(self) -> FileLine | None:
        """The newest connection file that can still be used."""
        return next((file for file in self.files if file.used_at is None and file.withdrawn_at is None), None)


@dataclass(frozen=True, slots=True)
class Split:
    """A connection with both its halves; `far` is None while there is no Vault on the other side.

    `tied` says that the store knows the halves to belong together; until then the other one is only looked at.
    """

    near: Half
    far: Half | None
    tied: bool
    others: tuple[OtherHalf, ...]
    halves: Halves

    @property
    def sides(self) -> tuple[Half, ...]:
        """The sides that are there, the near one first."""
        return (self.near,) if self.far is None else (self.near, self.far)

    @property
    def established(self) -> bool:
        """Whether data may move."""
        return self.tied and all(half.state == "active" for half in self.sides)


def read_split(
    session: StoreSession, who: Who, connection_id: int, other_vault_id: int | None, today: date
) -> Split | None:
    """Read both halves, each as the user called as in `who` in its Vault, or else as the administrator there.

    `other_vault_id` is the Vault to look at while the connection has no other end; without it the one Vault is taken
    that has the other half, if there is just one. None when the connection is gone.
    """
    from models.queries.split import halves, other_halves, partner_of
    from models.queries.topology import topology

    ends = {end.key: end for end in topology(session, today).ends}
    near = _half(session, who.vault_id, who, connection_id, today, ends)
    if near.page is None:
        return None
    partner = partner_of(session, connection_id)
    others = other_halves(session, connection_id)
    if partner is not None:
        far_vault: int | None = partner[0]
        far_id: int | None = partner[1]
    else:
        with_half = [other for other in others if other.connection_id is not None]
        likely = with_half[0] if len(with_half) == 1 else None
        chosen = next((other for other in others if other.vault_id == other_vault_id), likely)
        far_vault, far_id = (chosen.vault_id, chosen.connection_id) if chosen else (None, None)
    far = None if far_vault is None else _half(session, far_vault, who, far_id, today, ends)
    return Split(near, far, partner is not None, others, halves(session, connection_id, far_id))


def _half(
    session: StoreSession, vault_id: int, who: Who, connection_id: int | None, today: date, ends: dict[int, End]
) -> Half:
    from models.queries.connection_detail import files
    from models.queries.lab import sign_in

    signed_in = sign_in(session, vault_id, who.username, anyone=True)
    own = Session(read_only=who.read_only)
    own.sit(signed_in)
    if connection_id is None:
        return Half(own, None, (), None)
    page = read_page(session, own.who, connection_id, today)
    return Half(own, page, files(session, vault_id, connection_id), ends.get(connection_id))


def rehearse_hand_over(store: Store, giver: Who, taker: Who, connection_id: int) -> FilePreview:
    """What handing a connection file over would do, or why it would be refused. Changes nothing."""
    from models.permissions import actor_for
    from models.services.connection_files import download_connection_file, preview_file

    with store.rehearse() as write:
        actor = actor_for(write, giver.vault_id, giver.username, read_only=giver.read_only)
        data = download_connection_file(write, actor, store.secrets, connection_id).data
        other = actor_for(write, taker.vault_id, taker.username, read_only=taker.read_only)
        return preview_file(write, other, data, write.now)


def hand_over(store: Store, giver: Who, *, taker: Who, connection_id: int) -> str:
    """Download the connection file of one half and use it in the Vault of the other, as the two users do one by one."""
    from models.services.connection_files import connect_from_file, download_connection_file
    from models.tables import ConnectionState

    with acting(store, giver) as (write, actor):
        data = download_connection_file(write, actor, store.secrets, connection_id).data
    with acting(store, taker) as (write, actor):
        made = connect_from_file(write, actor, data)
        name, active = made.name, made.state is ConnectionState.ACTIVE
    if active:
        return f"{name} is established: both connections are Active."
    return f"{name} waits for approval in both Vaults: Complete it on both sides."


def activate_pair(store: Store, who: Who, *, keys: tuple[tuple[Who, int], ...], name: str) -> str:
    """Activate the integrations of a pair, each in its own Vault."""
    from models.services.integrations import set_integration_active

    del who
    for other, key in keys:
        with acting(store, other) as (write, actor):
            set_integration_active(write, actor, key, active=True)
    return f"{name} is Active on both sides. Changes from now on are sent."
