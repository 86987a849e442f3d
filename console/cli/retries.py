"""`exceptions retry` and `exceptions retries`: Retry Transfer for one message, for several, or for a filtered set."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli.exception_filters import Connection, Integration, Options, Point, Side, Text, Type
from console.cli.exceptions import exceptions, vault_of_exception
from console.cli.frame import command
from console.cli.lab import Located, OpenLab, opened
from console.cli.output import Column, answer, facts, located, parts, printable, section, table, tell
from console.cli.serving import finish_interrupted, runs_table, serve_retry
from console.cli.settings import settings_of
from models.errors import NotFound, NotPossible

if TYPE_CHECKING:
    from sqlmodel import Session

    from models.queries.lab import VaultRow
    from models.queries.retries import RetryRow
    from models.services.exceptions import Chosen, RetryPlan


@command(exceptions, "retry")
def retry(
    context: typer.Context,
    numbers: Annotated[
        list[int] | None, typer.Argument(metavar="[NUMBER]...", help="Numbers of user exception messages of one Vault.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every active message of the Vault.")] = False,
    connection: Connection = None,
    integration: Integration = None,
    point: Point = None,
    error_type: Type = None,
    side: Side = None,
    text: Text = None,
    count: Annotated[bool, typer.Option("--count", help="Only tell how much would be tried again.")] = False,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait for the result, or only ask for it.")] = True,
) -> None:
    """Retry Transfer: have user exception messages tried again, those named or those that options choose.

    Tells how much is open before, and what was sent, applied, skipped and failed after.
    """
    from models.queries.flows import run_by_id
    from models.queries.retries import retry as read_retry
    from models.services.exceptions import plan_retry, start_retry

    settings = settings_of(context)
    options = Options(connection, integration, point, error_type, side, text, active=True)
    with opened(settings) as lab:
        with lab.store.read() as session:
            vault, chosen = _chosen(lab, session, numbers or [], options, every=every)
            actor = lab.actor(session, vault.key)
            plan = plan_retry(session, vault.key, chosen)
        before = {"messages": plan.messages, "items": plan.items, "left_out": plan.under_way}
        if count:
            tell(settings, {"vault_id": vault.key, "before": before}, f"{_amount(plan)} would be tried again.")
            return
        if wait:
            finish_interrupted(lab, vault.key)
        with lab.store.write() as write:
            plan = start_retry(write, actor, chosen)
        if plan.retry_id is None:
            raise NotPossible("The retry was not started.")
        before = {"messages": plan.messages, "items": plan.items, "left_out": plan.under_way}
        document = {"id": plan.retry_id, "vault_id": vault.key, "before": before, "open_before": plan.items}
        if not wait:
            said = (
                f"Asked for Retry Transfer {plan.retry_id} of {_amount(plan)}; an engine does it when it runs. "
                f"Until then vault-console exceptions cancel-retry {plan.retry_id} calls it off."
            )
            tell(settings, document, said)
            return
        print(printable(f"Trying {_amount(plan)} again."), file=sys.stderr)
        serve_retry(lab, vault.key, plan.retry_id)
        with lab.store.read() as session:
            done = read_retry(session, plan.retry_id)
            runs = [run for key in (done.runs if done else ()) if (run := run_by_id(session, key)) is not None]
    if done is None:
        raise NotPossible("Its messages were deleted while they were tried.", "There is nothing left to retry.")
    document |= {"open": done.failed, "active": done.failed > 0, "retry": done, "runs": runs}

    def shown() -> str:
        return parts(runs_table(runs) if runs else "", printable(_result(done)))

    answer(settings, document, shown)


@command(exceptions, "cancel-retry")
def cancel(
    context: typer.Context,
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="Number of the Retry Transfer.")],
) -> None:
    """Call off a Retry Transfer that no job has begun; its messages stay open and can be tried again.

    An engine begins it at once, so this is for one that was asked for with --no-wait while no engine runs.
    """
    from models.queries.retries import retry as read_retry
    from models.services.exceptions import cancel_retry

    settings = settings_of(context)
    with opened(settings) as lab:
        lab.require_writing()
        with lab.store.read() as session:
            row = read_retry(session, number)
            if row is None or row.vault_id not in lab.vault_ids(session):
                raise _no_retry(number)
            actor = lab.actor(session, row.vault_id)
        with lab.store.write() as write:
            cancel_retry(write, actor, number)
    document = {"id": number, "vault_id": row.vault_id, "state": "cancelled"}
    tell(settings, document, f"Cancelled Retry Transfer {number}: nothing of it was tried.")


@command(exceptions, "retries", lists="retries")
def list_retries(
    context: typer.Context,
    number: Annotated[int | None, typer.Argument(metavar="[NUMBER]", help="Number of one Retry Transfer.")] = None,
    limit: Annotated[int, typer.Option(min=0, help="How many to list at most in each Vault.")] = 20,
) -> None:
    """List Retry Transfers, the newest first, with what was open before and what came of each; or show one."""
    from models.queries.retries import retries
    from models.queries.retries import retry as read_retry

    settings = settings_of(context)
    with opened(settings) as lab, lab.store.read() as session:
        vaults = {vault.key: vault for vault in lab.vaults(session)}
        if number is not None:
            row = read_retry(session, number)
            if row is None or row.vault_id not in vaults:
                raise _no_retry(number)
            rows = [Located(vaults[row.vault_id], row)]
        else:
            rows = [Located(vault, row) for vault in vaults.values() for row in retries(session, vault.key, limit)]
    columns: list[Column[Located]] = [
        Column("Number", lambda line: line.row.key, right=True),
        Column("Vault", lambda line: line.vault.name),
        Column("Asked for", lambda line: line.row.created_at),
        Column("By", lambda line: line.row.user_name),
        Column("State", lambda line: line.row.state),
        Column("Messages", lambda line: line.row.messages, right=True),
        Column("Items", lambda line: line.row.items, right=True),
        Column("Result", lambda line: line.row.result if line.row.is_over else ""),
        Column("Which", lambda line: line.row.asked),
    ]
    documents = [located(line.vault.key, line.vault.name, line.row) for line in rows]

    def shown() -> str:
        errors = [(f"Number {line.row.key}", line.row.error) for line in rows if line.row.error]
        return parts(table(columns, rows, empty="Nothing has been retried yet."), section("Errors", facts(errors)))

    answer(settings, {"retries": documents}, shown)


def _no_retry(number: int) -> NotFound:
    return NotFound(f"There is no Retry Transfer {number} here.", "vault-console exceptions retries lists them.")


def _chosen(
    lab: OpenLab, session: Session, numbers: list[int], options: Options, *, every: bool
) -> tuple[VaultRow, Chosen]:
    """Which messages of which Vault are meant. Raises NotFound, and NotPossible when that is not clear."""
    if numbers:
        if options.given or every:
            raise NotPossible("Numbers and options cannot choose together.", "Name the messages, or choose by options.")
        vaults = {vault.key: vault for number in numbers if (vault := vault_of_exception(lab, session, number))}
        if len(vaults) > 1:
            raise NotPossible("These messages are in several Vaults.", "Retry those of one Vault at a time.")
        return next(iter(vaults.values())), numbers
    if not (options.given or every):
        raise NotPossible(
            "This needs to know which messages are meant.", "Name their numbers, choose by options, or say --all."
        )
    filters = options.filters(lab, session)
    vaults = {vault.key: vault for vault in lab.vaults(session) if vault.key in filters}
    if len(vaults) > 1:
        names = ", ".join(f"{vault.name} ({vault.key})" for vault in vaults.values())
        raise NotPossible("This needs to know which Vault is meant.", f"Name it with --vault: {names}.")
    vault = next(iter(vaults.values())) if vaults else lab.vault(session)
    return vault, filters[vault.key]


def _amount(plan: RetryPlan) -> str:
    messages = "1 message" if plan.messages == 1 else f"{plan.messages:,} messages"
    items = "1 open item" if plan.items == 1 else f"{plan.items:,} open items"
    left_out = f" ({plan.under_way:,} more are being retried already)" if plan.under_way else ""
    return f"{messages} with {items}{left_out}"


def _result(done: RetryRow) -> str:
    if done.error:
        return f"Retry Transfer {done.key} failed. {done.error}"
    return f"Retry Transfer {done.key}: {done.result}." + (
        " Everything in it has passed now." if not done.failed else f" {done.failed:,} still open."
    )
