"""`vault-console`: all commands, and the options that stand before them."""

import os
import sys
from typing import Annotated

import typer
import typer.main

from console.cli import certificate_changes as _certificate_changes
from console.cli import completion, demo, info, run, status, vaults
from console.cli import connection_stats as _connection_stats
from console.cli import integration_changes as _integration_changes
from console.cli import integration_settings as _integration_settings
from console.cli import lookup_files as _lookup_files
from console.cli import queue_changes as _queue_changes
from console.cli import queue_logging as _queue_logging
from console.cli import record_changes as _record_changes
from console.cli import retries as _retries
from console.cli import rule_children as _rule_children
from console.cli import rule_texts as _rule_texts
from console.cli.audit import audit
from console.cli.authorizations import authorizations
from console.cli.bench import bench
from console.cli.certificates import certificates
from console.cli.clients import clients
from console.cli.clock import clock
from console.cli.connect import connections
from console.cli.doctor import doctor
from console.cli.documents import documents
from console.cli.exceptions import exceptions
from console.cli.explain import dry_run, explain
from console.cli.frame import PROGRAM, Program, command
from console.cli.integrations import integrations
from console.cli.jobs import jobs
from console.cli.lookups import lookups
from console.cli.messages import messages
from console.cli.notifications import notifications
from console.cli.opening import on_terminal, open_default
from console.cli.query import query
from console.cli.queues import queues
from console.cli.reaching import CaFile, Resolve
from console.cli.receiver import receiver
from console.cli.records import records
from console.cli.rules import rules
from console.cli.sandbox import sandbox
from console.cli.serve import serve
from console.cli.settings import Settings
from console.cli.trace import trace
from console.cli.users import users

# Loaded for the commands that they add to their areas.
EXTENSIONS = (
    _certificate_changes,
    _connection_stats,
    _integration_changes,
    _integration_settings,
    _lookup_files,
    _queue_changes,
    _queue_logging,
    _record_changes,
    _retries,
    _rule_children,
    _rule_texts,
)


class VaultConsole(Program):
    """The whole command line."""

    sections = {
        "See and run": ("demo", "status", "run", "clock"),
        "Understand": (
            "doctor",
            "explain",
            "dry-run",
        ),
        "Administer": (
            "vaults",
            "sandbox",
            "users",
            "connections",
            "clients",
            "authorizations",
            "integrations",
            "rules",
            "lookups",
            "queues",
            "messages",
            "certificates",
            "exceptions",
            "notifications",
            "records",
            "documents",
            "query",
            "trace",
            "jobs",
            "audit",
        ),
        "For labs": ("receiver", "serve"),
        "Program": ("info", "completion", "bench"),
    }


application = typer.Typer(cls=VaultConsole, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(PROGRAM, info.version())
        raise typer.Exit


@application.callback(invoke_without_command=True)
def console(
    context: typer.Context,
    store: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="Store to use, a path or URL. Default: VAULT_CONSOLE_STORE, else your own."),
    ] = None,
    vault: Annotated[
        str | None, typer.Option(metavar="VAULT", help="Vault to use: its id, name or DNS host, or how that begins.")
    ] = None,
    user: Annotated[
        str | None, typer.Option(metavar="USER", help="User to act as. Default: the administrator.")
    ] = None,
    speed: Annotated[
        float | None, typer.Option(metavar="N", help="Have the lab clock run N times as fast as real time.")
    ] = None,
    theme: Annotated[str | None, typer.Option(metavar="NAME", help="Colours of the console.")] = None,
    plain: Annotated[bool, typer.Option("--plain", help="Draw the console with ASCII signs only.")] = False,
    no_color: Annotated[bool, typer.Option("--no-color", help="Use no colours.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
    read_only: Annotated[bool, typer.Option("--readonly", help="Look only: every change is refused.")] = False,
    resolve: Resolve = None,
    ca_file: CaFile = None,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Administer the connections of a lab of Vaults that really exchange data.

    Without a command it opens the console. --store, --vault, --user and --json may also stand after a command.
    """
    del version
    if no_color:
        os.environ["NO_COLOR"] = "1"
    context.obj = Settings(store, vault, user, speed, theme, plain, no_color, json, read_only, resolve or [], ca_file)
    if context.invoked_subcommand is not None:
        return
    if on_terminal():
        open_default(context.obj)
    else:
        print(context.get_help(), file=sys.stderr)
        raise typer.Exit(2)


command(application, "demo")(demo.demo)
command(application, "status")(status.status)
command(application, "run")(run.run)
command(application, "vaults")(vaults.vaults)
command(application, "doctor")(doctor)
command(application, "info")(info.info)
command(application, "completion")(completion.completion)
command(application, "receiver")(receiver)
command(application, "trace")(trace)
command(application, "query")(query)
for commands in (
    audit,
    authorizations,
    bench,
    certificates,
    clients,
    clock,
    connections,
    documents,
    dry_run,
    exceptions,
    explain,
    integrations,
    jobs,
    lookups,
    messages,
    notifications,
    queues,
    records,
    rules,
    sandbox,
    serve,
    users,
):
    application.add_typer(commands)


def main() -> None:
    """Run the command that was typed, and exit with its code."""
    typer.main.get_command(application).main(prog_name=PROGRAM)
