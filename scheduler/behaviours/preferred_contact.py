"""A Case names the Person Information on which its contact wants the answer (seed S2, Preferred Contact Information).

It is the one of the Case's contact with the value that the Inquiry gives for delivery, e.g. an e-mail address. Assumed:
the names of objects and fields; where there is none, the field stays empty and the Case is made all the same.
"""

from collections.abc import Iterable

from sqlalchemy import select

from models.data_model import load_object
from models.sets import one_of
from models.store import WriteSession
from models.tables import Record, table_of
from scheduler.behaviour import Asking, Behaviour, Receiving
from scheduler.behaviours.case_contact import CASE, CONTACT, INFORMATION, INQUIRY, OWNER, VALUE

_records = table_of(Record)

DELIVERY = "sim_delivery_contact__c"
PREFERRED = "sim_preferred_contact_information__c"


class PreferredContact(Behaviour):
    """Looks among the Person Information of the Case's contact; comes after `case_contact`."""

    about = "The Person Information with the Inquiry's delivery contact is the Case's Preferred Contact Information."

    def asks(self, asking: Asking) -> Iterable[str]:
        """An Inquiry is asked where the answer is to go."""
        return (DELIVERY,) if asking.source.name == INQUIRY else ()

    def before(self, write: WriteSession, receiving: Receiving) -> None:
        """Fill Preferred Contact Information."""
        if receiving.target.model.name != CASE:
            return
        model = load_object(write, receiving.route.vault_id, INFORMATION)
        owner, value = (_records.c.data[name].as_string() for name in (OWNER, VALUE))
        persons = {str(person) for _, draft in receiving.pairs if (person := draft.values.get(CONTACT))}
        found = {
            (row.owner, row.value): row.record_id
            for row in write.execute(
                select(owner.label("owner"), value.label("value"), _records.c.record_id)
                .where(_records.c.object_id == model.id, one_of(owner, persons))
                .order_by(_records.c.id.desc())
            )
        }
        for row, draft in receiving.pairs:
            draft.values[PREFERRED] = found.get((draft.values.get(CONTACT), row.values.get(DELIVERY)))


BEHAVIOUR = PreferredContact()
