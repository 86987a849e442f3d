"""`certificates`: list signing certificates, and show or print one."""

from typing import Annotated

import typer

from console.cli.frame import Words, area, command
from console.cli.lab import gone, opened
from console.cli.output import Column, answer, facts, say, table
from console.cli.settings import settings_of
from models.queries.choosing import Candidate, choose

certificates = area("certificates", "Signing certificates: one serves all Vaults.")


@command(certificates, "list", lists="certificates")
def list_certificates(context: typer.Context, words: Words = "") -> None:
    """List signing certificates, with how many connections use each."""
    from models.queries.certificates import CertificateRow, listing

    settings = settings_of(context)
    with opened(settings) as lab, lab.store.read() as session:
        rows: dict[int, CertificateRow] = {}
        used: dict[int, int] = {}
        for vault_id in lab.vault_ids(session):
            of_vault = listing(vault_id, text=words)
            for row in of_vault.page(session, 0, of_vault.count(session), of_vault.count(session)):
                rows[row.key] = row
                used[row.key] = used.get(row.key, 0) + row.used_by
    columns: list[Column[CertificateRow]] = [
        Column("Certificate", lambda row: row.certificate_id),
        Column("State", lambda row: row.state),
        Column("Valid from", lambda row: row.not_before),
        Column("Valid until", lambda row: row.not_after),
        Column("Connections", lambda row: used[row.key], right=True),
    ]
    found = list(rows.values())
    documents = [
        {
            "id": row.key,
            "certificate_id": row.certificate_id,
            "state": row.state,
            "not_before": row.not_before,
            "not_after": row.not_after,
            "used_by": used[row.key],
        }
        for row in found
    ]
    answer(settings, {"certificates": documents}, lambda: table(columns, found, empty="There are no certificates."))


@command(certificates, "show")
def show(
    context: typer.Context,
    certificate: Annotated[str, typer.Argument(help="Its certificate id, e.g. 00001.")],
    pem: Annotated[bool, typer.Option("--pem", help="Print only the certificate, for a file.")] = False,
) -> None:
    """Show one signing certificate with the connections that use it. The private key is never shown."""
    from models.queries.certificates import detail, listing

    settings = settings_of(context)
    with opened(settings) as lab, lab.store.read() as session:
        vault_ids = lab.vault_ids(session)
        candidates = []
        for vault_id in vault_ids[:1]:
            of_vault = listing(vault_id)
            rows = of_vault.page(session, 0, of_vault.count(session), of_vault.count(session))
            candidates = [Candidate(row.key, (row.certificate_id, row.certificate_id), row.state) for row in rows]
        key = choose(candidates, certificate, "certificate", "Give the whole certificate id.").key
        details = [found for vault_id in vault_ids if (found := detail(session, vault_id, key)) is not None]
    if not details:
        raise gone("certificate")
    row, text = details[0].row, details[0].pem
    users = [name for found in details for _key, name in found.connections]
    if pem and not settings.json:
        say(text.rstrip("\n"))
        return
    document = {
        "id": row.key,
        "certificate_id": row.certificate_id,
        "state": row.state,
        "not_before": row.not_before,
        "not_after": row.not_after,
        "connections": sorted(set(users)),
        "pem": text,
    }
    answer(
        settings,
        {"certificate": document},
        lambda: (
            facts(
                [
                    ("Certificate", row.certificate_id),
                    ("State", row.state),
                    ("Valid from", row.not_before),
                    ("Valid until", row.not_after),
                    ("Connections", ", ".join(sorted(set(users)))),
                ]
            )
            + f"\n\n{text.rstrip()}"
        ),
    )
