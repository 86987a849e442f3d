"""Everything that goes wrong ends here: in words for a person, in JSON for a program, never in a traceback."""

import contextlib
import json
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence

from console.cli.output import bold, printable
from models.errors import ConsoleError, InvalidInput

REFUSED, USAGE, INTERRUPTED = 1, 2, 130
"""Exit codes beside 0: refused or failed, wrongly called, ended by Ctrl+C."""

_PASSWORD = re.compile(r"(?<=://)([^/@\s:]*):[^@\s]*@")


def guarded(work: Callable[[], object], typed: Sequence[str]) -> int:
    """Do the work of a call and answer its exit code; `typed` are its arguments."""
    in_json = "--json" in typed
    try:
        code = work()
        sys.stdout.flush()
    except BrokenPipeError:
        _be_silent()
        return REFUSED
    except ConsoleError as error:
        fields = error.fields if isinstance(error, InvalidInput) else {}
        # What a query is refused with has a type and a place.
        details = getattr(error, "details", {})
        _report(error.title, error.message, error.remedy, fields, in_json=in_json, **details)
        return REFUSED
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last place: a person gets a sentence, the file gets the rest
        return _complaint(error, typed, in_json=in_json)
    return code if isinstance(code, int) else 0


def _complaint(error: Exception, typed: Sequence[str], *, in_json: bool) -> int:
    """Tell of an error that is none of ours: Typer's own, about how it was called, or one in the program."""
    # Loaded here only: the console opens without it. Typer names the ancestor of its complaints nowhere else.
    import typer
    from typer._click.exceptions import ClickException, NoArgsIsHelpError, UsageError

    match error:
        case NoArgsIsHelpError():
            print(error.format_message(), file=sys.stderr)
            return USAGE
        case UsageError():
            hint = f"See '{error.ctx.command_path} --help'." if error.ctx else ""
            _report("Wrong usage", error.format_message(), hint, in_json=in_json)
            return error.exit_code
        case ClickException():
            _report("That did not work", error.format_message(), in_json=in_json)
            return error.exit_code
        case typer.Abort():
            return INTERRUPTED
    _unexpected(error, typed, in_json=in_json)
    return REFUSED


def _report(
    title: str,
    message: str,
    remedy: str = "",
    fields: Mapping[str, str] | None = None,
    *,
    in_json: bool,
    **more: object,
) -> None:
    if in_json:
        error = {"title": title, "message": message, "remedy": remedy, "fields": dict(fields or {}), **more}
        print(json.dumps({"error": error}, indent=2), file=sys.stderr)
        return
    lines = [f"{bold(title, sys.stderr)}: {printable(message)}"]
    if fields:
        lines = [f"{bold(title, sys.stderr)}:"]
        lines += [f"  {printable(name)}: {printable(problem)}" for name, problem in fields.items()]
    if remedy:
        lines.append(printable(remedy))
    print("\n".join(lines), file=sys.stderr)


def _unexpected(error: Exception, typed: Sequence[str], *, in_json: bool) -> None:
    from importlib import metadata

    from console.reports import write_report

    # A store's URL may hold a password.
    called = " ".join(_PASSWORD.sub(r"\1:***@", word) for word in typed)
    error.add_note(f"{metadata.version('vault-connections-console')}, called with: {called}")
    path = str(write_report(error))
    remedy = f"The details are in {path}."
    _report("Program error", "Something went wrong inside the program.", remedy, in_json=in_json, report=path)


def _be_silent() -> None:
    """Nobody reads any more: have the interpreter's last flush go nowhere."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
