"""A set of items to be applied together, from wherever they come."""

from collections.abc import Sequence
from dataclasses import dataclass

from models.tables import MessageEvent


@dataclass(frozen=True, slots=True)
class Work:
    """Items of one source object for one inbound point.

    `spark_message_id` is set for a message from a queue, `exception_id` when a refused message is tried again; neither
    is set for open exception items that are tried again.
    """

    connection_id: int
    point_name: str
    object_name: str
    event: MessageEvent
    items: Sequence[str]
    processor: str = "transfer"
    spark_message_id: int | None = None
    exception_id: int | None = None

    @property
    def is_retry(self) -> bool:
        """Whether these items were counted as received by an earlier run."""
        return self.spark_message_id is None or self.exception_id is not None
