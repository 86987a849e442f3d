"""The form for the identifiers by which persons are matched with accounts (seed S4)."""

from __future__ import annotations

from functools import partial

from console.doing import identifiers as doing
from console.modals.form import Form, form_field

ABOUT = (
    "A Person here is the Account there whose identifier holds the same value. Set it for all connections of this "
    "Vault, or for this one where its organisation has another. Both empty: taken back."
)


def identifiers_form(connection_id: int, name: str, now: doing.Settings) -> Form:
    """The form of a connection; it begins with what counts for it now."""
    own = now.own or now.vault
    scope = doing.ONE if now.own is not None or now.vault is None else doing.ALL
    fields = (
        form_field("person_field", "Person field", own.person_field if own else "", hint="e.g. sim_external_id__c"),
        form_field("account_field", "Account field", own.account_field if own else "", hint="e.g. sim_external_id__c"),
        form_field(
            "scope",
            "For",
            scope,
            type="picklist",
            required=True,
            choices=((doing.ONE, "this connection"), (doing.ALL, "all connections of the Vault")),
        ),
    )
    helps = {
        "person_field": "API name of a field of Person in the Clinical Operations Vault.",
        "account_field": "API name of a field of Account in the CRM organisation.",
        "scope": "What is set for one connection goes before what is set for all.",
    }
    save = partial(doing.save, connection_id=connection_id, name=name)
    return Form(f"Person Identifiers of {name}", fields, save, about=ABOUT, helps=helps)
