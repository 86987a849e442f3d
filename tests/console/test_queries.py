"""What screens read names its Vault: another Vault's rows are not there, however one asks for them."""

from functools import partial

import pytest
from sqlalchemy import select

from models.errors import NotFound
from models.queries import certificates, connections, exception_detail, integrations, jobs, queues, records
from models.queries.lab import ask, sign_in, waiting
from models.store import Store
from models.tables import ExceptionMessage, JobRun, SparkMessage, table_of
from tests.builders import ADMIN
from tests.console.lab import START, fill, record_id


def test_nothing_of_another_vault_can_be_looked_at(store: Store) -> None:
    pair = fill(store)
    with store.read() as session:
        run = (
            session.execute(select(table_of(JobRun).c.id).where(table_of(JobRun).c.vault_id == 1001)).scalars().first()
        )
        message = session.execute(select(table_of(SparkMessage).c.id)).scalars().first()
        exception = session.execute(select(table_of(ExceptionMessage).c.id)).scalar_one()
        record = record_id(session, 1001, "Product 002")
        assert run is not None
        assert message is not None
        today = START.date()
        ours, theirs = pair.source, 1002
        assert connections.detail(session, theirs, ours.connection_id, today) is None
        assert connections.detail(session, 1001, ours.connection_id, today) is not None
        assert integrations.detail(session, theirs, ours.integration_id) is None
        assert integrations.detail(session, 1001, ours.integration_id) is not None
        assert queues.detail(session, theirs, ours.queue_id) is None
        assert queues.detail(session, 1001, ours.queue_id) is not None
        assert queues.message_detail(session, theirs, message) is None
        assert queues.message_detail(session, 1001, message) is not None
        assert jobs.detail(session, theirs, run) is None
        assert jobs.detail(session, 1001, run) is not None
        assert exception_detail.detail(session, 1001, exception) is None
        assert exception_detail.detail(session, theirs, exception) is not None
        assert records.detail(session, theirs, record) is None
        assert records.detail(session, 1001, record) is not None


def test_connection_stats_show_seven_days_with_zeros_for_quiet_ones(store: Store) -> None:
    pair = fill(store)
    found = ask(store, connections.detail, 1001, pair.source.connection_id, START.date())
    assert found is not None
    assert [day.sent for day in found.stats] == [12, 0, 0, 0, 0, 0, 0]
    assert found.stats[0].failures == 1


def test_an_integration_shows_its_points_rules_and_field_rules(store: Store) -> None:
    pair = fill(store)
    found = ask(store, integrations.detail, 1002, pair.target.integration_id)
    assert found is not None
    (point,) = found.points
    (rule,) = point.rules
    assert ("name__v", "name__v") in {(line.query_field, line.target_field) for line in rule.field_rules}
    assert found.open_items == 1


def test_a_record_knows_its_partner_and_its_open_items(store: Store) -> None:
    fill(store)
    with store.read() as session:
        linked = records.detail(session, 1001, record_id(session, 1001, "Product 001"))
        failed = records.detail(session, 1001, record_id(session, 1001, "Product 002"))
    assert linked is not None
    assert failed is not None
    assert [(partner.role, partner.vault) for partner in linked.partners] == [("target", "Target")]
    assert [item.vault for item in failed.open_items] == ["Target"]


def test_what_waits_is_counted_per_vault(store: Store) -> None:
    fill(store)
    here, there = ask(store, waiting, 1001), ask(store, waiting, 1002)
    assert (here.messages, here.exceptions) == (1, 0)
    assert (there.messages, there.exceptions) == (0, 1)


def test_a_certificate_never_shows_its_private_key(store: Store) -> None:
    fill(store)
    with store.read() as session:
        row = certificates.listing(1001).page(session, 0, 1, 1)[0]
        found = certificates.detail(session, 1001, row.key)
    assert found is not None
    assert "PRIVATE" not in repr(found)
    assert not any("sealed" in name for name in found.__slots__)


def test_switching_to_a_vault_keeps_the_user_where_there_is_one_of_that_name(store: Store) -> None:
    fill(store)
    there = ask(store, sign_in, 1002, ADMIN)
    assert there.user is not None
    assert there.user.username == ADMIN
    without = ask(store, partial(sign_in, anyone=True), "tar", "reader@lab.example.com")
    assert without.vault is not None
    assert without.user is not None
    assert (without.vault.key, without.user.username) == (1002, ADMIN)


def test_a_user_that_the_vault_does_not_have_is_refused_at_the_door(store: Store) -> None:
    fill(store)
    with pytest.raises(NotFound, match=r"has no user nobody@example\.com"):
        ask(store, sign_in, 1002, "nobody@example.com")
