"""The areas of the console, in the order of their keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Area:
    """One area of administration. `short` is its name on a narrow screen, `alias` what `:` calls it."""

    name: str
    key: str
    label: str
    short: str
    alias: str
    about: str


AREAS: Final = (
    Area("home", "0", "Home", "Home", "home", "Vaults, their connections, and what moves between them"),
    Area("connections", "1", "Connections", "Conn", "conn", "Partners of this Vault, and what moved between them"),
    Area("integrations", "2", "Integrations", "Int", "int", "Features of the connections, their points and rules"),
    Area("queues", "3", "Queues", "Queue", "q", "Spark queues and the messages in them"),
    Area("certificates", "4", "Certificates", "Cert", "cert", "The certificates that sign messages"),
    Area("exceptions", "5", "Exceptions", "Exc", "exc", "What could not be applied, and why"),
    Area("records", "6", "Records", "Rec", "rec", "Records of this Vault's objects"),
    Area("jobs", "7", "Jobs", "Jobs", "job", "Send, deliver and receive runs, and what each moved"),
    Area("audit", "8", "Audit", "Audit", "audit", "Who changed what, with old and new value"),
    Area("messages", "9", "Messages", "Msg", "msg", "Spark messages of all queues, to search and to follow"),
)


def area(name: str) -> Area:
    """The area of this name. Raises StopIteration for another one."""
    return next(item for item in AREAS if item.name == name)
