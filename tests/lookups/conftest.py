"""A target Vault whose product rule looks the code of a product up."""

from dataclasses import dataclass

import pytest
from sqlalchemy import insert, select

from models.permissions import Actor
from models.services.checks import key_of
from models.services.lookups import create_lookup, target_keys
from models.store import Store
from models.tables import AuditRow, LookupType, ReferenceLookupMiss, table_of
from tests.builders import Pair, two_vaults, user
from tests.conftest import ManualClock


@dataclass
class Desk:
    """The administrator of the target Vault at work on lookups."""

    store: Store
    clock: ManualClock
    pair: Pair

    @property
    def admin(self) -> Actor:
        return user(self.store, self.pair.target.vault_id)

    @property
    def connection_id(self) -> int:
        return self.pair.target.connection_id

    def lookup(self, api_name: str = "code__c", name: str = "Code", **options: str) -> int:
        type_ = LookupType(options.pop("type", "generic"))
        with self.store.write() as write:
            made = create_lookup(
                write, self.admin, self.connection_id, name=name, api_name=api_name, type=type_, **options
            )
            return key_of(made)

    def pairs(self, lookup_id: int) -> dict[str, str]:
        with self.store.read() as session:
            return target_keys(session, lookup_id)

    def miss(self, lookup_id: int, source_key: str, misses: int = 1) -> None:
        """What the receive job does when a value is not held."""
        with self.store.write() as write:
            write.execute(
                insert(table_of(ReferenceLookupMiss)).values(
                    lookup_id=lookup_id, source_key=source_key, misses=misses, last_missed_at=write.now
                )
            )

    def audited(self, action: str = "") -> list[tuple[str, str, str, str | None, str | None]]:
        """Audit rows about lookups: action, item, field, old and new value."""
        columns = table_of(AuditRow).c
        statement = (
            select(columns.action, columns.item, columns.field_name, columns.old_value, columns.new_value)
            .where(columns.object_name.like("reference_lookup%"), columns.action.like(f"{action}%"))
            .order_by(columns.id)
        )
        with self.store.read() as session:
            return [tuple(row) for row in session.execute(statement)]


@pytest.fixture
def desk(store: Store, clock: ManualClock) -> Desk:
    return Desk(store, clock, two_vaults(store))
