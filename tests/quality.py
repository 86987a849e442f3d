"""The Quality-RIM connection with the integrations whose dependencies seed S0 tells, all inactive."""

from dataclasses import dataclass

from models.permissions import Actor
from models.services.connections import establish
from models.services.integration_needs import Needs
from models.services.integrations import create_integration, set_integration_active
from models.store import Store
from models.tables import Integration
from tests.builders import key, make_certificate, make_connection, make_vault
from tests.stores import made_once

QUALITY, RIM = 1001, 1002
TRANSFER, ENHANCED, VARIATION = "Product Transfer", "Enhanced Change Control", "Variation Management"


@dataclass(frozen=True)
class Quality:
    """The ids of the connection of each Vault, and of the integrations by Vault and name."""

    connections: dict[int, int]
    integrations: dict[tuple[int, str], int]

    def id(self, name: str, vault_id: int = QUALITY) -> int:
        """Id of an integration."""
        return self.integrations[vault_id, name]


@made_once
def quality_and_rim(store: Store, *, established: bool = True) -> Quality:
    """Quality has QMS and Change Control, RIM has Registrations: nothing is missing."""
    with store.write() as write:
        make_certificate(store, write)
        make_vault(write, QUALITY, "Quality", applications=("QMS", "QualityDocs"), features=("Change Control",))
        make_vault(write, RIM, "RIM", applications=("Registrations",))
        ours = make_connection(write, QUALITY, "qms_to_rim__c")
        theirs = make_connection(write, RIM, "qms_to_rim__c")
        if established:
            establish(write, ours, theirs)
        made = {}
        for vault_id, connection in ((QUALITY, ours), (RIM, theirs)):
            here = (("QMS",), ("Change Control",)) if vault_id == QUALITY else (("Registrations",), ())
            there = (("Registrations",), ()) if vault_id == QUALITY else (("QMS",), ("Change Control",))
            with_both = {
                "required_applications": here[0],
                "required_features": here[1],
                "remote_applications": there[0],
                "remote_features": there[1],
            }
            for name, needs in (
                (TRANSFER, Needs()),
                (
                    ENHANCED,
                    Needs(depends_on=("product_transfer__c",), supersedes=("variation_management__c",), **with_both),
                ),
                (VARIATION, Needs(**with_both)),
            ):
                integration = create_integration(
                    write,
                    Actor.system(vault_id),
                    key(connection),
                    name=name,
                    api_name=f"{name.lower().replace(' ', '_')}__c",
                    needs=needs,
                )
                made[vault_id, name] = key(integration)
    return Quality({QUALITY: key(ours), RIM: key(theirs)}, made)


def switch(store: Store, actor: Actor, integration_id: int, *, on: bool = True) -> bool:
    """Switch an integration as somebody; answers whether that changed anything."""
    with store.write() as write:
        return set_integration_active(write, actor, integration_id, on)


def is_active(store: Store, integration_id: int) -> bool:
    """Whether an integration is active."""
    with store.read() as session:
        return session.get_one(Integration, integration_id).active
