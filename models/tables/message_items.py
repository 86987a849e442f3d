"""Which records a message of the sending Vault names: the way from a record to its messages."""

from typing import Any

from sqlmodel import Field, SQLModel


class SparkMessageItem(SQLModel, table=True):
    """An item of an outbound message. The inbound one is found by the message id that both sides share.

    Nothing but this pair is kept, in the order of the items, so that writing it costs little. It is a hint: a message
    that was deleted leaves its rows behind, so that who reads looks into the message itself.
    """

    __tablename__ = "spark_message_item"
    __table_args__: Any = ({"sqlite_with_rowid": False},)

    item: str = Field(primary_key=True, max_length=255)
    message_id: int = Field(primary_key=True)
