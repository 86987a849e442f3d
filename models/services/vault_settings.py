"""What a Vault is made of: its applications, and the local features that are configured in it (seed S0).

Integrations need some of them; see `models.queries.requirements`.

Assumed: they are changed with the permission to manage connections, and what is taken away stops no integration that
is active already: it goes on, and the doctor says what it lacks.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from models.audit import audit
from models.feed import Topic
from models.permissions import Actor, Permission
from models.services.checks import Checks
from models.services.integration_needs import names_of
from models.store import WriteSession
from models.tables import Vault

OBJECT_NAME = "vault"

KNOWN_APPLICATIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "Clinical Operations": ("CTMS", "eTMF", "Study Startup", "Site Connect", "Payments"),
    "Clinical Data": ("EDC", "eCOA"),
    "Study Training": ("Study Training",),
    "Quality": ("QMS", "QualityDocs", "LIMS"),
    "RIM": ("Submissions", "Registrations"),
    "Safety": ("Safety",),
    "Medical": ("MedInquiry", "MedComms"),
    "Commercial": ("PromoMats", "Vault CRM", "Medical CRM", "Network"),
}
"""The applications that the standard connections speak of, by family. A Vault may have others as well."""
KNOWN_FEATURES: Final = ("Change Control", "Complaints", "Deviations")
"""The local features that standard integrations ask for (seed S0)."""


def change_vault_settings(
    write: WriteSession,
    actor: Actor,
    *,
    applications: Sequence[str] | None = None,
    features: Sequence[str] | None = None,
) -> tuple[str, ...]:
    """Give the actor's Vault these applications and local features; None leaves them as they are.

    Answers the names of the settings that differed; another order or other capitals are no difference. Nothing is
    switched by it. Raises NotAllowed, InvalidInput.
    """
    actor.require(Permission.MANAGE_CONNECTIONS)
    vault = write.get_one(Vault, actor.vault_id)
    checks = Checks()
    changes: dict[str, tuple[list[str], list[str]]] = {}
    for name, names in (("applications", applications), ("features", features)):
        if names is None:
            continue
        before, after = list(getattr(vault, name)), sorted(names_of(checks, name, names), key=str.casefold)
        if {each.casefold() for each in before} != {each.casefold() for each in after}:
            changes[name] = (before, after)
    checks.done()
    if not changes:
        return ()
    for name, (_old, new) in changes.items():
        setattr(vault, name, new)
    write.add(vault)
    write.flush()
    audit(write, actor, action="Edit", object_name=OBJECT_NAME, item=vault.name, changes=changes)
    for topic in (Topic.VAULTS, Topic.CONNECTIONS, Topic.INTEGRATIONS):
        write.changed(topic, actor.vault_id)
    return tuple(changes)


def with_and_without(names: Sequence[str], added: Sequence[str], removed: Sequence[str]) -> list[str]:
    """Names after some are added and others are taken away, whatever their capitals."""
    gone = {name.strip().casefold() for name in removed}
    kept = [name for name in names if name.casefold() not in gone]
    known = {name.casefold() for name in kept}
    return kept + [name for name in added if name.strip().casefold() not in known]
