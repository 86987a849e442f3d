"""Counts how often the keys of reference lookups were used, and which were missing (integration facts, section 3)."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from models.feed import Topic
from models.rules.compiled import CompiledTarget
from models.sets import one_of
from models.store import WriteSession
from models.tables import ReferenceLookup, ReferenceLookupKey, ReferenceLookupMiss, table_of

_lookups = table_of(ReferenceLookup)
_keys = table_of(ReferenceLookupKey)
_misses = table_of(ReferenceLookupMiss)

LONGEST_KEY = 255
"""A key is never longer; of a longer source value that is missing, the beginning is kept."""

_USE = (
    update(_keys)
    .where(_keys.c.lookup_id == bindparam("lookup"), _keys.c.source_key == bindparam("key"))
    .values(uses=_keys.c.uses + bindparam("more"), last_used_at=bindparam("now"))
)
_MISS_AGAIN = (
    update(_misses)
    .where(_misses.c.lookup_id == bindparam("lookup"), _misses.c.source_key == bindparam("key"))
    .values(misses=_misses.c.misses + bindparam("more"), last_missed_at=bindparam("now"))
)


class LookupUsage:
    """What was asked of reference lookups: by lookup, how often each key was used or missing."""

    def __init__(self) -> None:
        self.used: dict[int, Counter[str]] = {}
        self.missed: dict[int, Counter[str]] = {}

    def __bool__(self) -> bool:
        """Whether anything was asked."""
        return bool(self.used or self.missed)

    def note(self, target: CompiledTarget, columns: Mapping[str, Sequence[Any]]) -> None:
        """Count what the field rules of a target ask for many rows, whose values are given by query item."""
        for rule in target.field_rules:
            if rule.lookup is None or rule.query_item is None:
                continue
            pairs, lookup_id = rule.lookup.pairs, rule.lookup.id
            for key, times in Counter(rule.asked(columns[rule.query_item])).items():
                counted = self.used if key in pairs else self.missed
                counted.setdefault(lookup_id, Counter())[key if key in pairs else key[:LONGEST_KEY]] += times

    def add(self, other: "LookupUsage") -> None:
        """Count what another one has counted, too."""
        for mine, theirs in ((self.used, other.used), (self.missed, other.missed)):
            for lookup_id, counts in theirs.items():
                mine.setdefault(lookup_id, Counter()).update(counts)


def save_usage(write: WriteSession, vault_id: int, usage: LookupUsage) -> None:
    """Add what was counted to the keys and misses, in a few statements however many records there were.

    What a lookup has lost meanwhile, or the lookup itself when it is gone, is passed over, and so is a missing key that
    somebody has added meanwhile.
    """
    if not usage:
        return
    connection = write.connection()
    used = [_row(lookup, key, times, write.now) for lookup, key, times in _flat(usage.used)]
    if used:
        connection.execute(_USE, used)
    there = select(_lookups.c.id).where(_lookups.c.id.in_(list(usage.missed)))
    alive = set(write.execute(there).scalars())
    for lookup_id in alive:
        counts = dict(usage.missed[lookup_id])
        added = select(_keys.c.source_key).where(_keys.c.lookup_id == lookup_id, one_of(_keys.c.source_key, counts))
        for key in write.execute(added).scalars().all():
            del counts[key]
        known = set(
            write.execute(
                select(_misses.c.source_key).where(
                    _misses.c.lookup_id == lookup_id, one_of(_misses.c.source_key, counts)
                )
            ).scalars()
        )
        again = [_row(lookup_id, key, times, write.now) for key, times in counts.items() if key in known]
        if again:
            connection.execute(_MISS_AGAIN, again)
        new = [
            {"lookup_id": lookup_id, "source_key": key, "misses": times, "last_missed_at": write.now}
            for key, times in counts.items()
            if key not in known
        ]
        if new:
            connection.execute(insert(_misses), new)
    write.changed(Topic.RULES, vault_id)


def _flat(counted: Mapping[int, Counter[str]]) -> Iterable[tuple[int, str, int]]:
    return ((lookup_id, key, times) for lookup_id, counts in counted.items() for key, times in counts.items())


def _row(lookup_id: int, key: str, times: int, now: Any) -> dict[str, Any]:
    return {"lookup": lookup_id, "key": key, "more": times, "now": now}
