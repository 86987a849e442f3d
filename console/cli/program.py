"""`vault-console`: all commands, and the options that stand before them."""

import os
import sys
from typing import Annotated, Any

import typer
import typer.main

from console.cli.catalogue import CATALOGUE, Commands
from console.cli.frame import PROGRAM, Program
from console.cli.opening import on_terminal, open_default
from console.cli.reaching import CaFile, Resolve
from console.cli.settings import Settings
from console.looks import Look


class VaultConsole(Program):
    """The whole command line."""

    sections = CATALOGUE

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.commands = Commands()


application = typer.Typer(cls=VaultConsole, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


def _print_version(wanted: bool) -> None:
    if wanted:
        from console.cli.info import version

        print(PROGRAM, version())
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
    theme: Annotated[Look | None, typer.Option(help="Colours of the console. Default: those chosen last.")] = None,
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
    context.obj = Settings(
        store,
        vault,
        user,
        speed,
        theme,
        plain,
        no_color,
        json,
        read_only=read_only,
        resolve=resolve or [],
        ca_file=ca_file,
    )
    if context.invoked_subcommand is not None:
        return
    if on_terminal():
        open_default(context.obj)
    else:
        print(context.get_help(), file=sys.stderr)
        raise typer.Exit(2)


def main() -> None:
    """Run the command that was typed, and exit with its code."""
    typer.main.get_command(application).main(prog_name=PROGRAM)
