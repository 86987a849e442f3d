"""Old job runs and Retry Transfers are cleared away, so that a lab which runs for months does not drown in them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, and_, delete, func, select, update

from models.feed import Topic
from models.store import Store
from models.tables import COUNTS, ExceptionMessage, JobRun, RetryState, RetryTransfer, RunStatus, SparkMessage, table_of

_runs = table_of(JobRun)
_messages = table_of(SparkMessage)
_exceptions = table_of(ExceptionMessage)
_retries = table_of(RetryTransfer)

KEEP_IDLE_RUNS = timedelta(days=1)
"""How long (lab time) a run is kept that moved nothing and met no error."""
KEEP_RUNS = timedelta(days=30)
"""How long (lab time) any other run is kept, and a Retry Transfer after its end."""
BATCH = 100
"""How many runs are deleted in one transaction: jobs wait for it."""

_moved_nothing = and_(_runs.c.status == RunStatus.SUCCESS, *(_runs.c[name] == 0 for name in COUNTS))


class Housekeeping:
    """Clears away what is old. One object serves one engine: it remembers how far it has looked."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._looked_until = 0

    def clear(self) -> int:
        """Delete the runs and Retry Transfers that are too old by now; answers how many."""
        return self.clear_retries() + self.clear_runs()

    def clear_runs(self) -> int:
        """Delete the runs that are too old by now; answers how many."""
        now = self._store.clock.now()
        cleared = self._clear_idle(now - KEEP_IDLE_RUNS) + self._clear_all(now - KEEP_RUNS)
        if cleared:
            with self._store.read() as session:
                last = session.execute(select(func.max(_runs.c.id))).scalar()
            # When the latest run was cleared away, its number is given again.
            self._looked_until = min(self._looked_until, last or 0)
        return cleared

    def clear_retries(self) -> int:
        """Delete the Retry Transfers that ended too long ago; answers how many. Those under way stay."""
        before = self._store.clock.now() - KEEP_RUNS
        cleared = 0
        while True:
            old = (
                select(_retries.c.id)
                .where(_retries.c.state != RetryState.UNDER_WAY, _retries.c.finished_at < before)
                .limit(BATCH)
            )
            with self._store.read() as session:
                keys = list(session.execute(old).scalars())
            if not keys:
                return cleared
            with self._store.write() as write:
                vaults = select(_retries.c.vault_id).where(_retries.c.id.in_(keys)).distinct()
                for vault_id in write.execute(vaults).scalars().all():
                    write.changed(Topic.EXCEPTIONS, vault_id)
                write.execute(update(_runs).where(_runs.c.retry_id.in_(keys)).values(retry_id=None))
                write.execute(delete(_retries).where(_retries.c.id.in_(keys)))
            cleared += len(keys)

    def _clear_idle(self, before: datetime) -> int:
        """Runs are numbered in the order they began: none is looked at twice."""
        cleared = 0
        while True:
            rows = self._oldest(before, after_id=self._looked_until)
            if not rows:
                return cleared
            cleared += self._delete([row for row in rows if row.moved_nothing])
            self._looked_until = rows[-1].id

    def _clear_all(self, before: datetime) -> int:
        cleared = 0
        while rows := self._oldest(before, after_id=0):
            cleared += self._delete(rows)
        return cleared

    def _oldest(self, before: datetime, *, after_id: int) -> list[Row[Any]]:
        """The next finished runs that began before a lab time, up to the first that did not."""
        with self._store.read() as session:
            rows = session.execute(
                select(_runs.c.id, _runs.c.vault_id, _runs.c.started_at, _moved_nothing.label("moved_nothing"))
                .where(_runs.c.id > after_id, _runs.c.status != RunStatus.RUNNING)
                .order_by(_runs.c.id)
                .limit(BATCH)
            ).all()
        return [row for row in rows if row.started_at < before]

    def _delete(self, rows: Sequence[Row[Any]]) -> int:
        if not rows:
            return 0
        ids = [row.id for row in rows]
        with self._store.write() as write:
            # A message or an exception outlives the run that moved or met it.
            for column in (_messages.c.claimed_by, _messages.c.put_by, _messages.c.taken_by, _exceptions.c.run_id):
                write.execute(update(column.table).where(column.in_(ids)).values({column.name: None}))
            write.execute(delete(_runs).where(_runs.c.id.in_(ids)))
            for vault_id in {row.vault_id for row in rows}:
                write.changed(Topic.JOBS, vault_id)
        return len(ids)
