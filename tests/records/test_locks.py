"""Objects whose records are locked once they hold certain values, and picklist fields that hold several values."""

import pytest

from models.data_model import load_object
from models.errors import InvalidInput, NotPossible
from models.permissions import Actor
from models.queries.lab import ask
from models.queries.records import detail
from models.record_writer import draft, write_records
from models.services.objects import FieldSpec, create_object, create_picklist
from models.services.records import change_record, create_record, load_record
from models.store import Store
from models.tables import FieldType
from tests.builders import make_vault

VAULT = 1001
SYSTEM = Actor.system(VAULT)


@pytest.fixture
def inquiries(store: Store) -> Store:
    """A Vault whose Inquiries are locked when their transfer is done, and go to several countries."""
    with store.write() as write:
        make_vault(write, VAULT, "CRM")
        create_picklist(write, VAULT, "status__c", "Transfer Status", [("sent__c", "Sent"), ("success__c", "Success")])
        create_picklist(write, VAULT, "country_cda__v", "Country", ["us__c", "ca__c", "mx__c"])
        create_object(
            write,
            VAULT,
            "inquiry__c",
            "Inquiry",
            "Inquiries",
            "V0I",
            [
                FieldSpec("transfer_status__c", "Transfer Status", FieldType.PICKLIST, picklist="status__c"),
                FieldSpec("countries__c", "Countries", FieldType.PICKLIST, picklist="country_cda__v", several=True),
            ],
            locked_when={"transfer_status__c": "success__c"},
        )
    return store


def create(store: Store, **values: object) -> str:
    with store.write() as write:
        return create_record(write, SYSTEM, "inquiry__c", {"name__v": "I-1", **values})


def test_a_record_is_edited_until_it_holds_what_locks_it(inquiries: Store) -> None:
    inquiry = create(inquiries, transfer_status__c="sent__c")
    with inquiries.write() as write:
        assert change_record(write, SYSTEM, inquiry, {"transfer_status__c": "success__c"})
    with inquiries.write() as write, pytest.raises(NotPossible, match="I-1 is locked: Transfer Status is Success"):
        change_record(write, SYSTEM, inquiry, {"name__v": "I-2"})


def test_a_job_goes_on_writing_a_locked_record(inquiries: Store) -> None:
    inquiry = create(inquiries, transfer_status__c="success__c")
    with inquiries.write() as write:
        model, existing = load_record(write, SYSTEM, inquiry)
        write_records(write, model, [draft(model, {"name__v": "I-2"}, existing)], None)
    with inquiries.write() as write:
        assert load_record(write, SYSTEM, inquiry)[1].values["name__v"] == "I-2"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("us__c", "us__c"), ("ca__c, us__c,ca__c", "us__c,ca__c"), (["mx__c", "us__c"], "us__c,mx__c"), ("", None)],
)
def test_several_values_are_kept_once_each_and_in_the_picklist_s_order(
    inquiries: Store, typed: object, kept: str | None
) -> None:
    inquiry = create(inquiries, countries__c=typed)
    with inquiries.write() as write:
        assert load_record(write, SYSTEM, inquiry)[1].values.get("countries__c") == kept


def test_several_values_are_read_by_their_labels(inquiries: Store) -> None:
    inquiry = create(inquiries, countries__c="us__c,mx__c", transfer_status__c="success__c")
    found = ask(inquiries, detail, VAULT, inquiry)
    assert found is not None
    texts = {field.name: field.text for field in found.fields}
    assert texts == {"transfer_status__c": "Success", "countries__c": "Us, Mx"}
    assert found.locked == "Transfer Status is Success"


def test_each_of_several_values_must_be_of_the_picklist(inquiries: Store) -> None:
    with pytest.raises(InvalidInput, match="'atlantis__c' is not a value of picklist Country"):
        create(inquiries, countries__c="us__c,atlantis__c")


def test_only_a_picklist_field_holds_several_values(inquiries: Store) -> None:
    with inquiries.write() as write, pytest.raises(InvalidInput, match="Only a picklist field holds several values"):
        create_object(write, VAULT, "x__c", "X", "Xs", "V0X", [FieldSpec("y__c", several=True)])
    with inquiries.read() as session:
        assert load_object(session, VAULT, "inquiry__c").fields["countries__c"].several
