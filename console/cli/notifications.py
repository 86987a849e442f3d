"""`notifications`: how a Vault tells of new user exception messages: a bell, a log file, a command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from console.cli.frame import area, command
from console.cli.lab import Located, opened
from console.cli.naming import told_as
from console.cli.output import Column, answer, located, table, tell
from console.cli.settings import settings_of
from models.errors import NotPossible

if TYPE_CHECKING:
    from models.services.notifications import Notification

notifications = area(
    "notifications",
    "How a Vault tells of new user exception messages. In the vendor's Vault this is a custom lifecycle for the User "
    "Exception Message object with a notification entry action; here it is a bell, a log file or a command.",
)


@command(notifications, "show", lists="notifications")
def show(context: typer.Context) -> None:
    """Show how the Vaults tell of new user exception messages; a Vault of which nothing is said is quiet."""
    from models.services.notifications import notification_of

    settings = settings_of(context)
    with opened(settings) as lab, lab.store.read() as session:
        rows = [Located(vault, notification_of(session, lab.store.secrets, vault.key)) for vault in lab.vaults(session)]
    columns: list[Column[Located]] = [
        Column("Vault", lambda line: line.vault.name),
        Column("Bell", lambda line: line.row.bell),
        Column("Log file", lambda line: line.row.log_file),
        Column("Command", lambda line: command_text(line.row)),
        Column("Limit", lambda line: f"{line.row.time_limit} s" if line.row.command else "", right=True),
        Column("Last told", lambda line: line.row.last_told_at),
        Column("Trouble", lambda line: line.row.last_trouble),
    ]
    answer(
        settings,
        {"notifications": [located(line.vault.key, line.vault.name, line.row) for line in rows]},
        lambda: table(columns, rows, empty="There are no Vaults."),
    )


OPTIONS = {"log_file": "--log", "command": "PROGRAM", "time_limit": "--time-limit"}
"""What names the parts of a notification here."""


@command(notifications, "set")
def set_ways(
    context: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[-- PROGRAM [ARGUMENT]...]",
            help="Command to run, with the details in variables VAULT_CONSOLE_... and as JSON on its input. No shell "
            "reads it.",
        ),
    ] = None,
    bell: Annotated[bool | None, typer.Option("--bell/--no-bell", help="Ring the bell of the console.")] = None,
    log: Annotated[str | None, typer.Option("--log", metavar="PATH", help="Add a line to this file.")] = None,
    no_log: Annotated[bool, typer.Option("--no-log", help="Write no log file.")] = False,
    no_command: Annotated[bool, typer.Option("--no-command", help="Run no command.")] = False,
    time_limit: Annotated[
        int | None, typer.Option("--time-limit", metavar="SECONDS", help="How long the command may take.")
    ] = None,
) -> None:
    """Say how a Vault tells of new user exception messages; what is not named stays as it is."""
    from models.services.notifications import set_notification

    settings = settings_of(context)
    with opened(settings) as lab:
        with lab.store.read() as session:
            vault = lab.vault(session)
            actor = lab.actor(session, vault.key)
        with lab.store.write() as write, told_as(OPTIONS):
            after = set_notification(
                write,
                actor,
                lab.store.secrets,
                bell=bell,
                log_file="" if no_log else log,
                command=[] if no_command else (words or None),
                time_limit=time_limit,
            )
    said = f"{vault.name} tells of new user exception messages by {_ways(after)}."
    tell(settings, {"notification": located(vault.key, vault.name, after)}, said)


@command(notifications, "test")
def try_out(context: typer.Context) -> None:
    """Write the log file and run the command of a Vault once, with a made-up message."""
    from models.services.notifications import notification_of
    from models.time import iso
    from scheduler.notify import News
    from scheduler.notify import tell as tell_news

    settings = settings_of(context)
    with opened(settings) as lab:
        lab.require_writing()
        with lab.store.read() as session:
            vault = lab.vault(session)
            lab.actor(session, vault.key).require("Application: Manage Integrations")
            notification = notification_of(session, lab.store.secrets, vault.key)
        if not (notification.log_file or notification.command):
            raise NotPossible(
                f"{vault.name} has neither a log file nor a command to try.",
                "vault-console notifications set makes one; the bell rings in the console.",
            )
        message = {
            "number": 0,
            "created_at": iso(lab.now),
            "name__v": "Test",
            "status__v": "active__v",
            "side": "target",
            "error_type__sys": "message_processing_error__sys",
            "error_message__sys": "This is a test of the notification.",
            "message_items_received__sys": 0,
            "message_items_failed__sys": 0,
            "connection": None,
            "integration__sys": None,
        }
        trouble = tell_news(notification, News(vault.key, vault.name, 1, (message,)))
    if trouble:
        raise NotPossible(trouble, "Correct it with vault-console notifications set.")
    tell(settings, {"vault_id": vault.key, "told": True}, f"Told by {_ways(notification)}.")


def command_text(row: Notification) -> str:
    """A command as people read it."""
    import shlex

    if row.is_foreign:
        return "(from another lab; not run)"
    return "" if row.command is None else shlex.join(row.command)


def _ways(row: Notification) -> str:
    ways = [
        "the bell" if row.bell else "",
        f"the log file {row.log_file}" if row.log_file else "",
        f"the command {command_text(row)}" if row.command else "",
    ]
    return " and ".join(filter(None, ways)) or "nothing: it is quiet"
