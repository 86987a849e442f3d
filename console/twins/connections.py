"""Calls that do what is done with connections, their clients, Authorizations and certificates, and with sandboxes.

Each function is named as what it is the twin of.
"""

# ruff: noqa: D103 - the catalogue says what each is the twin of

from __future__ import annotations

from collections.abc import Sequence

from console.twins.call import Call, Free, Given, Words, flag

SECRET = "SECRET_FILE"  # noqa: S105
"""Stands for the file that holds a secret: a secret is no word of a call."""


def _of(given: Given, key: str = "connection_id") -> str:
    return given.name("Connection", given[key])


def _fields(given: Given, *left_out: str) -> Words:
    """Fields as the command line takes them: users and Authorizations by their names."""
    words = []
    for name, value in given.values.items():
        if name == "authorized_user_id":
            words.append(f"authorized_user={given.username(value)}")
        elif name == "authorization_id":
            row = given.row("ConnectionAuthorization", int(value)) if value else None
            words.append(f"authorization={row.name if row is not None else ''}")
        elif name not in left_out:
            words.append(f"{name}={value}")
    return words


def create(given: Given) -> Sequence[Words]:
    kind = str(given["kind"]).removesuffix("__sys")
    values = given.values
    empty = [name for name, value in values.items() if not value]
    across = ["--cross-domain"] if values.get("cross_domain") == "true" else []
    words = ["connections", "create", Free(values.get("name", ""))]
    words += ["--api-name", values.get("api_name", ""), "--type", kind, *across]
    pairs = _fields(given, "name", "api_name", "cross_domain", *empty)
    return [words + [word for pair in pairs for word in ("--set", pair)]]


def edit(given: Given) -> Sequence[Words]:
    confirm = ["--confirm-api-name"] if "api_name" in given.values else []
    return [["connections", "edit", _of(given), *_fields(given), *confirm]]


def duplicate(given: Given) -> Sequence[Words]:
    values = given.values
    return [
        ["connections", "duplicate", _of(given), Free(values.get("name", "")), "--api-name", values.get("api_name", "")]
    ]


def download(given: Given) -> Sequence[Words]:
    force = ["--force"] if given["_confirmed"] else []
    return [["connections", "download", _of(given), "--to", given.values.get("path", ""), *force]]


def connect(given: Given) -> Sequence[Words]:
    return [["connections", "connect", str(given["path"] or "FILE")]]


def complete(given: Given) -> Sequence[Words]:
    return [["connections", "approve" if given["approve"] else "reject", _of(given)]]


def reset(given: Given) -> Sequence[Words]:
    return [["connections", "reset", _of(given)]]


def delete(given: Given) -> Sequence[Words]:
    return [["connections", "delete", _of(given)]]


def save_client(given: Given) -> Sequence[Words]:
    connection, values = _of(given), given.values
    if given["key"] is None:
        return [["clients", "add", connection, Free(values.get("client_id", ""))]]
    row = given.row("ConnectionClient", given["key"])
    calls = []
    now = row.client_id if row is not None else ""
    if "client_id" in values:
        calls.append(["clients", "change", connection, Free(now), Free(values["client_id"])])
        now = values["client_id"]
    if "active" in values:
        calls.append(["clients", "activate" if values["active"] == "true" else "inactivate", connection, Free(now)])
    return calls


def set_filtering(given: Given) -> Sequence[Words]:
    return [["clients", "filtering", "--on" if given["on"] else "--off"]]


def save_authorization(given: Given) -> Sequence[Words]:
    from models.services.authorizations import IDENTITY_FIELDS, SECRET_FIELDS
    from models.tables import AuthorizationType

    kind = AuthorizationType(given["kind"])
    values = given.values
    identity = flag("--identity", values.get(IDENTITY_FIELDS[kind]))
    secret = ["--secret-file", SECRET] if values.get(SECRET_FIELDS[kind]) else []
    if given["key"] is None:
        name = values.get("name", "")
        return [
            ["authorizations", "create", Free(name), "--type", kind.value.removesuffix("__sys"), *identity, *secret]
        ]
    row = given.row("ConnectionAuthorization", given["key"])
    return [["authorizations", "edit", Free(row.name), *flag("--name", values.get("name")), *identity, *secret]]


def delete_authorization(given: Given) -> Sequence[Words]:
    return [["authorizations", "delete", Free(given["name"])]]


def choose_certificate(given: Given) -> Sequence[Words]:
    return [["certificates", "switch", _of(given), given["certificate_id"]]]


def save_pem(given: Given) -> Sequence[Words]:
    force = ["--force"] if given["_confirmed"] else []
    return [["certificates", "download", given["certificate_id"], "--output", given.values.get("path", ""), *force]]


def begin_rollover(given: Given) -> Sequence[Words]:
    words = ["certificates", "rollover", "--start"]
    for name, value in given.values.items():
        words += flag("--" + name.removesuffix("_at").replace("_", "-"), value)
    return [words]


def create_sandbox(given: Given) -> Sequence[Words]:
    values = given.values
    words = ["sandbox", "create", Free(values.get("name", "")), *flag("--id", values.get("id"))]
    return [[*words, *flag("--dns-host", values.get("dns_host"))]]


def refresh_sandbox(given: Given) -> Sequence[Words]:
    return [["sandbox", "refresh", str(given["_positional"][0])]]


def change_vault_settings(given: Given) -> Sequence[Words]:
    from console.doing.vaults import listed

    vault, words = given.row("Vault", given.who.vault_id), ["vaults", "edit"]
    for field, option in (("applications", "application"), ("features", "feature")):
        before, after = getattr(vault, field), listed(given.values.get(field, ""))
        if field in given.values:
            words += [word for name in after if name not in before for word in (f"--{option}", name)]
            words += [word for name in before if name not in after for word in (f"--no-{option}", name)]
    return [words]


def save_identifiers(given: Given) -> Sequence[Words]:
    from console.doing.identifiers import ALL

    values, words = given.values, ["connections", "identifiers", _of(given)]
    words += ["--all"] if values.get("scope") == ALL else []
    person, account = values.get("person_field", ""), values.get("account_field", "")
    if not person and not account:
        return [[*words, "--clear"]]
    return [[*words, *flag("--person", person), *flag("--account", account)]]


# Both halves of a connection


def hand_over(given: Given) -> Sequence[Call]:
    name = _of(given)
    file = f"{name}-{given.who.vault_id}.vaultconnection"
    return [["connections", "download", name, "--to", file], (given["taker"], ["connections", "connect", file])]


def activate_pair(given: Given) -> Sequence[Call]:
    return [(who, ["integrations", "activate", str(key)]) for who, key in given["keys"]]
