"""What goes wrong in these tests, and Retry Transfer as an engine carries it out."""

from typing import Any

from models.queries.retries import RetryRow, retry, under_way
from models.services.exceptions import Chosen, RetryPlan, start_retry
from models.tables import ErrorType, ExceptionMessage, ExceptionSide, ObjectField, Subject, VaultObject
from scheduler.retries import serve_retries
from tests.builders import Side
from tests.stages.lab import Lab

Told = tuple[ExceptionSide, Subject, ErrorType]


def bad_items(lab: Lab, number: int = 2, good: int = 1) -> list[str]:
    """Have records arrive of which some cannot be applied: their Code is too long. Answers the bad ones."""
    objects = {row.id for row in lab.rows(VaultObject, vault_id=lab.target.vault_id)}
    (code,) = [row for row in lab.rows(ObjectField, name="code__c") if row.object_id in objects]
    lab.update_row(ObjectField, code.id, max_length=5)
    bad = [lab.create(f"Bad {place}", code__c="TOO-LONG") for place in range(number)]
    for place in range(good):
        lab.create(f"Good {place}", code__c="OK")
    lab.transfer()
    return bad


def mend(lab: Lab, record: str) -> None:
    """Correct a bad record, so that it can be applied."""
    lab.change(record, code__c="OK")


def ask(lab: Lab, side: Side, chosen: Chosen) -> RetryPlan:
    with lab.store.write() as write:
        return start_retry(write, side.system, chosen)


def carry_out(lab: Lab, side: Side) -> None:
    """Do what an engine does with all retries of a Vault that wait."""
    while True:
        with lab.store.read() as session:
            waiting = under_way(session, side.vault_id)
        if not waiting:
            return
        serve_retries(lab.store, lab.clock, side.vault_id, waiting[0][2])


def retry_of(lab: Lab, side: Side, chosen: Chosen) -> RetryRow:
    """A whole Retry Transfer: asked for and carried out; answers its result."""
    plan = ask(lab, side, chosen)
    carry_out(lab, side)
    return result(lab, plan)


def result(lab: Lab, plan: RetryPlan) -> RetryRow:
    assert plan.retry_id is not None
    with lab.store.read() as session:
        row = retry(session, plan.retry_id)
    assert row is not None
    return row


def only(lab: Lab, side: Side, *, active: bool | None = True) -> Any:
    """The one user exception message of a Vault."""
    (message,) = lab.exceptions(side, active=active)
    return message


def told(lab: Lab, side: Side) -> list[Told]:
    """What the active user exception messages of a Vault are about."""
    return [(row.side, row.subject, row.error_type) for row in lab.exceptions(side)]


def ids(lab: Lab, **wanted: Any) -> list[int]:
    return [row.id for row in lab.rows(ExceptionMessage, **wanted)]
