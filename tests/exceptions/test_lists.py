"""The list of user exception messages, narrowed, and one message with its fields by their API names."""

from dataclasses import replace
from typing import Any

import pytest

from models.queries.exception_detail import detail
from models.queries.exceptions import ExceptionFilter, filter_choices, listing
from models.removal import remove_rows
from models.tables import (
    ErrorType,
    ExceptionMessage,
    ExceptionSide,
    Integration,
    ItemStatus,
    SparkMessageBody,
    table_of,
)
from tests.builders import key, make_connection
from tests.exceptions.trouble import bad_items, ids, retry_of
from tests.stages.lab import Lab


def found(lab: Lab, where: ExceptionFilter, vault_id: int = 1002) -> list[int]:
    with lab.store.read() as session:
        rows = listing(vault_id, where)
        total = rows.count(session)
        page = rows.page(session, 0, total, total)
    assert len(page) == total
    return [row.key for row in page]


@pytest.fixture
def four(lab: Lab) -> dict[str, int]:
    """Four messages of the target Vault, each unlike the others in one thing."""
    with lab.store.write() as write:
        other = key(make_connection(write, 1002, "other__c"))
        base: dict[str, Any] = {
            "vault_id": 1002,
            "name": "Product Inbound Point",
            "error_type": ErrorType.MESSAGE_PROCESSING,
            "error_message": "2 of 3 items could not be applied.",
            "connection_id": lab.target.connection_id,
            "integration_id": lab.target.integration_id,
            "point_id": lab.target.point_id,
            "created_at": write.now,
        }
        rows = {
            "usual": base,
            "solved": base | {"active": False},
            "source": base
            | {"side": ExceptionSide.SOURCE, "name": "elsewhere__c", "point_id": None, "integration_id": None},
            "timeout": base
            | {"error_type": ErrorType.TIMEOUT, "connection_id": other, "error_message": "100% [too] slow_"},
        }
        made = {name: ExceptionMessage(**values) for name, values in rows.items()}
        for row in made.values():
            write.add(row)
            write.flush()
        return {name: key(row) for name, row in made.items()}


NARROWED: dict[str, tuple[ExceptionFilter, set[str]]] = {
    "nothing": (ExceptionFilter(), {"usual", "solved", "source", "timeout"}),
    "active": (ExceptionFilter(active=True), {"usual", "source", "timeout"}),
    "inactive": (ExceptionFilter(active=False), {"solved"}),
    "side": (ExceptionFilter(side=ExceptionSide.SOURCE), {"source"}),
    "error type": (ExceptionFilter(error_type=ErrorType.TIMEOUT), {"timeout"}),
    "point by API name": (ExceptionFilter(point="product_inbound__c"), {"usual", "solved", "timeout"}),
    "point by name": (ExceptionFilter(point="Product Inbound Point"), {"usual", "solved", "timeout"}),
    "point of the other side": (ExceptionFilter(point="elsewhere__c"), {"source"}),
    "words": (ExceptionFilter(text="APPLIED items"), {"usual", "solved", "source"}),
    "no wildcard": (ExceptionFilter(text="100% slow_"), {"timeout"}),
    "all together": (
        ExceptionFilter(active=True, side=ExceptionSide.TARGET, error_type=ErrorType.MESSAGE_PROCESSING, text="2 of"),
        {"usual"},
    ),
}


@pytest.mark.parametrize("what", NARROWED)
def test_the_list_is_narrowed_by(lab: Lab, four: dict[str, int], what: str) -> None:
    where, names = NARROWED[what]
    assert found(lab, where) == sorted((four[name] for name in names), reverse=True)
    assert found(lab, where, vault_id=1001) == []


def test_the_list_is_narrowed_by_connection_and_integration(lab: Lab, four: dict[str, int]) -> None:
    of_connection = ExceptionFilter(connection_id=lab.target.connection_id)
    assert found(lab, of_connection) == [four["source"], four["solved"], four["usual"]]
    assert found(lab, replace(of_connection, integration_id=lab.target.integration_id)) == [
        four["solved"],
        four["usual"],
    ]
    assert found(lab, ExceptionFilter(integration_id=lab.source.integration_id)) == []


def test_only_what_occurs_is_offered_to_narrow_by(lab: Lab, four: dict[str, int]) -> None:
    with lab.store.read() as session:
        choices = filter_choices(session, 1002)
        elsewhere = filter_choices(session, 1001)
    assert [name for _, name in choices.connections] == ["Lab Connection", "Lab Connection"]
    assert choices.integrations == ((lab.target.integration_id, "Product Integration"),)
    assert choices.points == ("Product Inbound Point", "elsewhere__c")
    assert choices.error_types == ("message_processing_error__sys", "timeout__sys")
    assert (elsewhere.connections, elsewhere.points) == ((), ())
    assert len(four) == 4


def test_a_filter_says_in_words_what_it_means(lab: Lab) -> None:
    where = ExceptionFilter(
        active=False, connection_id=lab.target.connection_id, integration_id=lab.target.integration_id, point="x__c"
    )
    with lab.store.read() as session:
        said = where.in_words(session)
        assert ExceptionFilter().in_words(session) == ""
    assert said == "inactive, connection Lab Connection, integration Product Integration, integration point x__c"
    assert ExceptionFilter().is_empty
    assert not where.is_empty


def test_a_message_and_its_items_have_all_their_fields_by_api_name(lab: Lab) -> None:
    first, second = bad_items(lab)
    with lab.store.read() as session:
        shown = detail(session, 1002, ids(lab)[0])
    assert shown is not None
    body = shown.record["message_body_json__sys"]
    assert dict(shown.record) | {"message_body_json__sys": None} == {
        "name__v": "Product Inbound Point",
        "status__v": "active__v",
        "error_type__sys": "message_processing_error__sys",
        "error_message__sys": "2 of 3 items could not be applied.",
        "message_processor__sys": "transfer",
        "message_body_json__sys": None,
        "message_items_received__sys": 3,
        "message_items_failed__sys": 2,
        "integration__sys": "product_integration__c",
        "integration_point__sys": "product_inbound__c",
    }
    (sent,) = [row for row in lab.rows(SparkMessageBody) if row.body is not None][-1:]
    assert body == sent.body
    assert all(record in body for record in (first, second))
    item = shown.items[0].record
    assert dict(item) == {
        "name__v": "UEI-000001",
        "status__v": "active__v",
        "error_type__sys": "item_processing_error__sys",
        "error_message__sys": shown.items[0].error_message,
        "error_status__sys": ItemStatus.OPEN,
        "item__sys": first,
        "item_data__sys": shown.items[0].data,
    }
    assert item["item_data__sys"]["name__v"] == "Bad 0"


def test_a_solved_message_says_so_in_its_fields(lab: Lab) -> None:
    (bad,) = bad_items(lab, number=1)
    lab.change(bad, code__c="OK")
    retry_of(lab, lab.target, ids(lab))
    with lab.store.read() as session:
        shown = detail(session, 1002, ids(lab)[0])
    assert shown is not None
    assert shown.record["status__v"] == "inactive__v"
    assert (shown.items[0].record["status__v"], shown.items[0].record["error_status__sys"]) == (
        "inactive__v",
        ItemStatus.RESOLVED,
    )


def test_a_message_outlives_what_it_was_about(lab: Lab) -> None:
    bad_items(lab)
    with lab.store.write() as write:
        remove_rows(write, table_of(Integration), table_of(Integration).c.id == lab.target.integration_id)
    with lab.store.read() as session:
        shown = detail(session, 1002, ids(lab)[0])
    assert shown is not None
    assert shown.record["integration__sys"] is None
    assert shown.items == ()
