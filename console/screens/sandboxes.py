"""Creating and refreshing sandboxes of the Vault in use, from everywhere."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from console.doing import sandboxes as doing
from console.modals.dialog import Answer, Dialog
from console.modals.form import Form, FormScreen, form_field
from console.modals.picker import Choice, PickList
from console.modals.progress import ProgressScreen
from console.twins.call import carry_on

if TYPE_CHECKING:
    from console.app import ConsoleApp

HELPS = {
    "id": "A number that no other Vault has.",
    "name": "The name by which people know the sandbox.",
    "dns_host": "The host under which it is reached, in the domain of this Vault.",
}


def ask_for_sandbox(home: ConsoleApp) -> None:
    """Ask for a new sandbox's id, name and host, then make it."""
    vault = home.session.vault
    if vault is None:
        return
    number = max(row.key for row in home.session.vaults) + 1
    fields = (
        form_field("id", "Vault ID", str(number), required=True),
        form_field("name", "Name", f"{vault.name} Sandbox", required=True),
        form_field("dns_host", "DNS Host", f"sb-{number}.{vault.domain}", required=True),
    )

    def done(text: str | None) -> None:
        if text:
            home.tell(text)

    about = (
        f"A copy of {vault.name}: users, data model, configuration and records. Active Vault to Vault connections are "
        "Pending in it, External ones Inactive unless their URL holds tokens."
    )
    title = f"New sandbox of {vault.name}"
    form = Form(title, fields, work=doing.creating, is_new=True, about=about, helps=HELPS, saves="Create")
    home.push_screen(FormScreen(form), done)


def ask_for_refresh(home: ConsoleApp) -> None:
    """Ask which sandbox of the Vault in use is to be refreshed, then do it."""
    choices = [Choice(str(vault.key), vault.name, str(vault.key)) for vault in home.session.sandboxes]
    names = {choice.key: choice.label for choice in choices}

    def answered(key: str, answer: str | None) -> None:
        store, who = home.store, home.session.who
        if answer and store is not None:
            home.push_screen(
                ProgressScreen(f"Refresh {names[key]}", carry_on(doing.refreshing, store, who, int(key))), done
            )

    def done(text: str | None) -> None:
        if text:
            home.tell(text)

    def picked(key: str | None) -> None:
        if key is not None:
            here = home.session.vault_name(home.session.vault_id)
            lines = [f"Everything in {names[key]} is replaced by what {here} holds now."]
            dialog = Dialog(f"Refresh {names[key]}", lines, [Answer("go", "Refresh", "warning")])
            home.push_screen(dialog, partial(answered, key))

    home.push_screen(PickList("Refresh a sandbox of this Vault", choices), picked)
