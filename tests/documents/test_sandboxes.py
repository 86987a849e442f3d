"""Documents in sandboxes: copied with their versions and bindings, and gone with a refresh."""

from models.permissions import Actor
from models.services.sandboxes import create_sandbox, refresh_sandbox
from models.tables import CrossLink, DocumentVersion
from tests.documents.lab import STEADY, DocumentLab, send_documents

SANDBOX = 2002


def _sandbox_of_the_target(lab: DocumentLab) -> None:
    with lab.store.write() as write:
        create_sandbox(
            write, Actor.system(lab.target.vault_id), id=SANDBOX, name="Sandbox", dns_host="sandbox.lab.example.com"
        )


def test_a_sandbox_has_the_documents_of_its_parent_with_all_versions_and_bindings(lab: DocumentLab) -> None:
    send_documents(lab, STEADY)
    document = lab.steady(title__v="One")
    lab.transfer()
    lab.up_version(document)
    lab.transfer()

    _sandbox_of_the_target(lab)

    crosslink = lab.crosslink()["id"]
    facts = lab.facts(crosslink, vault_id=SANDBOX)
    assert [(line.version, line.state) for line in facts.versions] == [("2.0", "effective__c"), ("1.0", "replaced__c")]
    assert [line.binding and line.binding.source_vault_id for line in facts.versions] == [1001, 1001]
    (latest,) = lab.rows(DocumentVersion, vault_id=SANDBOX, latest=True)
    assert latest.global_id.startswith(f"{SANDBOX}_")
    assert latest.data["title__v"] == "One"


def test_a_document_of_a_sandbox_goes_its_own_way(lab: DocumentLab) -> None:
    document = lab.document(vault_id=lab.target.vault_id)
    _sandbox_of_the_target(lab)

    lab.move(document, "effective__c", vault_id=SANDBOX)

    assert lab.history(document, vault_id=SANDBOX) == [("1.0", "effective__c")]
    assert lab.history(document, vault_id=lab.target.vault_id) == [("0.1", "planned__c")]


def test_a_refresh_replaces_the_documents_of_a_sandbox(lab: DocumentLab) -> None:
    send_documents(lab, STEADY)
    lab.steady()
    lab.transfer()
    _sandbox_of_the_target(lab)
    lab.document("Only here", vault_id=SANDBOX)

    with lab.store.write() as write:
        refresh_sandbox(write, Actor.system(lab.target.vault_id), SANDBOX)

    assert [row.name for row in lab.rows(DocumentVersion, vault_id=SANDBOX)] == ["Guide"]
    assert len(lab.rows(CrossLink, vault_id=SANDBOX)) == 1
