"""Signing certificates: one serves all Vaults (seed S1)."""

from datetime import datetime
from enum import StrEnum

from sqlmodel import Field, SQLModel

from models.tables.base import enum_column, time_column


class CertificateState(StrEnum):
    """Part a certificate plays in signing."""

    UPCOMING = "upcoming"
    CURRENT = "current"
    PREVIOUS = "previous"
    RETIRED = "retired"


class SigningCertificate(SQLModel, table=True):
    """An RSA-2048 X.509 certificate; its private key is sealed (see `models.secrets`)."""

    __tablename__ = "signing_certificate"

    id: int | None = Field(default=None, primary_key=True)
    certificate_id: str = Field(max_length=20, unique=True)
    pem: str
    sealed_private_key: str
    state: CertificateState = enum_column(CertificateState, CertificateState.CURRENT)
    not_before: datetime = time_column()
    not_after: datetime = time_column()
