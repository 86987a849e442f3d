"""The options by which commands about user exceptions choose messages, in one Vault or in several."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from console.cli.lab import OpenLab
from models.errors import InvalidInput, NotFound, NotPossible
from models.queries.choosing import Candidate, choose

if TYPE_CHECKING:
    from enum import StrEnum

    from sqlmodel import Session

    from models.queries.exceptions import ExceptionFilter
    from models.tables import Connection as ConnectionTable
    from models.tables import Integration as IntegrationTable

E = TypeVar("E", bound="StrEnum")

Connection = Annotated[str | None, typer.Option(metavar="NAME", help="Only of this connection.")]
Integration = Annotated[str | None, typer.Option(metavar="NAME", help="Only of this integration.")]
Point = Annotated[str | None, typer.Option(metavar="NAME", help="Only of this integration point.")]
Type = Annotated[
    str | None,
    typer.Option(
        "--type", metavar="TYPE", help="Only this error type: message, item, connection, configuration or timeout."
    ),
]
Side = Annotated[str | None, typer.Option(metavar="SIDE", help="Only of one side: source or target.")]
Text = Annotated[str | None, typer.Option(metavar="WORDS", help="Only those in which all these words occur.")]


@dataclass(frozen=True)
class Options:
    """What was typed; see `ExceptionFilter` for what it means."""

    connection: str | None = None
    integration: str | None = None
    point: str | None = None
    error_type: str | None = None
    side: str | None = None
    text: str | None = None
    active: bool | None = None

    @property
    def given(self) -> bool:
        """Whether anything narrows the messages down."""
        return any((self.connection, self.integration, self.point, self.error_type, self.side, self.text))

    def filters(self, lab: OpenLab, session: Session) -> dict[int, ExceptionFilter]:
        """The filter for each Vault in question that has what is named.

        Raises NotFound when no Vault has it, NotPossible when a name means several, InvalidInput for a wrong value.
        """
        found: dict[int, ExceptionFilter] = {}
        missing = False
        vault_ids = lab.vault_ids(session)
        for vault_id in vault_ids:
            try:
                found[vault_id] = self.filter(session, vault_id)
            except NotFound:
                missing = True
        if missing and not found:
            self._say_what_is_missing(session, vault_ids)
        return found

    def _say_what_is_missing(self, session: Session, vault_ids: list[int]) -> None:
        """Raise NotFound for the name that no Vault in question has."""
        from models.tables import Connection, Integration

        for kind, text in ((Connection, self.connection), (Integration, self.integration)):
            with suppress(NotPossible):
                _key(session, vault_ids, kind, text)
        _point(session, vault_ids, self.point)
        raise NotFound("No Vault here has all that is named.", "Name the Vault that is meant with --vault.")

    def filter(self, session: Session, vault_id: int) -> ExceptionFilter:
        """The filter for one Vault. Raises what `filters` raises."""
        from models.queries.exceptions import ExceptionFilter
        from models.tables import Connection, ErrorType, ExceptionSide, Integration

        return ExceptionFilter(
            active=self.active,
            connection_id=_key(session, [vault_id], Connection, self.connection),
            integration_id=_key(session, [vault_id], Integration, self.integration),
            point=_point(session, [vault_id], self.point),
            error_type=_value(ErrorType, "--type", self.error_type),
            side=_value(ExceptionSide, "--side", self.side),
            text=self.text or "",
        )


def _key(
    session: Session, vault_ids: list[int], kind: type[ConnectionTable | IntegrationTable], text: str | None
) -> int | None:
    from models.queries.lookup import named

    if text is None:
        return None
    rows = named(session, kind, vault_ids)
    candidates = [Candidate(row.key, (str(row.key), row.api_name, row.label), row.vault) for row in rows]
    what = kind.__name__.lower()
    return choose(candidates, text, what, "Give more of its name, its Vault with --vault, or its number.").key


def _point(session: Session, vault_ids: list[int], text: str | None) -> str:
    """The integration point that is meant, by its API name or name, or how one of them begins; empty for none.

    Points of several connections may be called alike, and messages remember points that were deleted: both count.
    """
    from models.queries.exceptions import points_of_messages
    from models.queries.lookup import named
    from models.tables import IntegrationPoint

    if text is None:
        return ""
    wanted = text.strip().casefold()
    rows = named(session, IntegrationPoint, vault_ids)
    exact = {name for row in rows for name in (row.api_name, row.label) if name.casefold() == wanted}
    exact |= {name for name in points_of_messages(session, vault_ids) if name.casefold() == wanted}
    if exact:
        return min(exact)
    candidates = [Candidate(row.key, (str(row.key), row.api_name, row.label), row.vault) for row in rows]
    chosen = choose(candidates, text, "integration point", "Give more of its name, or its Vault with --vault.")
    return next(row.api_name for row in rows if row.key == chosen.key)


def _value(kind: type[E], name: str, text: str | None) -> E | None:
    """The value that is called so, in full or by how it begins."""
    if text is None:
        return None
    found = [value for value in kind if value.value.startswith(text.lower())] if text else []
    if len(found) != 1:
        known = ", ".join(value.value for value in kind)
        raise InvalidInput({name: f"There is no {text}. There is: {known}."})
    return found[0]
