"""`users`: who may act in a Vault."""

import typer

from console.cli.frame import area, command
from console.cli.lab import Located, opened
from console.cli.output import Column, answer, located, table
from console.cli.settings import settings_of

users = area("users", "Users of Vaults, and what their security profiles are.")


@command(users, "list", lists="users")
def list_users(context: typer.Context) -> None:
    """List users."""
    from models.queries.lab import user_list

    settings = settings_of(context)
    with opened(settings) as lab, lab.store.read() as session:
        rows = [Located(vault, row) for vault in lab.vaults(session) for row in user_list(session, vault.key)]
    columns: list[Column[Located]] = [
        Column("Vault", lambda line: line.vault.name),
        Column("User", lambda line: line.row.username),
        Column("Name", lambda line: line.row.full_name),
        Column("Security profile", lambda line: line.row.profile),
        Column("Status", lambda line: "Active" if line.row.active else "Inactive"),
    ]
    answer(
        settings,
        {"users": [located(line.vault.key, line.vault.name, line.row) for line in rows]},
        lambda: table(columns, rows, empty="There are no users."),
    )
