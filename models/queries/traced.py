"""What a trace answers: records, messages on both sides, job runs and user exceptions on a record's way."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class TracedRecord:
    """A record on the way; `deleted_at` is set when only its tombstone is left."""

    vault_id: int
    vault: str
    record_id: str
    name: str
    object_name: str
    object_label: str
    global_id: str
    link: str | None
    modified_at: datetime | None = None
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TracedRun:
    """A job run that put a message on a queue or took it off."""

    key: int
    vault_id: int
    kind: str
    status: str
    started_at: datetime


@dataclass(frozen=True, slots=True)
class TracedSide:
    """A message as it stands in one Vault: on which queue, in what state, since when, and by which runs."""

    key: int
    vault_id: int
    vault: str
    queue_id: int
    queue: str
    state: str
    attempts: int
    entered_at: datetime
    left_at: datetime | None
    last_error: str | None
    put_by: TracedRun | None
    taken_by: TracedRun | None


@dataclass(frozen=True, slots=True)
class TracedTrouble:
    """A user exception about the record: of its item, or of the message as a whole.

    `target_object` is the object's label; `problems` maps labels of target fields to what is wrong with them.
    """

    message_key: int
    vault_id: int
    vault: str
    error_type: str
    error_message: str
    active: bool
    target_object: str | None
    attempts: int
    at: datetime
    problems: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class TracedMessage:
    """A message that names the record, on both sides; `inbound` is None until it is delivered to a Vault of the lab."""

    message_id: str
    connection_id: int
    connection: str
    object_name: str
    event: str
    integration_point: str
    items: int
    outbound: TracedSide
    inbound: TracedSide | None
    troubles: tuple[TracedTrouble, ...]


@dataclass(frozen=True, slots=True)
class Way:
    """What a record's changes went through: its messages, the newest first, and the records made of it.

    `watched` says that an active integration sends records of its object, `changed_since` that it does, the record has
    changed after the newest message, and the next send job will look at it. `passed_over` says that send jobs have
    looked at that change and sent nothing: the record does not meet the criteria. `more` says that there are older
    messages.
    """

    source: TracedRecord
    messages: tuple[TracedMessage, ...] = ()
    targets: tuple[TracedRecord, ...] = ()
    watched: bool = False
    changed_since: bool = False
    more: bool = False
    passed_over: bool = False


@dataclass(frozen=True, slots=True)
class Trace:
    """A record with the way of its own changes (`went`), and the ways by which it came about (`came`)."""

    record: TracedRecord
    went: Way
    came: tuple[Way, ...] = field(default=())
