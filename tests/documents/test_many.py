"""Many documents at once: more than travel to the database one by one, and more than fit in one message."""

from models.services.records import create_records
from models.tables import CrossLink, DocumentVersion
from tests.documents.lab import STEADY, DocumentLab, send_documents
from tests.stages.lab import counts

MANY = 620


def test_many_documents_cross_and_are_up_versioned_together(lab: DocumentLab) -> None:
    send_documents(lab, STEADY)
    rows = [{"name__v": f"Guide {number}", "state__v": "approved__c"} for number in range(MANY)]
    rows[7]["title__v"] = "Ä [/foo] \u2028 '; --"
    with lab.store.write() as write:
        documents = create_records(write, lab.source.system, "documents", rows)

    assert counts(lab.transfer()) == {"received": MANY, "created": MANY}
    assert lab.crosslinks()[7]["title__v"] == rows[7]["title__v"]

    for document in documents[:3]:
        lab.up_version(document)
    assert counts(lab.transfer()) == {"received": 3, "updated": 3}

    assert len(lab.rows(DocumentVersion, vault_id=lab.target.vault_id)) == MANY + 3
    assert len(lab.rows(DocumentVersion, vault_id=lab.target.vault_id, latest=True)) == MANY
    assert len(lab.rows(CrossLink)) == MANY + 3
    bound = {(row.source_record_id, row.source_major) for row in lab.rows(CrossLink)}
    assert bound == {(document, 1) for document in documents} | {(document, 2) for document in documents[:3]}
