"""Explain tells of a document the version that is sent, and what becomes of it; telling changes nothing."""

from scheduler.explain import explain_record
from tests.documents.lab import STEADY, DocumentLab, send_back, send_documents


def test_the_steady_version_is_explained_even_when_there_is_a_newer_draft(lab: DocumentLab) -> None:
    send_documents(lab, STEADY)
    document = lab.steady(title__v="One")
    lab.draft(document)
    lab.edit(document, title__v="Unfinished")

    (story,) = explain_record(lab.store, lab.source.system, document)

    assert story.item == f"{document}_1_0"
    assert "Version 1.0 holds what point" in " ".join(step.text for step in story.steps)
    (target,) = story.targets
    assert target.effect.value == "created"
    assert {field.after for field in target.fields} >= {"Guide", "One"}
    assert lab.crosslinks() == []


def test_a_document_without_such_a_version_is_told_what_stops_it(lab: DocumentLab) -> None:
    send_documents(lab, STEADY)
    document = lab.document()

    (story,) = explain_record(lab.store, lab.source.system, document)

    assert story.stopped is not None
    assert story.stopped.name == "Criteria"
    assert "no version of this document is so" in story.stopped.text


def test_a_crosslink_is_explained_from_its_source(lab: DocumentLab) -> None:
    send_documents(lab, STEADY)
    lab.steady()
    lab.transfer()
    before = (lab.crosslinks(), lab.target_history())

    stories = explain_record(lab.store, lab.target.system, lab.crosslink()["id"])

    assert [story.source_vault_id for story in stories] == [lab.source.vault_id]
    assert (lab.crosslinks(), lab.target_history()) == before


def test_a_crosslink_is_told_that_it_is_not_sent_on(lab: DocumentLab) -> None:
    send_documents(lab, STEADY)
    send_back(lab)
    lab.steady()
    lab.transfer()

    stories = explain_record(lab.store, lab.target.system, lab.crosslink()["id"])

    (onward,) = (story for story in stories if story.target_vault_id == lab.source.vault_id)
    assert onward.stopped is not None
    assert "It is a CrossLink, which is not sent on" in onward.stopped.text


def test_a_missing_permission_is_explained(lab: DocumentLab) -> None:
    send_documents(lab, STEADY)
    lab.connection_user_may()
    document = lab.steady()

    (story,) = explain_record(lab.store, lab.source.system, document)

    (target,) = story.targets
    assert target.effect.value == "failed"
    told = f"{target} {story.steps}"
    assert 'lacks the permission "Create CrossLink"' in told
