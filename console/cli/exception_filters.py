"""The options by which commands about user exceptions choose messages, in one Vault or in several."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from console.cli.lab import OpenLab
from models.errors import InvalidInput, NotFound
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
        missing: NotFound | None = None
        for vault in lab.vaults(session):
            try:
                found[vault.key] = self.filter(session, vault.key)
            except NotFound as error:
                missing = error
        if not found and missing is not None:
            raise missing
        return found

    def filter(self, session: Session, vault_id: int) -> ExceptionFilter:
        """The filter for one Vault. Raises what `filters` raises."""
        from models.queries.exceptions import ExceptionFilter
        from models.tables import Connection, ErrorType, ExceptionSide, Integration

        return ExceptionFilter(
            active=self.active,
            connection_id=_key(session, vault_id, Connection, self.connection),
            integration_id=_key(session, vault_id, Integration, self.integration),
            point=self.point or "",
            error_type=_value(ErrorType, "type", self.error_type),
            side=_value(ExceptionSide, "side", self.side),
            text=self.text or "",
        )


def _key(
    session: Session, vault_id: int, kind: type[ConnectionTable | IntegrationTable], text: str | None
) -> int | None:
    from models.queries.lookup import named

    if text is None:
        return None
    rows = named(session, kind, [vault_id])
    candidates = [Candidate(row.key, (str(row.key), row.api_name, row.label), row.vault) for row in rows]
    what = kind.__name__.lower()
    return choose(candidates, text, what, "Give more of its name, its Vault with --vault, or its number.").key


def _value(kind: type[E], name: str, text: str | None) -> E | None:
    """The value that is called so, in full or by how it begins."""
    if text is None:
        return None
    found = [value for value in kind if value.value.startswith(text.lower())] if text else []
    if len(found) != 1:
        known = ", ".join(value.value for value in kind)
        raise InvalidInput({name: f"There is no {text}. There is: {known}."})
    return found[0]
