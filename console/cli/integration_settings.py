"""`integrations set` and `last-run`: how an integration applies what it receives, and from when on it looks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from console.cli.frame import command
from console.cli.integration_changes import Integration, change, pairs
from console.cli.integrations import integrations
from console.cli.output import tell
from console.cli.settings import settings_of
from models.typed_times import FORMS

if TYPE_CHECKING:
    from datetime import datetime

    from models.permissions import Actor
    from models.queries.lookup import Named
    from models.store import WriteSession

NAMES = (
    "matching",
    "match_source_field",
    "match_target_field",
    "delete_policy",
    "mark_field",
    "mark_text",
    "inactivates_targets",
)


@command(integrations, "set")
def set_command(
    context: typer.Context,
    integration: Integration,
    fields: Annotated[list[str], typer.Argument(metavar="FIELD=VALUE...", help=f"{', '.join(NAMES)}.")],
) -> None:
    """Set how an integration matches records, and what becomes of targets of deleted and inactivated records.

    matching is link, crm_keys, external_id, fields (with match_source_field and match_target_field) or origin;
    delete_policy is leave, delete, inactivate or mark (with mark_field and mark_text, in which {value} stands for what
    the field holds).
    """
    from models.services.integration_settings import change_integration_settings

    values = pairs(fields, NAMES)
    found, changed = change(
        context,
        "Integration",
        integration,
        lambda write, actor, row: change_integration_settings(write, actor, row.key, values),
    )
    text = f"Saved {', '.join(changed)} of {found.label} in {found.vault}." if changed else "Nothing differed."
    document = {"vault_id": found.vault_id, "integration": found.api_name, "changed": list(changed)}
    tell(settings_of(context), document, text)


# -2h is a time, not an option.
@command(integrations, "last-run", context_settings={"ignore_unknown_options": True})
def last_run(
    context: typer.Context,
    integration: Integration,
    moment: Annotated[str, typer.Argument(metavar="TIME", help=f"Lab time: {FORMS} for two hours ago.")],
) -> None:
    """Set Last Successful Run Time: what changed since then is sent again, and the jobs run at once."""
    from console.cli.moments import moment_of
    from models.services.integrations import set_last_successful_run_time
    from models.time import iso

    def work(write: WriteSession, actor: Actor, found: Named) -> tuple[datetime, bool]:
        time = moment_of(moment, write.now, "time")
        return time, set_last_successful_run_time(write, actor, found.key, time)

    found, (time, changed) = change(context, "Integration", integration, work)
    text = (
        f"{found.label} of {found.vault} looks for changes since {iso(time)}; its jobs were asked to run."
        if changed
        else "Nothing differed."
    )
    document = {"vault_id": found.vault_id, "integration": found.api_name, "changed": changed}
    tell(settings_of(context), document | {"last_successful_run_time": iso(time)}, text)
