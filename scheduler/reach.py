"""How external systems are reached, and what goes there and comes back. Loads no HTTP client."""

import re
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from weakref import WeakKeyDictionary

from models.errors import InvalidInput, NotPossible
from models.store import Store
from models.tables import AttemptKind

TIMEOUT = 30.0
"""Seconds of real time in which an external system has to answer (Assumed)."""
THREADS = 4
"""Posts under way at the same time for one queue."""

Place = tuple[str, int]
"""A host and a port."""

_RESOLVE = re.compile(r"(?P<host>[^:\[\]]+):(?P<port>\d+):(?P<address>\[[^\]]+\]|[^:\[\]]+)(?::(?P<to>\d+))?")


@dataclass(frozen=True)
class Reach:
    """How external systems are reached: `resolve` sends a host and port elsewhere, `ca_file` is trusted besides.

    The URL, the server name of TLS and the check of the server's certificate stay those of the proper host.
    """

    resolve: Mapping[Place, Place] = field(default_factory=dict)
    ca_file: Path | None = None
    timeout: float = TIMEOUT
    threads: int = THREADS


@dataclass(frozen=True, slots=True)
class Letter:
    """A message ready to be posted: signed headers and the exact body for an address.

    `authorization` is the value of the header of that name; empty for none.
    """

    url: str
    headers: Mapping[str, str]
    body: bytes
    authorization: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one post. `status` is None when there was no answer; `duration_ms` is real time."""

    kind: AttemptKind
    status: int | None
    text: str
    duration_ms: int


_reaches: WeakKeyDictionary[Store, Reach] = WeakKeyDictionary()


def reach_external(store: Store, reach: Reach) -> None:
    """Set how this process reaches external systems for a store."""
    _reaches[store] = reach


def reach_of(store: Store) -> Reach:
    """How this process reaches external systems for a store."""
    return _reaches.get(store) or Reach()


def parse_resolve(texts: Iterable[str]) -> dict[Place, Place]:
    """Read `HOST:PORT:ADDRESS[:PORT]`, as curl has it with a port at the end added. Raises InvalidInput."""
    found: dict[Place, Place] = {}
    for text in texts:
        parts = _RESOLVE.fullmatch(text.strip())
        ports = [int(port) for port in (parts["port"], parts["to"] or parts["port"])] if parts else []
        if parts is None or not all(0 < port < 65536 for port in ports):
            raise InvalidInput(
                {"resolve": f"{text} is not HOST:443:ADDRESS:PORT, e.g. example.com:443:127.0.0.1:8443."}
            )
        found[parts["host"].lower(), ports[0]] = parts["address"].strip("[]"), ports[1]
    return found


def check_ca_file(file: Path | None) -> None:
    """Let pass a file of CA certificates. Raises NotPossible for one that holds none."""
    if file is not None:
        trusted_context(file)


@lru_cache(maxsize=8)
def trusted_context(ca_file: Path | None) -> ssl.SSLContext:
    """What TLS trusts: the system's certificates and those of the file. Raises NotPossible when it holds none."""
    context = ssl.create_default_context()
    if ca_file is not None:
        try:
            context.load_verify_locations(cafile=ca_file)
        except (OSError, ssl.SSLError) as error:
            raise NotPossible(
                f"{ca_file} holds no certificates that can be trusted.", "Give a file with CA certificates in PEM."
            ) from error
    return context
