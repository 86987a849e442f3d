"""`jobs`: list the jobs of the Vaults and their runs, and have them run now."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli.frame import Words, area, command
from console.cli.lab import Located, gone, opened
from console.cli.output import Column, answer, facts, located, parts, section, table, tell
from console.cli.serving import runs_table, serve_requests
from console.cli.settings import settings_of
from models.errors import NotFound

if TYPE_CHECKING:
    from models.queries.jobs import Moved
    from models.store import WriteSession
    from models.tables import JobKind

jobs = area("jobs", "Jobs of each Vault: send, deliver and receive.")

KINDS = ("send", "deliver", "receive")


@command(jobs, "list", lists="jobs")
def list_jobs(context: typer.Context) -> None:
    """List the jobs, and when each runs next (lab time)."""
    from models.queries.jobs import JobRow, job_list

    settings = settings_of(context)
    with opened(settings) as lab, lab.store.read() as session:
        rows = [Located(vault, row) for vault in lab.vaults(session) for row in job_list(session, vault.key)]
    columns: list[Column[Located]] = [
        Column("Vault", lambda line: line.vault.name),
        Column("Job", lambda line: line.row.kind),
        Column("Every", lambda line: f"{line.row.every_seconds} s", right=True),
        Column("Longest", lambda line: f"{line.row.longest_seconds} s", right=True),
        Column("Next run", lambda line: line.row.next_run_at),
        Column("Asked for", lambda line: line.row.requested_at),
    ]

    def document(line: Located) -> dict[str, Any]:
        row: JobRow = line.row
        return located(line.vault.key, line.vault.name, row)

    answer(
        settings, {"jobs": [document(line) for line in rows]}, lambda: table(columns, rows, empty="There are no jobs.")
    )


@command(jobs, "limit")
def limit_job(
    context: typer.Context,
    kind: Annotated[str, typer.Argument(metavar="send|deliver|receive", help="Which job.")],
    seconds: Annotated[int, typer.Argument(metavar="SECONDS", help="Real time that a run of it may take.")],
) -> None:
    """Say how long a run of a job may take: a longer one ends as TIMEOUT and becomes a user exception message."""
    from models.services.jobs import set_job_limit
    from models.tables import JobKind

    if kind not in KINDS:
        raise NotFound(f"There is no job {kind}.", f"There is: {', '.join(KINDS)}.")
    settings = settings_of(context)
    with opened(settings) as lab:
        with lab.store.read() as session:
            vault = lab.vault(session)
            actor = lab.actor(session, vault.key)
        with lab.store.write() as write:
            set_job_limit(write, actor, JobKind(kind), seconds)
    document = {"vault_id": vault.key, "kind": kind, "longest_seconds": seconds}
    tell(settings, document, f"A run of the {kind} job of {vault.name} may take {seconds:,} seconds.")


@command(jobs, "runs", lists="runs")
def list_runs(
    context: typer.Context,
    words: Words = "",
    idle: Annotated[bool, typer.Option("--all", help="Also runs that found nothing to do.")] = False,
    limit: Annotated[int, typer.Option(min=0, help="How many runs to list at most in each Vault.")] = 10,
) -> None:
    """List job runs, the newest first."""
    from models.queries.jobs import listing

    settings = settings_of(context)
    with opened(settings) as lab, lab.store.read() as session:
        rows = []
        for vault in lab.vaults(session):
            of_vault = listing(vault.key, text=words, moved_only=not idle)
            rows += [Located(vault, row) for row in of_vault.page(session, 0, limit, of_vault.count(session))]
    columns: list[Column[Located]] = [
        Column("Run", lambda line: line.row.key, right=True),
        Column("Vault", lambda line: line.vault.name),
        Column("Job", lambda line: line.row.kind),
        Column("Status", lambda line: line.row.status),
        Column("Started", lambda line: line.row.started_at),
        Column("ms", lambda line: line.row.duration_ms, right=True),
        Column("Moved", lambda line: _moved(line.row.moved)),
    ]
    answer(
        settings,
        {"runs": [located(line.vault.key, line.vault.name, line.row) for line in rows]},
        lambda: table(columns, rows, empty="No run has moved anything." if not idle else "No job has run."),
    )


@command(jobs, "show")
def show(context: typer.Context, run: Annotated[int, typer.Argument(help="Number of the job run.")]) -> None:
    """Show one job run, with what it moved through each connection."""
    from models.queries.jobs import detail
    from models.queries.lookup import vault_of
    from models.tables import JobRun

    settings = settings_of(context)
    with opened(settings) as lab, lab.store.read() as session:
        vault_id = vault_of(session, JobRun, run)
        vault = next((vault for vault in lab.vaults(session) if vault.key == vault_id), None)
        if vault is None:
            raise NotFound(f"There is no job run {run} here.", "vault-console jobs runs lists them.")
        row = detail(session, vault.key, run)
    if row is None:
        raise gone("job run")

    def text() -> str:
        return parts(
            facts(
                [
                    ("Vault", vault.name),
                    ("Job", row.row.kind),
                    ("Status", row.row.status),
                    ("Only connection", row.row.connection),
                    ("Started", row.row.started_at),
                    ("Finished", row.row.finished_at),
                    ("Duration", f"{row.row.duration_ms} ms"),
                    ("Moved", _moved(row.row.moved)),
                    ("Error", row.error),
                ]
            ),
            section(
                "Connections",
                table(
                    [
                        Column("Connection", lambda line: line.connection),
                        Column("Moved", lambda line: _moved(line.moved)),
                    ],
                    row.lines,
                ),
            ),
            section(
                "Messages",
                table(
                    [
                        Column("Number", lambda line: line.key, right=True),
                        Column("State", lambda line: line.state),
                        Column("Object", lambda line: line.object_name),
                        Column("Items", lambda line: line.items, right=True),
                    ],
                    row.messages,
                ),
            ),
        )

    answer(settings, {"run": located(vault.key, vault.name, row)}, text)


@command(jobs, "run")
def run_now(
    context: typer.Context,
    kinds: Annotated[
        list[str] | None, typer.Argument(metavar="[send|deliver|receive]...", help="Default: all, in this order.")
    ] = None,
    connection: Annotated[
        str | None, typer.Option(metavar="CONNECTION", help="Only what goes through this one.")
    ] = None,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Only ask for the runs; do not wait for them.")] = False,
) -> None:
    """Have jobs of a Vault run now.

    An engine that runs on the store does it; without one, this command runs them itself.
    """
    from models.services.jobs import request_run
    from models.tables import Connection, JobKind

    wrong = [kind for kind in kinds or () if kind not in KINDS]
    if wrong:
        raise typer.BadParameter(f"{wrong[0]!r} is not a job; it is one of {', '.join(KINDS)}.")
    settings = settings_of(context)
    with opened(settings) as lab:
        with lab.store.read() as session:
            vault = lab.vault(session)
            actor = lab.actor(session, vault.key)
            connection_id = lab.find(session, Connection, connection).key if connection else None
        wanted = [JobKind(kind) for kind in KINDS if kind in (kinds or KINDS)]
        if no_wait:
            with lab.store.write() as write:
                for kind in wanted:
                    request_run(write, actor, vault.key, kind, connection_id)
            tell(
                settings,
                {"vault_id": vault.key, "vault": vault.name, "asked_for": wanted},
                f"Asked for {', '.join(wanted)} of {vault.name}; an engine runs them when it runs.",
            )
            return

        def request(write: WriteSession, kind: JobKind) -> None:
            request_run(write, actor, vault.key, kind, connection_id)

        runs = serve_requests(lab, vault.key, [partial(request, kind=kind) for kind in wanted])
    answer(settings, {"runs": runs}, lambda: runs_table(runs))
    if any(run.error for run in runs):
        raise typer.Exit(1)


def _moved(moved: Moved) -> str:
    numbers = [f"{name} {number}" for name in type(moved).__dataclass_fields__ if (number := getattr(moved, name))]
    return ", ".join(numbers) or "nothing"
