"""Records for a lab of standard connections, made after the catalogue's stories: what each creates, many times over.

So every record is one that its connection moves: its gate is open, and what it refers to is there.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import select

from models.data_model import DOCUMENTS, ObjectModel, load_object
from models.errors import ConsoleError, NotPossible
from models.permissions import Actor, actor_for
from models.services.documents import change_state, new_version
from models.services.records import create_records
from models.store import WriteSession
from models.system_fields import SYSTEM_COLUMNS
from models.tables import FieldType, Record, VaultObject, table_of
from models.time import TICK
from seed.catalogue.schema import StandardConnection, Transfer
from seed.catalogue.stories import Given, Story, stories_of
from seed.story import DRAFT

MOST_DOCUMENTS = 100
"""How many documents are made per story at most: each lives through its versions one by one."""
CHUNK = 2_500
"""How many records are written at once."""
FIXED = frozenset({"code__sys"})
"""Fields whose value means something outside the lab: it is never varied."""

Tell = Callable[[str, float], None]
_records, _objects = table_of(Record), table_of(VaultObject)


@dataclass(frozen=True, slots=True)
class Sample:
    """What a story creates, and of which transfer."""

    connection: StandardConnection
    transfer: Transfer
    story: Story

    @property
    def makes_records(self) -> bool:
        """Whether the story makes a record of its own that can be made many times over, of a transfer that is on."""
        return self.story.create is not None and self.story.source is None and not self.story.features


def samples(connections: Sequence[StandardConnection]) -> list[Sample]:
    """The samples of these connections, in the catalogue's order."""
    return [
        Sample(connection, transfer, story)
        for connection in connections
        for key, story in stories_of(connection.key).items()
        for transfer in connection.transfers
        if transfer.key == key
    ]


@dataclass
class Maker:
    """Makes records after samples in one write transaction; `vaults` are the ids of the Vaults by key."""

    write: WriteSession
    vaults: Mapping[str, int]
    user: str
    random: Random
    _made: dict[str, tuple[str, str]] = field(default_factory=dict)
    _models: dict[tuple[str, str], ObjectModel] = field(default_factory=dict)

    def make(self, sample: Sample, count: int, start: int = 0) -> Iterator[int]:
        """Make what a sample is given, and what it creates so many times, numbered on from `start`.

        Answers after each chunk how many there are. Raises NotPossible that names the sample.
        """
        try:
            self._made = {}
            for name, given in sample.story.given.items():
                self._give(name, given)
            yield from self._repeat(sample, count, start)
        except ConsoleError as error:
            title = f"{sample.connection.name}, {sample.transfer.name}"
            raise NotPossible(f"{title}: {error.message}", error.remedy) from error

    def _give(self, name: str, given: Given) -> None:
        values = self._filled(given.vault, _lived(given.object, given.values, given.life))
        (record_id,) = create_records(self.write, self._actor(given.vault), given.object, [values])
        self._made[name] = (given.vault, record_id)
        if given.object == DOCUMENTS:
            self._live(given.vault, record_id, given.life)

    def _repeat(self, sample: Sample, count: int, start: int) -> Iterator[int]:
        transfer = sample.transfer
        created = _lived(transfer.object, sample.story.create or {}, sample.story.life)
        values = self._filled(transfer.source, created)
        model = self._model(transfer.source, transfer.object)
        actor, done = self._actor(transfer.source), 0
        while done < count:
            rows = [self._varied(model, values, start + number + 1) for number in range(done, min(done + CHUNK, count))]
            ids = create_records(self.write, actor, transfer.object, rows)
            for record_id in ids if sample.story.life and transfer.object == DOCUMENTS else ():
                self._live(transfer.source, record_id, sample.story.life)
            done += len(rows)
            yield done

    def _varied(self, model: ObjectModel, values: Mapping[str, Any], number: int) -> dict[str, Any]:
        """Values of the sample's kind, of which those that tell records apart are different in each."""
        varied = dict(values)
        for name, value in values.items():
            kind = model.fields[name].type if name in model.fields else FieldType.TEXT
            if name == "name__v" or (name in model.fields and _tells_apart(model, name) and name not in FIXED):
                varied[name] = f"{value} {number:05}" if isinstance(value, str) else value
            elif isinstance(value, datetime) or (kind is FieldType.DATETIME and value is not None):
                moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
                varied[name] = moment - timedelta(minutes=self.random.randrange(40_000))
            elif isinstance(value, date) or (kind is FieldType.DATE and value is not None):
                day = value if isinstance(value, date) else date.fromisoformat(str(value))
                varied[name] = day - timedelta(days=self.random.randrange(300))
        return varied

    def _live(self, vault: str, record_id: str, life: Sequence[str]) -> None:
        actor = self._actor(vault)
        for step in life:
            self.write.now += TICK
            if step == DRAFT:
                new_version(self.write, actor, record_id)
            else:
                change_state(self.write, actor, record_id, step)

    def _filled(self, vault: str, values: Mapping[str, Any]) -> dict[str, Any]:
        filled = {name: self._value(vault, value) for name, value in values.items()}
        return {name: value for name, value in filled.items() if value is not None}

    def _value(self, vault: str, value: Any) -> Any:
        if not isinstance(value, str) or not value.startswith("@"):
            return value
        word = value[1:]
        if "/" in word:
            object_name, _, wanted = word.partition("/")
            return self._find(vault, object_name, wanted)
        name, _, path = word.partition(".")
        where, record_id = self._made[name]
        return self._field(where, record_id, path) if path else record_id

    def _find(self, vault: str, object_name: str, wanted: str) -> str | None:
        """The oldest record of an object whose name or Country Code is this."""
        code = _records.c.data["code__sys"].as_string()
        statement = (
            select(_records.c.record_id)
            .join(_objects, _objects.c.id == _records.c.object_id)
            .where(_objects.c.vault_id == self.vaults[vault], _objects.c.name == object_name)
            .where((_records.c.name == wanted) | (code == wanted))
            .order_by(_records.c.id)
            .limit(1)
        )
        found: str | None = self.write.execute(statement).scalar()
        return found

    def _field(self, vault: str, record_id: str, path: str) -> Any:
        statement = select(_records).where(_records.c.vault_id == self.vaults[vault], _records.c.record_id == record_id)
        row = self.write.execute(statement).one()
        return getattr(row, SYSTEM_COLUMNS[path]) if path in SYSTEM_COLUMNS else row.data.get(path)

    def _actor(self, vault: str) -> Actor:
        return actor_for(self.write, self.vaults[vault], self.user)

    def _model(self, vault: str, object_name: str) -> ObjectModel:
        if (vault, object_name) not in self._models:
            self._models[vault, object_name] = load_object(self.write, self.vaults[vault], object_name)
        return self._models[vault, object_name]


def _lived(object_name: str, values: Mapping[str, Any], life: Sequence[str]) -> Mapping[str, Any]:
    """The values of a record that is made in the last state of its life; documents live through theirs."""
    return {**values, "state__v": life[-1]} if life and object_name != DOCUMENTS else values


def _tells_apart(model: ObjectModel, name: str) -> bool:
    """Whether a field is one that records are told apart by: unique, or a key of another system (Assumed by name)."""
    words = name.rpartition("__")[0].removeprefix("sim_")
    return model.fields[name].unique or words in ("crm_id", "external_id", "veeva_id", "email", "number")


def fill(maker: Maker, connections: Sequence[StandardConnection], count: int, tell: Tell) -> int:
    """Make so many records for these connections, about as many of each sample; answers how many there are now.

    Each sample is made once at least, so that whatever the count everything has something to move.
    """
    able = [sample for sample in samples(connections) if sample.makes_records]
    of_documents = [sample for sample in able if sample.transfer.object == DOCUMENTS]
    of_records = [sample for sample in able if sample.transfer.object != DOCUMENTS]
    shares: list[tuple[Sample, int]] = []
    left = count
    for number, sample in enumerate(of_documents):
        share = min(MOST_DOCUMENTS, left // (len(able) - number))
        shares.append((sample, max(1, share)))
        left -= share
    for number, sample in enumerate(of_records):
        share = left // (len(of_records) - number)
        shares.append((sample, max(1, share)))
        left -= share
    total, made = sum(share for _, share in shares) or 1, 0
    order = {id(sample): place for place, sample in enumerate(able)}
    for sample, share in sorted(shares, key=lambda pair: order[id(pair[0])]):
        for done in maker.make(sample, share):
            tell(f"{sample.connection.name}: {sample.transfer.name}", (made + done) / total)
        made += share
    return made
