"""Any sequence of changes of the configuration is taken back and done again."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from models.errors import ConsoleError
from models.opening import open_store
from models.permissions import Actor
from models.services.clients import add_client, set_client_id_filtering
from models.services.connection_deleting import delete_connection
from models.services.connection_editing import edit_connection
from models.services.connections import create_connection
from models.services.field_rules import change_field_rule, delete_field_rule
from models.services.integrations import (
    create_integration,
    set_integration_active,
)
from models.services.jobs import set_job_limit
from models.services.lookups import delete_lookup, remove_keys, rename_key, set_key
from models.services.queue_connections import disconnect_queue
from models.services.queues import create_queue, set_queue_active
from models.services.rules import delete_rule, set_rule_active
from models.store import WriteSession
from models.tables import (
    ConnectionType,
    Direction,
    FieldRule,
    Integration,
    JobKind,
    ReferenceLookupKey,
    table_of,
)
from tests.builders import Pair, user
from tests.conftest import ManualClock
from tests.services.test_undo import configuration, do, do_again, rich, take_back


def _lookup(session: Any) -> int:
    return int(session.execute(select(table_of(ReferenceLookupKey).c.lookup_id)).scalars().first() or 0)


CHANGES: Mapping[str, Callable[[Pair, WriteSession, Actor], Any]] = {
    "set a key": lambda _, write, who: set_key(write, who, _lookup(write), "a", "changed"),
    "add a key": lambda _, write, who: set_key(write, who, _lookup(write), f"n{write.now}", "new"),
    "rename a key": lambda _, write, who: rename_key(write, who, _lookup(write), "c", "renamed", "d"),
    "remove a key": lambda _, write, who: remove_keys(write, who, _lookup(write), ["a"]),
    "delete the lookup": lambda _, write, who: delete_lookup(write, who, _lookup(write)),
    "inactivate the rule": lambda pair, write, who: set_rule_active(write, who, pair.rule_id, active=False),
    "delete the rule": lambda pair, write, who: delete_rule(write, who, pair.rule_id),
    "change a field rule": lambda pair, write, who: change_field_rule(
        write, who, _field_rule(write, pair), {"default_value": "x"}
    ),
    "delete a field rule": lambda pair, write, who: delete_field_rule(write, who, _field_rule(write, pair)),
    "switch the integration": lambda pair, write, who: set_integration_active(
        write, who, pair.target.integration_id, not write.get_one(Integration, pair.target.integration_id).active
    ),
    "make an integration": lambda pair, write, who: create_integration(
        write, who, pair.target.connection_id, name=f"More {write.now:%H%M%S%f}"
    ),
    "edit the connection": lambda pair, write, who: edit_connection(
        write,
        who,
        pair.target.connection_id,
        {"description": f"At {write.now}", "api_name": "renamed__c"},
        confirm_api_name=True,
    ),
    "make a connection": lambda _, write, who: create_connection(
        write, who, type=ConnectionType.LOCAL, name="Local", api_name=f"l{write.now:%H%M%S%f}__c"
    ),
    "add a client": lambda pair, write, who: add_client(
        write, who, pair.target.connection_id, f"client-{write.now:%H%M%S%f}"
    ),
    "filter by client": lambda _, write, who: set_client_id_filtering(write, who, on=True),
    "switch the queue": lambda pair, write, who: set_queue_active(write, who, pair.target.queue_id, active=False),
    "make a queue": lambda _, write, who: create_queue(
        write, who, label=f"Q {write.now:%H%M%S%f}", type=Direction.OUTBOUND
    ),
    "disconnect the queue": lambda pair, write, who: disconnect_queue(
        write, who, pair.target.queue_id, pair.target.connection_id
    ),
    "delete the connection": lambda pair, write, who: delete_connection(write, who, pair.target.connection_id),
    "limit a job": lambda _, write, who: set_job_limit(write, who, JobKind.SEND, 60),
}


def _field_rule(write: WriteSession, pair: Pair) -> int:
    rules = table_of(FieldRule).c
    return int(write.execute(select(rules.id).where(rules.rule_id == pair.rule_id)).scalars().first() or 0)


@settings(max_examples=10)
@given(chosen=st.lists(st.sampled_from(sorted(CHANGES)), min_size=1, max_size=7))
def test_any_sequence_of_changes_is_taken_back_and_done_again(
    tmp_path_factory: pytest.TempPathFactory, chosen: list[str]
) -> None:
    store = open_store(tmp_path_factory.mktemp("undo") / "lab.sqlite3", clock=ManualClock())
    pair, _ = rich(store)
    actor = user(store, 1002)
    states = [configuration(store)]
    for name in chosen:
        try:
            do(store, actor, partial(CHANGES[name], pair))
        except ConsoleError:
            continue
        if (now := configuration(store)) != states[-1]:
            states.append(now)
    for state in reversed(states[:-1]):
        take_back(store, actor)
        assert configuration(store) == state
    for state in states[1:]:
        do_again(store, actor)
        assert configuration(store) == state
    for state in reversed(states[:-1]):
        take_back(store, actor)
        assert configuration(store) == state
    store.close()
