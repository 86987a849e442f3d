"""What integrations need before they can be used, and whether it is there (seed S0, "Integration Dependencies").

An integration may need other integrations of its connection, applications and local features of its own Vault, and
those of the partner Vault; and it may supersede another one. What its own Vault lacks keeps it from being activated.

Assumed: what the partner Vault lacks is told, but blocks nothing here, because each Vault switches its own side; and
of two integrations of which one supersedes the other, only one can be active.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from sqlalchemy import select
from sqlmodel import Session

from models.queries.window import fetch
from models.services.integration_needs import alternatives, has_any
from models.tables import Connection, Integration, Vault, table_of

_integrations = table_of(Integration).c
_connections = table_of(Connection).c
_vaults = table_of(Vault).c

_COLUMNS = (
    _integrations.id,
    _integrations.name,
    _integrations.api_name,
    _integrations.active,
    _integrations.depends_on,
    _integrations.supersedes,
    _integrations.required_applications,
    _integrations.required_features,
    _integrations.remote_applications,
    _integrations.remote_features,
)

RequiringSide = Literal["own", "partner"]


class RequirementKind(StrEnum):
    """What kind of thing is needed."""

    APPLICATION = "application"
    FEATURE = "feature"
    DEPENDENCY = "dependency"
    """Another integration that has to be active too."""
    SUPERSEDES = "supersedes"
    """An integration in whose place this one is used: it has to be inactive."""
    SUPERSEDED_BY = "superseded by"
    """An integration that is used in place of this one: it has to be inactive."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that an integration needs of its own Vault or of the partner Vault.

    `met` is None while nobody knows: the partner Vault is not known yet, or not in this store. `problem` says as a
    sentence what is wrong, and `remedy` what to do; both are empty when the requirement is met. `key` is the id of the
    integration that it is about, if any; `names` are the applications or features of which any one is enough.
    """

    kind: RequirementKind
    name: str
    side: RequiringSide
    met: bool | None
    problem: str = ""
    remedy: str = ""
    key: int | None = None
    names: tuple[str, ...] = ()

    @property
    def blocks(self) -> bool:
        """Whether the integration cannot be activated because of it."""
        return self.side == "own" and self.met is False


@dataclass(frozen=True, slots=True)
class IntegrationRequirements:
    """An integration of a connection with all that it needs, and the active integrations that need it."""

    key: int
    name: str
    api_name: str
    active: bool
    requirements: tuple[Requirement, ...]
    needed_by: tuple[str, ...] = ()

    @property
    def missing(self) -> tuple[Requirement, ...]:
        """What is known not to be there, of either Vault."""
        return tuple(each for each in self.requirements if each.met is False)

    def switching_problem(self, *, active: bool) -> tuple[str, str]:
        """Why its Status cannot be set so, and what to do; both empty when it can."""
        if not active:
            if not self.needed_by:
                return "", ""
            others = _listed(self.needed_by, "and")
            verb = "is" if len(self.needed_by) == 1 else "are"
            return f"{self.name} is needed by {others}, which {verb} active.", f"Inactivate {others} first."
        blocking = [each for each in self.requirements if each.blocks]
        if not blocking:
            return "", ""
        problems, remedies = ([getattr(each, name) for each in blocking] for name in ("problem", "remedy"))
        return f"{self.name} cannot be activated. {' '.join(problems)}", " ".join(dict.fromkeys(remedies))


@dataclass(frozen=True, slots=True)
class _Having:
    """What a Vault has. `known` is False for one that is not known here."""

    name: str
    applications: Sequence[str] = ()
    features: Sequence[str] = ()
    known: bool = True


def requirements_of_connection(session: Session, connection_id: int) -> tuple[IntegrationRequirements, ...]:
    """What each integration of one side of a connection needs, by id; those that need nothing too."""
    statement = select(*_COLUMNS).where(_integrations.connection_id == connection_id)
    rows = list(fetch(session, statement.order_by(_integrations.id)))
    if not rows:
        return ()
    own, partner = _own(session, connection_id), _partner(session, connection_id)
    by_name = {row.api_name: row for row in rows}
    return tuple(
        IntegrationRequirements(
            row.id,
            row.name,
            row.api_name,
            row.active,
            tuple(_requirements(row, by_name, own, partner)),
            tuple(each.name for each in rows if each.active and each.id != row.id and row.api_name in each.depends_on),
        )
        for row in rows
    )


def requirements_of(session: Session, integration_id: int) -> IntegrationRequirements | None:
    """What one integration needs; None when it is gone."""
    statement = select(_integrations.connection_id).where(_integrations.id == integration_id)
    connection_id = session.execute(statement).scalar_one_or_none()
    if connection_id is None:
        return None
    found = requirements_of_connection(session, connection_id)
    return next((each for each in found if each.key == integration_id), None)


def lacking(session: Session, vault_id: int) -> tuple[IntegrationRequirements, ...]:
    """The active integrations of a Vault that lack an application or local feature of it."""
    statement = (
        select(_integrations.connection_id)
        .where(_integrations.vault_id == vault_id, _integrations.active)
        .distinct()
        .order_by(_integrations.connection_id)
    )
    of_vault = (RequirementKind.APPLICATION, RequirementKind.FEATURE)
    return tuple(
        each
        for connection_id in session.execute(statement).scalars().all()
        for each in requirements_of_connection(session, connection_id)
        if each.active and any(one.blocks and one.kind in of_vault for one in each.requirements)
    )


def _own(session: Session, connection_id: int) -> _Having:
    own = select(_connections.vault_id).where(_connections.id == connection_id).scalar_subquery()
    return _having(session, _vaults.id == own) or _Having("", known=False)


def _partner(session: Session, connection_id: int) -> _Having:
    """The Vault at the other end, as far as it is known: established, or named by its Remote Vault ID."""
    remote = select(
        _connections.remote_connection_id, _connections.remote_vault_id, _connections.remote_vault_name
    ).where(_connections.id == connection_id)
    row = session.execute(remote).one()
    other = select(_connections.vault_id).where(_connections.id == row.remote_connection_id).scalar_subquery()
    is_it = _vaults.id == (row.remote_vault_id if row.remote_connection_id is None else other)
    return _having(session, is_it) or _Having(row.remote_vault_name or "the partner Vault", known=False)


def _having(session: Session, is_it: Any) -> _Having | None:
    row = session.execute(select(_vaults.name, _vaults.applications, _vaults.features).where(is_it)).one_or_none()
    return None if row is None else _Having(row.name, row.applications, row.features)


def _requirements(row: Any, by_name: Mapping[str, Any], own: _Having, partner: _Having) -> Iterator[Requirement]:
    for side, vault, applications, features in (
        ("own", own, row.required_applications, row.required_features),
        ("partner", partner, row.remote_applications, row.remote_features),
    ):
        where: RequiringSide = "own" if side == "own" else "partner"
        yield from (_of_vault(RequirementKind.APPLICATION, need, where, vault) for need in applications)
        yield from (_of_vault(RequirementKind.FEATURE, need, where, vault) for need in features)
    yield from (_dependency(name, by_name.get(name)) for name in row.depends_on)
    yield from (_superseded(by_name[name]) for name in row.supersedes if name in by_name and name != row.api_name)
    yield from (_superseding(other) for other in by_name.values() if _supersedes(other, row))


def _supersedes(new: Any, old: Any) -> bool:
    return new.id != old.id and old.api_name in new.supersedes


def _of_vault(kind: RequirementKind, need: str, side: RequiringSide, vault: _Having) -> Requirement:
    names = tuple(alternatives(need))
    label = _listed(names, "or")
    if not vault.known:
        remedy = "The partner Vault is known once the connection is established." if side == "partner" else ""
        return Requirement(kind, label, side, None, remedy=remedy, names=names)
    if has_any(need, vault.applications if kind is RequirementKind.APPLICATION else vault.features):
        return Requirement(kind, label, side, met=True, names=names)
    if kind is RequirementKind.FEATURE:
        problem = f"{label} {'is' if len(names) == 1 else 'are'} not configured in {vault.name}."
        remedy = f"Configure {label} there, then name it among the local features in the settings of {vault.name}."
    else:
        several = f"none of the applications {_listed(names, 'and')}"
        problem = f"{vault.name} has {several if len(names) > 1 else f'no application {label}'}."
        remedy = f"Add the application {label} in the settings of {vault.name}."
    return Requirement(kind, label, side, met=False, problem=problem, remedy=remedy, names=names)


def _dependency(name: str, needed: Any | None) -> Requirement:
    kind = RequirementKind.DEPENDENCY
    if needed is None:
        problem = f"The integration {name}, which it needs, does not exist on this connection."
        return Requirement(kind, name, "own", met=False, problem=problem, remedy="Create it, and activate it first.")
    if needed.active:
        return Requirement(kind, needed.name, "own", met=True, key=needed.id)
    problem = f"{needed.name}, which it needs, is inactive."
    remedy = f"Activate {needed.name} first."
    return Requirement(kind, needed.name, "own", met=False, problem=problem, remedy=remedy, key=needed.id)


def _superseded(old: Any) -> Requirement:
    kind = RequirementKind.SUPERSEDES
    if not old.active:
        return Requirement(kind, old.name, "own", met=True, key=old.id)
    problem, remedy = f"{old.name}, which it supersedes, is active.", f"Inactivate {old.name} first."
    return Requirement(kind, old.name, "own", met=False, problem=problem, remedy=remedy, key=old.id)


def _superseding(new: Any) -> Requirement:
    kind = RequirementKind.SUPERSEDED_BY
    if not new.active:
        return Requirement(kind, new.name, "own", met=True, key=new.id)
    problem, remedy = f"{new.name}, which supersedes it, is active.", f"Use {new.name}, or inactivate that one first."
    return Requirement(kind, new.name, "own", met=False, problem=problem, remedy=remedy, key=new.id)


def _listed(names: Iterable[str], word: str) -> str:
    *others, last = names
    return f"{', '.join(others)} {word} {last}" if others else last
