"""Builds a scenario in an empty store: Vaults, connections, the story of their records, and the clock of the lab."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import select, update

from models.errors import NotPossible
from models.feed import Topic
from models.store import Store, WriteSession
from models.tables import CertificateState, Job, Lab, SigningCertificate, Vault, table_of
from models.time import SystemClock
from seed.history import History
from seed.scenario import Builder
from seed.schema import PlannedLab, Scenario

Progress = Callable[[str, float], None]
"""Told what is done and how much of all it is, from 0 to 1."""


class Issued(Protocol):
    """A new signing certificate, as the signing module answers it."""

    @property
    def certificate_id(self) -> str:
        """Its id, e.g. `00001`."""
        ...

    @property
    def certificate_pem(self) -> str:
        """The certificate."""
        ...

    @property
    def private_key_pem(self) -> bytes:
        """Its private key, not sealed yet."""
        ...

    @property
    def not_before(self) -> datetime:
        """From when on it counts."""
        ...

    @property
    def not_after(self) -> datetime:
        """Until when it counts."""
        ...


@dataclass(frozen=True, slots=True)
class _Standing:
    """Keeps a write that comes before the lab clock from jumping ahead to the time of day."""

    moment: datetime

    def now(self) -> datetime:
        """Answer always the same time."""
        return self.moment


Issue = Callable[[str, datetime, datetime], Issued]
"""Makes a certificate with an id, valid from and until two times."""


def build_scenario(
    store: Store,
    scenario: Scenario,
    *,
    issue: Issue,
    seed: int = 7,
    progress: Progress | None = None,
    finish: Callable[[WriteSession], None] | None = None,
) -> None:
    """Build a scenario in an empty store, all of it or nothing. `finish` changes what was built.

    The same seed number makes the same store, but for the key of the certificate that `issue` makes. Lab time is set
    back to the scenario's start: build before the lab clock is attached to the store; a store on the time of day stands
    still at the start until then. Raises NotPossible when the store holds Vaults already.
    """
    tell = progress or _silent
    with store.write() as write:
        if write.execute(select(table_of(Vault).c.id).limit(1)).first() is not None:
            raise NotPossible("This store already holds Vaults.", "Build the demo in a new store.")
        # One transaction tells weeks of history: its time begins in the lab's past and is moved on from there. Nothing
        # was written before that a time in the past could come before.
        write.now = scenario.lab.configured
        _configure(write, scenario, tell)
        history = History(write, scenario, seed=seed)
        for done, batch in enumerate(history.live(), start=1):
            tell(f"Records: {batch.recipe.key}", 0.5 + 0.45 * done / len(history.batches))
        tell("Signing certificate", 0.95)
        _certify(store, write, issue, scenario.lab)
        if finish is not None:
            finish(write)
        _set_the_clock(write, scenario.lab)
    if isinstance(store.clock, SystemClock):
        store.clock = _Standing(scenario.lab.starts)
    tell("Done", 1.0)


def _configure(write: WriteSession, scenario: Scenario, tell: Progress) -> None:
    builder = Builder(write, scenario)
    steps = len(scenario.vaults) + len(scenario.connections)
    for done, vault in enumerate(scenario.vaults):
        tell(f"Vault {vault.name}", 0.05 + 0.45 * done / steps)
        builder.build_vault(vault)
    for done, connection in enumerate(scenario.connections, start=len(scenario.vaults)):
        tell(f"Connection {connection.sides[0].name}", 0.05 + 0.45 * done / steps)
        builder.build_connection(connection)


def _certify(store: Store, write: WriteSession, issue: Issue, lab: PlannedLab) -> None:
    issued = issue(lab.certificate, lab.certificate_from, lab.certificate_until)
    write.add(
        SigningCertificate(
            certificate_id=issued.certificate_id,
            pem=issued.certificate_pem,
            sealed_private_key=store.secrets.seal(issued.private_key_pem),
            state=CertificateState.CURRENT,
            not_before=issued.not_before,
            not_after=issued.not_after,
        )
    )
    write.flush()
    write.changed(Topic.CERTIFICATES)


def _set_the_clock(write: WriteSession, lab: PlannedLab) -> None:
    """Begin the lab's time where the story ends; the jobs, planned when the Vaults were made, begin there too."""
    if write.now >= lab.starts:
        raise NotPossible(
            "The story goes on after the lab starts.", "Let the lab start after the last record of the scenario."
        )
    jobs = table_of(Job)
    for job_id, next_run_at in write.execute(select(jobs.c.id, jobs.c.next_run_at)).all():
        write.execute(
            update(jobs).where(jobs.c.id == job_id).values(next_run_at=next_run_at + (lab.starts - lab.configured))
        )
    write.execute(
        update(table_of(Lab)).values(
            name=lab.name,
            lab_base=lab.starts,
            real_base=lab.starts,
            last_tick=lab.starts,
            speed=lab.speed,
            paused=False,
            generator=lab.generator,
        )
    )
    write.changed(Topic.LAB)


def _silent(_what: str, _share: float) -> None:
    pass
