"""Documents between Vaults: a document becomes a CrossLink in the other Vault, which then lives as its source does.

Sentences in quotes are those of the seeds and of the integration facts, section 5: "Documents cross as CrossLinks:
created when the source enters its steady state, updated on field change, up-versioned with it, superseded/obsoleted
with it in LIMS; bound to the specific version."
"""

import pytest

from models.errors import NotPossible
from models.permissions import Actor, Permission
from models.services.integrations import add_field_rule, add_point_source, create_rule
from models.services.objects import FieldSpec, add_fields
from models.services.records import create_record
from models.services.vaults import change_profile
from models.tables import (
    CrossLink,
    DeletePolicy,
    DocumentVersion,
    FieldType,
    Integration,
    MessageEvent,
    User,
    table_of,
)
from models.versions import StateType
from scheduler import send
from tests.builders import key, make_vault
from tests.documents.lab import (
    PROFILE,
    STEADY,
    WHOLE_LIFE,
    DocumentLab,
    make_documents,
    send_back,
    send_documents,
    target_user,
)
from tests.stages.lab import counts


@pytest.fixture
def steady(lab: DocumentLab) -> DocumentLab:
    """A lab whose source sends steady documents."""
    send_documents(lab, STEADY)
    return lab


@pytest.fixture
def whole(lab: DocumentLab) -> DocumentLab:
    """A lab whose source sends superseded and obsolete documents too, as Quality-LIMS does."""
    send_documents(lab, WHOLE_LIFE)
    return lab


# "Created when the source enters its steady state"


def test_a_draft_makes_no_crosslink(steady: DocumentLab) -> None:
    steady.document()

    assert counts(steady.transfer()) == {}
    assert steady.crosslinks() == []


def test_a_document_that_becomes_steady_becomes_a_crosslink_in_a_steady_state(steady: DocumentLab) -> None:
    document = steady.document(title__v="One")
    steady.transfer()
    steady.move(document, "approved__c")

    assert counts(steady.transfer()) == {"received": 1, "created": 1}

    crosslink = steady.crosslink()
    assert (crosslink["name__v"], crosslink["title__v"], crosslink["state__v"]) == ("Guide", "One", "effective__c")
    assert steady.target_history() == [("1.0", "effective__c", "1.0")]


def test_a_crosslink_names_the_vault_the_document_and_the_version_it_is_bound_to(steady: DocumentLab) -> None:
    document = steady.steady()
    steady.transfer()

    (bound,) = steady.rows(CrossLink)
    (source,) = steady.records(steady.source, "documents")
    assert (bound.vault_id, bound.source_vault_id, bound.source_record_id) == (1002, 1001, document)
    assert (bound.source_global_id, bound.source_major, bound.source_minor) == (source["global_id__sys"], 1, 0)
    assert bound.binding.value == "Specific Document Version"


def test_a_crosslink_is_linked_and_written_in_the_name_of_the_connection_user(steady: DocumentLab) -> None:
    steady.steady()
    steady.transfer()

    crosslink = steady.crosslink()
    assert crosslink["link__sys"] == steady.records(steady.source, "documents")[0]["global_id__sys"]
    assert crosslink["modified_by__v"] == target_user(steady).user_id


def test_the_messages_name_versions(steady: DocumentLab) -> None:
    document = steady.steady()
    steady.clock.advance(minutes=5)
    steady.send()

    assert steady.sent_items() == [[f"{document}_1_0"]]


def test_a_crosslink_is_bound_to_the_version_that_was_sent_even_if_a_newer_draft_exists_by_then(
    steady: DocumentLab,
) -> None:
    document = steady.steady(title__v="Approved text")
    steady.clock.advance(minutes=5)
    steady.send()
    steady.draft(document)
    steady.edit(document, title__v="Unfinished text")
    steady.deliver()
    steady.receive()

    assert steady.crosslink()["title__v"] == "Approved text"
    assert steady.target_history() == [("1.0", "effective__c", "1.0")]


def test_a_version_that_was_steady_only_between_two_runs_is_sent_all_the_same(steady: DocumentLab) -> None:
    document = steady.steady()
    steady.draft(document)

    steady.transfer()

    assert steady.target_history() == [("1.0", "effective__c", "1.0")]


def test_a_version_that_is_renumbered_on_its_way_is_left_to_the_next_run(lab: DocumentLab) -> None:
    send_documents(lab, {})
    document = lab.document()
    lab.clock.advance(minutes=5)
    lab.send()
    lab.move(document, "approved__c")
    lab.deliver()

    assert counts(lab.receive()) == {"received": 1, "skipped": 1}

    lab.transfer()
    assert lab.target_history() == [("1.0", "effective__c", "1.0")]


def test_criteria_choose_by_document_type_as_well(lab: DocumentLab) -> None:
    send_documents(lab, {**STEADY, "type__v": "label__c"})
    lab.steady("Label", type__v="label__c")
    lab.steady("Letter", type__v="letter__c")

    lab.transfer()

    assert [row["name__v"] for row in lab.crosslinks()] == ["Label"]


def test_an_obsolete_document_without_a_crosslink_gets_none(whole: DocumentLab) -> None:
    document = whole.steady()
    whole.obsolete(document)

    assert counts(whole.transfer()) == {"received": 1, "skipped": 1}
    assert whole.crosslinks() == []


# "Updated on field change"


def test_a_changed_field_of_the_steady_version_updates_the_crosslink_in_place(steady: DocumentLab) -> None:
    document = steady.steady(title__v="One")
    steady.transfer()
    steady.edit(document, title__v="Two")

    assert counts(steady.transfer()) == {"received": 1, "updated": 1}
    assert steady.crosslink()["title__v"] == "Two"
    assert steady.target_history() == [("1.0", "effective__c", "1.0")]


def test_edits_of_a_draft_stay_at_home(steady: DocumentLab) -> None:
    document = steady.steady(title__v="One")
    steady.transfer()
    steady.draft(document)
    steady.edit(document, title__v="Unfinished")

    assert counts(steady.transfer()) == {}
    assert steady.crosslink()["title__v"] == "One"


def test_a_document_that_is_steady_again_makes_the_crosslink_steady_again(whole: DocumentLab) -> None:
    document = whole.steady()
    whole.transfer()
    whole.obsolete(document)
    whole.transfer()
    assert whole.target_history() == [("1.0", "withdrawn__c", "1.0")]

    whole.move(document, "approved__c")
    whole.transfer()

    assert whole.target_history() == [("1.0", "effective__c", "1.0")]


def test_a_message_that_comes_twice_changes_nothing(steady: DocumentLab) -> None:
    steady.steady()
    steady.transfer()
    before = (steady.crosslinks(), steady.target_history(), steady.rows(CrossLink))
    steady.update_row(Integration, steady.source.integration_id, last_successful_send=None)

    assert counts(steady.transfer()) == {"received": 1, "unchanged": 1}
    assert (steady.crosslinks(), steady.target_history(), steady.rows(CrossLink)) == before


# "Up-versioned with it", "superseded with it"


def test_a_new_steady_version_makes_a_new_version_of_the_crosslink_and_supersedes_the_old_one(
    steady: DocumentLab,
) -> None:
    document = steady.steady(title__v="One")
    steady.transfer()
    steady.draft(document)
    steady.edit(document, title__v="Two")
    steady.move(document, "approved__c")

    assert counts(steady.transfer()) == {"received": 1, "updated": 1}
    assert steady.crosslink()["title__v"] == "Two"
    assert steady.target_history() == [("2.0", "effective__c", "2.0"), ("1.0", "replaced__c", "1.0")]


def test_where_superseded_versions_are_sent_nothing_is_done_twice(whole: DocumentLab) -> None:
    document = whole.steady()
    whole.transfer()
    whole.up_version(document)

    whole.transfer()

    assert whole.target_history() == [("2.0", "effective__c", "2.0"), ("1.0", "replaced__c", "1.0")]


def test_previous_steady_versions_are_produced_where_they_are_sent(whole: DocumentLab) -> None:
    document = whole.steady()
    whole.up_version(document)
    whole.up_version(document)

    assert counts(whole.transfer()) == {"received": 3, "created": 1, "updated": 2}
    assert whole.target_history() == [
        ("3.0", "effective__c", "3.0"),
        ("2.0", "replaced__c", "2.0"),
        ("1.0", "replaced__c", "1.0"),
    ]


def test_a_crosslink_is_numbered_in_its_own_vault(steady: DocumentLab) -> None:
    document = steady.steady()
    steady.up_version(document)
    steady.up_version(document)

    steady.transfer()

    assert steady.target_history() == [("1.0", "effective__c", "3.0")]


def test_a_field_of_a_superseded_version_updates_the_version_that_is_bound_to_it(whole: DocumentLab) -> None:
    document = whole.steady(title__v="One")
    whole.transfer()
    whole.up_version(document)
    whole.transfer()
    with whole.store.write() as write:
        versions = table_of(DocumentVersion)
        old = (versions.c.vault_id == whole.source.vault_id) & (versions.c.version_id == f"{document}_1_0")
        write.execute(
            versions.update().where(old).values(data={"title__v": "Corrected"} | _numbers(1, 0), modified_at=write.now)
        )

    assert counts(whole.transfer()) == {"received": 1, "updated": 1}
    facts = whole.facts(whole.crosslink()["id"], vault_id=whole.target.vault_id)
    assert [line.version for line in facts.versions] == ["2.0", "1.0"]
    assert whole.crosslink()["title__v"] == "One"
    (corrected,) = whole.rows(DocumentVersion, vault_id=whole.target.vault_id, latest=False)
    assert corrected.data["title__v"] == "Corrected"


def _numbers(major: int, minor: int) -> dict[str, int]:
    return {"major_version_number__v": major, "minor_version_number__v": minor}


def test_drafts_cross_too_where_no_state_is_asked_for(lab: DocumentLab) -> None:
    """Document Transfer sends "steady and non-steady state documents"; "any time the document is up-versioned [..], the
    document is up-versioned and the document metadata is updated to match" (seed S2)."""
    send_documents(lab, {})
    document = lab.document()
    lab.transfer()
    assert lab.target_history() == [("0.1", "planned__c", "0.1")]

    lab.draft(document)
    lab.transfer()
    assert lab.target_history() == [("0.2", "planned__c", "0.2"), ("0.1", "planned__c", "0.1")]

    lab.move(document, "approved__c")
    lab.transfer()
    assert lab.target_history() == [("1.0", "effective__c", "1.0"), ("0.1", "planned__c", "0.1")]

    lab.draft(document)
    lab.transfer()
    assert lab.target_history()[:2] == [("1.1", "planned__c", "1.1"), ("1.0", "effective__c", "1.0")]


# "Obsoleted with it", withdrawn


def test_where_only_steady_documents_are_sent_an_obsolete_one_leaves_its_crosslink(steady: DocumentLab) -> None:
    document = steady.steady()
    steady.transfer()
    steady.obsolete(document)

    assert counts(steady.transfer()) == {}
    assert steady.target_history() == [("1.0", "effective__c", "1.0")]


def test_where_obsolete_documents_are_sent_the_crosslink_becomes_obsolete(whole: DocumentLab) -> None:
    document = whole.steady()
    whole.transfer()
    whole.obsolete(document)

    assert counts(whole.transfer()) == {"received": 1, "updated": 1}
    assert whole.target_history() == [("1.0", "withdrawn__c", "1.0")]


@pytest.fixture
def published(lab: DocumentLab) -> DocumentLab:
    """A lab that sends steady documents whose Publish for CRM is Yes, and withdraws those that are so no longer."""
    with lab.store.write() as write:
        add_fields(write, lab.source.vault_id, "documents", [FieldSpec("clm_content__v", "", FieldType.YES_NO)])
    send_documents(lab, {**STEADY, "clm_content__v": True})
    lab.update_row(Integration, lab.source.integration_id, inactivates_targets=True)
    lab.transfer()
    return lab


def test_content_is_withdrawn_when_it_is_not_to_be_published_any_more(published: DocumentLab) -> None:
    """ "Content is withdrawn when this field is set to No or moves into an Obsolete state" (seed S2)."""
    document = published.steady(clm_content__v=True)
    published.transfer()
    assert published.target_history() == [("1.0", "effective__c", "1.0")]

    published.edit(document, clm_content__v=False)
    assert counts(published.transfer()) == {"received": 1, "updated": 1}
    assert published.target_history() == [("1.0", "withdrawn__c", "1.0")]


def test_content_is_withdrawn_when_it_moves_into_an_obsolete_state(published: DocumentLab) -> None:
    document = published.steady(clm_content__v=True)
    published.transfer()

    published.obsolete(document)
    published.transfer()

    assert published.target_history() == [("1.0", "withdrawn__c", "1.0")]


def test_withdrawn_content_can_be_published_again(published: DocumentLab) -> None:
    document = published.steady(clm_content__v=True)
    published.transfer()
    published.edit(document, clm_content__v=False)
    published.transfer()

    published.edit(document, clm_content__v=True)
    published.transfer()

    assert published.target_history() == [("1.0", "effective__c", "1.0")]


def test_a_draft_and_a_superseded_version_withdraw_nothing(published: DocumentLab) -> None:
    document = published.steady(clm_content__v=True)
    published.transfer()
    published.draft(document)
    published.transfer()
    assert published.target_history() == [("1.0", "effective__c", "1.0")]

    published.move(document, "approved__c")
    published.transfer()
    assert published.target_history() == [("2.0", "effective__c", "2.0"), ("1.0", "replaced__c", "1.0")]


def test_what_was_never_sent_is_withdrawn_from_nowhere(published: DocumentLab) -> None:
    published.steady("Private")

    result = published.transfer()

    assert counts(result) == {"received": 1, "skipped": 1}
    assert published.crosslinks() == []
    assert published.messages(published.target)[-1].event is MessageEvent.WITHDRAWN


# Deletion


def test_a_deleted_document_leaves_its_crosslink(steady: DocumentLab) -> None:
    document = steady.steady()
    steady.transfer()
    steady.delete(document)

    steady.transfer()

    assert steady.target_history() == [("1.0", "effective__c", "1.0")]


def test_by_policy_the_crosslink_is_deleted_with_its_source(steady: DocumentLab) -> None:
    steady.update_row(Integration, steady.target.integration_id, delete_policy=DeletePolicy.DELETE)
    document = steady.steady()
    steady.transfer()
    steady.delete(document)

    assert counts(steady.transfer()) == {"received": 1, "deleted": 1}
    assert steady.crosslinks() == []
    assert steady.rows(CrossLink) == []


# Permissions of the receiving side


def test_without_create_crosslink_an_exception_item_names_the_permission(steady: DocumentLab) -> None:
    steady.connection_user_may(Permission.CREATE_DOCUMENT)
    document = steady.steady()

    assert counts(steady.transfer()) == {"received": 1, "failed": 1}

    (problem,) = steady.problems()[f"{document}_1_0"].items()
    assert problem[0] == "Create CrossLink"
    assert 'lacks the permission "Create CrossLink"' in problem[1]
    assert steady.crosslinks() == []
    assert steady.rows(CrossLink) == []


def test_the_next_run_makes_the_crosslink_when_the_permission_has_been_granted(steady: DocumentLab) -> None:
    steady.connection_user_may()
    steady.steady()
    steady.transfer()
    steady.connection_user_may(Permission.CREATE_CROSSLINK)

    steady.transfer()

    assert steady.target_history() == [("1.0", "effective__c", "1.0")]
    assert steady.items() == []


def test_a_crosslink_needs_no_permission_to_create_documents(steady: DocumentLab) -> None:
    steady.connection_user_may(Permission.CREATE_CROSSLINK)
    steady.steady()

    assert counts(steady.transfer()) == {"received": 1, "created": 1}


def test_up_versioning_a_crosslink_needs_the_permission_as_well_but_refreshing_fields_does_not(
    steady: DocumentLab,
) -> None:
    document = steady.steady(title__v="One")
    steady.transfer()
    steady.connection_user_may()

    steady.edit(document, title__v="Two")
    assert counts(steady.transfer()) == {"received": 1, "updated": 1}

    steady.up_version(document)
    assert counts(steady.transfer()) == {"received": 1, "failed": 1}
    assert steady.target_history() == [("1.0", "effective__c", "1.0")]


def test_the_rights_to_documents_are_needed_too(steady: DocumentLab) -> None:
    document = steady.steady()
    permissions = {"Object: *: Read", "Object: documents: Create", Permission.CREATE_CROSSLINK.value}
    with steady.store.write() as write:
        change_profile(write, steady.target.vault_id, PROFILE, permissions)
    assert counts(steady.transfer()) == {"received": 1, "created": 1}

    steady.edit(document, title__v="Two")
    assert counts(steady.transfer()) == {"received": 1, "failed": 1}
    assert 'lacks the permission "Object: documents: Edit"' in steady.problems()[f"{document}_1_0"]["id"]


def test_an_inactive_connection_user_makes_no_crosslink(steady: DocumentLab) -> None:
    steady.update_row(User, target_user(steady).user_id or 0, active=False)
    document = steady.steady()

    steady.transfer()

    assert "inactive user" in next(iter(steady.problems()[f"{document}_1_0"].values()))


def test_one_refused_version_keeps_no_other_document_back(steady: DocumentLab) -> None:
    first = steady.steady("First")
    steady.transfer()
    steady.connection_user_may()
    steady.edit(first, title__v="Changed")
    steady.steady("Second")

    assert counts(steady.transfer()) == {"received": 2, "updated": 1, "failed": 1}


# A person at the target


def test_a_crosslink_gets_no_draft_by_hand(steady: DocumentLab) -> None:
    steady.steady()
    steady.transfer()

    with pytest.raises(NotPossible, match="CrossLink"):
        steady.draft(steady.crosslink()["id"], vault_id=steady.target.vault_id)


def test_a_document_that_was_linked_by_hand_becomes_the_crosslink(steady: DocumentLab) -> None:
    """Pasting the source's Global ID into a hand-made document's Link joins them (integration facts, section 5)."""
    steady.steady()
    link = steady.records(steady.source, "documents")[0]["global_id__sys"]
    steady.document("Made by hand", vault_id=steady.target.vault_id, link__sys=link)

    assert counts(steady.transfer()) == {"received": 1, "updated": 1}
    assert steady.target_history() == [("1.0", "effective__c", "1.0")]
    assert steady.crosslink()["name__v"] == "Guide"


def test_the_source_document_tells_which_crosslinks_are_bound_to_it(steady: DocumentLab) -> None:
    document = steady.steady()
    steady.transfer()
    steady.up_version(document)
    steady.transfer()

    used_by = steady.facts(document).used_by
    assert [(line.vault, line.version, line.source_version) for line in used_by] == [
        ("Target", "2.0", "2.0"),
        ("Target", "1.0", "1.0"),
    ]


def test_a_crosslink_is_not_sent_on_so_documents_can_go_both_ways(steady: DocumentLab) -> None:
    send_back(steady)
    steady.steady("From the source")
    steady.transfer()
    own = steady.document("Own", vault_id=steady.target.vault_id)
    steady.move(own, "effective__c", vault_id=steady.target.vault_id)
    steady.clock.advance(minutes=5)

    assert counts(steady.run(send.run_once, steady.target)) == {"found": 1, "sent": 1}
    assert steady.crosslinks()[0]["name__v"] == "From the source"


# Lifecycles that do not fit


def test_a_target_without_a_superseded_state_keeps_its_old_versions_steady(lab: DocumentLab) -> None:
    with lab.store.write() as write:
        make_vault(write, 1003)
        make_documents(write, 1003, (("planned__c", "Planned"), ("effective__c", "Effective", StateType.STEADY)))
        first = create_record(write, Actor.system(1003), "documents", {"name__v": "Guide"})
    lab.move(first, "effective__c", vault_id=1003)
    lab.draft(first, vault_id=1003)
    lab.move(first, "effective__c", vault_id=1003)

    assert lab.history(first, vault_id=1003) == [("2.0", "effective__c"), ("1.0", "effective__c")]


# A document that is made from a record


def test_a_record_becomes_a_plain_document(lab: DocumentLab) -> None:
    """As a Case Narrative "makes a Narrative Document" (catalogue, Medical-Safety)."""
    _products_become_documents(lab)
    lab.create("Aspirin")

    lab.transfer()

    assert lab.target_history() == [("0.1", "planned__c", "")]


def test_a_plain_document_needs_create_document(lab: DocumentLab) -> None:
    _products_become_documents(lab)
    lab.connection_user_may(Permission.CREATE_CROSSLINK)
    product = lab.create("Aspirin")

    lab.transfer()

    assert list(lab.problems()[product]) == ["Create Document"]
    assert lab.crosslinks() == []


def _products_become_documents(lab: DocumentLab) -> None:
    with lab.store.write() as write:
        rule = create_rule(
            write,
            lab.target.system,
            lab.target.point_id,
            name="Narrative Rule",
            api_name="narrative_rule__c",
            primary_query_object="product__v",
        )
        add_field_rule(write, lab.target.system, key(rule), query_field="name__v", target_docfield="name__v")


# Waiting while the connection is broken


def test_send_counts_versions(steady: DocumentLab) -> None:
    steady.steady("First")
    steady.steady("Second")
    steady.clock.advance(minutes=5)

    assert counts(steady.run(send.run_once, steady.source)) == {"found": 2, "sent": 2}


def test_a_criterion_that_names_no_state_type_is_told_in_words(lab: DocumentLab) -> None:
    with lab.store.write() as write:
        add_point_source(
            write,
            lab.source.system,
            lab.source.point_id,
            object_name="documents",
            remote_point="other__c",
            criteria={"STATETYPE()": "firm"},
        )
    lab.steady()
    lab.clock.advance(minutes=5)
    lab.send()

    (message,) = lab.exceptions(lab.source)
    assert "[firm] is not a state type." in message.error_message
    assert PROFILE not in message.error_message
