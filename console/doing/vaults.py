"""The settings of the Vault in use, as calls of services (seed S0, "Integration Dependencies")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from console.commands import acting

if TYPE_CHECKING:
    from sqlmodel import Session as StoreSession

    from console.session import Who
    from models.store import Store

Values = Mapping[str, str]
Settings = dict[str, str]
"""Applications and local features by the names of their fields, each as a form holds them."""
FIELDS = ("applications", "features")


def read_settings(session: StoreSession, vault_id: int) -> Settings | None:
    """The settings of a Vault as a form holds them; None when it is gone."""
    from models.tables import Vault

    vault = session.get(Vault, vault_id)
    return None if vault is None else {name: ", ".join(getattr(vault, name)) for name in FIELDS}


def listed(text: str) -> list[str]:
    """Names that were typed with commas between them."""
    return [name.strip() for name in text.split(",") if name.strip()]


def change_settings(store: Store, who: Who, values: Values, _confirmed: bool, /, *, name: str) -> str:
    """Save applications and local features of the Vault in use."""
    from models.queries.requirements import lacking
    from models.services.vault_settings import change_vault_settings

    with acting(store, who) as (write, actor):
        typed = {field: listed(values[field]) for field in FIELDS if field in values}
        changed = change_vault_settings(write, actor, **typed)
        without = [each.name for each in lacking(write, who.vault_id)]
    if not changed:
        return "Nothing differed: nothing was saved."
    text = f"The settings of {name} were saved."
    return f"{text} Active integrations that lack something: {', '.join(without)}." if without else text
