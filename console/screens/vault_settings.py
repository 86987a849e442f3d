"""The settings of the Vault in use, from everywhere: its applications and the local features configured in it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from console.doing import vaults as doing
from console.modals.form import Form, FormScreen, form_field
from console.screens.later import Later
from console.work import in_thread

if TYPE_CHECKING:
    from console.app import ConsoleApp

ABOUT: Final = (
    "Integrations need some of them: one whose application or local feature is missing cannot be activated. One that "
    "is active already goes on, and the doctor says what it lacks."
)


def ask_for_vault_settings(home: ConsoleApp) -> None:
    """Have the settings of the Vault in use edited."""
    vault, store, screen = home.session.vault, home.store, home.screen
    if vault is None or store is None:
        return

    def read() -> Form | None:
        from models.queries.lab import ask

        found = ask(store, doing.read_settings, vault.key)
        return None if found is None else vault_form(vault.name, found)

    def told(text: str | None) -> None:
        if text:
            home.tell(text)

    def shown(form: Form | None) -> None:
        # Whoever has gone elsewhere meanwhile is left alone.
        if form is not None and home.screen is screen:
            home.push_screen(FormScreen(form), told)

    in_thread(home, read, lambda form: Later(partial(shown, form)), group="ask", exclusive=True)


def vault_form(name: str, now: doing.Settings) -> Form:
    """The form of a Vault's settings. Names are free; those that standard connections speak of are proposed."""
    from models.services.vault_settings import KNOWN_APPLICATIONS, KNOWN_FEATURES

    applications = ", ".join(each for names in KNOWN_APPLICATIONS.values() for each in names)
    features = ", ".join(KNOWN_FEATURES)
    fields = (
        form_field("applications", "Applications", now["applications"], hint="e.g. QMS, QualityDocs"),
        form_field("features", "Local features", now["features"], hint="e.g. Change Control"),
    )
    helps = {
        "applications": f"Names with commas between them. Standard connections speak of {applications}.",
        "features": f"What is configured in this Vault. Standard integrations need {features}.",
    }
    save = partial(doing.change_settings, name=name)
    return Form(f"Settings of {name}", fields, save, about=ABOUT, helps=helps)
