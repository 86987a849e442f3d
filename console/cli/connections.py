"""`connections`: list them, and show one as the Connections area does."""

import typer

from console.cli.frame import Words, area, command
from console.cli.lab import Located, gone, opened
from console.cli.output import Column, answer, facts, located, parts, section, table
from console.cli.settings import settings_of

connections = area("connections", "Connections between Vaults, and what moved through them.")


@command(connections, "list", lists="connections")
def list_connections(context: typer.Context, words: Words = "") -> None:
    """List connections, with what was sent and received today."""
    from models.queries.connections import listing

    settings = settings_of(context)
    with opened(settings) as lab, lab.store.read() as session:
        today = lab.now.date()
        _total, rows = lab.rows(session, lambda vault_id: listing(vault_id, today, text=words))
    columns: list[Column[Located]] = [
        Column("Vault", lambda line: line.vault.name),
        Column("Connection", lambda line: line.row.api_name),
        Column("State", lambda line: line.row.state),
        Column("Remote Vault", lambda line: line.row.remote),
        Column("Sent", lambda line: line.row.sent, right=True),
        Column("Received", lambda line: line.row.received, right=True),
        Column("Exceptions", lambda line: line.row.exceptions, right=True),
    ]
    answer(
        settings,
        {"connections": [located(line.vault.key, line.vault.name, line.row) for line in rows]},
        lambda: table(columns, rows, empty="There are no connections."),
    )


@command(connections, "show")
def show(context: typer.Context, connection: str = typer.Argument(help="Its API name, name or number.")) -> None:
    """Show one connection."""
    from models.queries.connection_detail import approval_view, client_id_filtering, clients
    from models.queries.connections import detail
    from models.queries.lookups import lookups
    from models.tables import Connection

    settings = settings_of(context)
    with opened(settings) as lab, lab.store.read() as session:
        found = lab.find(session, Connection, connection)
        row = detail(session, found.vault_id, found.key, lab.now.date())
        client_lines = clients(session, found.vault_id, found.key)
        lookup_lines = lookups(session, found.vault_id, found.key)
        more = {
            "clients": client_lines,
            "client_id_filtering": client_id_filtering(session, found.vault_id),
            "lookups": lookup_lines,
            "approval": approval_view(session, found.vault_id, found.key),
        }
    if row is None:
        raise gone("connection")

    def text() -> str:
        return parts(
            facts(
                [
                    ("Name", row.name),
                    ("API name", row.api_name),
                    ("Vault", found.vault),
                    ("Type", row.type),
                    ("State", row.state),
                    ("Remote Vault", row.remote_vault_name),
                    ("Remote state", row.remote_state),
                    ("Authorized user", row.authorized_user),
                    ("Certificate", row.certificate),
                    ("URL", row.url),
                    ("Description", row.description),
                    ("Active exceptions", row.exceptions),
                ]
            ),
            section(
                "Integrations",
                table(
                    [
                        Column("Name", lambda line: line.name),
                        Column("Status", lambda line: "Active" if line.active else "Inactive"),
                    ],
                    row.integrations,
                ),
            ),
            section(
                "Queues",
                table(
                    [
                        Column("Label", lambda line: line.label),
                        Column("Type", lambda line: line.type),
                        Column("Delivers to", lambda line: line.deliver_to),
                        Column("Waiting", lambda line: line.queued, right=True),
                    ],
                    row.queues,
                ),
            ),
            section(
                "Reference Lookups",
                table(
                    [
                        Column("Name", lambda line: line.name),
                        Column("Type", lambda line: line.type),
                        Column("Target object", lambda line: line.target_object),
                        Column("Keys", lambda line: line.keys, right=True),
                        Column("Unused", lambda line: line.unused, right=True),
                        Column("Missing keys", lambda line: line.missing, right=True),
                    ],
                    lookup_lines,
                ),
            ),
            section(
                "Connection Client",
                table(
                    [
                        Column("Client ID", lambda line: line.client_id),
                        Column("Status", lambda line: "Active" if line.active else "Inactive"),
                    ],
                    client_lines,
                ),
            ),
            section(
                "Connection Stats",
                table(
                    [
                        Column("Day", lambda line: line.day),
                        Column("Sent", lambda line: line.sent, right=True),
                        Column("Received", lambda line: line.received, right=True),
                        Column("Failures", lambda line: line.failures, right=True),
                        Column("Retries", lambda line: line.retries, right=True),
                        Column("Timeouts", lambda line: line.timeouts, right=True),
                        Column("Fatal errors", lambda line: line.fatal_errors, right=True),
                    ],
                    row.stats,
                ),
            ),
        )

    answer(settings, {"connection": located(found.vault_id, found.vault, row) | more}, text)
