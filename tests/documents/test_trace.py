"""Tracing documents: messages name their versions, and CrossLinks are their targets."""

from models.queries.trace import trace
from models.queries.traced import Trace
from tests.documents.lab import STEADY, DocumentLab, send_documents


def traced(lab: DocumentLab, vault_id: int, record_id: str) -> Trace:
    with lab.store.read() as session:
        found = trace(session, vault_id, record_id)
    assert found is not None
    return found


def test_a_document_is_traced_by_its_versions_to_its_crosslink_and_back(lab: DocumentLab) -> None:
    send_documents(lab, STEADY)
    document = lab.steady("Guide")
    other = lab.steady("Other")
    lab.transfer()
    target = next(row for row in lab.crosslinks() if row["name__v"] == "Guide")

    went = traced(lab, 1001, document).went
    assert [message.outbound.state for message in went.messages] == ["delivered"]
    assert [(row.vault_id, row.record_id) for row in went.targets] == [(1002, target["id"])]
    (came,) = traced(lab, 1002, target["id"]).came
    assert came.source.record_id == document
    assert came.messages == went.messages

    lab.up_version(document)
    lab.transfer()
    assert len(traced(lab, 1001, document).went.messages) > len(traced(lab, 1001, other).went.messages)
