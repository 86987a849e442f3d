"""Medical-Network: users search Network while they create a Case Contact. No job runs, and no message goes."""

import pytest
from sqlalchemy import func, select

from models.doctor import examine
from models.doctor.finding import FindingKind
from models.errors import NotAllowed, NotFound
from models.permissions import Actor, actor_for
from models.services.integrations import set_integration_active
from models.store import Store, WriteSession
from models.tables import AuditRow, Connection, JobRun, SparkMessage, table_of
from scheduler.route import RouteBroken
from scheduler.searching import Hit, Taken, find_search, hits, searches_for, take_over
from seed.catalogue.assemble import State
from seed.catalogue.load import catalogue
from tests.catalogue.lab import CatalogueLab

CONTACT, HCP = "person__sys", "sim_hcp__c"


@pytest.fixture
def lab(store: Store) -> CatalogueLab:
    return CatalogueLab.of(store, "medical_network")


def search(lab: CatalogueLab, text: str, username: str | None = None) -> list[Hit]:
    with lab.store.write() as write:
        actor = who(lab, write, username)
        return hits(write, actor, find_search(write, actor.vault_id, CONTACT), text, write.now)


def take(lab: CatalogueLab, source_id: str, username: str | None = None) -> Taken:
    with lab.store.write() as write:
        actor = who(lab, write, username)
        return take_over(write, actor, find_search(write, actor.vault_id, CONTACT), source_id)


def who(lab: CatalogueLab, write: WriteSession, username: str | None) -> Actor:
    if username is None:
        return lab.actor(write, "medical")
    return actor_for(write, lab.vaults["medical"], username)


def test_a_person_found_in_network_becomes_a_case_contact_without_job_or_message(lab: CatalogueLab) -> None:
    (hit,) = search(lab, "hollnagel berlin")
    assert (hit.name, hit.known_as) == ("Dr. Maren Hollnagel", "")
    assert hit.values["Specialty"] == "Cardiology"
    taken = take(lab, hit.record_id)
    (contact,) = lab.records("medical", CONTACT)
    assert taken == Taken(contact["id"], "Dr. Maren Hollnagel", created=True, changed=True)
    assert contact["link__sys"] == hit.global_id
    assert (contact["sim_email__c"], contact["sim_city__c"]) == ("m.hollnagel@clinic.example", "Berlin")
    with lab.store.read() as session:
        for table in (SparkMessage, JobRun):
            assert session.execute(select(func.count()).select_from(table_of(table))).scalar() == 0
        audited = session.execute(select(table_of(AuditRow)).where(table_of(AuditRow).c.action == "Create")).all()
    assert [row.item for row in audited if row.record_id == contact["id"]] == ["Case Contact: Dr. Maren Hollnagel"]
    lab.run()
    assert lab.records("medical", CONTACT) == [contact]


def test_every_word_must_be_found_in_any_case(lab: CatalogueLab) -> None:
    assert [hit.name for hit in search(lab, "HOLLNAGEL")] == ["Dr. Maren Hollnagel", "Dr. Tobias Hollnagel"]
    assert [hit.name for hit in search(lab, "cardiology lyon")] == ["Dr. Camille Aubertin"]
    assert search(lab, "hollnagel lyon") == []
    assert len(search(lab, "")) == 3


def test_an_inactive_person_is_not_offered(lab: CatalogueLab) -> None:
    (hit,) = search(lab, "aubertin")
    lab.change("network", hit.record_id, {"status__v": "inactive__v"})
    assert search(lab, "aubertin") == []


def test_a_case_contact_that_is_linked_already_is_brought_up_to_date(lab: CatalogueLab) -> None:
    (hit,) = search(lab, "aubertin")
    first = take(lab, hit.global_id)
    assert take(lab, hit.record_id) == Taken(first.record_id, hit.name, created=False, changed=False)
    lab.change("network", hit.record_id, {"sim_city__c": "Paris"})
    lab.run()
    (contact,) = lab.records("medical", CONTACT)
    assert contact["sim_city__c"] == "Lyon", "nothing is sent by itself"
    (again,) = search(lab, "aubertin")
    assert again.known_as == first.record_id
    assert take(lab, hit.record_id) == Taken(first.record_id, hit.name, created=False, changed=True)
    (contact,) = lab.records("medical", CONTACT)
    assert contact["sim_city__c"] == "Paris"


def test_the_search_is_refused_with_the_reason_while_the_connection_is_not_active(store: Store) -> None:
    lab = CatalogueLab.of(store, "medical_network", state=State.UNTOUCHED)
    with pytest.raises(RouteBroken, match="is pending, not active") as refused:
        search(lab, "hollnagel")
    assert refused.value.remedy == "Establish the connection again."
    (hcp, *_) = lab.records("network", HCP)
    with pytest.raises(RouteBroken, match="is pending, not active"):
        take(lab, hcp["id"])
    assert lab.records("medical", CONTACT) == []


def test_the_search_is_refused_while_its_integration_is_inactive(lab: CatalogueLab) -> None:
    with lab.store.write() as write:
        integration = lab.integration("medical_network", "medical", "sim_hcp_search__c")
        set_integration_active(write, lab.actor(write, "medical"), integration, active=False)
    with pytest.raises(RouteBroken, match="inactive in this Vault"):
        search(lab, "hollnagel")


def test_who_may_not_create_case_contacts_cannot_search(lab: CatalogueLab) -> None:
    assert len(search(lab, "aubertin", "priya.anand@verteo.example")) == 1
    with pytest.raises(NotAllowed):
        search(lab, "aubertin", "noor.viewer@verteo.example")
    (hcp, *_) = lab.records("network", HCP)
    with pytest.raises(NotAllowed):
        take(lab, hcp["id"], "noor.viewer@verteo.example")


def test_only_an_object_with_such_a_point_has_a_search(lab: CatalogueLab) -> None:
    with lab.store.read() as session:
        assert [one.connection for one in searches_for(session, lab.vaults["medical"], CONTACT)] == [
            "sim_medical_network__c"
        ]
        with pytest.raises(NotFound, match="No connection of this Vault offers a search for country__v"):
            find_search(session, lab.vaults["medical"], "country__v")
    with pytest.raises(NotFound):
        take(lab, "V0000")


def test_the_connection_has_no_queues_and_the_doctor_misses_none(lab: CatalogueLab) -> None:
    assert all(not side.queues for side in catalogue().connections["medical_network"].sides)
    connections = table_of(Connection)
    with lab.store.read() as session:
        for row in session.execute(select(connections)).all():
            found = examine(session, row.vault_id, row.id, lab.store.clock.now())
            assert {finding.kind for finding in found} <= {FindingKind.NO_ENGINE}
