"""The forms of connections, one per type, with the labels and help of the vendor's page (seed S1)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from console.doing import connections as doing
from console.modals.form import UNSEEN, Form, form_field

if TYPE_CHECKING:
    from console.doing.asking import Made
    from console.doing.connections import ConnectionPage
    from console.session import Session
    from models.queries.connection_detail import AuthorizationLine, ClientLine
    from models.queries.records import FormField

VAULT_TO_VAULT: Final = "vault_to_vault__sys"
EXTERNAL: Final = "external__sys"
LOCAL: Final = "local__sys"

TYPES: Final = (
    (VAULT_TO_VAULT, "Vault to Vault", "With another Vault; begins Pending, until it is established"),
    (EXTERNAL, "External", "With an external application, at an HTTPS address; Active at once"),
    (LOCAL, "Local", "Within this Vault; Active at once"),
)
YES_NO: Final = (("true", "Yes"), ("false", "No"))
AUTHORIZATION_TYPES: Final = (
    ("basic_auth__sys", "Basic Auth", "User Name and Password of the external system"),
    ("client_credentials__sys", "Client Credential", "Client ID and Client Secret of the external system"),
)

_API_NAME = "Only lowercase, alphanumeric characters and underscores (_) between characters are allowed."
_REMOTE = "Optional, for your personal reference only; filled in when the connection is established."
_USER = {
    VAULT_TO_VAULT: "Optional. If the remote Vault needs to access information in this Vault, it does so through this "
    "user.",
    EXTERNAL: "Optional but recommended. If the external application needs to access information in this Vault, it "
    "does so through this user. Without one it cannot create session tokens.",
    LOCAL: "Optional. If your Vault needs to access information requiring user credentials, it does so through this "
    "user.",
}
HELPS: Final = {
    "name": "The name by which people know this connection.",
    "api_name": f"{_API_NAME} A custom name ends in __c.",
    "description": "Optional: what this connection is for.",
    "remote_vault_id": "Optional. The ID of the Vault you want to exchange messages with. With it, only that Vault can "
    "use the connection file, and there is no approval workflow. Without it, both Vaults approve.",
    "remote_vault_name": _REMOTE,
    "remote_dns_host": _REMOTE,
    "cross_domain": "Whether it may connect Vaults of different domains.",
    "url": "Optional. An address that begins with https:// on the standard port. Vault Tokens and Custom Tokens such "
    "as ${Custom.orders} may stand in it.",
    "authorization_id": "Optional but recommended. If this connection needs to access data in the external "
    "application, it does so with this Authorization.",
    "client_id": "1 to 100 letters, digits, points, underscores and hyphens.",
    "active": "An inactive client id is refused while Client ID Filtering is on.",
}


def create_form(kind: str, session: Session, authorizations: Sequence[AuthorizationLine], made: Made) -> Form:
    """The form of a new connection of a type."""
    fields = _fields(kind, {}, session, authorizations, "", "")
    if kind == VAULT_TO_VAULT:
        fields.append(form_field("cross_domain", "Cross Domain", "false", choices=YES_NO))
    label = next(label for key, label, _ in TYPES if key == kind)
    save = partial(doing.create, kind=kind, made=made)
    return Form(f"New {label} connection", fields, save, is_new=True, helps=_helps(kind))


def edit_form(page: ConnectionPage, session: Session, authorizations: Sequence[AuthorizationLine]) -> Form:
    """The form of a connection as it stands. Its type is not in it: it never changes."""
    detail = page.detail
    values = {
        "name": detail.name,
        "api_name": detail.api_name,
        "description": detail.description,
        "url": detail.url or "",
        "remote_vault_id": str(detail.remote_vault_id or ""),
        "remote_vault_name": detail.remote_vault_name,
        "remote_dns_host": detail.remote_dns_host,
    }
    user = str(page.authorized_user_id or "")
    authorization = str(page.authorization.key) if page.authorization else ""
    fields = _fields(detail.type, values, session, authorizations, user, authorization)
    return Form(f"Edit {detail.name}", fields, partial(doing.edit, connection_id=detail.key), helps=_helps(detail.type))


def duplicate_form(page: ConnectionPage, made: Made) -> Form:
    """The names of a copy."""
    detail = page.detail
    fields = (
        form_field("name", "Name", f"{detail.name} Copy"[:100], required=True),
        form_field("api_name", "API Name", _copy_name(detail.api_name), required=True),
    )
    about = (
        "The copy has the fields of the original, and copies of its integrations and lookups; the integrations begin "
        "inactive. The same queues serve it. The remote Vault's details stay with the original."
    )
    save = partial(doing.duplicate, connection_id=detail.key, made=made)
    return Form(f"Duplicate {detail.name}", fields, save, is_new=True, about=about, helps=HELPS, saves="Duplicate")


def download_form(page: ConnectionPage, about: str, path: str) -> Form:
    """The Download Connection File dialog: what the file is, and where to save it."""
    fields = (form_field("path", "Save as", path, required=True),)
    save = partial(doing.download, connection_id=page.key)
    helps = {"path": "A path on this machine. ~ is your home folder."}
    title = "Download Connection File"
    return Form(title, fields, save, is_new=True, about=about, helps=helps, saves="Download")


def pem_form(certificate_id: str, path: str) -> Form:
    """Where to save a certificate."""
    fields = (form_field("path", "Save as", path, required=True),)
    save = partial(doing.save_pem, certificate_id=certificate_id)
    about = "The certificate holds the public key only: who receives messages verifies their signatures with it."
    title = f"Download certificate {certificate_id}"
    helps = {"path": "A path on this machine. ~ is your home folder."}
    return Form(title, fields, save, is_new=True, about=about, helps=helps, saves="Download")


def client_form(page: ConnectionPage, client: ClientLine | None) -> Form:
    """A client id of a connection."""
    fields = [form_field("client_id", "Client ID", client.client_id if client else "", required=True)]
    if client is not None:
        fields.append(
            form_field(
                "active",
                "Status",
                "true" if client.active else "false",
                choices=(("true", "Active"), ("false", "Inactive")),
            )
        )
    save = partial(doing.save_client, connection_id=page.key, key=client.key if client else None)
    title = f"Client ID of {page.detail.name}" if client else f"New client ID of {page.detail.name}"
    return Form(title, fields, save, is_new=client is None, helps=HELPS)


def authorization_form(kind: str, line: AuthorizationLine | None) -> Form:
    """A Connection Authorization. What is secret is typed unseen, sealed, and never shown again."""
    basic = kind == "basic_auth__sys"
    identity = ("username__sys", "User Name") if basic else ("client_id__sys", "Client ID")
    secret = ("password__sys", "Password") if basic else ("client_secret__sys", "Client Secret")
    fields = (
        form_field("name", "Name", line.name if line else "", required=True),
        form_field(*identity, line.identity if line else "", required=True),
        form_field(*secret, type=UNSEEN, required=line is None, hint="unchanged" if line else ""),
    )
    helps = {
        "name": "The name under which a connection selects it.",
        secret[0]: "It is sealed, and never shown again." + (" Empty leaves the stored one." if line else ""),
    }
    save = partial(doing.save_authorization, kind=kind, key=line.key if line else None)
    label = "Basic Auth" if basic else "Client Credential"
    title = f"Edit {line.name}" if line else f"New Authorization: {label}"
    return Form(title, fields, save, is_new=line is None, helps=helps)


def _fields(
    kind: str,
    values: dict[str, str],
    session: Session,
    authorizations: Sequence[AuthorizationLine],
    user: str,
    authorization: str,
) -> list[FormField]:
    def text(name: str, label: str, *, required: bool = False, hint: str = "") -> FormField:
        return form_field(name, label, values.get(name, ""), required=required, hint=hint)

    fields = [
        text("name", "Name", required=True),
        text("api_name", "API Name", required=True, hint="my_connection__c"),
    ]
    if kind == VAULT_TO_VAULT:
        fields.append(text("remote_vault_id", "Remote Vault ID"))
    if kind == EXTERNAL:
        fields.append(text("url", "URL", hint="https://"))
        choices = [(str(line.key), f"{line.name} ({line.identity})") for line in authorizations]
        fields.append(form_field("authorization_id", "Authorization", authorization, type="picklist", choices=choices))
    fields.append(text("description", "Description"))
    users = [(str(row.key), f"{row.full_name} ({row.username})") for row in session.users if row.active]
    if user and user not in dict(users):
        users += [(user, row.username) for row in session.users if str(row.key) == user]
    fields.append(form_field("authorized_user_id", "Authorized Connection User", user, type="picklist", choices=users))
    if kind == VAULT_TO_VAULT:
        fields.append(text("remote_vault_name", "Remote Vault Name"))
        fields.append(text("remote_dns_host", "Remote DNS Host"))
    return fields


def _helps(kind: str) -> dict[str, str]:
    return {**HELPS, "authorized_user_id": _USER[kind]}


def _copy_name(api_name: str) -> str:
    stem = api_name.partition("__")[0].replace("-", "_")
    return f"{stem[:35]}_copy__c"
