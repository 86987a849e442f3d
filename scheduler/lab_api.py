"""The API of one Vault, as far as queues and certificates go (Spark facts, section 5), with Client ID Filtering.

An external system that got a session with a Spark message calls back here. Every call but that for a certificate needs
a session, which is a user's: what he may not do, his call may not do. Failures are answered with 200 too, as the real
API does. Assumed: the types of the errors for client ids.
"""

import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import orjson
from sqlalchemy import select
from sqlmodel import Session

from models.errors import ConsoleError, NotAllowed, NotFound
from models.permissions import Actor, Permission, actor_of
from models.queries.certificates import pem_of
from models.queries.queue_detail import served
from models.queries.queues import QueueDetail, detail
from models.services.clients import approved_clients, client_allowed, requested_client_id
from models.services.queue_emptying import reset_queue
from models.services.queues import set_delivery_enabled
from models.store import Store
from models.tables import Queue, User, Vault, table_of
from models.time import iso
from scheduler.lab_server import CERTIFICATE_PATH, Request
from scheduler.tokens import session_id

CLIENT_ID_HEADER = "X-VaultAPI-ClientID"
_PATH = re.compile(
    r"/api/v(?P<version>\d+(?:\.\d+)?)/services/queues(?:/(?P<queue>[^/]+)(?:/actions/(?P<action>[a-z_]+))?)?"
)
_queues = table_of(Queue)
_users = table_of(User)
_vaults = table_of(Vault)


class _Refused(Exception):
    """A call that is not answered: the type and the sentence of its error."""

    def __init__(self, kind: str, sentence: str) -> None:
        super().__init__(sentence)
        self.kind = kind
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class ApiCall:
    """One call, as the log of the API tells it. `client_id` is a word where the call named no good one."""

    method: str
    path: str
    client_id: str
    user: str
    error: str
    """The type of the error it was answered with; empty for success."""
    message: str = ""


class VaultApi:
    """Answers the calls to one Vault and tells of each. `read_only` refuses what would change it."""

    def __init__(
        self, store: Store, vault_id: int, tell: Callable[[ApiCall], None], *, read_only: bool = False
    ) -> None:
        self._store = store
        self._read_only = read_only
        self._vault_id = vault_id
        self._tell = tell

    def handle(self, request: Request) -> None:
        """Answer one request."""
        address = urlsplit(request.path)
        client_id = requested_client_id(
            parse_qs(address.query, keep_blank_values=True).get("client_id", [None])[-1],
            request.headers.get(CLIENT_ID_HEADER),
        )
        certificate = CERTIFICATE_PATH.fullmatch(address.path)
        user, error = "", ("", "")
        text, kind = b"", "application/json"
        try:
            if certificate is not None and request.command == "GET":
                # Needs no session (Spark facts, section 5): receivers fetch it before they trust anybody.
                text, kind = self._certificate(certificate["id"]), "application/x-pem-file"
            else:
                actor = self._actor(request.headers.get("Authorization", ""))
                user = actor.name
                self._check_client(client_id, actor)
                text = orjson.dumps(self._answer(actor, request.command, address.path))
        except _Refused as refused:
            error = refused.kind, refused.sentence
        except NotAllowed as refused:
            error = "INSUFFICIENT_ACCESS", refused.message
        except ConsoleError as refused:
            error = "INVALID_DATA", refused.message
        if error[0]:
            errors = [{"type": error[0], "message": error[1]}]
            text = orjson.dumps({"responseStatus": "FAILURE", "errors": errors})
        self._tell(ApiCall(request.command, address.path, client_id, user, *error))
        request.reply(HTTPStatus.OK, text, kind)

    def _certificate(self, certificate_id: str) -> bytes:
        with self._store.read() as session:
            pem = pem_of(session, certificate_id)
        if pem is None:
            raise _Refused("INVALID_DATA", f"There is no certificate {certificate_id}.")
        return pem.encode("ascii")

    def _actor(self, authorization: str) -> Actor:
        """Whose session a call has. Raises _Refused."""
        given = authorization.strip().removeprefix("Bearer ").strip().encode()
        with self._store.read() as session:
            users = select(_users.c.id).where(_users.c.vault_id == self._vault_id, _users.c.active)
            for user_id in session.execute(users).scalars():
                own = session_id(self._store.secrets, self._vault_id, user_id)
                if hmac.compare_digest(given, own.encode()):
                    return replace(actor_of(session, user_id), read_only=self._read_only)
        raise _Refused("INVALID_SESSION_ID", "Invalid or expired session ID.")

    def _check_client(self, client_id: str, actor: Actor) -> None:
        with self._store.read() as session:
            filtering = bool(
                session.execute(select(_vaults.c.client_id_filtering).where(_vaults.c.id == self._vault_id)).scalar()
            )
            approved = approved_clients(session, self._vault_id)
        verdict = client_allowed(client_id, approved, filtering=filtering, user_id=actor.user_id)
        if not verdict.allowed:
            raise _Refused("INVALID_CLIENT_ID", verdict.reason)

    def _answer(self, actor: Actor, method: str, path: str) -> Mapping[str, Any]:
        asked = _PATH.fullmatch(path)
        if asked is None:
            raise _Refused("MALFORMED_URL", f"There is nothing at {path[:200]} here.")
        # Looking changes nothing, also where changes are refused.
        replace(actor, read_only=False).require(Permission.SPARK_QUEUES)
        name, action = unquote(asked["queue"] or ""), asked["action"]
        match method, bool(name), action:
            case "GET", False, None:
                return self._list(asked["version"])
            case "GET", True, None:
                return self._show(name)
            case "PUT", True, str():
                return self._act(actor, name, action)
        raise _Refused("METHOD_NOT_SUPPORTED", f"{method} is not supported at {path[:200]}.")

    def _list(self, version: str) -> Mapping[str, Any]:
        with self._store.read() as session:
            host = session.execute(select(_vaults.c.dns_host).where(_vaults.c.id == self._vault_id)).scalar_one()
            rows = session.execute(
                select(_queues).where(_queues.c.vault_id == self._vault_id).order_by(_queues.c.api_name)
            ).all()
        data = [
            {
                "name": row.api_name,
                "status": "active" if row.active else "inactive",
                "type": row.type.value,
                "url": f"https://{host}/api/v{version}/services/queues/{row.api_name}",
            }
            for row in rows
        ]
        return {"responseStatus": "SUCCESS", "data": data}

    def _show(self, name: str) -> Mapping[str, Any]:
        with self._store.read() as session:
            queue_id = self._queue(session, name)
            found = detail(session, self._vault_id, queue_id)
            connections = served(session, queue_id)
        if found is None:
            raise NotFound(f"There is no queue {name}.")
        lines = []
        for each in connections:
            line: dict[str, Any] = {"name": each.name}
            if each.last_kind is not None:
                line["last_message_delivered"] = "ok" if each.last_kind == "ok" else "error"
                if each.last_kind != "ok" and each.last_at is not None:
                    line["error"] = {
                        "message_id": each.last_message_id,
                        "date_time": iso(each.last_at),
                        "message": each.last_answer,
                    }
            lines.append(line)
        return {"responseStatus": "SUCCESS", "data": [_document(found) | {"connections": lines}]}

    def _act(self, actor: Actor, name: str, action: str) -> Mapping[str, Any]:
        with self._store.write() as write:
            queue_id = self._queue(write, name)
            if action == "reset":
                reset_queue(write, actor, queue_id, name)
                return {"responseStatus": "SUCCESS", "responseMessage": "Deleted messages in queue."}
            if action not in ("enable_delivery", "disable_delivery"):
                raise _Refused("MALFORMED_URL", f"There is no action {action}.")
            set_delivery_enabled(write, actor, queue_id, enabled=action == "enable_delivery")
        return {"responseStatus": "SUCCESS"}

    def _queue(self, session: Session, name: str) -> int:
        statement = select(_queues.c.id).where(_queues.c.vault_id == self._vault_id, _queues.c.api_name == name)
        key: int | None = session.execute(statement).scalar()
        if key is None:
            raise NotFound(f"There is no queue {name[:60]}.")
        return key


def _document(queue: QueueDetail) -> dict[str, Any]:
    document: dict[str, Any] = {
        "name": queue.api_name,
        "status": "active" if queue.active else "inactive",
        "type": queue.type,
        "messages_in_queue": queue.counts.get("queued", 0),
    }
    if queue.type == "outbound":
        # An inbound queue cannot be paused.
        document["delivery"] = "enabled" if queue.delivery_enabled else "disabled"
    return document
