"""User actions: what a person does with a record at one stroke, when it is possible, and how it is audited."""

import pytest
from sqlalchemy import select

from models.data_model import load_object
from models.errors import InvalidInput, NotAllowed, NotFound, NotPossible
from models.permissions import READ_ONLY_USER, Actor, actor_for
from models.queries.user_actions import DONE, actions_of
from models.services.documents import create_document
from models.services.objects import FieldSpec, NamedState, create_object, create_picklist
from models.services.records import change_record, create_record, load_record
from models.services.sandboxes import create_sandbox
from models.services.user_actions import perform_action
from models.services.vaults import create_user
from models.store import Store
from models.tables import AuditRow, FieldType, ObjectKind, table_of
from models.user_actions import UserAction
from models.versions import StateType
from tests.builders import make_vault, user

VAULT = 1001
SYSTEM = Actor.system(VAULT)
TRANSFER = UserAction(
    "Transfer to Medical",
    {"transfer__c": "yes", "status__c": "sent__c"},
    {"state__v": "submitted__c"},
    "It becomes a Case in Medical.",
)
WITHDRAW = UserAction("Withdraw", {"transfer__c": False})
FIELDS = [
    FieldSpec("transfer__c", "Transfer", FieldType.YES_NO),
    FieldSpec("status__c", "Transfer Status", FieldType.PICKLIST, picklist="status__c"),
    FieldSpec("note__c", "Note", max_length=5),
]
STATES = [("saved__c", "Saved"), ("submitted__c", "Submitted")]


@pytest.fixture
def inquiries(store: Store) -> Store:
    """A Vault whose Inquiries are transferred once they are submitted, and locked once that has succeeded."""
    with store.write() as write:
        make_vault(write, VAULT, "CRM")
        create_picklist(write, VAULT, "status__c", "Transfer Status", [("sent__c", "Sent"), ("success__c", "Success")])
        create_object(
            write,
            VAULT,
            "inquiry__c",
            "Inquiry",
            "Inquiries",
            "V0I",
            FIELDS,
            STATES,
            locked_when={"status__c": "success__c"},
            actions=[TRANSFER, WITHDRAW],
        )
        create_object(write, VAULT, "plain__c", "Plain", "Plains", "V0P")
    return store


def create(store: Store, **values: object) -> str:
    with store.write() as write:
        return create_record(write, SYSTEM, "inquiry__c", {"name__v": "I-1", "state__v": "submitted__c", **values})


def act(store: Store, record_id: str, name: str = "Transfer to Medical", actor: Actor = SYSTEM) -> bool:
    with store.write() as write:
        return perform_action(write, actor, record_id, name)


def values(store: Store, record_id: str) -> dict[str, object]:
    with store.write() as write:
        return load_record(write, SYSTEM, record_id)[1].values


def why_not(store: Store, record_id: str) -> dict[str, str]:
    with store.read() as session:
        found = actions_of(session, VAULT, record_id)
    assert found is not None
    return {line.name: line.why_not for line in found[1]}


def test_an_action_sets_all_its_fields_and_is_audited_under_its_own_name(inquiries: Store) -> None:
    inquiry = create(inquiries)
    assert act(inquiries, inquiry, "transfer to medical")
    assert values(inquiries, inquiry)["transfer__c"] is True
    assert values(inquiries, inquiry)["status__c"] == "sent__c"
    with inquiries.read() as session:
        rows = session.execute(select(table_of(AuditRow)).order_by(table_of(AuditRow).c.id)).all()
    last = [(row.action, row.field_name, row.new_value) for row in rows if row.record_id == inquiry][-2:]
    assert sorted(last) == [
        ("Transfer to Medical", "status__c", "sent__c"),
        ("Transfer to Medical", "transfer__c", "true"),
    ]


def test_what_was_done_already_changes_nothing_even_when_it_would_no_longer_be_possible(inquiries: Store) -> None:
    inquiry = create(inquiries)
    assert act(inquiries, inquiry)
    with inquiries.write() as write:
        change_record(write, SYSTEM, inquiry, {"state__v": "saved__c"})
    assert not act(inquiries, inquiry)
    assert why_not(inquiries, inquiry) == {"Transfer to Medical": DONE, "Withdraw": ""}


def test_an_action_that_needs_a_state_says_so_until_the_record_is_in_it(inquiries: Store) -> None:
    inquiry = create(inquiries, state__v="saved__c")
    reason = "Transfer to Medical is possible once Lifecycle State is Submitted."
    assert why_not(inquiries, inquiry)["Transfer to Medical"] == reason
    with pytest.raises(NotPossible) as refusal:
        act(inquiries, inquiry)
    assert refusal.value.message == reason
    assert values(inquiries, inquiry).get("transfer__c") is None


def test_no_action_is_performed_on_a_locked_record(inquiries: Store) -> None:
    inquiry = create(inquiries, status__c="success__c")
    reason = "I-1 is locked: Transfer Status is Success."
    assert why_not(inquiries, inquiry) == {"Transfer to Medical": reason, "Withdraw": reason}
    with pytest.raises(NotPossible, match="I-1 is locked: Transfer Status is Success"):
        act(inquiries, inquiry)


def test_who_may_not_edit_the_record_performs_no_action_with_it(inquiries: Store) -> None:
    inquiry = create(inquiries)
    with inquiries.write() as write:
        create_user(write, VAULT, "reader@lab.example.com", "Rita", "Reader", READ_ONLY_USER)
    with inquiries.write() as write:
        reader = actor_for(write, VAULT, "reader@lab.example.com")
    with pytest.raises(NotAllowed, match="inquiry__c: Edit"):
        act(inquiries, inquiry, actor=reader)


def test_an_unknown_action_is_refused_with_those_that_there_are(inquiries: Store) -> None:
    inquiry = create(inquiries)
    with pytest.raises(NotFound, match="Inquiry has no user action Fly") as refusal:
        act(inquiries, inquiry, "Fly")
    assert refusal.value.remedy == "It has: Transfer to Medical, Withdraw."
    with inquiries.write() as write:
        plain = create_record(write, SYSTEM, "plain__c", {"name__v": "P"})
    with pytest.raises(NotFound) as refusal:
        act(inquiries, plain)
    assert refusal.value.remedy == "It has none."


@pytest.mark.parametrize(
    ("actions", "problem"),
    [
        ([UserAction("Send", {"nothing__c": True})], "Inquiry has no field nothing__c that can be written"),
        ([UserAction("Send", {"status__c": "lost__c"})], "'lost__c' is not a value of picklist Transfer Status"),
        ([UserAction("Send", {"note__c": "a long note"})], "11 characters are too many"),
        ([UserAction("Send", {"transfer__c": True}, {"state__v": "gone__c"})], "'gone__c' is not a value of the life"),
        ([UserAction("Send", {})], "An action sets at least one field"),
        ([UserAction(" ", {"transfer__c": True})], "This is needed"),
        ([UserAction("Send", {"transfer__c": True}), UserAction("SEND", {"note__c": "x"})], "Two actions have"),
    ],
)
def test_an_action_that_cannot_work_is_refused_when_the_object_is_made(
    inquiries: Store, actions: list[UserAction], problem: str
) -> None:
    with inquiries.write() as write:
        create_picklist(write, VAULT, "other__c", "Other", ["x__c"])
    with pytest.raises(InvalidInput, match=problem), inquiries.write() as write:
        create_object(write, VAULT, "other__c", "Inquiry", "Inquiries", "V0X", FIELDS, STATES, actions=actions)


def test_an_action_of_documents_sets_fields_but_leaves_the_state_to_the_lifecycle(inquiries: Store) -> None:
    lifecycle: list[NamedState] = [("draft__c", "Draft"), ("approved__c", "Approved", StateType.STEADY)]
    publish = UserAction("Publish", {"publish__c": True}, {"state__v": "approved__c"})

    def documents(action: UserAction) -> None:
        with inquiries.write() as write:
            create_object(
                write,
                VAULT,
                "documents",
                "Document",
                "Documents",
                "DOC",
                [FieldSpec("publish__c", "Publish", FieldType.YES_NO)],
                lifecycle,
                kind=ObjectKind.DOCUMENT,
                actions=[action],
            )

    with pytest.raises(InvalidInput, match="changed by its lifecycle"):
        documents(UserAction("Approve", {"state__v": "approved__c"}))
    documents(publish)
    with inquiries.write() as write:
        paper = create_document(write, SYSTEM, {"name__v": "D", "state__v": "approved__c"})
    assert act(inquiries, paper, "Publish")
    assert values(inquiries, paper)["publish__c"] is True


def test_a_sandbox_has_the_actions_of_its_parent(inquiries: Store) -> None:
    inquiry = create(inquiries)
    with inquiries.write() as write:
        create_sandbox(write, user(inquiries, VAULT), id=5001, name="Sandbox", dns_host="sandbox.example.com")
    with inquiries.write() as write:
        assert load_object(write, 5001, "inquiry__c").actions == load_object(write, VAULT, "inquiry__c").actions != ()
        assert perform_action(write, Actor.system(5001), inquiry, "Transfer to Medical")
    assert values(inquiries, inquiry).get("transfer__c") is None
