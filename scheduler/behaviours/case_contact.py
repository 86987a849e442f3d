"""The contact of a Case: the Case Contact that has the Account's Veeva ID or External ID, or a new one (seed S2).

An Account becomes Case Contact Source Data, and the Case Contact that the source data names; a Case names both. The
Account's e-mail address and phone become Person Information of the Case Contact.

Assumed: the names of objects and fields; Veeva ID goes before External ID, and both before the Link; where no Account
is taken over the source data is made of the Inquiry itself and linked to it.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, select

from models.callback import SourceRow
from models.data_model import ObjectModel, load_object
from models.record_writer import Draft, Existing, existing_from_row, write_records
from models.sets import one_of
from models.store import WriteSession
from models.tables import Record, table_of
from scheduler.behaviour import Asking, Behaviour, Dependents, Pair, Receiving

_records = table_of(Record)

PERSON = "person__sys"
SOURCE_DATA = "sim_case_contact_source_data__c"
CASE = "sim_case__c"
INFORMATION = "sim_person_information__c"
INQUIRY = "medical_inquiry__v"
VEEVA_ID, EXTERNAL_ID = "sim_veeva_id__c", "sim_external_id__c"
CONTACT, SOURCE_OF_CONTACT = "sim_case_contact__c", "sim_contact_source__c"
OWNER, TYPE, VALUE = "sim_person__c", "sim_information_type__c", "sim_value__c"
ACCOUNT = "account__vr.global_id__sys"
_WAYS = {"sim_email__c": "Email", "sim_phone__c": "Phone"}


class CaseContact(Behaviour):
    """Finds or makes the Case Contact, and has source data and Cases name it."""

    about = "The Case Contact with the same Veeva ID or External ID is updated; without one there is a new one."

    def asks(self, asking: Asking) -> Iterable[str]:
        """An Inquiry is asked for its Account."""
        return (ACCOUNT,) if asking.source.name == INQUIRY else ()

    def before(self, write: WriteSession, receiving: Receiving) -> None:
        """Find the Case Contact of each draft."""
        match receiving.target.model.name:
            case name if name == PERSON:
                _update_known(write, receiving.target.model, receiving.pairs)
            case name if name == SOURCE_DATA:
                persons = _persons(write, load_object(write, receiving.route.vault_id, PERSON), receiving.pairs)
                for (_, draft), person in zip(receiving.pairs, persons, strict=True):
                    draft.values[CONTACT] = None if person is None else person.record_id
            case name if name == CASE:
                _name_contacts(write, receiving)

    def after(self, write: WriteSession, receiving: Receiving) -> Iterable[Dependents]:
        """Keep the ways on which a Case Contact is reached as Person Information."""
        if receiving.target.model.name != PERSON:
            return ()
        model = load_object(write, receiving.route.vault_id, INFORMATION)
        wanted = {
            (draft.record_id, kind, str(value)): row
            for row, draft in receiving.pairs
            if draft.record_id and not draft.problems
            for name, kind in _WAYS.items()
            if (value := draft.values.get(name))
        }
        owner, kind, value = (_text(name) for name in (OWNER, TYPE, VALUE))
        held = write.execute(
            select(owner, kind, value).where(
                _records.c.object_id == model.id, one_of(owner, {person for person, _, _ in wanted})
            )
        )
        for row in held:
            wanted.pop(tuple(row), None)
        pairs: list[tuple[SourceRow, Draft]] = [
            (row, Draft({"name__v": f"{kind}: {value}", OWNER: person, TYPE: kind, VALUE: value}))
            for (person, kind, value), row in wanted.items()
        ]
        write_records(write, model, [draft for _, draft in pairs], receiving.route.writes_as)
        return [(model, pairs)]


def _update_known(write: WriteSession, model: ObjectModel, pairs: Sequence[Pair]) -> None:
    """Have drafts update the Case Contacts with the same ids; of several new ones with one id the first is made."""
    seen: set[tuple[str, Any]] = set()
    for (_, draft), person in zip(pairs, _persons(write, model, pairs), strict=True):
        draft.existing = person
        ids = {(name, value) for name in (VEEVA_ID, EXTERNAL_ID) if (value := draft.values.get(name))}
        if person is None and ids & seen:
            draft.fail(VEEVA_ID, "Another Account of this message has the same id: its Case Contact is made first.")
        seen |= ids


def _persons(write: WriteSession, model: ObjectModel, pairs: Sequence[Pair]) -> list[Existing | None]:
    """The Case Contact of each draft: by Veeva ID, External ID, Link."""
    found: list[Existing | None] = [None] * len(pairs)
    for column, keys in (
        (_text(VEEVA_ID), [draft.values.get(VEEVA_ID) for _, draft in pairs]),
        (_text(EXTERNAL_ID), [draft.values.get(EXTERNAL_ID) for _, draft in pairs]),
        (_records.c.link, [row.global_id for row, _ in pairs]),
    ):
        open_keys = {str(key) for key, person in zip(keys, found, strict=True) if key and person is None}
        if not open_keys:
            continue
        statement = select(_records, column.label("key")).where(
            _records.c.object_id == model.id, one_of(column, open_keys)
        )
        by_key: dict[str, Existing] = {}
        for row in write.execute(statement.order_by(_records.c.id)):
            by_key.setdefault(row.key, existing_from_row(row))
        found = [person or by_key.get(str(key)) for key, person in zip(keys, found, strict=True)]
    return found


def _name_contacts(write: WriteSession, receiving: Receiving) -> None:
    """Have Cases name the source data of their Account, or else of their Inquiry, and its Case Contact."""
    model = load_object(write, receiving.route.vault_id, SOURCE_DATA)
    links = {str(key) for row, _ in receiving.pairs for key in (row.values.get(ACCOUNT), row.global_id) if key}
    statement = select(_records.c.link, _records.c.record_id, _text(CONTACT).label("contact")).where(
        _records.c.object_id == model.id, one_of(_records.c.link, links)
    )
    by_link = {row.link: row for row in write.execute(statement.order_by(_records.c.id.desc()))}
    for row, draft in receiving.pairs:
        source = by_link.get(row.values.get(ACCOUNT)) or by_link.get(row.global_id)
        if source is None:
            draft.fail(SOURCE_OF_CONTACT, f"There is no {model.label} of the Inquiry or its Account.")
            continue
        draft.values |= {SOURCE_OF_CONTACT: source.record_id, CONTACT: source.contact}


def _text(name: str) -> ColumnElement[str]:
    column: ColumnElement[str] = _records.c.data[name].as_string()
    return column


BEHAVIOUR = CaseContact()
