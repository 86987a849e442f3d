"""Builds what most tests begin with: two connected Vaults whose records flow from the one to the other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from models.permissions import Actor, actor_for
from models.services.connections import create_connection, establish
from models.services.integrations import (
    add_field_rule,
    add_point_source,
    create_integration,
    create_point,
    create_rule,
)
from models.services.queues import connect_queue, create_queue
from models.services.vaults import FieldSpec, application_owner_id, create_object, create_vault
from models.store import Store, WriteSession
from models.tables import (
    CertificateState,
    Connection,
    ConnectionType,
    Direction,
    FieldType,
    Matching,
    SigningCertificate,
    Vault,
)
from scheduler.signing import IssuedCertificate, issue_certificate
from tests.stores import made_once

DOMAIN = "lab.example.com"
OWNER = f"app.owner@{DOMAIN}"
ADMIN = f"admin@{DOMAIN}"

PRODUCT_FIELDS = (
    FieldSpec("code__c", "Code", max_length=20),
    FieldSpec("strength__c", "Strength", FieldType.NUMBER),
    FieldSpec("marketed__c", "Marketed", FieldType.YES_NO),
    FieldSpec("launched__c", "Launch Date", FieldType.DATE),
)

Mapped = tuple[str | None, str] | tuple[str | None, str, Mapping[str, Any]]
"""Source field (None: only a default), target field, and more arguments of `add_field_rule`."""


@dataclass(frozen=True)
class Side:
    """One Vault of a pair, with the ids of its rows."""

    vault_id: int
    object_name: str
    connection_id: int
    integration_id: int
    point_id: int
    queue_id: int

    @property
    def system(self) -> Actor:
        """The platform acting in this Vault."""
        return Actor.system(self.vault_id)


@dataclass(frozen=True)
class Pair:
    """A source Vault, a target Vault, and the rule by which records of the source become records of the target."""

    source: Side
    target: Side
    rule_id: int


def key(row: Any) -> int:
    """The id of a row that was written."""
    assert row.id is not None
    return int(row.id)


def user(store: Store, vault_id: int, username: str = ADMIN, *, read_only: bool = False) -> Actor:
    """A user of a Vault, by default its System Admin, ready to act."""
    with store.read() as session:
        return actor_for(session, vault_id, username, read_only=read_only)


def make_vault(write: WriteSession, vault_id: int, name: str = "", *, domain: str = DOMAIN, **more: Any) -> Vault:
    """A Vault with what every Vault has."""
    return create_vault(
        write,
        id=vault_id,
        name=name or f"Vault {vault_id}",
        dns_host=f"vault-{vault_id}.{domain}",
        domain=domain,
        family="Lab",
        **more,
    )


def make_connection(write: WriteSession, vault_id: int, api_name: str = "lab_connection__c", **more: Any) -> Connection:
    """A Vault to Vault connection that acts through the Application Owner."""
    options: dict[str, Any] = {
        "type": ConnectionType.VAULT_TO_VAULT,
        "name": "Lab Connection",
        "authorized_user_id": application_owner_id(write, vault_id),
    }
    return create_connection(write, Actor.system(vault_id), api_name=api_name, **options | more)


def make_certificate(store: Store, write: WriteSession, certificate_id: str = "00001") -> SigningCertificate:
    """The current signing certificate; its key is the same in all tests of a process, because making one takes long."""
    issued = _issued(certificate_id)
    row = SigningCertificate(
        certificate_id=certificate_id,
        pem=issued.certificate_pem,
        sealed_private_key=store.secrets.seal(issued.private_key_pem),
        state=CertificateState.CURRENT,
        not_before=issued.not_before,
        not_after=issued.not_after,
    )
    write.add(row)
    write.flush()
    return row


@lru_cache(maxsize=4)
def _issued(certificate_id: str) -> IssuedCertificate:
    return issue_certificate(certificate_id, datetime(2025, 1, 1, tzinfo=UTC), datetime(2035, 1, 1, tzinfo=UTC))


def two_vaults(store: Store) -> Pair:
    """Source Vault 1001 and target Vault 1002, in which every changed Product of the one becomes one in the other."""
    return build_pair(store)


@made_once
def build_pair(
    store: Store,
    *,
    source_fields: Sequence[FieldSpec] = PRODUCT_FIELDS,
    target_fields: Sequence[FieldSpec] | None = None,
    mappings: Sequence[Mapped] | None = None,
    object_name: str = "product__v",
    target_object: str | None = None,
    source_states: Sequence[str] = (),
    target_states: Sequence[str] = (),
    criteria: Mapping[str, Any] | None = None,
    matching: Matching | None = None,
    creates: bool = True,
    updates: bool = True,
    active: bool = True,
    sequential: bool = False,
    vault_ids: tuple[int, int] = (1001, 1002),
) -> Pair:
    """Two connected Vaults with a signing certificate, queues, one integration with its point on each side, and a rule.

    Without target fields both objects are alike; without mappings the name and every field of the same name go over.
    """
    target_fields = source_fields if target_fields is None else target_fields
    target_object = target_object or object_name
    if mappings is None:
        source_names = {spec.name for spec in source_fields}
        shared = [spec.name for spec in target_fields if spec.name in source_names]
        mappings = [(name, name) for name in ("name__v", *shared)]
    source_id, target_id = vault_ids
    with store.write() as write:
        make_certificate(store, write)
        make_vault(write, source_id, "Source")
        make_vault(write, target_id, "Target")
        create_object(write, source_id, object_name, "Product", "Products", "V0A", source_fields, source_states)
        create_object(write, target_id, target_object, "Product", "Products", "V0A", target_fields, target_states)
        ours, theirs = make_connection(write, source_id), make_connection(write, target_id)
        establish(write, ours, theirs)
        outbound = create_queue(write, Actor.system(source_id), label="Lab Outbound", type=Direction.OUTBOUND)
        inbound = create_queue(
            write, Actor.system(target_id), label="Lab Inbound", type=Direction.INBOUND, sequential=sequential
        )
        connect_queue(write, Actor.system(source_id), key(outbound), key(ours), inbound.api_name)
        connect_queue(write, Actor.system(target_id), key(inbound), key(theirs))
        source = _side(write, source_id, object_name, key(ours), key(outbound), Direction.OUTBOUND, active=active)
        target = _side(
            write,
            target_id,
            target_object,
            key(theirs),
            key(inbound),
            Direction.INBOUND,
            active=active,
            matching=matching,
            creates=creates,
            updates=updates,
        )
        add_point_source(
            write,
            source.system,
            source.point_id,
            object_name=object_name,
            remote_point="product_inbound__c",
            criteria=criteria,
        )
        rule = create_rule(
            write,
            target.system,
            target.point_id,
            name="Product Rule",
            api_name="product_rule__c",
            primary_query_object=object_name,
        )
        for query_field, target_field, *more in mappings:
            options: dict[str, Any] = {"target_object": target_object, **(more[0] if more else {})}
            add_field_rule(
                write, target.system, key(rule), query_field=query_field, target_field=target_field, **options
            )
    return Pair(source, target, key(rule))


def _side(
    write: WriteSession,
    vault_id: int,
    object_name: str,
    connection_id: int,
    queue_id: int,
    direction: Direction,
    *,
    active: bool,
    **point_options: Any,
) -> Side:
    actor = Actor.system(vault_id)
    integration = create_integration(
        write, actor, connection_id, name="Product Integration", api_name="product_integration__c", active=active
    )
    point = create_point(
        write,
        actor,
        key(integration),
        name=f"Product {direction.value.title()} Point",
        api_name=f"product_{direction.value}__c",
        direction=direction,
        **point_options,
    )
    return Side(vault_id, object_name, connection_id, key(integration), key(point), queue_id)
