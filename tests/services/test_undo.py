"""Taking back what was changed in the configuration."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Text, cast, event, func, select, update

from models.changes.kinds import KINDS
from models.changes.recording import MOST_KEPT
from models.errors import NotAllowed, NotFound, NotPossible
from models.permissions import Actor
from models.queries.changes import change, changes, last_change, last_undone
from models.services.authorizations import create_authorization, delete_authorization, edit_authorization
from models.services.connection_deleting import delete_connection
from models.services.connection_files import download_connection_file
from models.services.connection_pairing import reset_connection
from models.services.connections import create_connection
from models.services.field_rules import add_field_rule
from models.services.integration_editing import delete_integration, delete_point
from models.services.integrations import (
    create_point,
    set_integration_active,
    set_last_successful_run_time,
)
from models.services.lookups import create_lookup, set_key
from models.services.notifications import set_notification
from models.services.query_object_rules import add_query_object_rule
from models.services.queue_connections import connect_queue, disconnect_queue
from models.services.queue_emptying import delete_queue, reset_queue
from models.services.queues import create_queue, edit_queue, set_delivery_enabled, set_queue_active
from models.services.rules import create_rule
from models.services.sandboxes import create_sandbox
from models.services.undo import undo
from models.store import Store, WriteSession
from models.tables import (
    AuditRow,
    AuthorizationType,
    Connection,
    ConnectionState,
    ConnectionType,
    Direction,
    Integration,
    LookupType,
    MessageEvent,
    MessageState,
    SparkMessage,
    table_of,
)
from tests.builders import OWNER, Pair, key, two_vaults, user

AUDIT = table_of(AuditRow)
Doing = Callable[[WriteSession, Actor], Any]


def configuration(store: Store) -> Mapping[str, Any]:
    """All configuration of the lab: what counts of each row."""
    with store.read() as session:
        return {
            name: {
                tuple(row)
                for row in session.execute(select(*(cast(kind.table.c[each], Text) for each in kind.counting)))
            }
            for name, kind in KINDS.items()
        }


def do(store: Store, actor: Actor, doing: Doing) -> Any:
    with store.write() as write:
        return doing(write, actor)


def take_back(store: Store, actor: Actor) -> str:
    """Take back the last change of a user, as Undo does; answers what it was."""
    with store.write() as write:
        line = last_change(write, actor.vault_id, actor.name)
        assert line is not None
        undo(write, actor, line.key)
    return line.what


def do_again(store: Store, actor: Actor) -> str:
    """Do again what a user took back last, as Redo does."""
    with store.write() as write:
        line = last_undone(write, actor.vault_id, actor.name)
        assert line is not None
        undo(write, actor, line.key)
    return line.what


def rich(store: Store) -> tuple[Pair, int]:
    """Two Vaults of which the target has a lookup with keys, used by a rule of its own; answers its connection."""
    pair = two_vaults(store)
    system = pair.target.system
    with store.write() as write:
        lookup = create_lookup(
            write, system, pair.target.connection_id, name="Codes", api_name="codes__c", type=LookupType.GENERIC
        )
        for source, target in (("a", "b"), ("c", "d")):
            set_key(write, system, key(lookup), source, target)
        point = create_point(
            write, system, pair.target.integration_id, name="Other", api_name="other__c", direction=Direction.INBOUND
        )
        rule = create_rule(
            write, system, key(point), name="Other Rule", api_name="other_rule__c", primary_query_object="product__v"
        )
        add_query_object_rule(write, system, key(rule), query_object="product__v", filter_clause="name__v = 'x'")
        add_field_rule(
            write, system, key(rule), target_object="product__v", target_field="name__v", query_field="name__v"
        )
    return pair, key(point)


def test_a_change_is_taken_back_and_done_again(store: Store) -> None:
    pair = two_vaults(store)
    actor = user(store, 1001)
    before = configuration(store)
    do(store, actor, lambda write, who: set_delivery_enabled(write, who, pair.source.queue_id, enabled=False))
    after = configuration(store)
    assert after != before
    assert take_back(store, actor) == "Edit queue Lab Outbound"
    assert configuration(store) == before
    assert do_again(store, actor) == "Undo Edit queue Lab Outbound"
    assert configuration(store) == after
    assert take_back(store, actor) == "Edit queue Lab Outbound"
    assert configuration(store) == before


def test_what_was_taken_back_is_audited_with_the_values_the_other_way_round(store: Store) -> None:
    pair = two_vaults(store)
    actor = user(store, 1001)
    do(store, actor, lambda write, who: edit_queue(write, who, pair.source.queue_id, {"description": "Old one"}))
    take_back(store, actor)
    do_again(store, actor)
    columns = (AUDIT.c.action, AUDIT.c.item, AUDIT.c.field_name, AUDIT.c.old_value, AUDIT.c.new_value)
    with store.read() as session:
        rows = session.execute(select(*columns).where(AUDIT.c.user_name == actor.name).order_by(AUDIT.c.id)).all()
    assert [tuple(row) for row in rows] == [
        ("Edit", "Lab Outbound", "description", "", "Old one"),
        ("Undo Edit", "Lab Outbound", "description", "Old one", ""),
        ("Redo Edit", "Lab Outbound", "description", "", "Old one"),
    ]


def test_changes_are_taken_back_one_after_the_other(store: Store) -> None:
    pair = two_vaults(store)
    actor = user(store, 1001)
    states = [configuration(store)]
    for text in ("first", "second", "third"):
        do(store, actor, partial(_describe, pair=pair, text=text))
        states.append(configuration(store))
    for state in reversed(states[:-1]):
        take_back(store, actor)
        assert configuration(store) == state
    with store.read() as session:
        assert last_change(session, 1001, actor.name) is None


def _describe(write: WriteSession, actor: Actor, pair: Pair, text: str) -> None:
    edit_queue(write, actor, pair.source.queue_id, {"description": text})


def test_what_is_deleted_comes_back_with_all_its_children(store: Store) -> None:
    pair, point_id = rich(store)
    actor = user(store, 1002)
    before = configuration(store)
    do(store, actor, lambda write, who: delete_point(write, who, point_id))
    assert take_back(store, actor).startswith("Delete integration point Other and")
    assert configuration(store) == before
    do(store, actor, lambda write, who: set_integration_active(write, who, pair.target.integration_id, active=False))
    do(store, actor, lambda write, who: delete_integration(write, who, pair.target.integration_id))
    take_back(store, actor)
    take_back(store, actor)
    assert configuration(store) == before


def test_a_deleted_connection_comes_back_and_is_its_partners_partner_again(store: Store) -> None:
    pair, _ = rich(store)
    actor = user(store, 1002)
    do(store, actor, lambda write, who: disconnect_queue(write, who, pair.target.queue_id, pair.target.connection_id))
    before = configuration(store)
    do(store, actor, lambda write, who: delete_connection(write, who, pair.target.connection_id))
    with store.read() as session:
        assert session.get_one(Connection, pair.source.connection_id).state is ConnectionState.DISCONNECTED
    take_back(store, actor)
    assert configuration(store) == before
    with store.read() as session:
        statement = select(AUDIT.c.user_name, AUDIT.c.on_behalf_of).where(
            AUDIT.c.vault_id == 1001, AUDIT.c.action == "Undo Disconnect"
        )
        assert set(map(tuple, session.execute(statement))) == {("System", f"{actor.name} (Vault 1002)")}


def test_a_reset_connection_is_active_again_while_its_partner_is_there(store: Store) -> None:
    pair = two_vaults(store)
    actor = user(store, 1001)
    before = configuration(store)
    do(store, actor, lambda write, who: reset_connection(write, who, pair.source.connection_id))
    take_back(store, actor)
    assert configuration(store) == before
    do(store, actor, lambda write, who: reset_connection(write, who, pair.source.connection_id))
    other = user(store, 1002)
    do(store, other, lambda write, who: reset_connection(write, who, pair.target.connection_id))
    with pytest.raises(NotPossible, match="the remote connection is no longer there for it"):
        take_back(store, actor)


def test_what_was_made_goes_again_unless_something_hangs_on_it(store: Store) -> None:
    two_vaults(store)
    actor = user(store, 1001)
    before = configuration(store)
    made = do(store, actor, _external)
    take_back(store, actor)
    assert configuration(store) == before
    do_again(store, actor)
    queue = do(store, actor, lambda write, who: create_queue(write, who, label="Out", type=Direction.OUTBOUND))
    do(store, actor, lambda write, who: connect_queue(write, who, key(queue), key(made)))
    with store.read() as session:
        keys = [line.key for line in changes(session, 1001)]
    with store.write() as write, pytest.raises(NotPossible, match="Queue Out is in use since: 1 x Queue Connection"):
        undo(write, actor, keys[1])
    for _ in range(3):
        take_back(store, actor)
    assert configuration(store) == before


def _external(write: WriteSession, actor: Actor) -> Connection:
    return create_connection(
        write, actor, type=ConnectionType.EXTERNAL, name="Post", api_name="post__c", url="https://example.com/in"
    )


def test_a_change_of_the_same_thing_since_stands_in_the_way_and_is_named(store: Store) -> None:
    pair = two_vaults(store)
    actor, owner = user(store, 1001), user(store, 1001, OWNER)
    do(store, actor, lambda write, who: _describe(write, who, pair, "mine"))
    do(store, owner, lambda write, who: set_queue_active(write, who, pair.source.queue_id, active=False))
    assert take_back(store, actor) == "Edit queue Lab Outbound"
    do_again(store, actor)
    do(store, owner, lambda write, who: _describe(write, who, pair, "theirs"))
    before = configuration(store)
    with pytest.raises(NotPossible, match=f"description changed. By {OWNER} on 2026-01-05") as refused:
        take_back(store, actor)
    assert "Take back change 5 first" in refused.value.remedy
    assert configuration(store) == before
    take_back(store, owner)
    assert take_back(store, actor) == "Edit queue Lab Outbound"


def test_another_row_in_the_place_of_a_deleted_one_stands_in_the_way(store: Store) -> None:
    two_vaults(store)
    actor = user(store, 1001)
    queue = do(store, actor, lambda write, who: create_queue(write, who, label="Out", type=Direction.OUTBOUND))
    do(store, actor, lambda write, who: delete_queue(write, who, key(queue)))
    with store.read() as session:
        last = changes(session, 1001)[0].key
    do(store, actor, lambda write, who: create_queue(write, who, label="Other", type=Direction.OUTBOUND))
    with store.write() as write, pytest.raises(NotPossible, match="another one has its place"):
        undo(write, actor, last)


def test_a_name_that_was_given_anew_stands_in_the_way(store: Store) -> None:
    two_vaults(store)
    actor = user(store, 1001)
    first = do(store, actor, lambda write, who: create_queue(write, who, label="Out", type=Direction.OUTBOUND))
    do(store, actor, lambda write, who: create_queue(write, who, label="Two", type=Direction.OUTBOUND))
    do(store, actor, lambda write, who: delete_queue(write, who, key(first)))
    with store.read() as session:
        last = changes(session, 1001)[0].key
    do(store, actor, lambda write, who: create_queue(write, who, label="Out", type=Direction.OUTBOUND))
    with store.write() as write, pytest.raises(NotPossible, match="something else has its place"):
        undo(write, actor, last)


def test_times_that_a_job_has_moved_on_stay(store: Store) -> None:
    pair = two_vaults(store)
    actor = user(store, 1001)
    integrations = table_of(Integration)
    with store.read() as session:
        before = session.get_one(Integration, pair.source.integration_id).last_successful_send
    assert before is not None
    do(
        store,
        actor,
        lambda write, who: set_last_successful_run_time(
            write, who, pair.source.integration_id, before - timedelta(days=1)
        ),
    )
    take_back(store, actor)
    with store.read() as session:
        assert session.get_one(Integration, pair.source.integration_id).last_successful_send == before
    do(store, actor, lambda write, who: set_integration_active(write, who, pair.source.integration_id, active=False))
    do(store, actor, lambda write, who: set_integration_active(write, who, pair.source.integration_id, active=True))
    with store.write() as write:
        moved = write.now
        write.execute(update(integrations).values(last_successful_send=moved))
    take_back(store, actor)
    with store.read() as session:
        row = session.get_one(Integration, pair.source.integration_id)
        assert (row.active, row.last_successful_send) == (False, moved)


def test_a_time_alone_that_a_job_has_moved_on_cannot_be_taken_back(store: Store) -> None:
    pair = two_vaults(store)
    actor = user(store, 1001)
    earlier = store.clock.now() - timedelta(days=1)
    do(
        store,
        actor,
        lambda write, who: set_last_successful_run_time(write, who, pair.source.integration_id, earlier),
    )
    with store.write() as write:
        write.execute(update(table_of(Integration)).values(last_successful_send=write.now))
    with pytest.raises(NotPossible, match="last_successful_send changed"):
        take_back(store, actor)


@pytest.mark.parametrize("read_only", [True, False])
def test_taking_back_needs_what_the_change_needed(store: Store, read_only: bool) -> None:
    pair = two_vaults(store)
    actor = user(store, 1001)
    do(store, actor, lambda write, who: _describe(write, who, pair, "mine"))
    with store.read() as session:
        last = changes(session, 1001)[0].key
    poor = Actor(1001, actor.user_id, actor.name, frozenset({"Application: Manage Connections"}))
    other = user(store, 1001, read_only=True) if read_only else poor
    before = configuration(store)
    with store.write() as write, pytest.raises(NotAllowed, match="read-only" if read_only else "Spark Queues"):
        undo(write, other, last)
    assert configuration(store) == before


def test_deleting_a_point_with_its_rules_and_back_needs_only_what_deleting_it_needed(store: Store) -> None:
    _, point_id = rich(store)
    actor = user(store, 1002)
    do(store, actor, lambda write, who: delete_point(write, who, point_id))
    connector = Actor(1002, actor.user_id, actor.name, frozenset({"Application: Manage Connections"}))
    assert take_back(store, connector)


def test_a_change_of_another_vault_is_not_found(store: Store) -> None:
    pair = two_vaults(store)
    actor = user(store, 1001)
    do(store, actor, lambda write, who: _describe(write, who, pair, "mine"))
    with store.read() as session:
        last = changes(session, 1001)[0].key
    with store.write() as write, pytest.raises(NotFound):
        undo(write, user(store, 1002), last)


def test_what_was_taken_back_cannot_be_taken_back_twice(store: Store) -> None:
    pair = two_vaults(store)
    actor = user(store, 1001)
    do(store, actor, lambda write, who: _describe(write, who, pair, "mine"))
    take_back(store, actor)
    do_again(store, actor)
    with store.read() as session:
        redone, undone, first = changes(session, 1001)
    assert (redone.undoes, undone.undone_by, first.undone_by) == (undone.key, redone.key, None)
    for line, words in ((redone, "It brought another change back"), (undone, "It has been taken back already")):
        with store.write() as write, pytest.raises(NotPossible, match=words):
            undo(write, actor, line.key)


@pytest.mark.parametrize(
    ("doing", "words"),
    [
        (lambda pair, write, who: reset_queue(write, who, pair.source.queue_id, "lab_outbound__c"), "not kept"),
        (
            lambda _, write, who: create_sandbox(write, who, id=2001, name="S", dns_host="s.example.com"),
            "of its own",
        ),
    ],
    ids=["reset queue", "create sandbox"],
)
def test_what_lasts_says_why(store: Store, doing: Callable[..., Any], words: str) -> None:
    pair = two_vaults(store)
    actor = user(store, 1001)
    do(store, actor, partial(doing, pair))
    with pytest.raises(NotPossible, match=words):
        take_back(store, actor)


def test_a_connection_file_that_has_left_lasts(store: Store) -> None:
    pair = two_vaults(store)
    actor = user(store, 1001)
    do(store, actor, lambda write, who: reset_connection(write, who, pair.source.connection_id))
    do(
        store,
        actor,
        lambda write, who: download_connection_file(write, who, store.secrets, pair.source.connection_id),
    )
    with pytest.raises(NotPossible, match="has left the Vault"):
        take_back(store, actor)


def test_secrets_are_not_kept(store: Store) -> None:
    two_vaults(store)
    actor = user(store, 1001)

    def make(write: WriteSession, who: Actor) -> Any:
        return create_authorization(
            write,
            who,
            store.secrets,
            name="Partner",
            type=AuthorizationType.BASIC_AUTH,
            identity="partner",
            secret="s3cret",
        )

    before = configuration(store)
    made = do(store, actor, make)
    take_back(store, actor)
    assert configuration(store) == before
    with store.read() as session:
        undone = last_undone(session, 1001, actor.name)
        assert undone is not None
        assert "sealed" in undone.why_not
    made = do(store, actor, make)
    do(
        store,
        actor,
        lambda write, who: edit_authorization(write, who, store.secrets, key(made), secret="another"),
    )
    with pytest.raises(NotPossible, match="sealed"):
        take_back(store, actor)
    do(store, actor, lambda write, who: delete_authorization(write, who, key(made)))
    with pytest.raises(NotPossible, match="sealed"):
        take_back(store, actor)
    with store.read() as session:
        kept = session.connection().exec_driver_sql("SELECT group_concat(rows) FROM configuration_change").scalar_one()
    assert "sealed_secret" not in kept


def test_moved_data_is_never_put_back(store: Store) -> None:
    pair = two_vaults(store)
    actor = user(store, 1001)
    with store.write() as write:
        write.execute(
            table_of(SparkMessage)
            .insert()
            .values(
                vault_id=1001,
                queue_id=pair.source.queue_id,
                connection_id=pair.source.connection_id,
                message_id="1",
                object_name="product__v",
                integration_point="x",
                entered_at=write.now,
                state=MessageState.QUEUED,
                event=MessageEvent.CHANGED,
            )
        )
    before = configuration(store)
    do(store, actor, lambda write, who: delete_queue(write, who, pair.source.queue_id, confirmed=True))
    take_back(store, actor)
    assert configuration(store) == before
    with store.read() as session:
        assert session.execute(select(func.count()).select_from(table_of(SparkMessage))).scalar_one() == 0


def test_what_the_platform_does_is_none_of_anybodys_changes(store: Store) -> None:
    rich(store)
    with store.read() as session:
        assert changes(session, 1001) == changes(session, 1002) == ()


def test_a_refused_change_leaves_nothing_to_take_back(store: Store) -> None:
    two_vaults(store)
    actor = user(store, 1001)
    with pytest.raises(NotFound), store.write() as write:  # noqa: PT012 - one transaction
        create_queue(write, actor, label="Out", type=Direction.OUTBOUND)
        set_delivery_enabled(write, actor, 99, enabled=False)
    with store.read() as session:
        assert changes(session, 1001) == ()


def test_only_the_latest_changes_are_kept(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.changes.recording.MOST_KEPT", 3)
    assert MOST_KEPT > 3
    pair = two_vaults(store)
    actor = user(store, 1001)
    for number in range(5):
        do(store, actor, partial(_describe, pair=pair, text=f"number {number}"))
    with store.read() as session:
        assert [line.key for line in changes(session, 1001)] == [5, 4, 3]


def test_a_change_of_too_many_rows_is_not_kept(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.changes.recording.MOST_ROWS", 1)
    _, point_id = rich(store)
    actor = user(store, 1002)
    do(store, actor, lambda write, who: delete_point(write, who, point_id))
    with pytest.raises(NotPossible, match="rows; up to 1 are kept"):
        take_back(store, actor)


def test_a_setting_is_taken_back(store: Store) -> None:
    two_vaults(store)
    actor = user(store, 1001)
    before = configuration(store)
    do(store, actor, lambda write, who: set_notification(write, who, store.secrets, bell=True))
    do(store, actor, lambda write, who: set_notification(write, who, store.secrets, bell=False, time_limit=5))
    take_back(store, actor)
    take_back(store, actor)
    assert configuration(store) == before


def test_a_change_says_what_it_did(store: Store) -> None:
    pair = two_vaults(store)
    actor = user(store, 1001)
    do(store, actor, lambda write, who: _describe(write, who, pair, "mine"))
    with store.read() as session:
        (line,) = changes(session, 1001)
        assert change(session, 1001, line.key) == line
        assert changes(session, 1001, user=OWNER) == ()
    assert (line.user, line.what) == (actor.name, "Edit queue Lab Outbound")
    (part,) = line.parts
    assert (part.field_name, part.old_value, part.new_value) == ("description", "", "mine")


def test_a_list_tells_of_the_first_parts_of_a_great_change_and_taking_it_back_of_all(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.queries.changes.MOST_TOLD", 2)
    _, point_id = rich(store)
    actor = user(store, 1002)
    do(store, actor, lambda write, who: delete_point(write, who, point_id))
    with store.read() as session:
        (listed,) = changes(session, 1002)
        whole = change(session, 1002, listed.key)
    assert whole is not None
    assert len(listed.parts) == 2 < len(whole.parts)
    take_back(store, actor)
    with store.read() as session:
        undone = change(session, 1002, listed.key + 1)
    assert undone is not None
    assert len(undone.parts) == len(whole.parts)


def test_what_was_done_is_found_without_a_search_through_the_audit_trail(store: Store) -> None:
    pair = two_vaults(store)
    actor = user(store, 1001)
    do(store, actor, lambda write, who: _describe(write, who, pair, "mine"))
    asked: list[str] = []
    with store.read() as session:
        event.listen(session.connection(), "before_cursor_execute", lambda *args: asked.append(args[2]))
        changes(session, 1001)
        (statement,) = (text for text in asked if "audit_row" in text)
        marks = ["2026-01-05T08:00:00.000Z"] + [1] * (statement.count("?") - 1)
        plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", tuple(marks)).all()
    assert any("ix_audit_row_vault_id_at" in row.detail for row in plan)
    assert not any("SCAN audit_row" in row.detail and "USING INDEX" not in row.detail for row in plan)
