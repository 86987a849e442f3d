"""What a message of the sending Vault names: the way to messages from their items and from their attributes."""

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


class SparkMessageAttribute(SQLModel, table=True):
    """An attribute of an outbound message other than the usual three, which are columns of the message.

    Kept as `SparkMessageItem` is, and a hint as it is. `value` is the attribute as text, a number or yes/no as JSON
    writes it, of a long text the beginning.
    """

    __tablename__ = "spark_message_attribute"
    __table_args__: Any = ({"sqlite_with_rowid": False},)

    name: str = Field(primary_key=True, max_length=255)
    value: str = Field(primary_key=True, max_length=255)
    message_id: int = Field(primary_key=True)
