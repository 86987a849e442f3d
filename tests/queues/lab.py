"""A Vault whose outbound queue delivers to an external system, and a receiver that really listens."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from sqlalchemy import select

from models.permissions import Actor
from models.services.certificates import add_certificate
from models.services.messages import put_message
from models.services.queues import connect_queue, create_queue
from models.store import Store
from models.tables import (
    CertificateState,
    Connection,
    ConnectionStat,
    ConnectionType,
    DeliveryAttempt,
    Direction,
    Queue,
    QueueLogEntry,
    SigningCertificate,
    SparkMessage,
    table_of,
)
from scheduler import deliver, receive
from scheduler.lab_certificates import make_certificates
from scheduler.lab_server import (
    Arrival,
    Behaviour,
    CertificateSource,
    Server,
    certificate_server,
    receiver,
)
from scheduler.reach import Reach, reach_external
from scheduler.runs import RunResult
from scheduler.scope import Scope
from tests.builders import key, make_certificate, make_connection, make_vault
from tests.conftest import ManualClock
from tests.stores import made_once

HOST = "example.com"
VAULT = 1001
SYSTEM = Actor.system(VAULT)


@lru_cache(maxsize=2)
def tls(host: str) -> tuple[Path, Path, Path]:
    """CA, certificate and key of a host, made once per process."""
    return make_certificates(Path(mkdtemp(prefix="lab-tls-")), host)


@dataclass
class Sender:
    """Vault 1001 with one outbound queue."""

    store: Store
    clock: ManualClock
    queue: Queue
    connection: Connection
    arrivals: list[Arrival] = field(default_factory=list)

    @property
    def queue_id(self) -> int:
        return key(self.queue)

    def put(self, attributes: dict[str, Any] | None = None, items: list[str] | None = None) -> tuple[str, ...]:
        with self.store.write() as write:
            return put_message(write, SYSTEM, self.queue_id, attributes or {"event": "new"}, items or ["V0A1"]).queued

    def deliver(self) -> RunResult:
        return deliver.run_once(self.store, self.clock, Scope(VAULT))

    def receive(self) -> RunResult:
        return receive.run_once(self.store, self.clock, Scope(VAULT))

    def reach(self, port: int, *, ca: Path | None = None, timeout: float = 20.0, host: str = HOST) -> None:
        """Have the queue's URL lead to a port of this machine."""
        ca_file = ca or tls(HOST)[0]
        reach_external(self.store, Reach({(host, 443): ("127.0.0.1", port)}, ca_file, timeout))

    def rows(self, model: Any, **where: Any) -> list[Any]:
        table = table_of(model)
        conditions = [table.c[name] == value for name, value in where.items()]
        order = next(iter(table.primary_key.columns))
        with self.store.read() as session:
            return list(session.execute(select(table).where(*conditions).order_by(order)).all())

    def messages(self, **where: Any) -> list[Any]:
        return self.rows(SparkMessage, **where)

    def attempts(self) -> list[Any]:
        return self.rows(DeliveryAttempt)

    def log(self) -> list[Any]:
        return self.rows(QueueLogEntry)

    def stats(self) -> dict[str, int]:
        totals: dict[str, int] = {}
        for row in self.rows(ConnectionStat):
            for name in ("sent", "received", "failures", "retries", "timeouts", "fatal_errors"):
                totals[name] = totals.get(name, 0) + getattr(row, name)
        return {name: number for name, number in totals.items() if number}

    @contextmanager
    def receiver(
        self, answer: str = "ok", *, host: str = HOST, timeout: float = 20.0, accepts: str = ""
    ) -> Iterator[Server]:
        """A receiver that fetches the certificate from the certificate endpoint and keeps what arrived."""
        with self.certificates() as endpoint:
            source = CertificateSource(endpoint=f"http://127.0.0.1:{endpoint.port}")
            _ca, certificate, private = tls(host)
            server = receiver(
                source,
                Behaviour(answer),
                self.arrivals.append,
                certificate=certificate,
                key=private,
                accepts=accepts,
            )
            with server:
                self.reach(server.port, timeout=timeout)
                yield server

    @contextmanager
    def certificates(self) -> Iterator[Server]:
        with certificate_server(self.pem) as server:
            yield server

    def pem(self, certificate_id: str) -> str | None:
        rows = self.rows(SigningCertificate, certificate_id=certificate_id)
        return str(rows[0].pem) if rows else None


def make_sender(
    store: Store, clock: ManualClock, *, path: str | None = None, url: str = f"https://{HOST}/spark", **queue: Any
) -> Sender:
    """A Vault with an outbound queue that serves an External connection."""
    queue_id, connection_id = _make(store, path, url, **queue)
    with store.read() as session:
        return Sender(store, clock, session.get_one(Queue, queue_id), session.get_one(Connection, connection_id))


@made_once
def _make(store: Store, path: str | None, url: str, **queue: Any) -> tuple[int, int]:
    with store.write() as write:
        make_certificate(store, write)
        make_vault(write, VAULT, "Sender")
        connection = make_connection(
            write, VAULT, "warehouse", type=ConnectionType.EXTERNAL, name="Warehouse", url=url, **_acting(queue)
        )
        made = create_queue(write, SYSTEM, label="Orders", type=Direction.OUTBOUND, **queue)
        connect_queue(write, SYSTEM, key(made), key(connection), path=path)
        return key(made), key(connection)


def _acting(queue: dict[str, Any]) -> dict[str, Any]:
    return {"authorized_user_id": None} if queue.pop("without_user", False) else {}


def second_certificate(sender: Sender, state: CertificateState, **more: Any) -> SigningCertificate:
    """A further certificate of the store."""
    from tests.builders import _issued

    issued = _issued("00002")
    with sender.store.write() as write:
        values: dict[str, Any] = {
            "certificate_id": "00002",
            "pem": issued.certificate_pem,
            "sealed_private_key": sender.store.secrets.seal(issued.private_key_pem),
            "not_before": issued.not_before,
            "not_after": issued.not_after,
            "state": state,
        }
        return add_certificate(write, **values | more)
