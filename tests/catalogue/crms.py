"""One content Vault with three Vault CRMs: the standard connection, and a duplicate of it for each further CRM."""

from dataclasses import replace

from sqlalchemy import select

from models.permissions import Actor
from models.services.connection_editing import duplicate_connection
from models.services.connections import establish
from models.services.integrations import set_integration_active
from models.store import Store, WriteSession
from models.tables import Connection, Integration, table_of
from scheduler.signing import issue_certificate
from seed.building import build_scenario
from seed.catalogue.assemble import State, assemble
from seed.catalogue.load import catalogue
from seed.schema import PlannedConnection, PlannedVault, Scenario
from tests.builders import key as key_of
from tests.catalogue.lab import CatalogueLab
from tests.stores import made_once

_connections, _integrations = table_of(Connection), table_of(Integration)
FURTHER = {"crm_b": (21087, "Vault CRM B"), "crm_c": (21088, "Vault CRM C")}
"""The further Vault CRMs by key; the first one is `crm`."""


def with_further_crms(scenario: Scenario) -> Scenario:
    """The scenario with two further Vault CRMs, set up as the first one and connected with nobody yet."""
    crm = next(vault for vault in scenario.vaults if vault.key == "crm")
    (connection,) = scenario.connections
    side = next(side for side in connection.sides if side.vault == "crm")
    vaults: list[PlannedVault] = []
    connections: list[PlannedConnection] = []
    records = list(scenario.records)
    for key, (vault_id, name) in FURTHER.items():
        host = f"verteo-{key.replace('_', '-')}.vault.example"
        vaults.append(crm.model_copy(update={"key": key, "id": vault_id, "name": name, "dns_host": host}))
        own = side.model_copy(update={"vault": key})
        connections.append(connection.model_copy(update={"established": False, "sides": (own,)}))
        records += [
            recipe.model_copy(update={"key": f"{recipe.key}_{key}", "vault": key})
            for recipe in scenario.records
            if recipe.vault == "crm"
        ]
    return scenario.model_copy(
        update={
            "vaults": (*scenario.vaults, *vaults),
            "connections": (*scenario.connections, *connections),
            "records": tuple(records),
        }
    )


def duplicate_for(write: WriteSession, vault_id: int, api_name: str, crm_id: int, letter: str) -> None:
    """Duplicate a Vault's connection for a further CRM, establish it, and activate its integrations."""
    actor = Actor.system(vault_id)
    original = write.execute(
        select(_connections.c.id).where(_connections.c.vault_id == vault_id, _connections.c.api_name == api_name)
    ).scalar_one()
    stem = api_name.partition("__")[0]
    copy = duplicate_connection(write, actor, original, name=f"Connection {letter}", api_name=f"{stem}_{letter}__c")
    (theirs,) = write.execute(select(_connections.c.id).where(_connections.c.vault_id == crm_id)).scalars()
    establish(write, copy, write.get_one(Connection, theirs))
    for integration in write.execute(
        select(_integrations.c.id).where(_integrations.c.connection_id == key_of(copy)).order_by(_integrations.c.id)
    ).scalars():
        set_integration_active(write, actor, integration, active=True)


@made_once
def build_three_crms(store: Store, key: str, vault: str, api_name: str) -> None:
    """Build a connection with three Vault CRMs in a store."""
    scenario = with_further_crms(assemble(catalogue(), (key,), State.RUNNING))
    vault_id = catalogue().vaults[vault].id

    def connect(write: WriteSession) -> None:
        for letter, (crm_id, _) in zip("bc", FURTHER.values(), strict=True):
            duplicate_for(write, vault_id, api_name, crm_id, letter)

    build_scenario(store, scenario, issue=issue_certificate, finish=connect)


def three_crms(store: Store, key: str, vault: str, api_name: str) -> CatalogueLab:
    """A lab in which one Vault has this connection with the Vault CRMs `crm`, `crm_b` and `crm_c`."""
    build_three_crms(store, key, vault, api_name)
    lab = CatalogueLab.at_work(store, key)
    return replace(lab, vaults={**lab.vaults, **{key: vault_id for key, (vault_id, _) in FURTHER.items()}})
