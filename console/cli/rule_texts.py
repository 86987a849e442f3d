"""`rules export` and `rules import`: integration rules as MDL text."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from console.cli.frame import command
from console.cli.lab import OpenLab, opened
from console.cli.output import answer, jsonable, lines, tell
from console.cli.rules import rules
from console.cli.saving import Force, write_file
from console.cli.settings import settings_of
from models.errors import InvalidInput, NotPossible


@command(rules, "export")
def export(
    context: typer.Context,
    rule: Annotated[str | None, typer.Argument(metavar="RULE", help="One rule. Default: all of the Vault.")] = None,
    connection: Annotated[str | None, typer.Option(metavar="CONNECTION", help="All rules of a connection.")] = None,
    integration: Annotated[str | None, typer.Option(metavar="INTEGRATION", help="All of an integration.")] = None,
    point: Annotated[str | None, typer.Option(metavar="POINT", help="All of an integration point.")] = None,
    output: Annotated[Path | None, typer.Option("--output", metavar="FILE", help="Write to this file.")] = None,
    force: Force = False,
) -> None:
    """Write integration rules as MDL text."""
    from models.mdl.exporting import export_rules
    from models.tables import Connection, Integration, IntegrationPoint, IntegrationRule

    settings = settings_of(context)
    wanted: dict[str, tuple[Any, str | None]] = {
        "rule_id": (IntegrationRule, rule),
        "point_id": (IntegrationPoint, point),
        "integration_id": (Integration, integration),
        "connection_id": (Connection, connection),
    }
    with opened(settings) as lab, lab.store.read() as session:
        found = {name: lab.find(session, kind, text) for name, (kind, text) in wanted.items() if text is not None}
        vault_id = next((one.vault_id for one in found.values()), None) or lab.vault(session).key
        text = export_rules(session, vault_id, **{name: one.key for name, one in found.items()})
    count = text.count("RECREATE Integrationrule ")
    if output is None:
        answer(settings, {"vault_id": vault_id, "rules": count, "mdl": text}, text.rstrip)
        return
    write_file(output, text.encode(), "--output", force=force)
    told = "1 rule" if count == 1 else f"{count} rules"
    tell(settings, {"vault_id": vault_id, "rules": count, "file": str(output)}, f"Wrote {told} to {output}.")


@command(rules, "import")
def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file with MDL text.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
) -> None:
    """Make the rules of the Vault named with --vault what the text says; rules that it does not name stay."""
    from models.mdl.difference import sentences
    from models.mdl.importing import import_rules, preview_import

    settings = settings_of(context)
    text = _read(file)
    if "integrationrule" not in text.casefold():
        raise InvalidInput({"FILE": "It holds no rules."}, "Rules begin with RECREATE Integrationrule name__c (")
    with opened(settings) as lab:
        vault_id = _vault(lab)
        with lab.store.read() as session:
            actor = lab.actor(session, vault_id)
        if dry_run:
            changes = preview_import(lab.store, actor, text)
        else:
            with lab.store.write() as write:
                changes = import_rules(write, actor, text)
    document = {"vault_id": vault_id, "dry_run": dry_run, "changes": [jsonable(change) for change in changes]}
    told = sentences(changes) or ("Nothing differs.",)
    ending = ("Nothing was changed: this was a dry run.",) if dry_run and changes else ()
    answer(settings, document, lambda: lines((*told, *ending)))


def _vault(lab: OpenLab) -> int:
    with lab.store.read() as session:
        return lab.vault(session).key


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotPossible(f"{file} is no text in UTF-8.", "Save it as UTF-8.") from error
    except OSError as error:
        raise NotPossible(f"{file}: {error.strerror}.", "Check the path.") from error
