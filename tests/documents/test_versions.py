"""Documents in one Vault: how they are numbered, what their lifecycle states mean, who may do what."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import InvalidInput, NotAllowed, NotFound, NotPossible
from models.permissions import INTEGRATION_USER, READ_ONLY_USER, Permission, actor_for
from models.services.documents import (
    change_state,
    create_document,
    delete_document,
    edit_document,
    make_obsolete,
    new_version,
)
from models.services.objects import create_object
from models.services.records import change_record, create_record
from models.services.vaults import create_profile, create_user
from models.tables import AuditRow, CrossLink, DocumentVersion, ObjectKind, Record, Tombstone, table_of
from models.versions import (
    StateType,
    Version,
    entering,
    first_version,
    following,
    record_id_of,
    version_id,
    version_in,
)
from tests.builders import DOMAIN
from tests.documents.lab import DocumentLab


def test_a_new_document_is_version_0_1_in_the_starting_state(lab: DocumentLab) -> None:
    document = lab.document()

    assert lab.history(document) == [("0.1", "draft__c")]


def test_an_edit_stays_in_the_version(lab: DocumentLab) -> None:
    document = lab.document(title__v="One")
    before = lab.versions(document)[0]
    lab.clock.advance(minutes=1)

    assert lab.edit(document, title__v="Two")

    (version,) = lab.versions(document)
    assert (version.major, version.minor, version.data["title__v"]) == (0, 1, "Two")
    assert version.created_at == before.created_at < version.modified_at


def test_a_save_that_changes_nothing_touches_no_version(lab: DocumentLab) -> None:
    document = lab.document(title__v="One")
    before = lab.versions(document)
    lab.clock.advance(minutes=1)

    assert not lab.edit(document, title__v="One")
    assert lab.versions(document) == before


def test_a_draft_gets_the_next_minor_number_and_keeps_the_fields(lab: DocumentLab) -> None:
    document = lab.document(title__v="One")
    lab.move(document, "in_review__c")

    assert str(lab.draft(document)) == "0.2"

    assert lab.history(document) == [("0.2", "draft__c"), ("0.1", "in_review__c")]
    assert [version.data["title__v"] for version in lab.versions(document)] == ["One", "One"]


def test_a_version_that_enters_a_steady_state_becomes_the_next_major_one(lab: DocumentLab) -> None:
    document = lab.document()
    lab.draft(document)

    assert str(lab.move(document, "approved__c")) == "1.0"

    assert lab.history(document) == [("1.0", "approved__c"), ("0.1", "draft__c")]


def test_an_edit_after_a_new_draft_leaves_the_steady_version_as_it_is(lab: DocumentLab) -> None:
    document = lab.steady(title__v="One")
    lab.draft(document)
    lab.edit(document, title__v="Two")

    latest, steady = sorted(lab.versions(document), key=lambda version: version.latest, reverse=True)
    assert (latest.data["title__v"], steady.data["title__v"]) == ("Two", "One")
    assert [row["title__v"] for row in lab.records(lab.source, "documents")] == ["Two"]


def test_the_version_that_was_steady_is_superseded_by_the_next_one(lab: DocumentLab) -> None:
    document = lab.steady()
    lab.draft(document)
    assert lab.history(document) == [("1.1", "draft__c"), ("1.0", "approved__c")]

    lab.move(document, "approved__c")

    assert lab.history(document) == [("2.0", "approved__c"), ("1.0", "superseded__c")]
    superseded = lab.rows(AuditRow, action="Supersede")
    assert [(row.field_name, row.old_value, row.new_value) for row in superseded] == [
        ("state__v", "approved__c", "superseded__c")
    ]


def test_an_obsolete_version_keeps_its_number_and_gets_it_back_when_it_is_steady_again(lab: DocumentLab) -> None:
    document = lab.steady()

    assert str(lab.obsolete(document)) == "1.0"
    assert lab.history(document) == [("1.0", "obsolete__c")]
    assert str(lab.move(document, "approved__c")) == "1.0"


def test_a_document_that_is_saved_as_a_record_is_numbered_all_the_same(lab: DocumentLab) -> None:
    with lab.store.write() as write:
        document = create_record(write, lab.source.system, "documents", {"name__v": "Guide"})
        change_record(write, lab.source.system, document, {"state__v": "approved__c"})

    assert lab.history(document) == [("1.0", "approved__c")]


def test_nobody_writes_a_version_number(lab: DocumentLab) -> None:
    document = lab.document()

    with pytest.raises(InvalidInput) as refused:
        lab.edit(document, major_version_number__v=7)

    assert list(refused.value.fields) == ["major_version_number__v"]
    assert lab.history(document) == [("0.1", "draft__c")]


def test_an_obsolete_document_gets_no_new_draft(lab: DocumentLab) -> None:
    document = lab.steady()
    lab.obsolete(document)

    with pytest.raises(NotPossible, match="Obsolete"):
        lab.draft(document)


def test_a_document_does_not_enter_the_state_it_is_in(lab: DocumentLab) -> None:
    document = lab.steady()

    with pytest.raises(NotPossible, match="Approved already"):
        lab.move(document, "approved__c")


def test_a_state_that_the_lifecycle_does_not_have_is_refused(lab: DocumentLab) -> None:
    document = lab.document()

    with pytest.raises(InvalidInput) as refused:
        lab.move(document, "published__c")

    assert "state__v" in refused.value.fields


def test_a_record_is_no_document(lab: DocumentLab) -> None:
    product = lab.create("Aspirin")

    with pytest.raises(NotFound, match="no document"):
        lab.draft(product)


def test_what_happens_to_a_document_is_audited(lab: DocumentLab) -> None:
    document = lab.document()
    lab.move(document, "approved__c")
    lab.draft(document)

    audited = [
        (row.action, row.field_name, row.new_value)
        for row in lab.rows(AuditRow, vault_id=lab.source.vault_id, record_id=document)
    ]

    assert audited[0] == ("Create", "", None)
    assert ("Change State", "state__v", "approved__c") in audited
    assert ("Change State", "major_version_number__v", "1") in audited
    assert ("Create Draft", "minor_version_number__v", "1") in audited


def test_a_deleted_document_goes_with_all_its_versions_and_leaves_a_tombstone(lab: DocumentLab) -> None:
    document = lab.steady()
    lab.draft(document)

    with lab.store.write() as write:
        delete_document(write, lab.source.system, document)

    assert lab.versions(document) == []
    assert [row.record_id for row in lab.rows(Tombstone)] == [document]


@pytest.mark.parametrize("kind", [Record, DocumentVersion])
def test_a_document_is_found_under_its_own_id_in(lab: DocumentLab, kind: type) -> None:
    document = lab.steady()

    (row,) = lab.rows(kind, record_id=document)

    assert (row.name, row.state, row.global_id) == ("Guide", "approved__c", row.global_id)


# Permissions


def test_creating_a_document_needs_the_permission_for_documents(lab: DocumentLab) -> None:
    with lab.store.write() as write:
        create_user(write, lab.source.vault_id, f"robot@{DOMAIN}", "A", "Robot", INTEGRATION_USER)
    with lab.store.read() as session:
        actor = actor_for(session, lab.source.vault_id, f"robot@{DOMAIN}")
    with lab.store.write() as write, pytest.raises(NotAllowed, match='"Create Document"'):
        create_document(write, actor, {"name__v": "Guide"})


@pytest.mark.parametrize(
    "action",
    [
        lambda write, actor, document: edit_document(write, actor, document, {"title__v": "New"}),
        lambda write, actor, document: new_version(write, actor, document),
        lambda write, actor, document: change_state(write, actor, document, "in_review__c"),
        lambda write, actor, document: make_obsolete(write, actor, document),
        lambda write, actor, document: delete_document(write, actor, document),
    ],
)
def test_who_may_only_read_documents_changes_none(lab: DocumentLab, action: object) -> None:
    document = lab.document()
    with lab.store.write() as write:
        create_user(write, lab.source.vault_id, f"reader@{DOMAIN}", "A", "Reader", READ_ONLY_USER)

    with lab.store.write() as write:
        actor = actor_for(write, lab.source.vault_id, f"reader@{DOMAIN}")
        with pytest.raises(NotAllowed, match="Object: documents:"):
            action(write, actor, document)  # type: ignore[operator]

    assert lab.history(document) == [("0.1", "draft__c")]


def test_a_right_to_documents_alone_is_enough_to_edit_them(lab: DocumentLab) -> None:
    document = lab.document()
    rights = {"Object: documents: Read", "Object: documents: Edit", Permission.CREATE_DOCUMENT.value}
    with lab.store.write() as write:
        create_profile(write, lab.source.vault_id, "Author", rights)
        create_user(write, lab.source.vault_id, f"author@{DOMAIN}", "An", "Author", "Author")
        actor = actor_for(write, lab.source.vault_id, f"author@{DOMAIN}")
        change_state(write, actor, document, "approved__c")

    assert lab.history(document) == [("1.0", "approved__c")]


# The object


def test_a_vault_has_one_object_of_documents_and_it_is_named_so(lab: DocumentLab) -> None:
    steady = [("approved__c", "Approved", StateType.STEADY)]
    for name, kind in (("papers__c", ObjectKind.DOCUMENT), ("documents", ObjectKind.OBJECT)):
        with lab.store.write() as write, pytest.raises(InvalidInput) as refused:
            create_object(write, 1001, name, "Paper", "Papers", "PAP", (), steady, kind=kind)
        assert "name" in refused.value.fields


def test_documents_need_a_steady_state(lab: DocumentLab) -> None:
    with lab.store.write() as write, pytest.raises(InvalidInput) as refused:
        create_object(write, 1001, "documents", "Paper", "Papers", "PAP", (), ["draft__c"], kind=ObjectKind.DOCUMENT)

    assert "states" in refused.value.fields


# The numbers


versions = st.builds(Version, st.integers(0, 50), st.integers(0, 50))
types = st.sampled_from([None, *StateType])


@given(version=versions)
def test_a_version_id_names_its_document(version: Version) -> None:
    assert record_id_of(version_id("DOC000000000007", version)) == "DOC000000000007"


@given(own=versions, source=versions)
def test_a_crosslink_is_never_numbered_backwards(own: Version, source: Version) -> None:
    after = following(own, source)

    assert after > own
    assert after.is_draft == source.is_draft


@given(version=versions, state_type=types)
def test_only_a_steady_state_renumbers_and_only_drafts(version: Version, state_type: StateType | None) -> None:
    after = entering(version, state_type)

    assert (after != version) == (state_type is StateType.STEADY and version.is_draft)
    assert after == version or (version.replaced_by(after) and after > version)


@given(state_type=types)
def test_a_first_version_is_0_1_or_1_0(state_type: StateType | None) -> None:
    assert first_version(state_type) in (Version(0, 1), Version(1, 0))


STEPS = st.sampled_from(["draft", "draft__c", "in_review__c", "approved__c", "obsolete__c"])


@given(steps=st.lists(STEPS, max_size=8))
def test_whatever_happens_to_a_document_its_versions_tell_one_story(lab: DocumentLab, steps: Sequence[str]) -> None:
    document = lab.document()
    for step in steps:
        lab.clock.advance(minutes=1)
        try:
            if step == "draft":
                lab.draft(document)
            else:
                lab.move(document, step)
        except NotPossible:
            continue

    rows = sorted(lab.versions(document), key=lambda row: (row.major, row.minor))
    (record,) = lab.rows(Record, record_id=document)
    latest = rows[-1]
    assert [row.latest for row in rows] == [False] * (len(rows) - 1) + [True]
    assert (latest.name, latest.state, latest.data) == (record.name, record.state, record.data)
    assert all(version_in(row.data) == Version(row.major, row.minor) for row in rows)
    assert all(row.version_id == version_id(document, Version(row.major, row.minor)) for row in rows)
    assert all(row.minor == 0 for row in rows if row.state in ("approved__c", "superseded__c"))
    assert sum(row.state == "approved__c" for row in rows) <= 1
    assert lab.rows(CrossLink) == []


def test_every_query_of_versions_names_its_vault() -> None:
    assert "vault_id" in table_of(DocumentVersion).c
    assert "vault_id" in table_of(CrossLink).c
