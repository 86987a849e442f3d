"""What marks a database as a store of this program."""

from sqlmodel import Field, SQLModel


class StoreInfo(SQLModel, table=True):
    """One fact about the store itself (see `models.mark`)."""

    __tablename__ = "store_info"

    key: str = Field(primary_key=True, max_length=40)
    value: str = Field(max_length=200)
