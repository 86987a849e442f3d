"""Vaults and who uses them: making a Vault with its standard profiles, users and jobs; profiles and users.

Vaults are made by whoever keeps the lab, not by a user of a Vault: these functions take no actor and are audited as
the platform's doing. Everything a Vault's own administrator does is in the other services.
"""

import re
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, literal, select
from sqlmodel import Session

from models.audit import audit
from models.errors import NotFound, NotPossible
from models.feed import Topic
from models.permissions import STANDARD_PROFILES, SYSTEM_ADMIN, VAULT_OWNER, Actor, Permission, Right
from models.services.checks import Checks, key_of, require_vault
from models.services.integration_needs import names_of
from models.services.objects import FieldSpec, NamedLabel, add_fields, create_object, create_picklist
from models.store import WriteSession
from models.tables import Job, JobKind, ProfilePermission, SecurityProfile, User, Vault, table_of

__all__ = [
    "FieldSpec",
    "NamedLabel",
    "add_fields",
    "application_owner_id",
    "change_profile",
    "create_object",
    "create_picklist",
    "create_profile",
    "create_user",
    "create_vault",
]

_vaults = table_of(Vault)
_users = table_of(User)
_profiles = table_of(SecurityProfile)
_granted = table_of(ProfilePermission)

SEND_EVERY = 300
RECEIVE_EVERY = 300
RECEIVE_AFTER_SEND = 150
"""Seconds of lab time by which a Vault's receive job runs after its send job: together about five minutes each (S0)."""
DELIVER_EVERY = 60
DELIVER_AFTER_SEND = 20

_STEP = 37
"""Seconds between the jobs of one Vault and the next; prime to both periods, so that no two Vaults share a second."""
_HOST = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*", re.IGNORECASE)
_OBJECT_RIGHT = re.compile(rf"Object: (\*|[a-z0-9_-]+)(, Object Type: [a-z0-9_-]+)?: ({'|'.join(Right)})")


def create_vault(
    write: WriteSession,
    *,
    id: int,
    name: str,
    dns_host: str,
    domain: str,
    family: str,
    applications: Sequence[str] = (),
    features: Sequence[str] = (),
    parent_id: int | None = None,
    administrator: tuple[str, str] = ("Vault", "Administrator"),
) -> Vault:
    """Make a Vault: with its standard profiles, its Application Owner, an administrator, and its three jobs.

    With a parent it is that Vault's sandbox. `features` are the local features that are configured in it.
    `administrator` is his first and last name; he is `admin@{domain}` with the System Admin profile.
    Raises InvalidInput that names every bad field.
    """
    order = write.execute(select(func.count()).select_from(_vaults)).scalar_one()
    checks = Checks()
    if checks.number("id", id):
        checks.unless(write, "id", f"There is already a Vault {id}.", _vaults.c.id == id)
    name = checks.text("name", name, 100, required=True)
    family = checks.text("family", family, 60, required=True)
    for field, host in (("dns_host", dns_host), ("domain", domain)):
        checks.text(field, host, 255, required=True)
        checks.refuse(field, "A host name such as clinical.example.com is needed.", when=not _HOST.fullmatch(host))
    checks.unless(write, "name", f"There is already a Vault named {name}.", _vaults.c.name == name)
    checks.unless(write, "dns_host", f"Another Vault is reached as {dns_host}.", _vaults.c.dns_host == dns_host)
    if parent_id is not None and checks.number("parent_id", parent_id) and write.get(Vault, parent_id) is None:
        checks.note("parent_id", f"There is no Vault {parent_id} to be the parent.")
    applications = names_of(checks, "applications", applications)
    features = names_of(checks, "features", features)
    checks.done()
    vault = Vault(
        id=id,
        name=name,
        dns_host=dns_host,
        domain=domain,
        family=family,
        applications=applications,
        features=features,
        sandbox=parent_id is not None,
        parent_id=parent_id,
    )
    write.add(vault)
    write.flush()
    audit(write, Actor.system(id), action="Create", object_name="vault", item=name)
    for profile, permissions in STANDARD_PROFILES.items():
        _add_profile(write, id, profile, permissions, standard=True)
    create_user(write, id, _application_owner_name(domain), "Application", "Owner", VAULT_OWNER)
    create_user(write, id, f"admin@{domain}", *administrator, SYSTEM_ADMIN)
    _add_jobs(write, id, order)
    write.changed(Topic.VAULTS, id)
    return vault


def create_user(
    write: WriteSession,
    vault_id: int,
    username: str,
    first_name: str,
    last_name: str,
    profile: str,
    *,
    email: str = "",
    active: bool = True,
) -> User:
    """Make a user of a Vault with a security profile, by the profile's name. Raises NotFound, InvalidInput."""
    require_vault(write, vault_id)
    checks = Checks()
    username = checks.text("username", username, 100, required=True)
    first_name = checks.text("first_name", first_name, 100)
    last_name = checks.text("last_name", last_name, 100)
    email = checks.text("email", email or username, 200)
    taken = f"Vault {vault_id} already has a user {username}."
    checks.unless(write, "username", taken, _users.c.vault_id == vault_id, _users.c.username == username)
    profile_id: Any = write.execute(
        select(_profiles.c.id).where(_profiles.c.vault_id == vault_id, _profiles.c.name == profile)
    ).scalar_one_or_none()
    checks.refuse("profile", f"Vault {vault_id} has no security profile {profile}.", when=profile_id is None)
    checks.done()
    user = User(
        vault_id=vault_id,
        username=username,
        first_name=first_name,
        last_name=last_name,
        email=email,
        profile_id=profile_id,
        active=active,
    )
    write.add(user)
    write.flush()
    audit(write, Actor.system(vault_id), action="Create", object_name="user__sys", item=username)
    write.changed(Topic.USERS, vault_id)
    return user


def application_owner_id(session: Session, vault_id: int) -> int | None:
    """The id of a Vault's Application Owner: standard connections act through him by default (seed S1)."""
    statement = (
        select(_users.c.id)
        .join(_vaults, _vaults.c.id == _users.c.vault_id)
        .where(
            _users.c.vault_id == vault_id, _users.c.username == literal(_application_owner_name("")) + _vaults.c.domain
        )
    )
    found: int | None = session.execute(statement).scalar_one_or_none()
    return found


def create_profile(write: WriteSession, vault_id: int, name: str, permissions: Collection[str]) -> SecurityProfile:
    """Make a custom security profile that grants these permissions, by their labels. Raises NotFound, InvalidInput."""
    require_vault(write, vault_id)
    checks = Checks()
    name = checks.text("name", name, 100, required=True)
    taken = f"Vault {vault_id} already has a security profile {name}."
    checks.unless(write, "name", taken, _profiles.c.vault_id == vault_id, _profiles.c.name == name)
    _check_permissions(checks, permissions)
    checks.done()
    profile = _add_profile(write, vault_id, name, permissions, standard=False)
    audit(write, Actor.system(vault_id), action="Create", object_name="security_profile__sys", item=name)
    write.changed(Topic.USERS, vault_id)
    return profile


def change_profile(write: WriteSession, vault_id: int, name: str, permissions: Collection[str]) -> bool:
    """Have a custom security profile grant these permissions and no others; answers whether that changed anything.

    Raises NotFound, InvalidInput, and NotPossible for a standard profile, which cannot be edited.
    """
    found = write.execute(
        select(_profiles.c.id, _profiles.c.standard).where(_profiles.c.vault_id == vault_id, _profiles.c.name == name)
    ).one_or_none()
    if found is None:
        raise NotFound(f"Vault {vault_id} has no security profile {name}.", "Check the name.")
    if found.standard:
        raise NotPossible(
            f"{name} is a standard security profile and cannot be edited.", "Create a custom profile instead."
        )
    checks = Checks()
    _check_permissions(checks, permissions)
    checks.done()
    before = set(write.execute(select(_granted.c.permission).where(_granted.c.profile_id == found.id)).scalars())
    after = set(permissions)
    if before == after:
        return False
    write.execute(delete(_granted).where(_granted.c.profile_id == found.id))
    _grant(write, found.id, after)
    audit(
        write,
        Actor.system(vault_id),
        action="Edit",
        object_name="security_profile__sys",
        item=name,
        changes={"permissions": (sorted(before), sorted(after))},
    )
    write.changed(Topic.USERS, vault_id)
    return True


def _application_owner_name(domain: str) -> str:
    return f"app.owner@{domain}"


def _add_profile(
    write: WriteSession, vault_id: int, name: str, permissions: Collection[str], *, standard: bool
) -> SecurityProfile:
    profile = SecurityProfile(vault_id=vault_id, name=name, standard=standard)
    write.add(profile)
    write.flush()
    _grant(write, key_of(profile), permissions)
    return profile


def _grant(write: WriteSession, profile_id: int, permissions: Collection[str]) -> None:
    if permissions:
        rows = [{"profile_id": profile_id, "permission": str(permission)} for permission in sorted(permissions)]
        write.execute(_granted.insert(), rows)


def _check_permissions(checks: Checks, permissions: Collection[str]) -> None:
    known = {permission.value for permission in Permission}
    for permission in permissions:
        if permission not in known and not _OBJECT_RIGHT.fullmatch(permission):
            checks.note("permissions", f"There is no permission {permission}.")


def _add_jobs(write: WriteSession, vault_id: int, order: int) -> None:
    """Give a Vault its jobs; `order` is how many Vaults there were before, and spreads them over the period."""
    start = write.now.replace(microsecond=0)
    slot = order * _STEP
    for kind, every, offset in (
        (JobKind.SEND, SEND_EVERY, slot),
        (JobKind.RECEIVE, RECEIVE_EVERY, slot + RECEIVE_AFTER_SEND),
        (JobKind.DELIVER, DELIVER_EVERY, slot + DELIVER_AFTER_SEND),
    ):
        first = start + timedelta(seconds=1 + offset % every)
        write.add(Job(vault_id=vault_id, kind=kind, every_seconds=every, next_run_at=first))
    write.flush()
    write.changed(Topic.JOBS, vault_id)
