"""`completion`: the script that has a shell complete commands and options."""

import os
from enum import StrEnum
from pathlib import PurePath
from typing import Annotated

import typer

# Typer offers this only through options of its own, which would stand in every help.
from typer._completion_classes import completion_init
from typer._completion_shared import get_completion_script

from console.cli.frame import PROGRAM
from console.cli.output import answer
from console.cli.settings import settings_of
from models.errors import NotPossible


class Shell(StrEnum):
    """A shell that can complete."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"
    POWERSHELL = "powershell"


def completion(
    context: typer.Context,
    shell: Annotated[
        Shell | None, typer.Argument(help="Default: the shell that SHELL names.", show_default=False)
    ] = None,
) -> None:
    """Print the script for completion in a shell.

    For bash: vault-console completion bash > ~/.local/share/bash-completion/completions/vault-console
    """
    completion_init()
    name = shell or PurePath(os.environ.get("SHELL", "")).name
    if name not in list(Shell):
        raise NotPossible(
            "Which shell this is cannot be told from SHELL.", f"Name it: vault-console completion {'|'.join(Shell)}."
        )
    script = get_completion_script(prog_name=PROGRAM, complete_var="_VAULT_CONSOLE_COMPLETE", shell=str(name))
    answer(settings_of(context), {"shell": str(name), "script": script}, lambda: script)
