"""Two connected Vaults with documents: a source whose documents become CrossLinks of a target."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from models.permissions import Actor, Permission, actor_for
from models.queries.documents import DocumentFacts, document_facts
from models.services.documents import change_state, create_document, edit_document, make_obsolete, new_version
from models.services.integrations import add_field_rule, add_point_source, create_point, create_rule
from models.services.objects import FieldSpec, NamedState, create_object
from models.services.queues import connect_queue, create_queue
from models.services.vaults import change_profile, create_profile, create_user
from models.store import Store, WriteSession
from models.tables import Connection, Direction, DocumentVersion, ObjectKind, table_of
from models.versions import StateType, Version
from tests.builders import DOMAIN, Pair, build_pair, key
from tests.conftest import ManualClock
from tests.stages.lab import Lab
from tests.stores import made_once

FIELDS = (
    FieldSpec("type__v", "Type", max_length=60),
    FieldSpec("title__v", "Title", max_length=100),
)
STATES: tuple[NamedState, ...] = (
    ("draft__c", "Draft", StateType.INITIAL),
    ("in_review__c", "In Review"),
    ("approved__c", "Approved", StateType.STEADY),
    ("superseded__c", "Superseded", StateType.SUPERSEDED),
    ("obsolete__c", "Obsolete", StateType.OBSOLETE),
)
TARGET_STATES: tuple[NamedState, ...] = (
    ("planned__c", "Planned", StateType.INITIAL),
    ("effective__c", "Effective", StateType.STEADY),
    ("replaced__c", "Replaced", StateType.SUPERSEDED),
    ("withdrawn__c", "Withdrawn", StateType.OBSOLETE),
)
STEADY = {"STATETYPE()": "steady"}
WHOLE_LIFE = {"STATETYPE()": ["steady", "superseded", "obsolete"]}
POINT = "product_inbound__c"
CONNECTION_USER = f"connection@{DOMAIN}"
PROFILE = "Connection User"
RIGHTS = frozenset({"Object: *: Read", "Object: *: Create", "Object: *: Edit", "Object: *: Delete"})


def make_documents(
    write: WriteSession, vault_id: int, states: tuple[NamedState, ...] = STATES, fields: tuple[FieldSpec, ...] = FIELDS
) -> None:
    """Give a Vault documents."""
    create_object(
        write, vault_id, "documents", "Document", "Documents", "DOC", fields, states, kind=ObjectKind.DOCUMENT
    )


def version_of(answer: Any) -> Version:
    """What an action on a document answered."""
    assert isinstance(answer, Version)
    return answer


@dataclass(repr=False)
class DocumentLab(Lab):
    """A lab in which documents are made in the source, and their CrossLinks are looked at in the target."""

    def document(self, name: str = "Guide", *, vault_id: int | None = None, **fields: Any) -> str:
        with self.store.write() as write:
            return create_document(write, self._actor(vault_id), {"name__v": name, **fields})

    def steady(self, name: str = "Guide", **fields: Any) -> str:
        document_id = self.document(name, **fields)
        self.move(document_id, "approved__c")
        return document_id

    def move(self, document_id: str, state: str, *, vault_id: int | None = None) -> Version:
        return version_of(self._do(change_state, document_id, state, vault_id=vault_id))

    def draft(self, document_id: str, *, vault_id: int | None = None) -> Version:
        return version_of(self._do(new_version, document_id, vault_id=vault_id))

    def obsolete(self, document_id: str) -> Version:
        return version_of(self._do(make_obsolete, document_id))

    def edit(self, document_id: str, *, vault_id: int | None = None, **fields: Any) -> bool:
        return bool(self._do(edit_document, document_id, fields, vault_id=vault_id))

    def up_version(self, document_id: str) -> None:
        """Draft a new version and approve it."""
        self.draft(document_id)
        self.move(document_id, "approved__c")

    def facts(self, document_id: str, *, vault_id: int | None = None) -> DocumentFacts:
        with self.store.read() as session:
            found = document_facts(session, vault_id or self.source.vault_id, document_id)
        assert found is not None
        return found

    def history(self, document_id: str, *, vault_id: int | None = None) -> list[tuple[str, str]]:
        """Versions and their states, latest first."""
        return [(line.version, line.state) for line in self.facts(document_id, vault_id=vault_id).versions]

    def crosslinks(self) -> list[dict[str, Any]]:
        """The documents of the target."""
        return self.records(self.target, "documents")

    def crosslink(self) -> dict[str, Any]:
        """The only document of the target."""
        (only,) = self.crosslinks()
        return only

    def target_history(self) -> list[tuple[str, str, str]]:
        """Versions of the target's only document, their states, and the source versions they are bound to."""
        facts = self.facts(self.crosslink()["id"], vault_id=self.target.vault_id)
        return [
            (line.version, line.state, line.binding.source_version if line.binding else "") for line in facts.versions
        ]

    def versions(self, document_id: str) -> list[Any]:
        return self.rows(DocumentVersion, record_id=document_id, vault_id=self.source.vault_id)

    def connection_user_may(self, *permissions: Permission) -> None:
        """Have the target's Authorized Connection User hold these permissions, and the rights to all records."""
        with self.store.write() as write:
            change_profile(write, self.target.vault_id, PROFILE, {*RIGHTS, *(each.value for each in permissions)})

    def transfer(self) -> Any:
        """Some minutes later: send, deliver, receive. So no two transfers look at the same moment."""
        self.clock.advance(minutes=5)
        result = super().transfer()
        self.clock.advance(minutes=5)
        return result

    def _actor(self, vault_id: int | None = None) -> Actor:
        return Actor.system(vault_id or self.source.vault_id)

    def _do(self, action: Any, *arguments: Any, vault_id: int | None = None) -> Any:
        with self.store.write() as write:
            return action(write, self._actor(vault_id), *arguments)


@made_once
def build_documents(store: Store, *, target_states: tuple[NamedState, ...] = TARGET_STATES) -> Pair:
    """The pair of Vaults that tests begin with, each with documents, and an own user for the target's connection."""
    pair = build_pair(store)
    with store.write() as write:
        make_documents(write, pair.source.vault_id)
        make_documents(write, pair.target.vault_id, target_states)
        rule = create_rule(
            write,
            pair.target.system,
            pair.target.point_id,
            name="Document Rule",
            api_name="document_rule__c",
            primary_query_object="documents",
        )
        for name in ("name__v", "title__v"):
            add_field_rule(write, pair.target.system, key(rule), query_field=name, target_docfield=name)
        create_profile(
            write, pair.target.vault_id, PROFILE, {*RIGHTS, Permission.CREATE_CROSSLINK, Permission.CREATE_DOCUMENT}
        )
        user = create_user(write, pair.target.vault_id, CONNECTION_USER, "Connection", "User", PROFILE)
        connections = table_of(Connection)
        write.execute(
            connections.update()
            .where(connections.c.id == pair.target.connection_id)
            .values(authorized_user_id=key(user))
        )
    return pair


def send_documents(lab: DocumentLab, criteria: Mapping[str, Any]) -> None:
    """Have the source's integration point send documents that meet the criteria."""
    with lab.store.write() as write:
        add_point_source(
            write,
            lab.source.system,
            lab.source.point_id,
            object_name="documents",
            remote_point=POINT,
            criteria=criteria,
        )


def send_back(lab: DocumentLab) -> None:
    """Have the target send its own documents to the source, as a connection does that exchanges them both ways."""
    with lab.store.write() as write:
        point = create_point(
            write,
            lab.target.system,
            lab.target.integration_id,
            name="Back",
            api_name="back__c",
            direction=Direction.OUTBOUND,
        )
        add_point_source(
            write, lab.target.system, key(point), object_name="documents", remote_point="back_in__c", criteria=STEADY
        )
        queue = create_queue(write, lab.target.system, label="Back", type=Direction.OUTBOUND)
        connect_queue(write, lab.target.system, key(queue), lab.target.connection_id, "back_in__c")


def target_user(lab: DocumentLab) -> Actor:
    """The target's Authorized Connection User."""
    with lab.store.read() as session:
        return actor_for(session, lab.target.vault_id, CONNECTION_USER)


__all__ = [
    "STEADY",
    "WHOLE_LIFE",
    "DocumentLab",
    "ManualClock",
    "build_documents",
    "send_back",
    "send_documents",
    "target_user",
]
