"""The signing certificates and their rollover, as calls of the scheduler (seed S1; Spark facts, section 3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from models.errors import InvalidInput

if TYPE_CHECKING:
    from sqlmodel import Session as StoreSession

    from console.session import Who
    from models.queries.certificates import CertificateDetail, RolloverView
    from models.store import Store

DATE_FORM = "%Y-%m-%d %H:%M:%S"


@dataclass(frozen=True, slots=True)
class CertificatePage:
    """A certificate, and the rollover that is under way or was the last one."""

    detail: CertificateDetail
    rollover: RolloverView | None


def read_page(session: StoreSession, vault_id: int, key: int) -> CertificatePage | None:
    """Read a certificate's page; None when it is gone."""
    from models.queries.certificates import detail, latest_rollover

    found = detail(session, vault_id, key)
    return None if found is None else CertificatePage(found, latest_rollover(session))


def begin_rollover(store: Store, who: Who, values: Mapping[str, str], _confirmed: bool, /) -> str:
    """Issue the next certificate and plan its five stages at the typed lab times.

    Raises NotAllowed, InvalidInput, NotPossible.
    """
    from models.permissions import actor_for
    from models.services.certificates import STAGE_DATES, Dates
    from models.typed_times import read_moment
    from scheduler.rollover import begin_rollover as begin
    from scheduler.rollover import keep_up

    now = store.clock.now()
    moments: list[datetime] = []
    problems: dict[str, str] = {}
    for name in STAGE_DATES.values():
        try:
            moments.append(read_moment(values.get(name, ""), now))
        except ValueError as problem:
            problems[name] = str(problem)
    if problems:
        raise InvalidInput(problems)
    with store.read() as session:
        actor = actor_for(session, who.vault_id, who.username, read_only=who.read_only)
    begin(store, actor, Dates(*moments))
    keep_up(store)
    return "The next certificate was issued. The lab clock takes the rollover through its stages."
