"""How commands are put together: the options that each of them knows, and one place where all that fails ends."""

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Annotated, Any, ClassVar, TypeVar

import typer
import typer.core
import typer.main

# Typer sets this up only for programs that offer to install completion by themselves.
from typer._completion_classes import completion_init

from console.cli.settings import Settings
from console.cli.trouble import guarded
from models.errors import InvalidInput

PROGRAM = "vault-console"
Words = Annotated[
    str, typer.Option("--filter", metavar="WORDS", help="Only rows that hold every word, as the console's filter.")
]
C = TypeVar("C", bound=Callable[..., None])
K = TypeVar("K", bound=typer.core.TyperCommand | typer.core.TyperGroup)


def _remember(context: typer.Context, option: typer.CallbackParam, value: object) -> object:
    """Let an option after the command count like the same one before it."""
    settings = context.find_root().obj
    # Without a value it was not given here: what stands before the command stays.
    if isinstance(settings, Settings) and value:
        setattr(settings, str(option.name), value)
    return value


def _everywhere(
    store: Annotated[
        str | None,
        typer.Option("--store", metavar="PATH", help="Store to use.", callback=_remember, expose_value=False),
    ] = None,
    vault: Annotated[
        str | None,
        typer.Option("--vault", metavar="VAULT", help="Vault to use.", callback=_remember, expose_value=False),
    ] = None,
    user: Annotated[
        str | None,
        typer.Option("--user", metavar="USER", help="User to act as.", callback=_remember, expose_value=False),
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Answer in JSON.", callback=_remember, expose_value=False)
    ] = False,
) -> None:
    """Stands for the options that are also accepted after a command."""


@cache
def _shared_options() -> tuple[Any, ...]:
    application = typer.Typer(add_completion=False)
    application.command()(_everywhere)
    return tuple(option for option in typer.main.get_command(application).params if option.name != "help")


def _with_shared(params: Sequence[Any] | None) -> list[Any]:
    own = list(params or ())
    taken = {name for option in own for name in getattr(option, "opts", ())}
    return own + [option for option in _shared_options() if not taken & set(option.opts)]


class Command(typer.core.TyperCommand):
    """A command that also knows the shared options."""

    def __init__(self, *args: Any, params: list[Any] | None = None, **more: Any) -> None:
        super().__init__(*args, params=_with_shared(params), **more)


def _as_csv(
    csv: Annotated[
        bool,
        typer.Option("--csv", help="Answer in CSV: all values of each row.", callback=_remember, expose_value=False),
    ] = False,
) -> None:
    """Stands for the option that every list has."""


@cache
def _list_options() -> tuple[Any, ...]:
    application = typer.Typer(add_completion=False)
    application.command()(_as_csv)
    return tuple(option for option in typer.main.get_command(application).params if option.name != "help")


class Area(typer.core.TyperGroup):
    """A group of commands, e.g. `records`, that also knows the shared options."""

    def __init__(self, *args: Any, params: list[Any] | None = None, **more: Any) -> None:
        super().__init__(*args, params=_with_shared(params), **more)


class Lists:
    """Of a command or area whose answer is a list: `--csv` gives it as CSV."""

    lists: ClassVar[tuple[str, ...]] = ()
    """Under which names the answer has the rows."""

    def __init__(self, *args: Any, params: list[Any] | None = None, **more: Any) -> None:
        super().__init__(*args, params=[*(params or ()), *_list_options()], **more)  # type: ignore[call-arg]

    def invoke(self, ctx: Any) -> Any:
        """Do what the command does, with its rows named for whoever prints the answer."""
        settings = ctx.find_root().obj
        if isinstance(settings, Settings):
            if settings.csv and settings.json:
                raise InvalidInput({"--csv": "This cannot stand beside --json."}, "Choose one of both.")
            settings.lists = self.lists
        return super().invoke(ctx)  # type: ignore[misc]


def that_lists(kind: type[K], *names: str) -> type[K]:
    """The class of commands or areas whose answer has rows under the first of these names that there is."""
    return type(kind.__name__, (Lists, kind), {"lists": names})


class Program(typer.core.TyperGroup):
    """All commands. However one ends, people read words and programs read an exit code."""

    sections: Mapping[str, Iterable[str]] = {}
    """Heading -> names of the commands under it, as `--help` shows them."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,  # noqa: ARG002 - this program always ends by itself
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run the command that `args` (by default: what was typed) names, and exit with its code."""
        prog_name = prog_name or PROGRAM
        if f"_{prog_name}_COMPLETE".replace("-", "_").upper() in os.environ:
            completion_init()

        def work() -> object:
            return super(Program, self).main(
                args, prog_name, complete_var, standalone_mode=False, windows_expand_args=windows_expand_args, **extra
            )

        typed = sys.argv[1:] if args is None else list(args)
        sys.exit(guarded(work, typed))

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - the name under which it is called
        """Write the commands by what they are for."""
        widest = max(map(len, self.commands))
        for heading, names in self.sections.items():
            commands = [(name, self.commands[name]) for name in names if name in self.commands]
            limit = formatter.width - 6 - widest
            if not commands:
                continue
            with formatter.section(heading):
                formatter.write_dl([(name.ljust(widest), line.get_short_help_str(limit)) for name, line in commands])


def area(name: str, about: str) -> typer.Typer:
    """A new group of commands."""
    return typer.Typer(
        cls=Area, name=name, help=about, no_args_is_help=True, add_completion=False, rich_markup_mode=None
    )


def command(
    application: typer.Typer, name: str, *, lists: str | tuple[str, ...] = (), **options: Any
) -> Callable[[C], C]:
    """Decorator: make a function a command of a group; its docstring is the help.

    `lists`: the command is a list, whose answer has its rows under this name, or under the first of these.
    """
    names = (lists,) if isinstance(lists, str) else lists
    return application.command(name, cls=that_lists(Command, *names) if names else Command, **options)
