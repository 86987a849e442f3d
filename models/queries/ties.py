"""The lab as Vaults and the connections between them, as values. Loads nothing of the store."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from models.queries.signed_in import VaultRow

LOCAL: Final = "local__sys"
"""The type of a connection within one Vault (`ConnectionType.LOCAL`, which the tables hold)."""


@dataclass(frozen=True, slots=True)
class End:
    """One Vault's side of a connection: what it sent and received today, and what waits there now.

    `sent` to `skipped` are sums over the runs of the day. `waiting_out` and `waiting_in` count queued messages,
    `failed` the open items and `exceptions` the messages of active user exceptions. `sends` and `receives` say
    whether an outbound or inbound queue serves the connection.
    """

    key: int
    vault_id: int
    vault: str
    name: str
    type: str
    state: str
    remote_key: int | None
    remote_name: str
    sends: bool = False
    receives: bool = False
    sent: int = 0
    waiting_out: int = 0
    waiting_in: int = 0
    received: int = 0
    applied: int = 0
    skipped: int = 0
    failed: int = 0
    exceptions: int = 0

    @property
    def moves_out(self) -> bool:
        """Whether there is anything to tell of the way out of here."""
        return bool(self.sends or self.sent or self.waiting_out)

    @property
    def moves_in(self) -> bool:
        """Whether there is anything to tell of the way into here."""
        return bool(self.receives or any((self.waiting_in, self.received, self.applied, self.skipped, self.failed)))


@dataclass(frozen=True, slots=True)
class Way:
    """One way through a connection. An end is None where it lies outside the lab."""

    source: End | None
    target: End | None


@dataclass(frozen=True, slots=True)
class Tie:
    """A connection with both its ends, `far` None while there is no other one in the lab."""

    near: End
    far: End | None = None

    @property
    def ways(self) -> tuple[Way, ...]:
        """The ways on which something can move or has moved, out of the near end first."""
        near, far = self.near, self.far
        if near.type == LOCAL:
            ways: tuple[Way, ...] = (Way(near, near),)
        else:
            ways = (Way(near, far), Way(far, near))
        return tuple(way for way in ways if _is_used(way))


def _is_used(way: Way) -> bool:
    return bool(way.source and way.source.moves_out) or bool(way.target and way.target.moves_in)


@dataclass(frozen=True, slots=True)
class Group:
    """A Vault and the connections that are shown with it, each with the Vault's own end as the near one."""

    vault: VaultRow
    ties: tuple[Tie, ...]


@dataclass(frozen=True, slots=True)
class Topology:
    """All Vaults and all ends of connections at one moment of the lab's day."""

    day: date
    vaults: tuple[VaultRow, ...]
    ends: tuple[End, ...]

    def groups(self, vault_id: int) -> tuple[Group, ...]:
        """Every Vault once and every connection once: the Vault in use first, with all its connections."""
        by_key = {end.key: end for end in self.ends}
        ends: dict[int, list[End]] = {}
        for end in self.ends:
            ends.setdefault(end.vault_id, []).append(end)
        shown: set[int] = set()
        found = []
        for vault in sorted(self.vaults, key=lambda row: row.key != vault_id):
            ties = []
            for near in ends.get(vault.key, ()):
                if near.key in shown:
                    continue
                far = by_key.get(near.remote_key) if near.remote_key is not None else None
                far = None if far is near else far
                shown |= {near.key} | ({far.key} if far is not None else set())
                ties.append(Tie(near, far))
            found.append(Group(vault, tuple(ties)))
        return tuple(found)


Numbers = dict[int, dict[str, Any]]
"""Numbers by name, of each connection."""


def assembled(
    day: date,
    vaults: tuple[VaultRow, ...],
    connections: Iterable[Sequence[Any]],
    counters: Iterable[Mapping[int, Mapping[str, Any]]],
) -> Topology:
    """Put the lab together.

    `connections` are rows of id, Vault, name, type, state, id of the other end and name of the remote Vault, in their
    order; `counters` are the numbers of ends by name.
    """
    numbers: Numbers = {}
    for found in counters:
        for key, named in found.items():
            numbers.setdefault(key, {}).update(named)
    names = {vault.key: vault.name for vault in vaults}
    ends = tuple(
        replace(
            End(row[0], row[1], names.get(row[1], ""), row[2], str(row[3]), str(row[4]), row[5], row[6]),
            **numbers.get(row[0], {}),
        )
        for row in connections
    )
    return Topology(day, vaults, ends)
