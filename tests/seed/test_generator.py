"""The generator of changes: something happens at every step, by users, and the same for the same store."""

from collections import Counter

import pytest
from sqlalchemy import func, select

from models.store import Store
from models.tables import AuditRow, Record, User, table_of
from seed.generator import ChangeGenerator
from tests.seed.conftest import Opener, everything, records_of, scenario_of_demo


def versions(store: Store) -> dict[str, object]:
    with store.read() as session:
        records = table_of(Record)
        rows = session.execute(select(records.c.vault_id, records.c.record_id, records.c.modified_at))
        return {f"{row.vault_id}/{row.record_id}": row.modified_at for row in rows}


def test_every_step_changes_or_creates_a_handful_of_records(demo: Store) -> None:
    generator = ChangeGenerator(demo, 7)
    for _ in range(12):
        before = versions(demo)
        happened = generator.step()
        after = versions(demo)
        touched = {key for key in after if before.get(key) != after[key]}
        assert touched == {f"{one.vault_id}/{one.record_id}" for one in happened}
        assert 1 <= len(happened) <= 4


def test_the_same_store_takes_the_same_steps(copy_of_demo: Opener) -> None:
    first, second = copy_of_demo(), copy_of_demo()
    one, two = ChangeGenerator(first, 7), ChangeGenerator(second, 7)
    assert [one.step() for _ in range(4)] == [two.step() for _ in range(4)]
    assert everything(first) == everything(second)


def test_a_generator_that_starts_anew_goes_on_instead_of_repeating_itself(copy_of_demo: Opener) -> None:
    first, second = copy_of_demo(), copy_of_demo()
    lasting = ChangeGenerator(first, 7)
    steps = [lasting.step() for _ in range(3)]
    assert [ChangeGenerator(second, 7).step() for _ in range(3)] == steps
    assert steps[0] != steps[1]


def test_another_seed_takes_other_steps(copy_of_demo: Opener) -> None:
    one, two = ChangeGenerator(copy_of_demo(), 7), ChangeGenerator(copy_of_demo(), 8)
    assert [one.step() for _ in range(3)] != [two.step() for _ in range(3)]


def test_a_user_of_the_vault_made_every_change_and_the_audit_says_so(demo: Store) -> None:
    generator = ChangeGenerator(demo, 7)
    with demo.read() as session:
        last = session.execute(select(func.max(table_of(AuditRow).c.id))).scalar_one()
    happened = [one for _ in range(5) for one in generator.step()]
    audited, users = table_of(AuditRow), table_of(User)
    with demo.read() as session:
        rows = list(
            session.execute(
                select(audited.c.vault_id, audited.c.record_id, audited.c.user_name, users.c.vault_id)
                .outerjoin(users, users.c.id == audited.c.user_id)
                .where(audited.c.id > last)
            )
        )
    assert {(row[0], row[1], row[2]) for row in rows} == {(one.vault_id, one.record_id, one.user) for one in happened}
    assert all(row[0] == row[3] for row in rows)


def test_in_the_long_run_everything_happens_that_can_happen_in_the_fresh_demo(demo: Store) -> None:
    generator = ChangeGenerator(demo, 7)
    done = Counter(one.words for _ in range(120) for one in generator.step())
    assert set(done) == {change.words for change in scenario_of_demo().changes}
    assert max(done, key=lambda words: done[words]) == "submits a new Inquiry"


def test_now_and_then_a_record_is_wrong_for_the_vault_that_receives_it(demo: Store) -> None:
    generator = ChangeGenerator(demo, 7)
    before = {inquiry["id"] for inquiry in records_of(demo, "Vault CRM", "medical_inquiry__v")}
    for _ in range(60):
        generator.step()
    new = [one for one in records_of(demo, "Vault CRM", "medical_inquiry__v") if one["id"] not in before]
    wrong = [one for one in new if "product__c" not in one]
    assert 0 < len(wrong) < len(new) / 4


def test_a_closed_case_request_has_response_notes_to_send_back(demo: Store) -> None:
    generator = ChangeGenerator(demo, 7)
    closed_by_it: list[str] = []
    while not closed_by_it:
        closed_by_it = [one.record_id for one in generator.step() if one.words == "closes a Case Request"]
    request = next(one for one in records_of(demo, "Medical", "case_request__c") if one["id"] == closed_by_it[0])
    assert request["state__v"] == "closed_state__c"
    assert request["response_notes__c"]


def test_a_store_without_the_vaults_of_the_demo_is_left_alone(store: Store) -> None:
    before = everything(store)
    assert list(ChangeGenerator(store, 7).step()) == []
    assert everything(store) == before


@pytest.mark.parametrize("username", ["paloma.reyes@verteo.example"])
def test_what_a_user_may_no_longer_do_does_not_happen(demo: Store, username: str) -> None:
    with demo.write() as write:
        user = write.execute(select(table_of(User)).where(table_of(User).c.username == username)).one()
        write.get_one(User, user.id).active = False
    generator = ChangeGenerator(demo, 7)
    happened = [one for _ in range(30) for one in generator.step()]
    assert happened
    assert username not in {one.user for one in happened}
