"""The start that is made most often: no command, a few options. It is read here without loading the command line.

The command line's library takes longer to load than the first screen takes to draw. What is not understood here with
certainty is left to it.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from functools import partial

from console.cli.opening import on_terminal, open_default
from console.cli.settings import Settings
from console.cli.trouble import guarded
from console.looks import Look

_VALUES = {"--store": "store", "--vault": "vault", "--user": "user", "--theme": "theme"}
_FLAGS = {"--plain": "plain", "--no-color": "no_color", "--readonly": "read_only"}


def read(typed: Sequence[str]) -> Settings | None:
    """The settings of a call that opens the console on a terminal; None for every other call."""
    if not on_terminal() or any(name.endswith("_COMPLETE") for name in os.environ):
        return None
    settings = Settings()
    words = iter(typed)
    for word in words:
        name, _, value = word.partition("=")
        if word in _FLAGS:
            setattr(settings, _FLAGS[word], True)
            continue
        value = value or next(words, "") if name in _VALUES and not word.endswith("=") else ""
        if not value or value.startswith("-"):
            return None
        setattr(settings, _VALUES[name], value)
    if settings.theme is not None and settings.theme not in list(Look):
        return None
    return settings


def run(settings: Settings) -> int:
    """Open the console; answers the exit code."""
    if settings.no_color:
        os.environ["NO_COLOR"] = "1"
    # What is loaded from here on stays: collecting garbage meanwhile only costs time. The console lets it be collected
    # again once its first data is shown.
    gc.disable()
    try:
        return guarded(partial(open_default, settings), sys.argv[1:])
    finally:
        gc.enable()
