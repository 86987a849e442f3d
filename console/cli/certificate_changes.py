"""`certificates switch|download|rollover`: Manage Signing Certificate, and the change to the next certificate."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.cli.certificates import certificates
from console.cli.durations import duration
from console.cli.frame import command
from console.cli.lab import OpenLab, opened
from console.cli.output import Column, answer, facts, say, table, tell
from console.cli.saving import Force, write_file
from console.cli.settings import settings_of
from models.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from models.permissions import Actor
    from models.services.certificates import Choice, Dates

CertificateName = Annotated[str | None, typer.Argument(metavar="CERTIFICATE", help="Its certificate id, e.g. 00001.")]
Moment = Annotated[str | None, typer.Option(metavar="TIME", help="Lab time at which the stage begins.")]


@command(certificates, "switch")
def switch(
    context: typer.Context,
    connection: Annotated[str, typer.Argument(metavar="CONNECTION", help="Its API name, name or number.")],
    certificate: CertificateName = None,
) -> None:
    """Manage Signing Certificate of a connection: show what it may use, or have it sign with another from now on."""
    from models.services.certificates import choices, choose_certificate
    from models.tables import Connection

    settings = settings_of(context)
    changed = False
    with opened(settings) as lab:
        with lab.store.read() as session:
            found = lab.find(session, Connection, connection)
            actor = lab.actor(session, found.vault_id)
        if certificate is not None:
            with lab.store.write() as write:
                changed = choose_certificate(write, actor, found.key, certificate)
        with lab.store.read() as session:
            offered = choices(session, found.vault_id, found.key)
    columns: list[Column[Choice]] = [
        Column("Used", lambda choice: "[x]" if choice.used else "[ ]"),
        Column("Certificate", lambda choice: choice.certificate_id),
        Column("State", lambda choice: choice.state),
        Column("Valid until", lambda choice: choice.not_after),
    ]
    document = {"connection": found.api_name, "changed": changed, "certificates": offered}
    answer(settings, document, lambda: table(columns, offered, empty="There is no certificate to use."))


@command(certificates, "download")
def download(
    context: typer.Context,
    certificate: CertificateName = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Default: print it.")] = None,
    force: Force = False,
) -> None:
    """Download the PEM of a signing certificate: the current one unless another is named."""
    from models.queries.certificates import current_id, pem_of

    settings = settings_of(context)
    with opened(settings) as lab, lab.store.read() as session:
        wanted = certificate or current_id(session) or ""
        pem = pem_of(session, wanted)
    if pem is None:
        raise NotFound(f"There is no signing certificate {wanted}.", "vault-console certificates list shows them.")
    if output is not None:
        write_file(output, pem.encode("ascii"), "--output", force=force)
        tell(settings, {"certificate_id": wanted, "file": str(output)}, f"Certificate {wanted} is in {output}.")
    elif settings.json:
        tell(settings, {"certificate_id": wanted, "pem": pem}, "")
    else:
        say(pem.rstrip("\n"))


@command(certificates, "rollover")
def rollover(
    context: typer.Context,
    start: Annotated[bool, typer.Option("--start", help="Issue the next certificate and plan its rollover.")] = False,
    change: Annotated[bool, typer.Option("--change", help="Change when stages begin that are still to come.")] = False,
    stage_lasts: Annotated[
        str | None, typer.Option(metavar="DURATION", help="How long each stage lasts in lab time, e.g. 1h.")
    ] = None,
    published: Moment = None,
    testing: Moment = None,
    rollover: Moment = None,
    both_supported: Moment = None,
    final: Moment = None,
) -> None:
    """Show where the rollover of the signing certificate is, start one, or change its dates.

    The lab clock takes it from stage to stage. One certificate serves all Vaults: who starts it acts in the Vault named
    with --vault, else in the first one, and needs Manage Connections there. Without dates the assumed ones are used:
    testing after 14 days, rollover after 30, both supported after 44, final after 90.
    """
    from models.services.certificates import Dates
    from scheduler.rollover import begin_rollover, change_rollover, keep_up

    settings = settings_of(context)
    given = (published, testing, rollover, both_supported, final)
    if start and change:
        raise InvalidInput({"change": "Either start a rollover or change the one that is under way."})
    if not start and (stage_lasts is not None or (any(given) and not change)):
        raise InvalidInput({"start": "Dates belong to --start or --change."})
    if change and not any(given):
        raise InvalidInput({"change": "Name a date, e.g. --final 2026-05-01."})
    with opened(settings) as lab:
        if start:
            lab.require_writing()
            begins = lab.now
            dates = Dates.usual(begins) if stage_lasts is None else Dates.evenly(begins, duration(stage_lasts))
            begin_rollover(lab.store, _actor(lab), _with(dates, given, begins))
        elif change:
            lab.require_writing()
            keep_up(lab.store)
            change_rollover(lab.store, _actor(lab), lambda dates: _with(dates, given, lab.now))
        if not settings.read_only:
            keep_up(lab.store)
        document = _document(lab.store, lab.now)
    answer(
        settings,
        {"rollover": document},
        lambda: (
            facts(
                [
                    ("Lab time", document["now"]),
                    ("From certificate", document["old"]),
                    ("To certificate", document["new"]),
                    ("Stage", document["stage"]),
                    *((stage["stage"], stage["begins"]) for stage in document["stages"]),
                ]
            )
            if document["stages"]
            else "No rollover has been planned."
        ),
    )


def _actor(lab: OpenLab) -> Actor:
    with lab.store.read() as session:
        vaults = lab.vaults(session)
        if not vaults:
            raise NotFound("This store holds no Vaults.", "vault-console demo makes a store with Vaults to look at.")
        return lab.actor(session, vaults[0].key)


def _with(dates: Dates, given: tuple[str | None, ...], now: datetime) -> Dates:
    from models.services.certificates import STAGE_DATES, Dates
    from models.typed_times import read_moment

    moments: list[datetime] = []
    problems: dict[str, str] = {}
    for name, text, moment in zip(STAGE_DATES.values(), given, dates.as_tuple(), strict=True):
        try:
            moments.append(moment if text is None else read_moment(text, now))
        except ValueError as problem:
            problems[f"--{name.removesuffix('_at').replace('_', '-')}"] = str(problem)
    if problems:
        raise InvalidInput(problems)
    return Dates(*moments)


def _document(store: Any, now: datetime) -> dict[str, Any]:
    from models.queries.certificates import latest_rollover

    with store.read() as session:
        row = latest_rollover(session)
    if row is None:
        return {"now": now, "old": None, "new": None, "stage": None, "stages": []}
    return {
        "now": now,
        "old": row.old,
        "new": row.new,
        "stage": row.stage,
        "stages": [{"stage": stage, "begins": begins} for stage, begins in row.stages],
    }
